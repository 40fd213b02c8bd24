"""What arrived, as it arrived: readings, and what could not become one. Only ever added to (truth 3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Identity, Index, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from devices.inventory.models import Device, Installation
from foundation.base import Base

# Rows that arrive with every batch: 2^31 of them is a few years.
many = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
arrived = Annotated[dt.datetime, mapped_column(server_default=func.now())]


class Reading(Base):
    """One raw value a device reported for an instant, in the unit of its register.

    Partitioned by month of `ts`; `devices.ensure_reading_partitions` makes the months, ahead and behind.
    The key makes redelivery harmless: the same value again is no row, another value is a `ReadingConflict`.
    """

    __tablename__ = "reading"
    __table_args__ = {"schema": "devices", "postgresql_partition_by": "RANGE (ts)"}

    installation_id: Mapped[int] = mapped_column(ForeignKey(Installation.id), primary_key=True)
    ts: Mapped[dt.datetime] = mapped_column(primary_key=True)
    value: Mapped[Decimal]
    received_at: Mapped[dt.datetime]


class ReadingConflict(Base):
    """A second, different value for an instant that already has one; the first stays, people decide."""

    __tablename__ = "reading_conflict"
    __table_args__ = (
        # The same contradiction delivered again says nothing new.
        UniqueConstraint("installation_id", "ts", "arrived_value"),
        {"schema": "devices"},
    )

    id: Mapped[many]
    installation_id: Mapped[int] = mapped_column(ForeignKey(Installation.id))
    ts: Mapped[dt.datetime]
    stored_value: Mapped[Decimal]
    arrived_value: Mapped[Decimal]
    topic: Mapped[str]
    received_at: Mapped[dt.datetime]


class DeadLetter(Base):
    """A message no reading could be made of: kept whole with its reason, replayed once the reason is gone."""

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index("ix_dead_letter_waiting", "reason", "id", postgresql_where="replayed_at IS NULL"),
        {"schema": "devices"},
    )

    id: Mapped[many]
    topic: Mapped[str]
    """As text; bytes that are not UTF-8 are written \\xNN."""
    payload: Mapped[bytes]
    digest: Mapped[bytes] = mapped_column(index=True)
    """SHA-256 of topic and payload: tells a redelivery from a message sent twice."""
    reason: Mapped[str]
    sentence: Mapped[str]
    received_at: Mapped[dt.datetime]
    mid: Mapped[int]
    """Packet identifier the broker gave it; 0 for QoS 0."""
    retain: Mapped[bool]
    dup: Mapped[bool]
    replayed_at: Mapped[dt.datetime | None]
    dialect: Mapped[str] = mapped_column(server_default="")
    """By which it was read, "" where none knows the topic; it is replayed by the same."""
    prefix: Mapped[str] = mapped_column(server_default="")
    """The levels in front of the dialect's own topic."""
    measured: Mapped[list[Any] | None]
    """What a dialect with a memory read in it (serial, channel, instant, value), since the memory does not last."""


class UndatedDelivery(Base):
    """The last message without a time of its own stored under a packet identifier (`devices.ingest.deliveries`)."""

    __tablename__ = "undated_delivery"
    __table_args__ = {"schema": "devices"}

    client_id: Mapped[str] = mapped_column(primary_key=True)
    mid: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[bytes]
    received_at: Mapped[dt.datetime]


class Announcement(Base):
    """The latest announcement under a topic: later messages cannot be read without it; empty once it is withdrawn."""

    __tablename__ = "announcement"
    __table_args__ = {"schema": "devices"}

    topic: Mapped[str] = mapped_column(primary_key=True)
    payload: Mapped[bytes]
    received_at: Mapped[dt.datetime]


class UnservedChannel(Base):
    """A channel a registered device speaks of that serves no metering point: what is ignored, and how much of it."""

    __tablename__ = "unserved_channel"
    __table_args__ = {"schema": "devices"}

    serial: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    heard: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[dt.datetime]
    last_value: Mapped[Decimal]


class Arrival(Base):
    """New readings of one installation in one batch; deleted by the transaction that derives energy from them."""

    __tablename__ = "arrival"
    __table_args__ = {"schema": "devices"}

    id: Mapped[many]
    installation_id: Mapped[int] = mapped_column(ForeignKey(Installation.id), index=True)
    received_at: Mapped[dt.datetime]
    first_ts: Mapped[dt.datetime]
    last_ts: Mapped[dt.datetime]
    n: Mapped[int]


class Vital(Base):
    """What a device said of itself on one UTC day: its last value and its lowest (devices.ingest.vitals)."""

    __tablename__ = "vital"
    __table_args__ = {"schema": "devices"}

    device_id: Mapped[int] = mapped_column(ForeignKey(Device.id), primary_key=True)
    quantity: Mapped[str] = mapped_column(primary_key=True)
    """battery (%, or V), rssi (dBm), snr (dB), radio_margin (dB)."""
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    value: Mapped[Decimal]
    lowest: Mapped[Decimal]


class IngestHeartbeat(Base):
    """What an ingest process says about itself once a minute; counters are since its start."""

    __tablename__ = "ingest_heartbeat"
    __table_args__ = (Index("ix_ingest_heartbeat_client", "client_id", "at"), {"schema": "devices"})

    id: Mapped[many]
    client_id: Mapped[str]
    at: Mapped[arrived]
    started_at: Mapped[dt.datetime]
    connected: Mapped[bool]
    last_commit_at: Mapped[dt.datetime | None]
    messages: Mapped[int] = mapped_column(BigInteger)
    readings: Mapped[int] = mapped_column(BigInteger)
    duplicates: Mapped[int] = mapped_column(BigInteger)
    conflicts: Mapped[int] = mapped_column(BigInteger)
    dead_letters: Mapped[int] = mapped_column(BigInteger)
    retained: Mapped[int] = mapped_column(BigInteger)
    buffered: Mapped[int]
    unmeasured: Mapped[int] = mapped_column(BigInteger, server_default="0")
    ignored: Mapped[int] = mapped_column(BigInteger, server_default="0")
    subscriptions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """What its session at the broker is subscribed to; empty once the session was ended for good."""
