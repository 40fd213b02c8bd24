"""Invoices, credit notes, and the counters of their series."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.einvoice.model import CREDIT_NOTE, INVOICE
from billing.settlements.models import Settlement
from foundation.attachments.models import Attachment
from foundation.base import Base, created, euros, identifier


class InvoiceSeries(Base):
    """The counter of a series of numbers and the head of its chain; locked while a number is taken.

    CGI ann. II art. 242 nonies A: numbers are unique, chronological and continuous.
    """

    __tablename__ = "invoice_series"
    __table_args__ = {"schema": "billing"}

    prefix: Mapped[str] = mapped_column(primary_key=True)
    """For example "F2026-" for invoices, "A2026-" for credit notes: a series a year."""
    last_number: Mapped[int] = mapped_column(default=0)
    last_issue_date: Mapped[dt.date | None]
    head_sha256: Mapped[str] = mapped_column(default="")


class Invoice(Base):
    """An invoice or a credit note; from `issued` on only its stored renderings may still be added, once.

    States: draft, ready (XSD and schematron passed), issued, credited (an invoice of which nothing is owed any more:
    credit notes took it back whole).
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'ready', 'issued', 'credited')", name="state"),
        CheckConstraint(
            "(state IN ('draft', 'ready')) = (number IS NULL) AND (number IS NULL) = (issue_date IS NULL)"
            " AND (number IS NULL) = (sha256 IS NULL)",
            name="numbered_when_issued",
        ),
        CheckConstraint("gross = net + vat", name="gross"),
        CheckConstraint("type_code IN ('380', '381')", name="type_code"),
        CheckConstraint("type_code = '380' OR state <> 'credited'", name="only_invoices_are_credited"),
        Index("uq_invoice_series_position", "series", "position", unique=True),
        # A settlement is invoiced once; where that invoice is cancelled, once more.
        Index(
            "uq_invoice_settlement_once",
            "settlement_id",
            unique=True,
            postgresql_where=text("type_code = '380' AND state <> 'credited'"),
        ),
        Index(
            "uq_invoice_credit_draft_once",
            "settlement_id",
            unique=True,
            postgresql_where=text("type_code = '381' AND number IS NULL"),
        ),
        Index("ix_invoice_settlement_id", "settlement_id"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    settlement_id: Mapped[int] = mapped_column(ForeignKey(Settlement.id))
    type_code: Mapped[str] = mapped_column(default=INVOICE, server_default=INVOICE)
    """BT-3: 380 is an invoice, 381 a credit note, whose amounts are positive too."""
    shareholder_id: Mapped[int] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default="draft")
    series: Mapped[str | None] = mapped_column(ForeignKey(InvoiceSeries.prefix))
    position: Mapped[int | None]
    number: Mapped[str | None] = mapped_column(unique=True)
    issue_date: Mapped[dt.date | None]
    due_date: Mapped[dt.date | None]
    net: Mapped[euros]
    vat: Mapped[euros]
    gross: Mapped[euros]
    snapshot: Mapped[dict[str, Any]]
    """Everything the document says, as data; complete and frozen once issued."""
    problems: Mapped[list[Any]] = mapped_column(default=list)
    """What the checks found on the draft: rule and sentence; empty when ready."""
    previous_sha256: Mapped[str | None]
    sha256: Mapped[str | None]
    """SHA-256 of the previous invoice's hash and this one's canonical snapshot."""
    xml_id: Mapped[int | None] = mapped_column(ForeignKey(Attachment.id))
    pdf_id: Mapped[int | None] = mapped_column(ForeignKey(Attachment.id))
    created_at: Mapped[created]

    settlement: Mapped[Settlement] = relationship()
    xml: Mapped[Attachment | None] = relationship(foreign_keys=[xml_id])
    pdf: Mapped[Attachment | None] = relationship(foreign_keys=[pdf_id])
    credits: Mapped[list[Credit]] = relationship(
        back_populates="note", foreign_keys="Credit.note_id", order_by="Credit.id"
    )
    """Of a credit note: what it takes back from which invoice."""
    credited_by: Mapped[list[Credit]] = relationship(
        back_populates="invoice", foreign_keys="Credit.invoice_id", order_by="Credit.id"
    )
    """Of an invoice: the credit notes that name it."""

    @property
    def is_credit_note(self) -> bool:
        """Whether this document gives back."""
        return self.type_code == CREDIT_NOTE


class Credit(Base):
    """What an issued credit note takes back from one invoice, VAT included; written when it is issued."""

    __tablename__ = "credit"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        UniqueConstraint("note_id", "invoice_id"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    note_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id))
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id), index=True)
    amount: Mapped[euros]

    note: Mapped[Invoice] = relationship(back_populates="credits", foreign_keys=[note_id])
    invoice: Mapped[Invoice] = relationship(back_populates="credited_by", foreign_keys=[invoice_id])
