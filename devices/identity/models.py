"""What each device signs in to the broker with: that it exists, since when, by whom, until when; never a password."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.inventory.models import Device
from foundation.base import Base, identifier


class BrokerIdentity(Base):
    """The account of a device or gateway at the broker; one a device, made anew in its place."""

    __tablename__ = "broker_identity"
    __table_args__ = (
        # Two that speak under one name would publish for each other.
        Index("uq_broker_identity_name", "dialect", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    device_id: Mapped[int] = mapped_column(ForeignKey(Device.id), unique=True)
    dialect: Mapped[str]
    name: Mapped[str]
    """How it is called in the topics of `dialect`: what it may publish on follows (`devices.identity.rules`)."""
    generation: Mapped[str]
    """Random, new with each password; the broker's account carries it, so that the two can be compared."""
    password_hash: Mapped[str]
    """Salted, as the broker keeps it: a broker that lost its file is filled again without visiting a single sensor."""
    made_at: Mapped[dt.datetime]
    made_by: Mapped[str]
    renewed_at: Mapped[dt.datetime | None]
    renewed_by: Mapped[str | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[str | None]
    cut_off_at: Mapped[dt.datetime | None]
    """Since when the broker no longer has it, once revoked."""
    missing_since: Mapped[dt.datetime | None]
    """Since when the broker has been seen without it: it cannot sign in until it is renewed or filled in again."""

    device: Mapped[Device] = relationship()
