"""What a report says, frozen, and its first rendering."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.settlements.models import Settlement
from contracts.parties.models import Shareholder
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier

KINDS = ("municipality", "board", "account")


class ReportDocument(Base):
    """One rendering, never changed: a municipality's year, the board's year, or the account of one settlement.

    Asked for again, the same facts are the same document; where they changed since, a new one stands beside it.
    """

    __tablename__ = "report_document"
    __table_args__ = (
        UniqueConstraint(
            "kind",
            "shareholder_id",
            "settlement_id",
            "year",
            "language",
            "sha256",
            name="uq_report_document_once",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("language IN ('fr', 'en')", name="language"),
        CheckConstraint("(kind = 'board') = (shareholder_id IS NULL)", name="reader"),
        CheckConstraint("(kind = 'account') = (settlement_id IS NOT NULL)", name="settlement"),
        CheckConstraint("(kind = 'account') = (year IS NULL)", name="year"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    kind: Mapped[str]
    shareholder_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id), index=True)
    """Who may read it beside the SPL; None for the board's."""
    settlement_id: Mapped[int | None] = mapped_column(ForeignKey(Settlement.id), index=True)
    year: Mapped[int | None]
    language: Mapped[str]
    facts: Mapped[dict[str, Any]]
    """Everything it says, as data; amounts, energies and fractions as text."""
    sha256: Mapped[str]
    """Of the canonical JSON of `facts`."""
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    made_at: Mapped[dt.datetime]
    created_at: Mapped[created]

    attachment: Mapped[Attachment] = relationship()
