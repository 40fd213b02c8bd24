"""Accounts, entries and their postings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from foundation.base import Base, created, euros, identifier

JOURNALS = ("VT", "BQ", "OD")
DOCUMENTS = ("invoice", "credit_note")


class LedgerAccount(Base):
    """An account of the chart (plan comptable général, ANC 2014-03); those in use come with the migration.

    Not `Account`: that is who signs in.
    """

    __tablename__ = "account"
    __table_args__ = {"schema": "billing"}

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Entry(Base):
    """One fact of the books on one day; its postings sum to zero, which the database demands at commit.

    Journals: VT sales, BQ bank, OD other operations.
    """

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint(f"journal IN {JOURNALS}", name="journal"),
        CheckConstraint("kind IN ('invoice', 'credit_note', 'receipt', 'refund', 'vat', 'late')", name="kind"),
        # What is issued is posted once.
        Index("uq_entry_document_once", "document", unique=True, postgresql_where=text(f"kind IN {DOCUMENTS}")),
        Index("ix_entry_day", "day"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    day: Mapped[dt.date]
    journal: Mapped[str]
    kind: Mapped[str]
    document: Mapped[str]
    """What it is booked from: the number of an invoice or a credit note, the reference of a payment."""
    document_date: Mapped[dt.date]
    label: Mapped[str]
    created_at: Mapped[created]

    postings: Mapped[list[Posting]] = relationship(back_populates="entry", order_by="Posting.id")


class Posting(Base):
    """An amount on an account: positive is debit, negative is credit, never zero."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(account_code = '411') = (shareholder_id IS NOT NULL)", name="customer"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    entry_id: Mapped[int] = mapped_column(ForeignKey(Entry.id), index=True)
    account_code: Mapped[str] = mapped_column(ForeignKey(LedgerAccount.code), index=True)
    shareholder_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id), index=True)
    """Whose receivable: the auxiliary account of 411, and of no other."""
    amount: Mapped[euros]

    entry: Mapped[Entry] = relationship(back_populates="postings")
    account: Mapped[LedgerAccount] = relationship()


class ReferenceRate(Base):
    """The European Central Bank's rate of main refinancing operations on the first day of a half-year, percent."""

    __tablename__ = "reference_rate"
    __table_args__ = (
        CheckConstraint(
            "extract(day FROM starts_on) = 1 AND extract(month FROM starts_on) IN (1, 7)", name="half_year"
        ),
        CheckConstraint("percent BETWEEN -5 AND 25", name="percent"),
        {"schema": "billing"},
    )

    starts_on: Mapped[dt.date] = mapped_column(primary_key=True)
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    source: Mapped[str]
    entered_by: Mapped[str]
    created_at: Mapped[created]
