"""Spans cut into the hours of local days: 23, 24 or 25 of them, in any time zone."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from devices.energy.reasons import Reason
from devices.energy.rules import HOUR
from foundation.time import day_bounds, days

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devices.energy.reasons import Cause
    from devices.energy.rules import Span

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Hour(NamedTuple):
    """Energy of the hour that begins at `start`, in millionths of a kWh; None where its reason has none."""

    start: int
    energy: int | None
    reason: Reason
    cause: Cause | None


class Day(NamedTuple):
    """A local day: the energy of its measured hours and how many they are of those it has."""

    day: dt.date
    energy: int | None
    hours_measured: int
    hours_expected: int
    reason: Reason


def to_instant(moment: dt.datetime) -> int:
    """Return `moment` as microseconds since 1970 UTC."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def to_moment(instant: int) -> dt.datetime:
    """Return the datetime (UTC) of an instant."""
    return _EPOCH + dt.timedelta(microseconds=instant)


def hours_of_days(start: dt.date, end: dt.date, zone: dt.tzinfo) -> dict[dt.date, list[int]]:
    """Return for each local day of [start, end) the instants at which its hours begin.

    Hours are counted from local midnight, so that they never straddle two days, whatever the zone's offset.
    """
    found = {}
    for day in days(start, end):
        midnight, next_midnight = (to_instant(bound) for bound in day_bounds(day, zone))
        found[day] = list(range(midnight, next_midnight, HOUR))
    return found


def split(spans: Sequence[Span], edges: Sequence[int]) -> list[Hour]:
    """Return the intervals between consecutive `edges` that `spans` cover from end to end.

    `spans` follow each other without gap or overlap. Inside a span energy is spread evenly; the index at an edge is
    rounded down once and used on both its sides, so that what is cut adds up to what was whole.
    """
    if not spans:
        return []
    covered = edges[bisect_left(edges, spans[0].start) : bisect_right(edges, spans[-1].end)]
    following = iter(spans)
    span = next(following)
    hours = []
    for start, stop in pairwise(covered):
        while span.end <= start:
            span = next(following)
        energy, worst = _energy_in(span, start, stop), span
        while span.end < stop:
            span = next(following)
            energy += _energy_in(span, start, stop)
            worst = max(worst, span, key=_badness)
        hours.append(Hour(start, energy if worst.has_energy else None, worst.reason, worst.cause))
    return hours


def _badness(span: Span) -> tuple[int, bool]:
    return span.reason.rank, span.cause is not None


def _energy_in(span: Span, start: int, stop: int) -> int:
    """Return the energy of `span` between two instants."""
    return _index_at(span, min(stop, span.end)) - _index_at(span, max(start, span.start))


def _index_at(span: Span, instant: int) -> int:
    if instant == span.end:
        return span.last
    return span.first + (span.last - span.first) * (instant - span.start) // (span.end - span.start)


def edges_of(grid: Mapping[dt.date, Sequence[int]], zone: dt.tzinfo) -> list[int]:
    """Return every instant at which an hour of `grid` begins or ends."""
    if not grid:
        return []
    starts = [start for day in grid.values() for start in day]
    return [*starts, to_instant(day_bounds(max(grid), zone)[1])]


def total_days(grid: Mapping[dt.date, Sequence[int]], hours: Iterable[Hour]) -> list[Day]:
    """Return the days of `grid` of which at least one hour is known about; hours not among `hours` are missing."""
    by_start = {hour.start: hour for hour in hours}
    found = []
    for day, starts in grid.items():
        known = [by_start[start] for start in starts if start in by_start]
        if not known:
            continue
        energies = [hour.energy for hour in known if hour.energy is not None]
        reasons = [hour.reason for hour in known] + [Reason.MISSING] * (len(known) < len(starts))
        worst = max(reasons, key=lambda reason: reason.rank)
        found.append(Day(day, sum(energies) if energies else None, len(energies), len(starts), worst))
    return found
