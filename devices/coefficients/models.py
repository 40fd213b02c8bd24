"""Dated coefficients of gas points, from their bills."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.points.models import MeteringPoint
from foundation.base import Base, created, identifier

HEATING_VALUES = ("PCS", "PCI")
"""Gross (PCS, what networks bill) and net (PCI) heating value; kWh of the two are never added."""


class GasCoefficient(Base):
    """kWh a cubic metre read at the meter is worth during local days [start, end), as one bill says.

    PCS × correction for pressure, temperature and altitude. Clean energy is in kWh PCS.
    """

    __tablename__ = "gas_coefficient"
    __table_args__ = (
        ExcludeConstraint(
            ("point_id", "="), ("heating_value", "="), ("period", "&&"), name="ex_gas_coefficient_one", using="gist"
        ),
        CheckConstraint("kwh_per_m3 BETWEEN 6 AND 16", name="kwh_per_m3"),
        CheckConstraint(f"heating_value IN {HEATING_VALUES}", name="heating_value"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    period: Mapped[Range[dt.date]]
    kwh_per_m3: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    heating_value: Mapped[str] = mapped_column(default="PCS")
    source: Mapped[str]
    """Which bill says so."""
    entered_by: Mapped[str]
    created_at: Mapped[created]

    point: Mapped[MeteringPoint] = relationship()
