"""Deposits of documents in Chorus Pro, and what was said of each since."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.invoices.models import Invoice
from foundation.base import Base, identifier


class Deposit(Base):
    """One document on its way through Chorus Pro; at most one that was not refused a document.

    States: wanted (to be sent, or sent without a known answer), deposited (a flux number, its report is awaited),
    integrated (an invoice of Chorus Pro, whose `status` follows), refused (the flux was rejected: it never became one).
    """

    __tablename__ = "deposit"
    __table_args__ = (
        CheckConstraint("way IN ('api', 'manual')", name="way"),
        CheckConstraint("state IN ('wanted', 'deposited', 'integrated', 'refused')", name="state"),
        CheckConstraint("attempts_answered BETWEEN attempts_begun - 1 AND attempts_begun", name="attempts"),
        CheckConstraint("state <> 'deposited' OR flux IS NOT NULL AND deposited_on IS NOT NULL", name="flux"),
        Index("uq_deposit_invoice_once", "invoice_id", unique=True, postgresql_where=text("state <> 'refused'")),
        Index("ix_deposit_due", "next_look_at", postgresql_where=text("next_look_at IS NOT NULL")),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id))
    way: Mapped[str]
    """api: by this program; manual: a person put the file into the portal and noted its flux."""
    state: Mapped[str]
    asked_at: Mapped[dt.datetime]
    asked_by: Mapped[str]
    file_sha256: Mapped[str]
    """Of the Factur-X that was deposited."""
    attempts_begun: Mapped[int] = mapped_column(default=0)
    """Requests to deposit that may have gone out: counted, and committed, before each."""
    attempts_answered: Mapped[int] = mapped_column(default=0)
    """Those whose outcome is known; one less than begun: the portal may have it, and is asked before anything else."""
    begun_at: Mapped[dt.datetime | None]
    flux: Mapped[str | None]
    """numeroFluxDepot."""
    deposited_on: Mapped[dt.date | None]
    remote_id: Mapped[int | None] = mapped_column(BigInteger)
    """identifiantFactureCPP."""
    status: Mapped[str | None]
    """The code of Chorus Pro, see `rules`."""
    status_at: Mapped[dt.datetime | None]
    comment: Mapped[str] = mapped_column(default="")
    """What the municipality or the portal gave as reason."""
    next_look_at: Mapped[dt.datetime | None]
    """When there is something to ask again; None once nothing can change any more."""
    tries: Mapped[int] = mapped_column(default=0)
    """Looks since the last news."""
    error: Mapped[str] = mapped_column(default="")
    """Why the last look brought nothing."""

    invoice: Mapped[Invoice] = relationship()
    events: Mapped[list[DepositEvent]] = relationship(
        back_populates="deposit", order_by="(DepositEvent.at, DepositEvent.id)"
    )

    @property
    def uncertain(self) -> bool:
        """Whether the portal may have received it without our knowing."""
        return self.attempts_begun > self.attempts_answered


class DepositEvent(Base):
    """A status of the invoice, from when on, by whom it was said; only ever added to."""

    __tablename__ = "deposit_event"
    __table_args__ = (UniqueConstraint("deposit_id", "code", "at"), {"schema": "billing"})

    id: Mapped[identifier]
    deposit_id: Mapped[int] = mapped_column(ForeignKey(Deposit.id))
    code: Mapped[str]
    at: Mapped[dt.datetime]
    comment: Mapped[str] = mapped_column(default="")
    said_by: Mapped[str]
    """"Chorus Pro", or the person who read it in the portal."""
    recorded_at: Mapped[dt.datetime]

    deposit: Mapped[Deposit] = relationship(back_populates="events")
