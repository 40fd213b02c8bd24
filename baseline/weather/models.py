"""Weather stations, what was observed there, every version of it, and the hourly temperature made of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from baseline.weather.observed import PARAMETERS
from devices.points.models import MeteringPoint
from foundation.attachments.models import Attachment
from foundation.base import Base, identifier

SOURCES = ("meteo_france", "open_meteo", "sensor", "other")
SERVICES = ("dpclim", "files", "open_meteo")


class Station(Base):
    """A weather station; the agreement's plans name theirs."""

    __tablename__ = "station"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint(f"fetched_by IN {SERVICES}", name="fetched_by"),
        CheckConstraint("(fetched_by IS NULL) = (fetched_since IS NULL)", name="fetched_since"),
        CheckConstraint("(source = 'sensor') = (point_id IS NOT NULL)", name="sensor"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    latitude: Mapped[Decimal | None]
    longitude: Mapped[Decimal | None]
    altitude_m: Mapped[Decimal | None]
    synthetic: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(default="other", server_default="other")
    """Who measures: Météo-France, Open-Meteo (a reanalysis, no observation), a sensor of the SPL's, somebody else."""
    wmo_code: Mapped[str | None] = mapped_column(unique=True)
    """Its number in SYNOP messages, five digits."""
    point_id: Mapped[int | None] = mapped_column(ForeignKey(MeteringPoint.id), unique=True)
    """The SPL's own outdoor sensor."""
    fetched_by: Mapped[str | None]
    """The service that is asked each night for the days that miss; None: files only."""
    fetched_since: Mapped[dt.date | None]
    """First day wanted of that service."""


class Temperature(Base):
    """Mean outdoor temperature (°C) of the hour that begins at `hour` (UTC), made of what was observed.

    One row an hour that has an accepted value: `baseline.weather.observe` writes it, nobody else.
    """

    __tablename__ = "temperature"
    __table_args__ = {"schema": "baseline"}

    station_id: Mapped[int] = mapped_column(ForeignKey(Station.id), primary_key=True)
    hour: Mapped[dt.datetime] = mapped_column(primary_key=True)
    celsius: Mapped[Decimal] = mapped_column(Numeric(7, 4))


class WeatherImport(Base):
    """A weather file as it arrived: which original, by whom, how many hours it brought."""

    __tablename__ = "weather_import"
    __table_args__ = {"schema": "baseline"}

    id: Mapped[identifier]
    station_id: Mapped[int] = mapped_column(ForeignKey(Station.id))
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    imported_at: Mapped[dt.datetime]
    imported_by: Mapped[str]
    hours_new: Mapped[int]
    hours_changed: Mapped[int]
    kind: Mapped[str] = mapped_column(default="csv", server_default="csv")
    days_new: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    days_changed: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Daily values (TN, TX, TM) it brought and revised; `hours_…` count the hourly ones."""


class Observation(Base):
    """One version of one value as its source gave it; only ever added to (truth 3): a revision is a new version."""

    __tablename__ = "observation"
    __table_args__ = (
        CheckConstraint(f"parameter IN {PARAMETERS}", name="parameter"),
        CheckConstraint("version > 0", name="version"),
        Index("ix_observation_revised", "station_id", "received_at", postgresql_where=text("version > 1")),
        {"schema": "baseline"},
    )

    station_id: Mapped[int] = mapped_column(ForeignKey(Station.id), primary_key=True)
    parameter: Mapped[str] = mapped_column(primary_key=True)
    """T (of the hour that begins at `at`), or TN, TX, TM of the climatological day that `at` (midnight UTC) names."""
    at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    """meteo_france (its database), synop (its messages, before they are checked), open_meteo, sensor, csv."""
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    celsius: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    """None where a later version says that there is no value."""
    quality: Mapped[int | None]
    """The source's code: 0, 1 and 9 are accepted, 2 is doubtful; None where it gives none."""
    received_at: Mapped[dt.datetime]
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey(Attachment.id))
    """The original it was read in; None for a sensor's, made of readings."""


class WeatherRequest(Base):
    """Days [start, end) that were missing at a station, and how far asking the service for them has come."""

    __tablename__ = "weather_request"
    __table_args__ = (
        CheckConstraint("state IN ('wanted', 'ordered', 'done', 'failed')", name="state"),
        CheckConstraint(f"service IN {SERVICES}", name="service"),
        CheckConstraint("first_day < end_day", name="days"),
        # One open question about a day of a station: two nights, or two workers, ask once.
        Index(
            "ix_weather_request_open",
            "station_id",
            "first_day",
            unique=True,
            postgresql_where=text("state IN ('wanted', 'ordered')"),
        ),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    station_id: Mapped[int] = mapped_column(ForeignKey(Station.id))
    service: Mapped[str]
    first_day: Mapped[dt.date]
    end_day: Mapped[dt.date]
    state: Mapped[str] = mapped_column(default="wanted")
    order_code: Mapped[str | None]
    """What the service called the order, to fetch it by."""
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime]
    asked_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(default="", server_default="")


class ServicePace(Base):
    """When a weather service may be asked next, by any worker: its quota, kept in one row."""

    __tablename__ = "service_pace"
    __table_args__ = (CheckConstraint(f"service IN {SERVICES}", name="service"), {"schema": "baseline"})

    service: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[dt.datetime]
    """Spaced so that no minute holds more calls than the service allows."""
    day: Mapped[dt.date]
    calls: Mapped[int]
    """Calls of that UTC day."""
