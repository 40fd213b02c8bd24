"""The gap between measured and billed that an agreement allows."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from foundation.base import Base, created


class AgreedLimit(Base):
    """The limit one agreement sets; without a row, `rules.LIMIT` holds."""

    __tablename__ = "agreed_limit"
    __table_args__ = (CheckConstraint("gap > 0 AND gap < 1", name="gap"), {"schema": "devices"})

    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id), primary_key=True)
    gap: Mapped[Decimal] = mapped_column(Numeric(6, 5))
    """A fraction: 0.03 is 3 %."""
    set_by: Mapped[str]
    created_at: Mapped[created]

    agreement: Mapped[Agreement] = relationship()
