"""Metering points, who pays them, and the boundaries that sum them (truth 1)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from contracts.sites.models import Building
from devices.points.kinds import AMBIENT, DIRECTIONS, ENERGIES
from devices.points.payers import CONTRACTS
from devices.points.shares import Share
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier


class MeteringPoint(Base):
    """Where one energy is counted, or the climate of a room; readings belong to it, whatever device serves it."""

    __tablename__ = "metering_point"
    __table_args__ = (
        UniqueConstraint("building_id", "name"),
        UniqueConstraint("identifier", "direction"),
        CheckConstraint(f"energy IN {(*ENERGIES, AMBIENT)}", name="energy"),
        CheckConstraint(f"direction IN {DIRECTIONS}", name="direction"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    building_id: Mapped[int] = mapped_column(ForeignKey(Building.id))
    name: Mapped[str]
    energy: Mapped[str]
    direction: Mapped[str] = mapped_column(default="import", server_default="import")
    """Which way it counts: "import" (used), "export" (given away), "production", "none" (a room's climate)."""
    identifier: Mapped[str | None]
    """The network operator's: PRM (electricity) or PCE (gas); None for a sub-meter. One PRM counts both ways."""
    created_at: Mapped[created]

    building: Mapped[Building] = relationship()
    payments: Mapped[list[PointPayment]] = relationship(order_by="PointPayment.period")
    subscriptions: Mapped[list[SubscribedPower]] = relationship(order_by="SubscribedPower.period")


class PointTag(Base):
    """A word the operator put on a point, to find it again with its like."""

    __tablename__ = "point_tag"
    __table_args__ = (CheckConstraint("tag = lower(btrim(tag)) AND tag <> ''", name="tag"), {"schema": "devices"})

    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[created]


class PointPayment(Base):
    """Who pays the energy of a point, under which contract, during [start, end) of local days (truth 7)."""

    __tablename__ = "point_payment"
    __table_args__ = (
        ExcludeConstraint(("point_id", "="), ("period", "&&"), name="ex_point_payment_one_payer", using="gist"),
        CheckConstraint("NOT isempty(period)", name="period"),
        CheckConstraint(f"contract IN {CONTRACTS}", name="contract"),
        CheckConstraint("(payer_id IS NULL) <> (payer_name = '')", name="payer"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    period: Mapped[Range[dt.date]]
    contract: Mapped[str]
    """How the energy is paid for: `devices.points.payers.Contract`."""
    payer_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id), index=True)
    payer_name: Mapped[str] = mapped_column(default="", server_default="")
    """The payer where it is no shareholder: an operator, a tenant, an association."""
    supplier: Mapped[str] = mapped_column(default="", server_default="")
    """Who is paid: energy supplier or operator."""
    reference: Mapped[str] = mapped_column(default="", server_default="")
    """Number of the contract."""
    created_at: Mapped[created]

    payer: Mapped[Shareholder | None] = relationship()


class SubscribedPower(Base):
    """What a point may draw under its contract during [start, end) of local days; more is not plausible."""

    __tablename__ = "subscribed_power"
    __table_args__ = (
        ExcludeConstraint(("point_id", "="), ("period", "&&"), name="ex_subscribed_power_one", using="gist"),
        CheckConstraint("NOT isempty(period)", name="period"),
        CheckConstraint("power > 0", name="power"),
        CheckConstraint("unit IN ('kVA', 'kW')", name="unit"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    period: Mapped[Range[dt.date]]
    power: Mapped[Decimal]
    unit: Mapped[str]
    """kVA up to 36 (C5), kW above (C1 to C4)."""
    created_at: Mapped[created]


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
        CheckConstraint("divisor > 0", name="divisor"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id))
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    numerator: Mapped[Decimal] = mapped_column("coefficient", default=Decimal(1))
    divisor: Mapped[int] = mapped_column(default=1, server_default="1")
    """More than 1 where no decimal says the coefficient: a third is 1 and 3."""
    period: Mapped[Range[dt.date]]

    boundary: Mapped[MeasurementBoundary] = relationship(back_populates="terms")
    point: Mapped[MeteringPoint] = relationship()

    @property
    def share(self) -> Share:
        """What a kWh of the point counts for, exactly."""
        return Share(self.numerator, self.divisor)

    @share.setter
    def share(self, share: Share) -> None:
        self.numerator, self.divisor = share


class BoundaryBuilding(Base):
    """A building whose use the boundary covers."""

    __tablename__ = "boundary_building"
    __table_args__ = {"schema": "devices"}

    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id), primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey(Building.id), primary_key=True)


class BulkImport(Base):
    """A file of devices or of points that was taken in, all of it; the original is kept."""

    __tablename__ = "bulk_import"
    __table_args__ = (CheckConstraint("kind IN ('devices', 'points')", name="kind"), {"schema": "devices"})

    id: Mapped[identifier]
    kind: Mapped[str]
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    rows_new: Mapped[int]
    rows_known: Mapped[int]
    """Rows that said what was registered already."""
    imported_by: Mapped[str]
    imported_at: Mapped[dt.datetime]
