"""Devices and their installations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.points.models import MeteringPoint
from foundation.base import Base, created, identifier

STATES = ("stocked", "in_van", "installed", "commissioned", "faulty", "lost", "retired")


class Device(Base):
    """A sensor, known by the serial (or DevEUI) it publishes under."""

    __tablename__ = "device"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"), {"schema": "devices"})

    id: Mapped[identifier]
    serial: Mapped[str] = mapped_column(unique=True)
    model: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="stocked")
    expected_every: Mapped[dt.timedelta] = mapped_column(server_default=text("interval '1 hour'"))
    """How often it should report; three times as long without news is silence."""
    created_at: Mapped[created]

    installations: Mapped[list[Installation]] = relationship(back_populates="device", order_by="Installation.id")


class Installation(Base):
    """One channel of a device serves one metering point during [start, end) of instants."""

    __tablename__ = "installation"
    __table_args__ = (
        ExcludeConstraint(
            ("device_id", "="), ("channel", "="), ("period", "&&"), name="ex_installation_one_point", using="gist"
        ),
        CheckConstraint("factor > 0", name="factor"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    device_id: Mapped[int] = mapped_column(ForeignKey(Device.id))
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id), index=True)
    channel: Mapped[str] = mapped_column(default="index")
    quantity: Mapped[str] = mapped_column(default="energy_index")
    factor: Mapped[Decimal] = mapped_column(default=Decimal(1))
    """From the raw unit to the canonical one (kWh): pulse weight x current transformer ratio."""
    period: Mapped[Range[dt.datetime]]
    opening_index: Mapped[Decimal | None]
    closing_index: Mapped[Decimal | None]

    device: Mapped[Device] = relationship(back_populates="installations")
    point: Mapped[MeteringPoint] = relationship(backref="installations")
