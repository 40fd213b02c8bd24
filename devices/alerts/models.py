"""Alerts and what happened to each, maintenance windows, who receives what, and what was sent until when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from contracts.sites.models import Site
from devices.alerts.kinds import Kind, Severity
from devices.alerts.listeners import Rhythm
from devices.alerts.transitions import State
from devices.inventory.models import Device
from devices.points.models import MeteringPoint
from foundation.actors import Role
from foundation.base import Base, created, identifier

KINDS = tuple(kind.value for kind in Kind)
SEVERITIES = tuple(severity.value for severity in Severity)
STATES = tuple(state.value for state in State)
RHYTHMS = tuple(rhythm.value for rhythm in Rhythm)
HAPPENINGS = ("held", "opened", "reopened", "escalated", "returned", "left", "acknowledged", "assigned", "note")
LISTENING_ROLES = (Role.OPERATOR.value, Role.SHAREHOLDER.value, Role.TECHNICIAN.value)


class Alert(Base):
    """Something wrong with one subject, from its opening to its end; at most one at a time about a subject."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"severity IN {SEVERITIES}", name="severity"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
        # Two workers at once, or one killed and run again: the second finds it there.
        Index("uq_alert_one_at_a_time", "kind", "subject", unique=True, postgresql_where="state <> 'closed'"),
        Index("ix_alert_latest", "kind", "subject", "closed_at"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    kind: Mapped[str]
    subject: Mapped[str]
    """What it is about, as a key: "device 12", "device 12 point 5", a topic."""
    device_id: Mapped[int | None] = mapped_column(ForeignKey(Device.id), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey(MeteringPoint.id), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey(Site.id), index=True)
    state: Mapped[str]
    severity: Mapped[str]
    facts: Mapped[dict[str, Any]]
    """What its sentence is made of (devices.alerts.sentences)."""
    began_at: Mapped[dt.datetime]
    """When it was found, in a window or not."""
    opened_at: Mapped[dt.datetime | None]
    """When it was first told; None while held."""
    calm_since: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    acknowledged_by: Mapped[str | None]
    assignee_id: Mapped[int | None]
    """Accounts live on the roof: a number and a name, not a foreign key."""
    assignee: Mapped[str] = mapped_column(default="")

    device: Mapped[Device | None] = relationship()
    point: Mapped[MeteringPoint | None] = relationship()
    site: Mapped[Site | None] = relationship()
    events: Mapped[list[AlertEvent]] = relationship(back_populates="alert", order_by="AlertEvent.id")


class AlertEvent(Base):
    """One thing that happened to an alert, or that somebody said of it; only ever added to."""

    __tablename__ = "alert_event"
    __table_args__ = (CheckConstraint(f"what IN {HAPPENINGS}", name="what"), {"schema": "devices"})

    id: Mapped[identifier]
    alert_id: Mapped[int] = mapped_column(ForeignKey(Alert.id), index=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    what: Mapped[str]
    severity: Mapped[str]
    account_id: Mapped[int | None]
    author: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")

    alert: Mapped[Alert] = relationship(back_populates="events")


class MaintenanceWindow(Base):
    """From one instant to another, nothing about a device, a point or a site is told to anybody."""

    __tablename__ = "maintenance_window"
    __table_args__ = (
        CheckConstraint("num_nonnulls(device_id, point_id, site_id) = 1", name="one_subject"),
        CheckConstraint(
            "NOT isempty(period) AND lower(period) IS NOT NULL AND upper(period) IS NOT NULL", name="period"
        ),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    device_id: Mapped[int | None] = mapped_column(ForeignKey(Device.id), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey(MeteringPoint.id), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey(Site.id), index=True)
    period: Mapped[Range[dt.datetime]]
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[created]

    device: Mapped[Device | None] = relationship()
    point: Mapped[MeteringPoint | None] = relationship()
    site: Mapped[Site | None] = relationship()


class Subscription(Base):
    """Who receives what: a person, or everybody of a role; about everything, or a kind, a site, a shareholder."""

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("num_nonnulls(account_id, role) = 1", name="one_listener"),
        CheckConstraint(f"role IN {LISTENING_ROLES}", name="role"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"rhythm IN {RHYTHMS}", name="rhythm"),
        CheckConstraint(f"least_severity IN {SEVERITIES}", name="least_severity"),
        UniqueConstraint(
            "account_id", "role", "kind", "site_id", "shareholder_id",
            name="uq_subscription_said_once", postgresql_nulls_not_distinct=True,
        ),
        {"schema": "devices"},
    )  # fmt: skip

    id: Mapped[identifier]
    account_id: Mapped[int | None]
    role: Mapped[str | None]
    kind: Mapped[str | None]
    site_id: Mapped[int | None] = mapped_column(ForeignKey(Site.id))
    shareholder_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id))
    least_severity: Mapped[str]
    rhythm: Mapped[str]

    site: Mapped[Site | None] = relationship()
    shareholder: Mapped[Shareholder | None] = relationship()


class Digest(Base):
    """Until when somebody has been told what happened; the next letter begins there, whatever day it is written."""

    __tablename__ = "alert_digest"
    __table_args__ = (CheckConstraint("rhythm IN ('daily', 'weekly')", name="rhythm"), {"schema": "devices"})

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rhythm: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[dt.datetime]
