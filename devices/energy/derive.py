"""Clean energy: derived from what new readings may have changed, and summed over the points of a boundary."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import delete, func, select

from contracts.sites.models import Building, Site
from devices.energy.files import load_coefficients, load_series, series_of
from devices.energy.hours import edges_of, hours_of_days, split, to_moment, total_days
from devices.energy.load import Range, first_reading, load_spans, readings_around
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.energy.phases import WHOLE, together
from devices.energy.store import store_days, store_hours
from devices.energy.timeline import filled
from devices.ingest.models import Arrival
from devices.inventory.models import Installation
from devices.points.kinds import counted_at
from devices.points.models import MeteringPoint
from devices.points.shares import weighed
from devices.storage.register import closed_until
from foundation.time import day_bounds, days, hours_in_day, local_midnight, time_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from devices.energy.rules import Span
    from devices.points.models import BoundaryTerm, MeasurementBoundary

ONE_DAY: Final = dt.timedelta(days=1)
LOCK: Final = 0x656E6572
"""First key of the advisory lock that makes two derivations of one point take turns."""


@dataclass(frozen=True, slots=True)
class Derived:
    """How many hours and days came out new, or different from before."""

    hours: int
    days: int


class BoundaryDay(NamedTuple):
    """Energy of a boundary in one local day: of `hours_measured` hours, None where there are none."""

    day: dt.date
    kwh: Decimal | None
    hours_measured: int
    hours_expected: int


def points_to_derive(session: Session) -> list[int]:
    """Return the points that have readings energy has not been derived from yet."""
    waiting = select(Installation.point_id).join(Arrival, Arrival.installation_id == Installation.id).distinct()
    return list(session.scalars(waiting.order_by(Installation.point_id)))


def derive_point(session: Session, point_id: int) -> Derived:
    """Derive what the arrivals of a point may have changed and consume them; where there are none, derive everything.

    An hour or day that comes out as it was is not touched; another gets the next revision.
    """
    session.execute(select(func.pg_advisory_xact_lock(LOCK, point_id)))
    zone = _zone_of(session, point_id)
    point = session.get_one(MeteringPoint, point_id)
    arrived, heard = _consume(session, point_id)
    installations = session.scalars(
        select(Installation).where(
            Installation.point_id == point_id, Installation.quantity.in_(counted_at(point.energy, point.direction))
        )
    ).all()
    files = series_of(session, point_id)
    phases = _by_phase(installations)
    registers = [*phases.values(), *([one.installation] for one in files)]
    changed = [register for register in registers if heard & {one.id for one in register}]
    if arrived and not changed:
        return Derived(0, 0)
    window = _window(session, changed, arrived, zone) if arrived else Range()
    worth = load_coefficients(session, point_id, zone)
    spans = {
        phase: load_spans(session, one, readings_around(session, one, window), zone, worth)
        for phase, one in phases.items()
    }
    for series in files:
        context = readings_around(session, [series.installation], window)
        spans[WHOLE] = filled(spans[WHOLE], load_series(session, series, context, zone, worth))
    since = _open_since(session, point_id, [one for register in registers for one in register], zone)
    grid = _grid([known for known in spans.values() if known], window, since, zone)
    edges = edges_of(grid, zone)
    hours = together({phase: split(known, edges) for phase, known in spans.items()})
    whole = arrived is None
    midnight = local_midnight(since, zone) if since else None
    return Derived(
        store_hours(session, point_id, hours, whole=whole, since=midnight),
        store_days(session, point_id, total_days(grid, hours), whole=whole, since=since),
    )


def boundary_daily(session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date) -> list[BoundaryDay]:
    """Return every local day of [start, end): the sum of the terms in force that day, with their coefficients.

    Only hours that all terms have are summed, so that an incomplete set never passes for a complete one; days and
    hours nobody measured are there too, as such.
    """
    zone = time_zone(boundary.buildings[0].site.timezone)
    points = {term.point_id for term in boundary.terms}
    known = {
        (row.point_id, row.day): row
        for row in session.scalars(
            select(DailyEnergy).where(DailyEnergy.point_id.in_(points), DailyEnergy.day >= start, DailyEnergy.day < end)
        )
    }
    found = []
    for day in days(start, end):
        terms = [term for term in boundary.terms if term.period.contains(day)]
        rows = [known[term.point_id, day] for term in terms if (term.point_id, day) in known]
        expected = hours_in_day(day, zone)
        complete = bool(terms) and len(rows) == len(terms)
        measured, kwh = _measured(session, terms, rows, zone) if complete else (0, None)
        found.append(BoundaryDay(day, kwh, measured, expected))
    return found


def _measured(
    session: Session, terms: Sequence[BoundaryTerm], rows: Sequence[DailyEnergy], zone: dt.tzinfo
) -> tuple[int, Decimal | None]:
    """Return how many hours of a day all `terms` have, and their energy; `rows` are the day of each."""
    if len(terms) == 1 or all(row.hours_measured == row.hours_expected for row in rows):
        kwh_of = {row.point_id: row.kwh for row in rows if row.kwh is not None}
        return rows[0].hours_measured, _sum(terms, kwh_of) if kwh_of else None
    midnight, next_midnight = day_bounds(rows[0].day, zone)
    points = {row.point_id for row in rows}
    hours: defaultdict[dt.datetime, dict[int, Decimal]] = defaultdict(dict)
    for hour in session.scalars(
        select(HourlyEnergy).where(
            HourlyEnergy.point_id.in_(points), HourlyEnergy.hour >= midnight, HourlyEnergy.hour < next_midnight
        )
    ):
        if hour.kwh is not None:
            hours[hour.hour][hour.point_id] = hour.kwh
    whole = [kwh_of for kwh_of in hours.values() if kwh_of.keys() == points]
    # Together: shares no decimal says are rounded once a day, not once an hour.
    return len(whole), _sum(terms, *whole) if whole else None


def _sum(terms: Sequence[BoundaryTerm], *all_kwh_of: Mapping[int, Decimal]) -> Decimal:
    return weighed((term.share, kwh_of[term.point_id]) for kwh_of in all_kwh_of for term in terms)


def _window(session: Session, changed: Sequence[Sequence[Installation]], arrived: Range, zone: dt.tzinfo) -> Range:
    """Return the local days whose energy may have changed: around what arrived, in each register it arrived in."""
    touched = [_whole_days(readings_around(session, register, arrived), zone) for register in changed]
    starts, ends = [one.start for one in touched], [one.end for one in touched]
    return Range(
        None if None in starts else min(start for start in starts if start),
        None if None in ends else max(end for end in ends if end),
    )


def _zone_of(session: Session, point_id: int) -> ZoneInfo:
    query = select(Site.timezone).select_from(MeteringPoint).join(Building).join(Site)
    return time_zone(session.scalars(query.where(MeteringPoint.id == point_id)).one())


def _open_since(
    session: Session, point_id: int, installations: Sequence[Installation], zone: dt.tzinfo
) -> dt.date | None:
    """Return the first local day that may be derived: None for all, where no readings are detached.

    A day derived before its readings were detached stays as it was, and so does the day of the first reading left,
    whose beginning is not known any more.
    """
    closed = closed_until(session)
    if closed is None:
        return None
    known = select(HourlyEnergy.hour).where(HourlyEnergy.point_id == point_id, HourlyEnergy.hour < closed).limit(1)
    if session.scalar(known) is None:
        return None
    first = first_reading(session, installations)
    return first.astimezone(zone).date() + ONE_DAY if first else dt.date.max


def _by_phase(installations: Iterable[Installation]) -> dict[str, list[Installation]]:
    """Return the installations of each phase, registers of their own; those of the whole even where there are none."""
    found: dict[str, list[Installation]] = {WHOLE: []}
    for one in installations:
        found.setdefault(one.phase, []).append(one)
    return found


def _grid(
    spans: Sequence[Sequence[Span]], window: Range, since: dt.date | None, zone: dt.tzinfo
) -> dict[dt.date, list[int]]:
    """Return the hours of the local days to derive: those of `window`, from `since` on, some of `spans` know of."""
    if not spans:
        return {}
    start, end = to_moment(min(one[0].start for one in spans)), to_moment(max(one[-1].end for one in spans))
    first = max(start, window.start or start).astimezone(zone).date()
    first = max(first, since) if since else first
    last = (min(end, window.end or end) - dt.timedelta.resolution).astimezone(zone).date()
    return hours_of_days(first, last + ONE_DAY, zone)


def _consume(session: Session, point_id: int) -> tuple[Range | None, set[int]]:
    """Delete the arrivals of the point; return what they cover (None: everything is to be derived) and whose they are.

    An arrival of no reading was left by a change of the inventory (migration 0001).
    """
    mine = select(Installation.id).where(Installation.point_id == point_id)
    arrivals = session.execute(
        delete(Arrival)
        .where(Arrival.installation_id.in_(mine))
        .returning(Arrival.first_ts, Arrival.last_ts, Arrival.n, Arrival.installation_id)
    ).all()
    if not arrivals or any(arrival.n == 0 for arrival in arrivals):
        return None, set()
    covered = Range(min(arrival.first_ts for arrival in arrivals), max(arrival.last_ts for arrival in arrivals))
    return covered, {arrival.installation_id for arrival in arrivals}


def _whole_days(instants: Range, zone: dt.tzinfo) -> Range:
    """Return the local days `instants` touch, entire."""
    start, end = instants.start, instants.end
    return Range(
        start and local_midnight(start.astimezone(zone).date(), zone),
        end and local_midnight(end.astimezone(zone).date() + ONE_DAY, zone),
    )
