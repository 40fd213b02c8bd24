"""The days of a boundary, energy beside temperature: what plans are fitted on and reports compare."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import holidays

from baseline.fitting.data import COMPLETE_DAY, BaselineData, ReportingData
from baseline.weather.daily import daily_temperatures
from devices.energy.derive import boundary_daily
from devices.energy.hourly_file import hourly_csv
from devices.ingest.readings_file import readings_csv
from foundation.attachments.store import keep
from foundation.canonical import canonical_json, canonical_sha256
from foundation.errors import Refusal
from foundation.time import time_zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station
    from devices.points.models import MeasurementBoundary

Kind = TypeVar("Kind", BaselineData, ReportingData)

FRANCE = {"Europe/Paris"}


@dataclass(frozen=True, slots=True)
class MeasuredDay:
    """One local day: what was measured and how warm it was, with the hours each side stands on."""

    day: dt.date
    kwh: Decimal | None
    hours: int
    day_hours: int
    celsius: Decimal | None
    celsius_hours: int

    def as_data(self) -> tuple[str, str | None, int, int, str | None, int]:
        """Return the day as exact text, for hashing and for whoever recomputes."""
        return (
            self.day.isoformat(),
            None if self.kwh is None else format(self.kwh, "f"),
            self.hours,
            self.day_hours,
            None if self.celsius is None else format(self.celsius, "f"),
            self.celsius_hours,
        )


def day_from_data(row: Sequence[Any]) -> MeasuredDay:
    """Return the day that `MeasuredDay.as_data` wrote as `row`."""
    day, energy, hours, day_hours, celsius, celsius_hours = row
    return MeasuredDay(
        dt.date.fromisoformat(day),
        None if energy is None else Decimal(energy),
        hours,
        day_hours,
        None if celsius is None else Decimal(celsius),
        celsius_hours,
    )


def boundary_zone(boundary: MeasurementBoundary) -> ZoneInfo:
    """Return the one time zone of the boundary's buildings."""
    names = {building.site.timezone for building in boundary.buildings}
    if len(names) != 1:
        raise Refusal("Un périmètre réunit des bâtiments d'un même fuseau horaire ; faites un périmètre par fuseau.")
    return time_zone(names.pop())


def measured_days(
    session: Session, boundary: MeasurementBoundary, station: Station, start: dt.date, end: dt.date
) -> list[MeasuredDay]:
    """Return every local day of [start, end) of `boundary`, with the temperature at `station`."""
    zone = boundary_zone(boundary)
    weather = daily_temperatures(session, station, start, end, zone)
    return [
        MeasuredDay(
            row.day,
            row.kwh,
            row.hours_measured,
            row.hours_expected,
            weather[row.day].celsius.quantize(Decimal("0.0001")) if row.day in weather else None,
            weather[row.day].hours if row.day in weather else 0,
        )
        for row in boundary_daily(session, boundary, start, end)
    ]


def inputs_of(days: Sequence[MeasuredDay], station: Station) -> dict[str, object]:
    """Return what a model or report was made from: its hash and its counts."""
    return {
        "sha256": canonical_sha256([day.as_data() for day in days]),
        "days": len(days),
        "days_with_energy": sum(day.kwh is not None for day in days),
        "days_with_temperature": sum(day.celsius is not None for day in days),
        "station": station.code,
    }


def keep_inputs(
    session: Session,
    boundary: MeasurementBoundary,
    station: Station,
    days: Sequence[MeasuredDay],
    *,
    start: dt.date,
    end: dt.date,
) -> dict[str, object]:
    """Return `inputs_of` with the hashes below the days: hours, and raw readings point by point.

    The days and the hours are kept as files under their hash: they stay what they were, whatever is derived later.
    The readings stay where they are; their hash is that of the file the portal gives for the same days.
    """
    hours = hourly_csv(session, boundary, start, end)
    keep(session, canonical_json([day.as_data() for day in days]), name="jours.json", media_type="application/json")
    kept = keep(session, hours, name="heures.csv", media_type="text/csv")
    points = {term.point.id: term.point for term in boundary.terms}
    return inputs_of(days, station) | {
        "hourly_sha256": kept.sha256,
        "readings_sha256": {
            str(number): hashlib.sha256(readings_csv(session, point, start, end)).hexdigest()
            for number, point in sorted(points.items())
        },
    }


def baseline_data(days: Sequence[MeasuredDay], start: dt.date, end: dt.date) -> BaselineData:
    """Return `days` as what a model is fitted on; [start, end) is the period asked for."""
    return _as(BaselineData, days, start, end)


def reporting_data(days: Sequence[MeasuredDay], start: dt.date, end: dt.date) -> ReportingData:
    """Return `days` as what is compared with a model; [start, end) is the period asked for."""
    return _as(ReportingData, days, start, end)


def _as(kind: type[Kind], days: Sequence[MeasuredDay], start: dt.date, end: dt.date) -> Kind:
    return kind.of(
        [day.day for day in days],
        [math.nan if day.kwh is None else float(day.kwh) for day in days],
        [math.nan if day.celsius is None else float(day.celsius) for day in days],
        # A mean over 22 of 24 hours is the day's temperature; over fewer the day does not count, on either side.
        hours=[day.hours if day.celsius_hours >= COMPLETE_DAY * day.day_hours else 0 for day in days],
        day_hours=[day.day_hours for day in days],
        start=start,
        end=end - dt.timedelta(days=1),
    )


def public_holidays(boundary: MeasurementBoundary, start: dt.date, end: dt.date) -> frozenset[dt.date]:
    """Return the public holidays of [start, end) where the boundary is in France; elsewhere none are known."""
    if boundary_zone(boundary).key not in FRANCE:
        return frozenset()
    known = holidays.country_holidays("FR", years=range(start.year, end.year + 1))
    return frozenset(day for day in known if start <= day < end)
