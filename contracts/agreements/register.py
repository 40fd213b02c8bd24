"""Draft an agreement, give it prices and annexes, sign it: from then on its text no longer changes."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from contracts.agreements.bases import LEGAL_BASIS, demand_terms
from contracts.agreements.models import Agreement, Annex, EnergyPrice
from contracts.agreements.signatures import record_signature
from contracts.agreements.terms.codec import to_json
from contracts.prices.energies import ENERGY_NAMES
from contracts.prices.rules import Price
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.agreements.models import Amendment
    from contracts.agreements.terms.data import Terms
    from contracts.parties.models import Budget, Shareholder

_SHA256 = re.compile(r"[0-9a-f]{64}")


def draft_agreement(
    session: Session,
    *,
    number: str,
    title: str,
    shareholder: Shareholder,
    budget: Budget,
    starts_on: dt.date,
    ends_on: dt.date,
    terms: Terms,
    legal_basis: str = LEGAL_BASIS,
) -> Agreement:
    """Draft an agreement over local days [starts_on, ends_on), paid by `budget` of `shareholder`."""
    number, title = number.strip(), title.strip()
    if not number or not title:
        raise Refusal("Un accord a un numéro et un titre ; complétez-les.", field="title" if number else "number")
    if session.scalar(select(Agreement.id).where(Agreement.number == number)) is not None:
        raise Refusal("L'accord {number} existe déjà ; choisissez un autre numéro.", field="number", number=number)
    if ends_on <= starts_on:
        raise Refusal(
            "L'accord finit ({ends_on:%d/%m/%Y}) avant d'avoir commencé ({starts_on:%d/%m/%Y}) ; corrigez les dates.",
            field="ends_on",
            ends_on=ends_on,
            starts_on=starts_on,
        )
    if budget.shareholder_id != shareholder.id:
        raise Refusal(
            "Le budget « {budget} » n'est pas un budget de {shareholder} ; choisissez celui qui paie.",
            field="budget_id",
            budget=budget.name,
            shareholder=shareholder.name,
        )
    if not legal_basis.strip():
        raise Refusal("Un accord repose sur une base légale, imprimée sur chaque document ; dites laquelle.")
    demand_terms(legal_basis.strip(), terms)
    agreement = Agreement(
        number=number,
        title=title,
        shareholder=shareholder,
        budget=budget,
        term=Range(starts_on, ends_on),
        terms=to_json(terms),
        legal_basis=legal_basis.strip(),
        state="draft",
    )
    session.add(agreement)
    session.flush()
    return agreement


def set_terms(session: Session, agreement: Agreement, terms: Terms) -> Agreement:
    """Give a draft other sharing terms."""
    session.refresh(agreement, with_for_update=True)
    if agreement.state != "draft":
        raise Refusal("L'accord {number} est signé : ses clauses ne changent que par avenant.", number=agreement.number)
    demand_terms(agreement.legal_basis, terms)
    agreement.terms = to_json(terms)
    session.flush()
    return agreement


def add_price(
    session: Session,
    agreement: Agreement,
    *,
    energy: str,
    start: dt.date,
    end: dt.date | None,
    price: Decimal,
    source: str = "",
    amendment: Amendment | None = None,
) -> EnergyPrice:
    """Say what a kWh of `energy` costs the payer during [start, end), excluding VAT, variable part only.

    A price may be added after signature for days that have none yet (indexed or as billed); none is ever replaced
    but by a draft `amendment`, from its day on.
    """
    if energy not in ENERGY_NAMES:
        raise Refusal(
            "L'énergie « {energy} » n'existe pas ici ; choisissez parmi {known}.",
            field="energy",
            energy=energy,
            known=", ".join(ENERGY_NAMES),
        )
    if agreement.state == "ended":
        raise Refusal("L'accord {number} est terminé ; il n'a plus besoin de prix.", number=agreement.number)
    if amendment is not None:
        _demand_open(session, amendment)
        if start < amendment.effective_on:
            raise Refusal(
                "L'avenant prend effet le {day} ; ses prix ne valent pas plus tôt.",
                field="start",
                day=f"{amendment.effective_on:%d/%m/%Y}",
            )
    Price(start, end, price)
    period: Range[dt.date] = Range(start, end)
    other = session.scalar(
        select(EnergyPrice).where(
            EnergyPrice.agreement_id == agreement.id,
            EnergyPrice.energy == energy,
            EnergyPrice.period.op("&&")(period),
            EnergyPrice.amendment_id.is_not_distinct_from(amendment.id if amendment else None),
        )
    )
    if other is not None:
        raise Refusal(
            "{energy} : l'accord a déjà un prix {dates} ; choisissez des jours qui n'en ont pas.",
            field="start",
            energy=ENERGY_NAMES[energy].capitalize(),
            dates=_dates(other.period),
        )
    energy_price = EnergyPrice(
        agreement=agreement,
        energy=energy,
        period=period,
        price=price,
        source=source.strip(),
        amendment=amendment,
    )
    session.add(energy_price)
    session.flush()
    return energy_price


def annex(
    session: Session, agreement: Agreement, title: str, sha256: str, *, amendment: Amendment | None = None
) -> Annex:
    """Make the document with `sha256` (64 hexadecimal digits) an annex of a draft; measurement plans are annexes.

    A signed agreement gets one by a draft `amendment`.
    """
    # Signing and annexing wait for one another: nothing is added to what has just been signed.
    session.refresh(agreement, with_for_update=True)
    if amendment is not None:
        _demand_open(session, amendment)
    elif agreement.state != "draft":
        raise Refusal("L'accord {number} est signé : ses annexes ne changent que par avenant.", number=agreement.number)
    if not title.strip():
        raise Refusal("Une annexe a un titre ; écrivez ce qu'elle est.", field="title")
    if _SHA256.fullmatch(sha256) is None:
        raise Refusal(
            "L'empreinte d'une annexe a 64 chiffres hexadécimaux (SHA-256) ; figez d'abord le document.",
            field="sha256",
        )
    if session.scalar(select(Annex.id).where(Annex.agreement_id == agreement.id, Annex.sha256 == sha256)) is not None:
        raise Refusal("L'accord {number} a déjà cette annexe.", field="sha256", number=agreement.number)
    document = Annex(agreement=agreement, title=title.strip(), sha256=sha256, amendment_id=amendment and amendment.id)
    session.add(document)
    session.flush()
    return document


def sign(session: Session, agreement: Agreement, **signature: Any) -> Agreement:
    """Sign a draft that has an annex and a price of each of its energies on its first day.

    `signature` is what `contracts.agreements.signatures.record_signature` asks for: the vote, its transmission, who
    signs by which delegation, the deposited document, today.
    """
    session.refresh(agreement, with_for_update=True)
    if agreement.state != "draft":
        raise Refusal("L'accord {number} est déjà signé.", number=agreement.number)
    _demand_complete(session, agreement)
    record_signature(session, agreement, agreement, **signature)
    return agreement


def _demand_open(session: Session, amendment: Amendment) -> None:
    session.refresh(amendment, with_for_update=True)
    if amendment.state != "draft":
        raise Refusal("L'avenant {number} est signé ; préparez-en un autre.", number=amendment.number)


def _demand_complete(session: Session, agreement: Agreement) -> None:
    if session.scalar(select(Annex.id).where(Annex.agreement_id == agreement.id).limit(1)) is None:
        raise Refusal(
            "L'accord {number} n'a pas d'annexe ; ajoutez les plans de mesure figés avant de signer.",
            number=agreement.number,
        )
    prices = session.scalars(select(EnergyPrice).where(EnergyPrice.agreement_id == agreement.id)).all()
    first_day, _ = bounds(agreement.term)
    if not prices:
        raise Refusal(
            "L'accord {number} n'a aucun prix ; ajoutez ce que coûte le kWh de chaque énergie.", number=agreement.number
        )
    shared = {share["energy"] for share in agreement.terms["shares"] if share["energy"] is not None}
    for energy in sorted(shared | {price.energy for price in prices}):
        if not any(price.energy == energy and first_day in price.period for price in prices):
            raise Refusal(
                "{energy} : l'accord n'a pas de prix le {first_day:%d/%m/%Y}, son premier jour ; ajoutez-le avant "
                "de signer.",
                energy=ENERGY_NAMES.get(energy, energy).capitalize(),
                first_day=first_day,
            )


def _dates(period: Range[dt.date]) -> str:
    if period.upper is None:
        return f"à partir du {period.lower:%d/%m/%Y}"
    return f"du {period.lower:%d/%m/%Y} au {period.upper - dt.timedelta(days=1):%d/%m/%Y}"
