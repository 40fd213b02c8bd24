"""The hours of a boundary, energy beside temperature: what hourly plans are fitted on and their reports compare."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from sqlalchemy import select

from baseline.fitting.hourly.data import BaselineHours, ReportingHours
from baseline.fitting.hours import interpolated
from baseline.measured_days import MeasuredDay, boundary_zone
from baseline.weather.models import Temperature
from devices.energy.models import HourlyEnergy
from devices.points.shares import weighed
from foundation.time import days, local_midnight, time_zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station
    from devices.points.models import BoundaryTerm, MeasurementBoundary

Kind = TypeVar("Kind", BaselineHours, ReportingHours)

HOUR = dt.timedelta(hours=1)
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class MeasuredHours:
    """Every hour of local days [start, end) in order, None where a side is missing.

    Temperatures are those after gaps of at most 6 hours were interpolated: what is kept is what was computed with.
    """

    timezone: str
    start: dt.date
    end: dt.date
    kwh: tuple[Decimal | None, ...]
    celsius: tuple[Decimal | None, ...]

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the days."""
        return time_zone(self.timezone)

    def as_data(self) -> dict[str, Any]:
        """Return the hours as exact text, for hashing and for whoever recomputes."""
        return {
            "timezone": self.timezone,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "kwh": [None if one is None else format(one, "f") for one in self.kwh],
            "celsius": [None if one is None else format(one, "f") for one in self.celsius],
        }

    @classmethod
    def from_data(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_data` wrote."""
        return cls(
            content["timezone"],
            dt.date.fromisoformat(content["start"]),
            dt.date.fromisoformat(content["end"]),
            tuple(None if one is None else Decimal(one) for one in content["kwh"]),
            tuple(None if one is None else Decimal(one) for one in content["celsius"]),
        )

    def without(self, silent: frozenset[dt.date]) -> Self:
        """Return the hours with those of the days `silent` taken for not measured."""
        if not silent:
            return self
        kept = tuple(
            None if instant.astimezone(self.zone).date() in silent else one
            for instant, one in zip(self._instants(), self.kwh, strict=True)
        )
        return type(self)(self.timezone, self.start, self.end, kept, self.celsius)

    def as_kind(self, kind: type[Kind]) -> Kind:
        """Return the hours as what a model is fitted on, or compared with."""
        return kind.of(
            [np.datetime64(instant.replace(tzinfo=None), "s") for instant in self._instants()],
            [math.nan if one is None else float(one) for one in self.kwh],
            [math.nan if one is None else float(one) for one in self.celsius],
            self.zone,
            start=self.start,
            end=self.end - dt.timedelta(days=1),
        )

    def days(self) -> list[MeasuredDay]:
        """Return the local days: the exact energy of the hours that have both sides, the mean of their temperatures."""
        found = []
        at = 0
        for day in days(self.start, self.end):
            n = round((local_midnight(day + dt.timedelta(days=1), self.zone) - local_midnight(day, self.zone)) / HOUR)
            energy, warm = self.kwh[at : at + n], [one for one in self.celsius[at : at + n] if one is not None]
            pairs = zip(energy, self.celsius[at : at + n], strict=True)
            both = [one for one, celsius in pairs if one is not None and celsius is not None]
            mean = (sum(warm, Decimal(0)) / len(warm)).quantize(PLACES) if warm else None
            found.append(MeasuredDay(day, sum(both, Decimal(0)) if both else None, len(both), n, mean, len(warm)))
            at += n
        return found

    def on_the_wall(self) -> Iterator[tuple[dt.date, list[list[Decimal]]]]:
        """Yield each local day with what was measured at each hour on the wall: two where autumn has it twice."""
        found: dict[dt.date, list[list[Decimal]]] = {}
        for instant, energy in zip(self._instants(), self.kwh, strict=True):
            local = instant.astimezone(self.zone)
            hours = found.setdefault(local.date(), [[] for _ in range(24)])
            if energy is not None:
                hours[local.hour].append(energy)
        yield from found.items()

    def _instants(self) -> list[dt.datetime]:
        first = local_midnight(self.start, self.zone).astimezone(dt.UTC)
        return [first + number * HOUR for number in range(len(self.kwh))]


def measured_hours(
    session: Session, boundary: MeasurementBoundary, station: Station, start: dt.date, end: dt.date
) -> MeasuredHours:
    """Return every hour of local days [start, end) of `boundary`; an hour one term lacks is not measured."""
    zone = boundary_zone(boundary)
    first, last = local_midnight(start, zone), local_midnight(end, zone)
    count = round((last - first) / HOUR)
    known: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    rows = session.execute(
        select(HourlyEnergy.point_id, HourlyEnergy.hour, HourlyEnergy.kwh).where(
            HourlyEnergy.point_id.in_({term.point_id for term in boundary.terms}),
            HourlyEnergy.hour >= first,
            HourlyEnergy.hour < last,
            HourlyEnergy.kwh.is_not(None),
        )
    )
    for point, hour, energy in rows:
        if energy is not None:
            known[round((hour - first) / HOUR)][point] = energy
    kwh: list[Decimal | None] = []
    for day in days(start, end):
        terms = [term for term in boundary.terms if term.period.contains(day)]
        n = round((local_midnight(day + dt.timedelta(days=1), zone) - local_midnight(day, zone)) / HOUR)
        kwh += [_sum(terms, known.get(place, {})) for place in range(len(kwh), len(kwh) + n)]
    return MeasuredHours(zone.key, start, end, tuple(kwh), _celsius(session, station, first, count))


def _sum(terms: list[BoundaryTerm], kwh_of: Mapping[int, Decimal]) -> Decimal | None:
    if not terms or any(term.point_id not in kwh_of for term in terms):
        return None
    return weighed((term.share, kwh_of[term.point_id]) for term in terms)


def _celsius(session: Session, station: Station, first: dt.datetime, count: int) -> tuple[Decimal | None, ...]:
    rows = session.execute(
        select(Temperature.hour, Temperature.celsius).where(
            Temperature.station_id == station.id, Temperature.hour >= first, Temperature.hour < first + count * HOUR
        )
    )
    seen = np.full(count, np.nan)
    exact: dict[int, Decimal] = {}
    for hour, celsius in rows:
        place = round((hour - first) / HOUR)
        exact[place], seen[place] = celsius, float(celsius)
    filled = interpolated(seen)
    return tuple(
        exact[place] if place in exact else None if math.isnan(value) else Decimal(repr(value)).quantize(PLACES)
        for place, value in enumerate(filled.tolist())
    )
