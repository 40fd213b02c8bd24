"""Weather stations and their hourly outdoor temperature; shared by everybody."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from foundation.attachments.models import Attachment
from foundation.base import Base, identifier


class Station(Base):
    """A weather station; the agreement's plans name theirs."""

    __tablename__ = "station"
    __table_args__ = {"schema": "baseline"}

    id: Mapped[identifier]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    latitude: Mapped[Decimal | None]
    longitude: Mapped[Decimal | None]
    synthetic: Mapped[bool] = mapped_column(default=False)


class Temperature(Base):
    """Mean outdoor temperature (°C) of the hour that begins at `hour` (UTC)."""

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
