"""What is known of a station: until when, which gaps stay, how good, what was revised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select, text

from baseline.weather.gaps import HOUR, LONGEST_FILLED
from baseline.weather.models import Observation, Temperature

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station

MOST_ROWS = 50


class Gap(NamedTuple):
    """Hours [start, end) without a temperature that stay without one."""

    start: dt.datetime
    end: dt.datetime

    @property
    def hours(self) -> int:
        """How many."""
        return round((self.end - self.start) / HOUR)


class Revision(NamedTuple):
    """A value that was given again, otherwise."""

    parameter: str
    at: dt.datetime
    source: str
    received_at: dt.datetime
    before: Decimal | None
    quality_before: int | None
    now: Decimal | None
    quality_now: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """The data of one station."""

    first: dt.datetime | None
    last: dt.datetime | None
    hours: int
    short_gaps: int
    """Hours that are interpolated where a day is made of them."""
    long_gaps: list[Gap]
    """The newest first, `MOST_ROWS` at most."""
    missing: int
    """Hours in gaps that stay, all of them."""
    qualities: list[tuple[str, int | None, int]]
    """Source, quality code and how many values have it, as they count now."""


def held(session: Session, station: Station) -> Held:
    """Return what is known of `station`."""
    mine = Temperature.station_id == station.id
    first, last, hours = session.execute(
        select(func.min(Temperature.hour), func.max(Temperature.hour), func.count()).where(mine)
    ).one()
    following = (
        select(Temperature.hour, func.lead(Temperature.hour).over(order_by=Temperature.hour).label("following"))
        .where(mine)
        .subquery()
    )
    apart = following.c.following - following.c.hour
    rows = session.execute(
        select(following.c.hour, following.c.following).where(apart > HOUR).order_by(following.c.hour.desc())
    ).all()
    gaps = [Gap(hour + HOUR, after) for hour, after in rows]
    long = [gap for gap in gaps if gap.hours > LONGEST_FILLED]
    qualities = session.execute(
        text(
            "SELECT source, quality, count(*) FROM (SELECT DISTINCT ON (parameter, at, source) source, quality, celsius"
            " FROM baseline.observation WHERE station_id = :station"
            " ORDER BY parameter, at, source, version DESC) AS newest"
            " WHERE celsius IS NOT NULL GROUP BY source, quality ORDER BY source, quality NULLS LAST"
        ),
        {"station": station.id},
    )
    return Held(
        first,
        last,
        hours,
        sum(gap.hours for gap in gaps) - sum(gap.hours for gap in long),
        long[:MOST_ROWS],
        sum(gap.hours for gap in long),
        [(source, quality, count) for source, quality, count in qualities],
    )


def revisions(session: Session, station: Station) -> list[Revision]:
    """Return the newest revisions of `station`, `MOST_ROWS` at most."""
    before = Observation.__table__.alias("before")
    after = Observation.__table__.alias("after")
    rows = session.execute(
        select(
            after.c.parameter,
            after.c.at,
            after.c.source,
            after.c.received_at,
            before.c.celsius,
            before.c.quality,
            after.c.celsius,
            after.c.quality,
        )
        .join(
            before,
            (before.c.station_id == after.c.station_id)
            & (before.c.parameter == after.c.parameter)
            & (before.c.at == after.c.at)
            & (before.c.source == after.c.source)
            & (before.c.version == after.c.version - 1),
        )
        .where(after.c.station_id == station.id, after.c.version > 1)
        .order_by(after.c.received_at.desc(), after.c.at.desc())
        .limit(MOST_ROWS)
    )
    return [Revision(*row) for row in rows]
