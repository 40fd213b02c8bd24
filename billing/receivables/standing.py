"""Where invoices and accounts stand: paid, credited, remaining, late; computed each time, never stored."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.einvoice.model import INVOICE
from billing.invoices.models import Credit, Invoice
from billing.ledger.lateness import lateness
from billing.ledger.models import Entry, Posting
from billing.ledger.rates import rate_table
from billing.ledger.rules import CUSTOMERS, NOTHING
from billing.receivables.models import Allocation, LateCharge, Payment
from contracts.parties.models import Shareholder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from billing.ledger.lateness import Lateness

LIMITS = (0, 30, 60, 90)
"""Days late up to which each part of the aged balance goes: not due, 1-30, 31-60, 61-90, and beyond."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One issued invoice: what was paid and credited of it, what remains, and what its lateness costs."""

    invoice: Invoice
    credited: Decimal
    paid: Decimal
    late: Lateness
    interest_paid: Decimal
    indemnity_paid: Decimal

    @property
    def remaining(self) -> Decimal:
        """Still owed; negative where it was paid and then credited."""
        return self.invoice.gross - self.credited - self.paid

    @property
    def lateness_owed(self) -> tuple[Decimal, Decimal]:
        """Interest and indemnity not paid yet; interest is nothing where its rate is not known."""
        interest = self.late.interest or NOTHING
        return max(interest - self.interest_paid, NOTHING), max(self.late.indemnity - self.indemnity_paid, NOTHING)


@dataclass(frozen=True, slots=True)
class AgedAccount:
    """What one municipality owes by days late; `waiting` is what it has paid or been credited beyond its invoices."""

    shareholder: Shareholder
    parts: tuple[Decimal, ...]
    waiting: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement on a municipality's account and the balance after it; positive is owed."""

    day: dt.date
    document: str
    label: str
    amount: Decimal
    balance: Decimal


def standings(session: Session, invoices: Iterable[Invoice], today: dt.date) -> list[Standing]:
    """Return where each of `invoices`, all issued, stands at the end of `today`."""
    asked = list(invoices)
    ids = [one.id for one in asked]
    credited: Mapping[int, Decimal] = dict(
        session.execute(
            select(Credit.invoice_id, func.sum(Credit.amount))
            .where(Credit.invoice_id.in_(ids))
            .group_by(Credit.invoice_id)
        ).all()
    )
    paid: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for invoice_id, day, amount in session.execute(
        select(Allocation.invoice_id, Payment.day, Allocation.amount)
        .join(Payment)
        .where(Allocation.invoice_id.in_(ids))
    ):
        paid[invoice_id].append((day, amount))
    charged = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(LateCharge.invoice_id, func.sum(LateCharge.interest), func.sum(LateCharge.indemnity))
            .where(LateCharge.invoice_id.in_(ids))
            .group_by(LateCharge.invoice_id)
        )
    }
    rates = rate_table(session)
    found = []
    for one in asked:
        if one.due_date is None:
            raise ValueError("only an issued invoice stands somewhere")
        taken = credited.get(one.id, NOTHING)
        late = lateness(one.gross - taken, one.due_date, paid[one.id], today, rates)
        settled = sum((amount for _, amount in paid[one.id]), NOTHING)
        found.append(Standing(one, taken, settled, late, *charged.get(one.id, (NOTHING, NOTHING))))
    return found


def invoices_of(session: Session, shareholder_id: int | None = None) -> Sequence[Invoice]:
    """Return the issued invoices of one municipality, or of all the reader sees, the first due first."""
    query = select(Invoice).where(Invoice.number.is_not(None), Invoice.type_code == INVOICE)
    if shareholder_id is not None:
        query = query.where(Invoice.shareholder_id == shareholder_id)
    return session.scalars(query.order_by(Invoice.due_date, Invoice.id)).all()


def aged_balance(session: Session, today: dt.date) -> list[AgedAccount]:
    """Return the account of each municipality that has one, by name; parts less `waiting` are its balance."""
    parts: dict[int, list[Decimal]] = defaultdict(lambda: [NOTHING] * (len(LIMITS) + 1))
    for one in standings(session, invoices_of(session), today):
        if one.remaining > 0 and one.invoice.due_date is not None:
            days = (today - one.invoice.due_date).days
            parts[one.invoice.shareholder_id][sum(days > limit for limit in LIMITS)] += one.remaining
    rows = session.execute(
        select(Shareholder, func.sum(Posting.amount))
        .join(Posting, Posting.shareholder_id == Shareholder.id)
        .where(Posting.account_code == CUSTOMERS)
        .group_by(Shareholder.id)
        .order_by(Shareholder.name)
    )
    return [
        AgedAccount(owner, tuple(parts[owner.id]), sum(parts[owner.id], NOTHING) - balance, balance)
        for owner, balance in rows
    ]


def statement(session: Session, shareholder: Shareholder) -> list[StatementLine]:
    """Return every movement of a municipality's account in order, with the balance after each."""
    rows = session.execute(
        select(Entry, Posting.amount)
        .join(Posting)
        .where(Posting.account_code == CUSTOMERS, Posting.shareholder_id == shareholder.id)
        .order_by(Entry.day, Entry.id)
    )
    lines, balance = [], NOTHING
    for entry, amount in rows:
        balance += amount
        lines.append(StatementLine(entry.day, entry.document, entry.label, amount, balance))
    return lines


def free(session: Session, payment: Payment) -> Decimal:
    """Return what of `payment` pays no invoice and no lateness yet."""
    used = session.scalar(select(func.sum(Allocation.amount)).where(Allocation.payment_id == payment.id))
    late = session.scalar(
        select(func.sum(LateCharge.interest + LateCharge.indemnity)).where(LateCharge.payment_id == payment.id)
    )
    return payment.amount - (used or NOTHING) - (late or NOTHING)
