"""Euros of a municipality's year: avoided, owed to the SPL, kept, invoiced and paid."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.benefit.rules import benefit
from billing.einvoice.model import CREDIT_NOTE
from billing.invoices.models import Invoice
from billing.receivables.models import Payment
from billing.settlements.models import Settlement
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

NOTHING = Decimal("0.00")
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Money:
    """Euros; `avoided`, `fee` and `half_width` without VAT, `kept` after the VAT that is not recovered."""

    settlements: int
    avoided: Decimal
    half_width: Decimal
    fee: Decimal
    kept: Decimal
    invoiced: Decimal
    """With VAT, credit notes taken off, of documents issued in the year."""
    invoiced_for: Decimal
    """The same of the settlements that count, whenever it was issued."""
    received: Decimal
    """What was paid within the year, whichever year it was for."""


def money_of(session: Session, shareholder_id: int, year: int, until: dt.date) -> Money:
    """Return the euros of the contract years that end in the calendar `year`, and what moved in it up to `until`.

    Only settlements the municipality accepted count, the last of each contract year.
    """
    settled = accepted(session, shareholder_id, year)
    avoided, kept, half_width = NOTHING, NOTHING, NOTHING
    for one in settled:
        lines = [line for line in one.lines if line.year == one.contract_year_number]
        by_energy: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            by_energy[line.energy] += line.avoided_value
            half_width += line.half_width_value
        avoided += one.avoided_value
        kept += benefit(by_energy, one.share_to_date, one.agreement.budget.vat_recovery).kept
    first, last = dt.date(year, 1, 1), min(dt.date(year, 12, 31), until)
    received = session.scalar(
        select(func.sum(Payment.amount)).where(
            Payment.shareholder_id == shareholder_id, Payment.day.between(first, last)
        )
    )
    return Money(
        len(settled),
        avoided,
        half_width,
        sum((one.share_to_date for one in settled), NOTHING),
        kept,
        _gross(session, Invoice.shareholder_id == shareholder_id, Invoice.issue_date.between(first, last)),
        _gross(session, Invoice.settlement_id.in_([one.id for one in settled]), Invoice.number.is_not(None)),
        received or NOTHING,
    )


def _gross(session: Session, *which: ColumnElement[bool]) -> Decimal:
    """Return the invoices that meet `which` less the credit notes that do."""
    rows = session.execute(
        select(Invoice.type_code, func.sum(Invoice.gross)).where(*which).group_by(Invoice.type_code)
    ).all()
    return sum((-amount if kind == CREDIT_NOTE else amount for kind, amount in rows), NOTHING)


def accepted(session: Session, shareholder_id: int, year: int) -> Sequence[Settlement]:
    """Return the last accepted settlement of each contract year of a municipality that ends in the calendar `year`."""
    rows = session.scalars(
        select(Settlement)
        .where(
            Settlement.shareholder_id == shareholder_id,
            Settlement.kind == "savings",
            Settlement.state.in_(("accepted", "invoiced")),
        )
        .order_by(Settlement.id)
    )
    latest = {
        (one.agreement_id, one.contract_year_number): one
        for one in rows
        if (bounds(one.contract_year)[1] - ONE_DAY).year == year
    }
    return list(latest.values())
