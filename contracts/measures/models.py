"""Measures of a building, their grants and certificates, and the agreements that share their savings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from contracts.parties.models import Shareholder
from contracts.sites.models import Building
from foundation.base import Base, created, euros, identifier


class Measure(Base):
    """Something done in a building to save energy (IPMVP: energy conservation measure)."""

    __tablename__ = "measure"
    __table_args__ = (
        CheckConstraint("paid_by IN ('spl', 'shareholder', 'operator', 'other')", name="paid_by"),
        CheckConstraint("cost >= 0", name="cost"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    building_id: Mapped[int] = mapped_column(ForeignKey(Building.id), index=True)
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id), index=True)
    """Who held the building on `done_on`."""
    title: Mapped[str]
    done_on: Mapped[dt.date]
    paid_by: Mapped[str]
    payer: Mapped[str] = mapped_column(default="")
    """Its name, where it is neither the SPL nor the shareholder."""
    cost: Mapped[euros | None]
    """Euros excluding VAT."""
    shared_with: Mapped[str] = mapped_column(default="")
    """The operator with whom its savings are shared already (intéressement), if there is one."""
    created_at: Mapped[created]

    building: Mapped[Building] = relationship()
    shareholder: Mapped[Shareholder] = relationship()
    grants: Mapped[list[Grant]] = relationship(back_populates="measure", order_by="Grant.id")
    sharings: Mapped[list[SharedMeasure]] = relationship(back_populates="measure", order_by="SharedMeasure.id")


class Grant(Base):
    """A grant, or energy savings certificates (CEE), a measure received."""

    __tablename__ = "measure_grant"
    __table_args__ = (
        CheckConstraint("kind IN ('grant', 'cee')", name="kind"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("(kind = 'cee') = (kwh_cumac IS NOT NULL)", name="cee"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    measure_id: Mapped[int] = mapped_column(ForeignKey(Measure.id), index=True)
    kind: Mapped[str]
    source: Mapped[str]
    """Who gave it, or the number of the certificates."""
    amount: Mapped[euros]
    kwh_cumac: Mapped[Decimal | None] = mapped_column(Numeric(14, 0))

    measure: Mapped[Measure] = relationship(back_populates="grants")


class SharedMeasure(Base):
    """An agreement shares what a measure saves; one the SPL did not bring, by an explicit clause."""

    __tablename__ = "shared_measure"
    __table_args__ = {"schema": "contracts"}

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id), index=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey(Measure.id), unique=True)
    """Shared once."""
    clause: Mapped[str] = mapped_column(default="")
    """Where the agreement says so, for what the SPL did not bring."""

    agreement: Mapped[Agreement] = relationship()
    measure: Mapped[Measure] = relationship(back_populates="sharings")
