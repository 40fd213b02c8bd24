"""What the buyer's budget asks of an invoice before it is issued: references, and what is left of its commitment.

A commitment is euros with VAT for a budget year (engagement juridique): the public accountant pays nothing beyond it or
after it, so that an invoice without cover is not issued.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from billing.einvoice.model import CREDIT_NOTE
from billing.einvoice.problem import Problem
from billing.invoices.models import Invoice
from billing.ledger.rules import NOTHING
from billing.settlements.models import Settlement
from contracts.agreements.models import Agreement
from contracts.parties.directory import missing_references, structure_of
from contracts.parties.models import Commitment
from foundation.errors import Refusal
from foundation.look.language import FRENCH

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.parties.models import Budget

COMMITMENT_LOCK = 20181001
"""Any number, as long as it is always this one: the class of these locks."""


def last_day(commitment: Commitment) -> dt.date:
    """Return the last day a commitment may be invoiced on."""
    return commitment.expires_on or dt.date(commitment.year, 12, 31)


def billed_on(session: Session, commitment: Commitment) -> Decimal:
    """Return the euros with VAT issued on a commitment, less the credit notes that name it."""
    sign = case((Invoice.type_code == CREDIT_NOTE, -1), else_=1)
    return (
        session.scalar(
            select(func.sum(sign * Invoice.gross))
            .join(Settlement, Settlement.id == Invoice.settlement_id)
            .join(Agreement, Agreement.id == Settlement.agreement_id)
            .where(
                Invoice.number.is_not(None),
                Agreement.budget_id == commitment.budget_id,
                Invoice.snapshot["purchase_order_reference"].astext == commitment.number,
            )
        )
        or NOTHING
    )


def left_of(session: Session, commitment: Commitment) -> Decimal:
    """Return what may still be invoiced on a commitment."""
    return commitment.amount - billed_on(session, commitment)


def commitment_for(session: Session, budget: Budget, gross: Decimal, day: dt.date) -> str:
    """Return the number of the commitment an invoice of `gross` on `day` goes on: one that is open and has enough left.

    The one written on the budget goes first; where none has enough, the first open one, and the check says so.
    """
    written = budget.commitment_number or ""
    usable = [one for one in budget.commitments if dt.date(one.year, 1, 1) <= day <= last_day(one)]
    usable.sort(key=lambda one: one.number != written)
    enough = next((one for one in usable if left_of(session, one) >= gross), None)
    if enough is not None:
        return enough.number
    return usable[0].number if usable else written


def renew_references(session: Session, draft: Invoice, today: dt.date) -> None:
    """Write on a draft what its budget says today; a cancellation repeats what its invoice said."""
    if draft.snapshot["cancellation"]:
        return
    budget = draft.settlement.agreement.budget
    fresh = {
        "buyer_reference": budget.service_code or "",
        "purchase_order_reference": commitment_for(session, budget, draft.gross, today),
    }
    if any(draft.snapshot[name] != value for name, value in fresh.items()):
        draft.snapshot = {**draft.snapshot, **fresh}


def unmet(session: Session, draft: Invoice, today: dt.date) -> tuple[Problem, ...]:
    """Return what the buyer would reject the document for."""
    if draft.snapshot["cancellation"]:
        return ()
    budget = draft.settlement.agreement.budget
    number = draft.snapshot["purchase_order_reference"]
    found = [
        Problem(rule, sentence, "")
        for rule, sentence in missing_references(
            budget,
            structure_of(session, budget),
            service_code=draft.snapshot["buyer_reference"],
            commitment_number=number,
        )
    ]
    recorded = session.scalar(select(Commitment).where(Commitment.budget_id == budget.id, Commitment.number == number))
    short = "" if recorded is None or draft.is_credit_note else _shortfall(session, recorded, draft.gross, today)
    if short:
        found.append(Problem("ENGAGEMENT", short[0].upper() + short[1:], ""))
    return tuple(found)


def demand_cover(session: Session, invoice: Invoice, today: dt.date) -> None:
    """Refuse to issue on an expired or exceeded commitment; two invoices on one take their turns until they commit."""
    if invoice.is_credit_note:
        return
    found = session.scalar(
        select(Commitment)
        .join(Agreement, Agreement.budget_id == Commitment.budget_id)
        .join(Settlement, Settlement.agreement_id == Agreement.id)
        .where(
            Settlement.id == invoice.settlement_id,
            Commitment.number == invoice.snapshot["purchase_order_reference"],
        )
    )
    if found is None:
        return
    session.execute(select(func.pg_advisory_xact_lock(COMMITMENT_LOCK, found.id)))
    if short := _shortfall(session, found, invoice.gross, today):
        raise Refusal("La facture ne peut pas être émise : {problem}", problem=short)


def _shortfall(session: Session, found: Commitment, gross: Decimal, day: dt.date) -> str:
    """Return why the commitment does not cover `gross` on `day`; empty where it does."""
    number = found.number
    if day > last_day(found):
        return (
            f"l'engagement {number} a expiré le {FRENCH.date(last_day(found))} ; enregistrez celui de {day.year} sur le"
            " budget, puis faites vérifier à nouveau."
        )
    if gross > (left := left_of(session, found)):
        return (
            f"il reste {FRENCH.euros(max(left, NOTHING))} sur l'engagement {number}, et la facture est de"
            f" {FRENCH.euros(gross)} ; demandez à la collectivité de l'augmenter ou d'en ouvrir un autre."
        )
    return ""
