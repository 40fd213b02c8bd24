"""Amend an agreement: a dated new version with its own vote, signature and deposited document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from contracts.agreements.bases import demand_terms
from contracts.agreements.coverage import end_coverage, move_end
from contracts.agreements.models import Agreement, Amendment, Annex, EnergyPrice
from contracts.agreements.signatures import record_signature
from contracts.agreements.terms.codec import to_json
from contracts.agreements.versions import term_in_force
from contracts.agreements.years import years_until
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from contracts.agreements.terms.data import Terms


def draft_amendment(
    session: Session,
    agreement: Agreement,
    *,
    title: str,
    effective_on: dt.date,
    terms: Terms | None = None,
    ends_on: dt.date | None = None,
    withdrawn: Collection[int] = (),
) -> Amendment:
    """Draft the next amendment of a signed agreement; its prices and annexes are added to it before it is signed.

    New terms begin with a contract year: a year is evaluated as a whole (truth 6). `withdrawn` are the numbers of
    boundaries that leave on `effective_on`.
    """
    session.refresh(agreement, with_for_update=True)
    if agreement.state not in {"signed", "amended"}:
        raise Refusal(
            "L'accord {number} n'est pas en vigueur ; seul un accord signé s'amende.", number=agreement.number
        )
    if not title.strip():
        raise Refusal("Dites en quelques mots ce que l'avenant change.", field="title")
    _demand_dates(agreement, effective_on, ends_on, new_terms=terms is not None)
    if terms is not None:
        demand_terms(agreement.legal_basis, terms)
    known = {row.boundary_id for row in agreement.coverages}
    if unknown := sorted(set(withdrawn) - known):
        raise Refusal(
            "Le périmètre n° {boundary} n'est pas dans l'accord ; choisissez parmi les siens.",
            field="withdrawn",
            boundary=unknown[0],
        )
    last = session.scalar(select(func.max(Amendment.number)).where(Amendment.agreement_id == agreement.id))
    amendment = Amendment(
        agreement=agreement,
        number=(last or 0) + 1,
        title=title.strip(),
        effective_on=effective_on,
        terms=None if terms is None else to_json(terms),
        ends_on=ends_on,
        withdrawn=sorted(set(withdrawn)),
        state="draft",
    )
    session.add(amendment)
    session.flush()
    return amendment


def sign_amendment(session: Session, amendment: Amendment, **signature: Any) -> Amendment:
    """Sign a draft that changes something; `signature` as in `contracts.agreements.signatures.record_signature`.

    What was signed before keeps its text: the agreement becomes "amended", and what reads it asks
    `contracts.agreements.versions` for the version of a day.
    """
    agreement = amendment.agreement
    session.refresh(agreement, with_for_update=True)
    session.refresh(amendment, with_for_update=True)
    if amendment.state != "draft":
        raise Refusal("L'avenant {number} est déjà signé.", number=amendment.number)
    if agreement.state not in {"signed", "amended"}:
        raise Refusal(
            "L'accord {number} n'est pas en vigueur ; seul un accord signé s'amende.", number=agreement.number
        )
    _demand_change(session, amendment)
    _demand_dates(agreement, amendment.effective_on, amendment.ends_on, new_terms=amendment.terms is not None)
    before = term_in_force(agreement)
    record_signature(session, amendment, agreement, **signature)
    agreement.state = "amended"
    session.flush()
    for boundary_id in amendment.withdrawn:
        end_coverage(session, agreement, amendment.effective_on, boundary_id=boundary_id)
    move_end(session, agreement, before.upper, term_in_force(agreement).upper)
    return amendment


def _demand_dates(agreement: Agreement, effective_on: dt.date, ends_on: dt.date | None, *, new_terms: bool) -> None:
    years = years_until(*bounds(term_in_force(agreement)), effective_on)
    if new_terms and effective_on != years[-1].start:
        raise Refusal(
            "Les clauses se comptent par année de l'accord : de nouvelles clauses prennent effet le premier jour"
            " d'une année, par exemple le {first} ou le {next}.",
            field="effective_on",
            first=f"{years[-1].start:%d/%m/%Y}",
            next=f"{years[-1].end:%d/%m/%Y}",
        )
    if ends_on is not None and ends_on <= effective_on:
        raise Refusal("L'accord finirait avant que l'avenant ne prenne effet ; corrigez les dates.", field="ends_on")


def _demand_change(session: Session, amendment: Amendment) -> None:
    """Refuse an amendment that changes nothing."""
    rows = [
        session.scalar(select(model.id).where(model.amendment_id == amendment.id).limit(1))
        for model in (EnergyPrice, Annex)
    ]
    if amendment.terms is None and amendment.ends_on is None and not amendment.withdrawn and not any(rows):
        raise Refusal(
            "L'avenant {number} ne change rien encore : ni clauses, ni prix, ni durée, ni périmètre, ni annexe ;"
            " complétez-le avant de signer.",
            number=amendment.number,
        )


def set_amendment_terms(session: Session, amendment: Amendment, terms: Terms) -> Amendment:
    """Give a draft amendment new sharing terms; they take effect on the first day of a contract year."""
    session.refresh(amendment, with_for_update=True)
    if amendment.state != "draft":
        raise Refusal("L'avenant {number} est signé ; préparez-en un autre.", number=amendment.number)
    _demand_dates(amendment.agreement, amendment.effective_on, amendment.ends_on, new_terms=True)
    demand_terms(amendment.agreement.legal_basis, terms)
    amendment.terms = to_json(terms)
    session.flush()
    return amendment
