"""From the register to what a model can be told: the events of a period, sub-meters read day by day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from baseline.events.register import standing
from baseline.events.rules import Told
from baseline.fitting import Event
from baseline.fitting.data import COMPLETE_DAY
from devices.energy.derive import boundary_daily

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from baseline.events.models import NonRoutineEvent
    from baseline.fitting.events import Method
    from devices.points.models import MeasurementBoundary

ONE_DAY = dt.timedelta(days=1)


def told(
    session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date
) -> list[tuple[NonRoutineEvent, Told]]:
    """Return the events of `boundary` a report on local days [start, end) has to do with; a change of fuel is none."""
    return [
        (one, _told(session, one, start, end))
        for one in standing(session, boundary.id)
        if one.method is not None and (_touches(one, start, end) or _takes_away(one, start, end))
    ]


def _touches(event: NonRoutineEvent, start: dt.date, end: dt.date) -> bool:
    first, after = event.period.lower, event.period.upper
    return first is not None and first < end and (after is None or start < after)


def _takes_away(event: NonRoutineEvent, start: dt.date, end: dt.date) -> bool:
    return event.state == "proposed" and event.supersedes is not None and _touches(event.supersedes, start, end)


def _told(session: Session, event: NonRoutineEvent, start: dt.date, end: dt.date) -> Told:
    agreed = event.state == "agreed"
    first = event.period.lower
    if first is None or not _touches(event, start, end):
        return Told(event.id, agreed, None, event.supersedes_id)
    after = event.period.upper or end
    method = cast("Method", event.method)
    if event.submeter is None:
        energy = None if event.energy_kwh is None else float(event.energy_kwh)
        adjusted = Event(first, after - ONE_DAY, method, energy, event.reason)
        return Told(event.id, agreed, adjusted, event.supersedes_id)
    by_day: dict[dt.date, float] = {}
    unmeasured: set[int] = set()
    for row in boundary_daily(session, event.submeter, max(first, start), min(after, end)):
        if row.kwh is None or row.hours_measured < COMPLETE_DAY * row.hours_expected:
            unmeasured.add(row.day.toordinal())
        else:
            by_day[row.day] = float(row.kwh)
    adjusted = Event(first, after - ONE_DAY, method, sum(by_day.values()), event.reason, by_day)
    return Told(event.id, agreed, adjusted, event.supersedes_id, frozenset(unmeasured))
