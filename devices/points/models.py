"""Metering points and the boundaries that sum them (truth 1)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.sites.models import Building
from foundation.base import Base, created, identifier

ENERGIES = ("electricity", "gas", "heat", "water", "photovoltaic", "solar_thermal")


class MeteringPoint(Base):
    """Where one energy is counted; readings belong to it, whatever device serves it."""

    __tablename__ = "metering_point"
    __table_args__ = (
        UniqueConstraint("building_id", "name"),
        CheckConstraint(f"energy IN {ENERGIES}", name="energy"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    building_id: Mapped[int] = mapped_column(ForeignKey(Building.id))
    name: Mapped[str]
    energy: Mapped[str]
    identifier: Mapped[str | None] = mapped_column(unique=True)
    """The network operator's: PRM (electricity) or PCE (gas); None for a sub-meter."""
    created_at: Mapped[created]

    building: Mapped[Building] = relationship()


class MeasurementBoundary(Base):
    """A dated sum of points with coefficients, covering one or more buildings, in one energy."""

    __tablename__ = "measurement_boundary"
    __table_args__ = (CheckConstraint(f"energy IN {ENERGIES}", name="energy"), {"schema": "devices"})

    id: Mapped[identifier]
    name: Mapped[str] = mapped_column(unique=True)
    energy: Mapped[str]
    created_at: Mapped[created]

    terms: Mapped[list[BoundaryTerm]] = relationship(back_populates="boundary", order_by="BoundaryTerm.id")
    buildings: Mapped[list[Building]] = relationship(secondary="devices.boundary_building", order_by=Building.name)


class BoundaryTerm(Base):
    """One point in a boundary during [start, end) of local days: +1, -1 for a sub-meter deducted, or a key."""

    __tablename__ = "boundary_term"
    __table_args__ = (
        ExcludeConstraint(
            ("boundary_id", "="), ("point_id", "="), ("period", "&&"), name="ex_boundary_term_once", using="gist"
        ),
        CheckConstraint("coefficient <> 0", name="coefficient"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id))
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    coefficient: Mapped[Decimal] = mapped_column(default=Decimal(1))
    period: Mapped[Range[dt.date]]

    boundary: Mapped[MeasurementBoundary] = relationship(back_populates="terms")
    point: Mapped[MeteringPoint] = relationship()


class BoundaryBuilding(Base):
    """A building whose use the boundary covers."""

    __tablename__ = "boundary_building"
    __table_args__ = {"schema": "devices"}

    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id), primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey(Building.id), primary_key=True)
