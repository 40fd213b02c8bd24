"""Payments, what of them pays which invoice, and the reminders a person sent. All of it is only ever added to."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.invoices.models import Invoice
from contracts.parties.models import Shareholder
from foundation.base import Base, created, euros, identifier


class Payment(Base):
    """Money from a municipality on a day of the bank's; a refund is negative."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        # The same line of a bank statement typed twice.
        UniqueConstraint("shareholder_id", "day", "amount", "reference"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id))
    day: Mapped[dt.date]
    amount: Mapped[euros]
    reference: Mapped[str]
    payer: Mapped[str]
    recorded_by: Mapped[str]
    created_at: Mapped[created]

    shareholder: Mapped[Shareholder] = relationship()
    allocations: Mapped[list[Allocation]] = relationship(back_populates="payment", order_by="Allocation.id")


class Allocation(Base):
    """The part of a payment that pays an invoice; a negative one takes it off again."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount"), {"schema": "billing"})

    id: Mapped[identifier]
    payment_id: Mapped[int] = mapped_column(ForeignKey(Payment.id), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id), index=True)
    amount: Mapped[euros]
    made_by: Mapped[str]
    created_at: Mapped[created]

    payment: Mapped[Payment] = relationship(back_populates="allocations")
    invoice: Mapped[Invoice] = relationship()


class LateCharge(Base):
    """The part of a payment that pays what lateness cost: interest and the flat indemnity, outside the scope of VAT."""

    __tablename__ = "late_charge"
    __table_args__ = (
        CheckConstraint("interest >= 0 AND indemnity >= 0 AND interest + indemnity > 0", name="amounts"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    payment_id: Mapped[int] = mapped_column(ForeignKey(Payment.id), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id), index=True)
    interest: Mapped[euros]
    indemnity: Mapped[euros]
    made_by: Mapped[str]
    created_at: Mapped[created]

    payment: Mapped[Payment] = relationship()
    invoice: Mapped[Invoice] = relationship()


class Reminder(Base):
    """A letter about an invoice that is late: a person sent it, the product never does by itself."""

    __tablename__ = "reminder"
    __table_args__ = {"schema": "billing"}

    id: Mapped[identifier]
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id), index=True)
    day: Mapped[dt.date]
    recipient: Mapped[str]
    remaining: Mapped[euros]
    interest: Mapped[euros]
    sent_by: Mapped[str]
    created_at: Mapped[created]

    invoice: Mapped[Invoice] = relationship()
