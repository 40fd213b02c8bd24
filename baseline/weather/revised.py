"""What a station's days are now, beside what they were when something was frozen on them; nothing frozen changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, text

from baseline.weather.models import Observation
from baseline.weather.observe import AS_IT_COUNTS, counting
from baseline.weather.observed import HOURLY
from foundation.time import local_midnight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from baseline.weather.models import Station


class RevisedDay(NamedTuple):
    """A local day whose hours are not what they were: means (°C) of the hours known then and known now."""

    day: dt.date
    hours: int
    """How many hours are new, different or gone."""
    before: Decimal | None
    now: Decimal | None


def revised_days(
    session: Session, station: Station, start: dt.date, end: dt.date, *, since: dt.datetime, zone: ZoneInfo
) -> list[RevisedDay]:
    """Return the local days of [start, end) whose hourly temperatures changed after the instant `since`."""
    touched = _hours(session, station, start, end, zone, Observation.received_at > since)
    then, now = _counted(session, station, touched, since), _counted(session, station, touched, None)
    changed = Counter(hour.astimezone(zone).date() for hour in touched if then.get(hour) != now.get(hour))
    if not changed:
        return []
    # Means are of whole days: of every hour known, the others too.
    whole = _hours(session, station, min(changed), max(changed) + dt.timedelta(days=1), zone)
    before = _means(_counted(session, station, whole, since), zone)
    after = _means(_counted(session, station, whole, None), zone)
    return [RevisedDay(day, changed[day], before.get(day), after.get(day)) for day in sorted(changed)]


def _hours(
    session: Session, station: Station, start: dt.date, end: dt.date, zone: ZoneInfo, *more: ColumnElement[bool]
) -> Sequence[dt.datetime]:
    return session.scalars(
        select(Observation.at)
        .distinct()
        .where(
            Observation.station_id == station.id,
            Observation.parameter == HOURLY,
            Observation.at >= local_midnight(start, zone),
            Observation.at < local_midnight(end, zone),
            *more,
        )
    ).all()


def _counted(
    session: Session, station: Station, hours: Sequence[dt.datetime], until: dt.datetime | None
) -> dict[dt.datetime, Decimal]:
    """Return what counts for each of `hours`, of what was received by `until`."""
    condition = "AND received_at <= :until" if until else ""
    query = text(AS_IT_COUNTS.format(until=condition))
    more = {"until": until} if until else {}
    return dict(session.execute(query, counting(station, hours) | more).all())


def _means(hours: dict[dt.datetime, Decimal], zone: ZoneInfo) -> dict[dt.date, Decimal]:
    days: dict[dt.date, list[Decimal]] = defaultdict(list)
    for hour, celsius in hours.items():
        days[hour.astimezone(zone).date()].append(celsius)
    return {day: sum(values, Decimal(0)) / len(values) for day, values in days.items()}
