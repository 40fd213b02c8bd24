"""Devices, their models and lots, their installations, and what happened to them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from devices.inventory.states import STATES
from devices.points.models import MeteringPoint
from foundation.base import Base, created, euros, identifier

HOURLY = dt.timedelta(hours=1)
"""How often a device reports where neither it nor its model says otherwise."""
CAUSES_OF_LOSS = ("theft", "vandalism", "fire", "water", "works", "mislaid", "unknown")
BEARERS = ("spl", "owner", "holder", "insurer", "third_party", "undecided")
PHASES = ("", "L1", "L2", "L3")


class DeviceModel(Base):
    """A product of a maker: what its devices measure, how they speak and how long they last."""

    __tablename__ = "device_model"
    __table_args__ = (
        UniqueConstraint("maker", "name"),
        CheckConstraint("expected_every > interval '0'", name="expected_every"),
        CheckConstraint("battery_months > 0", name="battery_months"),
        CheckConstraint("pulse_weight > 0", name="pulse_weight"),
        CheckConstraint("max_power_kw > 0", name="max_power_kw"),
        CheckConstraint("register_size > 0", name="register_size"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    maker: Mapped[str]
    name: Mapped[str]
    dialect: Mapped[str] = mapped_column(default="", server_default="")
    """Name of the dialect its messages are written in (devices.dialects.registry); "" where it has none of its own."""
    quantities: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Codes of devices.dialects.quantities.Quantity."""
    expected_every: Mapped[dt.timedelta] = mapped_column(default=HOURLY, server_default=text("interval '1 hour'"))
    """How often its devices should report, where they do not say otherwise themselves."""
    battery: Mapped[str] = mapped_column(default="", server_default="")
    """Kind of battery ("Li-SOCl2 ER18505"); "" for a device on the mains."""
    battery_months: Mapped[int | None]
    """Nominal life of the battery."""
    pulse_weight: Mapped[Decimal | None]
    """What one pulse is worth as delivered, in the canonical unit; the installation's factor is what counts."""
    max_power_kw: Mapped[Decimal | None]
    """The greatest power it counts; an index that rises faster is a fault, and is set aside."""
    register_size: Mapped[Decimal | None]
    """Where its register is full and begins again at 0, in the raw unit: 1,000,000 for six digits before the point,
    65,536 for a counter of 16 bits. None where nobody knows it: a register that falls is then never a full one."""
    created_at: Mapped[created]

    @property
    def title(self) -> str:
        """Return maker and name as one reads them."""
        return f"{self.maker} {self.name}".strip()


class StockLot(Base):
    """Devices bought together: what they cost, who granted what, until when they are under warranty."""

    __tablename__ = "stock_lot"
    __table_args__ = (
        CheckConstraint("unit_cost >= 0 AND unit_grant BETWEEN 0 AND unit_cost", name="cost"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    reference: Mapped[str] = mapped_column(unique=True)
    """Number of the purchase order or delivery note."""
    supplier: Mapped[str]
    purchased_on: Mapped[dt.date]
    warranty_ends_on: Mapped[dt.date | None]
    """First day without warranty."""
    # What was paid is not for technicians (column grants, migration 0003), so that it is loaded only when asked for.
    unit_cost: Mapped[euros] = mapped_column(deferred=True, deferred_group="money")
    """Price of one device, before tax and before grants."""
    unit_grant: Mapped[euros] = mapped_column(default=Decimal(0), deferred=True, deferred_group="money")
    """What a grant paid of it."""
    grant_source: Mapped[str] = mapped_column(default="", deferred=True, deferred_group="money")
    """Who granted it, under which reference."""
    created_at: Mapped[created]


class Device(Base):
    """A sensor, known by the serial (or DevEUI) it publishes under; never deleted."""

    __tablename__ = "device"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"), {"schema": "devices"})

    id: Mapped[identifier]
    serial: Mapped[str] = mapped_column(unique=True)
    old_model: Mapped[str] = mapped_column("model", default="", server_default="")
    """Before models were rows (migration 0003); nothing reads it any more, the next release drops it."""
    model_id: Mapped[int | None] = mapped_column(ForeignKey(DeviceModel.id), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey(StockLot.id), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id), index=True)
    """The municipality it belongs to; None for the SPL."""
    state: Mapped[str] = mapped_column(default="stocked")
    own_expected_every: Mapped[dt.timedelta | None] = mapped_column("expected_every")
    """How often this one should report; None where its model says it."""
    created_at: Mapped[created]

    model: Mapped[DeviceModel | None] = relationship()
    lot: Mapped[StockLot | None] = relationship()
    owner: Mapped[Shareholder | None] = relationship()
    installations: Mapped[list[Installation]] = relationship(back_populates="device", order_by="Installation.id")
    events: Mapped[list[DeviceEvent]] = relationship(back_populates="device", order_by="DeviceEvent.id")

    @hybrid_property
    def expected_every(self) -> dt.timedelta:
        """How often it should report: its own interval, or its model's, or hourly."""
        if self.own_expected_every is not None:
            return self.own_expected_every
        return self.model.expected_every if self.model is not None else HOURLY

    @expected_every.inplace.expression
    @classmethod
    def _expected_every(cls) -> Any:
        of_model = select(DeviceModel.expected_every).where(DeviceModel.id == cls.model_id).scalar_subquery()
        return func.coalesce(cls.own_expected_every, of_model, HOURLY)


class Installation(Base):
    """One channel of a device serves one metering point during [start, end) of instants."""

    __tablename__ = "installation"
    __table_args__ = (
        ExcludeConstraint(
            ("device_id", "="), ("channel", "="), ("period", "&&"), name="ex_installation_one_point", using="gist"
        ),
        ExcludeConstraint(
            ("point_id", "="),
            ("quantity", "="),
            ("phase", "="),
            ("period", "&&"),
            name="ex_installation_one_source",
            using="gist",
        ),
        CheckConstraint("factor > 0", name="factor"),
        CheckConstraint("register_size > 0", name="register_size"),
        CheckConstraint("expected_every > interval '0'", name="expected_every"),
        CheckConstraint(f"phase IN {PHASES}", name="phase"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    device_id: Mapped[int] = mapped_column(ForeignKey(Device.id))
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id), index=True)
    channel: Mapped[str] = mapped_column(default="index")
    quantity: Mapped[str] = mapped_column(default="energy_index")
    """Code of devices.dialects.quantities.Quantity."""
    phase: Mapped[str] = mapped_column(default="", server_default="")
    """L1, L2 or L3 where the quantity is that of one phase; "" for all together."""
    factor: Mapped[Decimal] = mapped_column(default=Decimal(1))
    """From the raw unit to the canonical one (kWh): pulse weight x current transformer ratio."""
    period: Mapped[Range[dt.datetime]]
    opening_index: Mapped[Decimal | None]
    closing_index: Mapped[Decimal | None]
    own_expected_every: Mapped[dt.timedelta | None] = mapped_column("expected_every")
    """How often this point should be heard; None where the device says it: a gateway has channels of many paces."""
    own_register_size: Mapped[Decimal | None] = mapped_column("register_size")
    """Where the register read here is full, in the raw unit; None where the device's model says it."""

    device: Mapped[Device] = relationship(back_populates="installations")
    point: Mapped[MeteringPoint] = relationship(backref="installations")

    @property
    def expected_every(self) -> dt.timedelta:
        """How often the point should be heard: what is said of it here, or what its device says."""
        return self.device.expected_every if self.own_expected_every is None else self.own_expected_every

    @property
    def register_size(self) -> Decimal | None:
        """Where its register is full and begins again, in the raw unit; None where nobody said it."""
        if self.own_register_size is not None:
            return self.own_register_size
        return self.device.model.register_size if self.device.model is not None else None


class DeviceEvent(Base):
    """A device became something at an instant: who said so, and why. Only ever added to."""

    __tablename__ = "device_event"
    __table_args__ = (
        CheckConstraint(f"state_before IN {STATES} AND state IN {STATES}", name="state"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    device_id: Mapped[int] = mapped_column(ForeignKey(Device.id), index=True)
    at: Mapped[dt.datetime]
    """When it happened; `created_at` is when somebody said so."""
    state_before: Mapped[str | None]
    """None for a device that comes out of its box; the same as `state` where only the owner changed."""
    state: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id))
    """Whose it is from then on; None for the SPL."""
    point_id: Mapped[int | None] = mapped_column(ForeignKey(MeteringPoint.id))
    """The point it served or stopped serving: who held that building then may read the event."""
    by: Mapped[str] = mapped_column(default="", server_default="")
    """Name of the person; "" for a process."""
    account_id: Mapped[int | None] = mapped_column(
        server_default=text("nullif(current_setting('app.account_id', true), '')::int")
    )
    """Who was signed in, said by the database and not by the caller."""
    why: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[created]

    device: Mapped[Device] = relationship(back_populates="events")
    owner: Mapped[Shareholder | None] = relationship()
    point: Mapped[MeteringPoint | None] = relationship()
    loss: Mapped[DeviceLoss | None] = relationship(back_populates="event", foreign_keys="DeviceLoss.event_id")


class DeviceLoss(Base):
    """What became of a lost device: complaint, insurer, who bears the cost; filled in as it becomes known."""

    __tablename__ = "device_loss"
    __table_args__ = (
        CheckConstraint(f"cause IN {CAUSES_OF_LOSS}", name="cause"),
        CheckConstraint(f"borne_by IN {BEARERS}", name="borne_by"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    event_id: Mapped[int] = mapped_column(ForeignKey(DeviceEvent.id), unique=True)
    """The event that made it lost."""
    cause: Mapped[str]
    complaint_number: Mapped[str] = mapped_column(default="", server_default="")
    """Number of the complaint lodged with police or gendarmerie."""
    complained_on: Mapped[dt.date | None]
    insurer: Mapped[str] = mapped_column(default="", server_default="")
    claim_number: Mapped[str] = mapped_column(default="", server_default="")
    borne_by: Mapped[str] = mapped_column(default="undecided", server_default="undecided")
    found_event_id: Mapped[int | None] = mapped_column(ForeignKey(DeviceEvent.id))
    """The event that ended the loss, where the device was found."""

    event: Mapped[DeviceEvent] = relationship(back_populates="loss", foreign_keys=event_id)
