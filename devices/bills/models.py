"""Bills of suppliers, point by point."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.coefficients.models import HEATING_VALUES
from devices.points.models import MeteringPoint
from foundation.attachments.models import Attachment
from foundation.base import Base, created, euros, identifier, kwh


class SupplierBill(Base):
    """What a supplier billed for one point over local days [start, end).

    A correction is a new row that the rows it replaces name; those stay and no longer count.
    """

    __tablename__ = "supplier_bill"
    __table_args__ = (
        ExcludeConstraint(
            ("point_id", "="),
            ("period", "&&"),
            name="ex_supplier_bill_in_force",
            using="gist",
            where="replaced_by_id IS NULL",
        ),
        CheckConstraint("kwh >= 0", name="kwh"),
        CheckConstraint(f"heating_value IN {HEATING_VALUES}", name="heating_value"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    period: Mapped[Range[dt.date]]
    number: Mapped[str]
    """The supplier's; empty where the file gives none."""
    kwh: Mapped[kwh]
    """For water, cubic metres."""
    heating_value: Mapped[str | None]
    """Of gas: which kWh these are."""
    volume_m3: Mapped[Decimal | None] = mapped_column(Numeric(16, 3))
    index_start: Mapped[Decimal | None]
    index_end: Mapped[Decimal | None]
    coefficient: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    estimated: Mapped[bool]
    net: Mapped[euros | None]
    gross: Mapped[euros | None]
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    line: Mapped[int]
    """Where it stands in that file."""
    correction_reason: Mapped[str] = mapped_column(default="")
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("devices.supplier_bill.id"))
    created_at: Mapped[created]

    point: Mapped[MeteringPoint] = relationship()
