"""Register the SPL, its shareholders and the budgets that pay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from contracts.parties.capital import acquire
from contracts.parties.models import Budget, Commitment, Company, Shareholder
from foundation.errors import Refusal
from foundation.identifiers import check_iban, check_siren, check_siret
from foundation.money import euros

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sqlalchemy.orm import Session

_INSEE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")


def set_company(session: Session, **fields: Any) -> Company:
    """Say who the SPL is (columns of `Company`): the seller every document names."""
    company = session.get(Company, 1) or Company(id=1)
    for name, value in fields.items():
        setattr(company, name, value)
    company.siret = check_siret(company.siret)
    company.iban = check_iban(company.iban)
    session.add(company)
    session.flush()
    return company


def the_company(session: Session) -> Company:
    """Return the SPL; refuse where nobody said yet who it is."""
    company = session.get(Company, 1)
    if company is None:
        raise Refusal("La SPL n'est pas encore décrite ; remplissez ses coordonnées dans Réglages.")
    return company


def register_shareholder(
    session: Session,
    *,
    name: str,
    siren: str,
    street: str,
    postcode: str,
    city: str,
    kind: str = "commune",
    insee_code: str | None = None,
    email: str = "",
    synthetic: bool = False,
    capital: Decimal | None = None,
    since: dt.date | None = None,
) -> Shareholder:
    """Add a public body; with `capital` (euros), what it owns of the SPL's capital from `since` on."""
    siren = check_siren(siren)
    if insee_code is not None and not _INSEE.fullmatch(insee_code):
        raise Refusal(
            "Le code INSEE « {code} » a cinq signes, par exemple 56121 ou 2A004 ; ce n'est pas le code postal.",
            field="insee_code",
            code=insee_code,
        )
    if (capital is None) != (since is None):
        raise Refusal(
            "Une part de capital a un montant et un premier jour ; donnez les deux, ou aucun.",
            field="since" if since is None else "capital",
        )
    taken = session.scalar(select(Shareholder).where((Shareholder.siren == siren) | (Shareholder.name == name)))
    if taken is not None:
        raise Refusal("{name} (SIREN {siren}) est déjà enregistrée.", field="siren", name=taken.name, siren=taken.siren)
    shareholder = Shareholder(
        name=name,
        siren=siren,
        street=street,
        postcode=postcode,
        city=city,
        kind=kind,
        insee_code=insee_code,
        email=email,
        synthetic=synthetic,
    )
    session.add(shareholder)
    session.flush()
    if capital is not None and since is not None:
        acquire(session, shareholder, amount=capital, start=since)
    return shareholder


def add_budget(
    session: Session,
    shareholder: Shareholder,
    *,
    siret: str,
    name: str = "Budget principal",
    service_code: str | None = None,
    commitment_number: str | None = None,
    **facts: Any,
) -> Budget:
    """Add a budget that pays for `shareholder`, with what Chorus Pro asks of invoices sent to it.

    `facts` are other columns of `Budget`: kind, legal personality, nomenclature, suggested accounts, VAT recovery.
    """
    siret = _check_payer(siret, shareholder, own=bool(facts.get("legal_personality")))
    taken = session.scalar(select(Budget).where(Budget.siret == siret))
    if taken is not None:
        raise Refusal(
            "Le SIRET {siret} est déjà celui de « {name} » ({owner}).",
            field="siret",
            siret=siret,
            name=taken.name,
            owner=taken.shareholder.name,
        )
    _demand_recovery(facts.get("vat_recovery"))
    budget = Budget(
        shareholder=shareholder,
        name=name,
        siret=siret,
        service_code=service_code or None,
        commitment_number=commitment_number or None,
        **facts,
    )
    session.add(budget)
    session.flush()
    return budget


def edit_budget(session: Session, budget: Budget, **facts: Any) -> Budget:
    """Change what is known of a budget (columns of `Budget`); its SIRET stays: another one is another budget."""
    _demand_recovery(facts.get("vat_recovery"))
    _check_payer(budget.siret, budget.shareholder, own=bool(facts.get("legal_personality", budget.legal_personality)))
    for name, value in facts.items():
        setattr(budget, name, value)
    budget.service_code, budget.commitment_number = budget.service_code or None, budget.commitment_number or None
    session.flush()
    return budget


def commit_funds(
    session: Session,
    budget: Budget,
    *,
    year: int,
    number: str,
    amount: Decimal,
    expires_on: dt.date | None = None,
) -> Commitment:
    """Record that `budget` committed `amount` euros (VAT included) for `year` under `number` (engagement juridique)."""
    number = number.strip()
    if not number:
        raise Refusal("Un engagement a un numéro ; relevez-le sur le bon de commande.", field="number")
    if amount <= 0:
        raise Refusal("Un engagement est un montant supérieur à zéro.", field="amount")
    if not 2000 <= year <= 2199:
        raise Refusal("L'année budgétaire s'écrit avec quatre chiffres, par exemple 2026.", field="year")
    if expires_on is not None and expires_on.year < year:
        raise Refusal("L'engagement expirerait avant son année ; corrigez la date.", field="expires_on")
    taken = session.scalar(select(Commitment.id).where(Commitment.budget_id == budget.id, Commitment.number == number))
    if taken is not None:
        raise Refusal("L'engagement {number} est déjà enregistré sur ce budget.", field="number", number=number)
    commitment = Commitment(budget=budget, year=year, number=number, amount=euros(amount), expires_on=expires_on)
    session.add(commitment)
    session.flush()
    return commitment


def commitments_for(session: Session, budget: Budget, year: int) -> list[Commitment]:
    """Return what `budget` committed for `year`; what is left of it, billing computes from its invoices."""
    return list(
        session.scalars(
            select(Commitment).where(Commitment.budget_id == budget.id, Commitment.year == year).order_by(Commitment.id)
        )
    )


def _check_payer(siret: str, shareholder: Shareholder, *, own: bool) -> str:
    """Return the SIRET of a budget; a legal person of its own has its own SIREN, another budget its shareholder's."""
    checked = check_siret(siret, siren=None if own else shareholder.siren)
    if own and checked.startswith(shareholder.siren):
        raise Refusal(
            "Le SIRET {siret} est celui de {name} : ce budget n'a pas de personnalité morale à lui ; décochez-la.",
            field="legal_personality",
            siret=checked,
            name=shareholder.name,
        )
    return checked


def _demand_recovery(ratio: Decimal | None) -> None:
    if ratio is not None and not 0 <= ratio <= 1:
        raise Refusal("Le coefficient de récupération de la TVA se situe entre 0 et 1.", field="vat_recovery")
