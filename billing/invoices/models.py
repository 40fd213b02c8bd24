"""Invoices and the counter of their series."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

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
    """For example "F2026-": a series a year."""
    last_number: Mapped[int] = mapped_column(default=0)
    last_issue_date: Mapped[dt.date | None]
    head_sha256: Mapped[str] = mapped_column(default="")


class Invoice(Base):
    """An invoice; from `issued` on only its stored renderings may still be added, once.

    States: draft, ready (XSD and schematron passed), issued, credited.
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
        Index("uq_invoice_series_position", "series", "position", unique=True),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    settlement_id: Mapped[int] = mapped_column(ForeignKey(Settlement.id), unique=True)
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
