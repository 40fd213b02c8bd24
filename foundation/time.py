"""Time is UTC, intervals are half-open [start, end) and named by their start; local days have 23, 24 or 25 hours."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.dialects.postgresql import Range


MACHINE_ZONES = {"localtime", "posixrules"}
"""Names in the tz database that mean another zone on another machine."""


def time_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone `name`; refuse a name the tz database does not know."""
    sentence = f"Le fuseau horaire « {name} » n'existe pas ; écrivez un nom IANA, par exemple Europe/Paris."
    if name in MACHINE_ZONES:
        raise Refusal(sentence, field="timezone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refusal(sentence, field="timezone") from None


def local_midnight(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """Return the instant (UTC) at which local `day` begins."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def day_bounds(day: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """Return local `day` as a half-open interval of UTC instants."""
    return local_midnight(day, zone), local_midnight(day + dt.timedelta(days=1), zone)


def hours_in_day(day: dt.date, zone: dt.tzinfo) -> int:
    """Return the number of hours of local `day`: 23, 24 or 25 (whole hours: French zones shift by one hour)."""
    start, end = day_bounds(day, zone)
    return round((end - start).total_seconds() / 3600)


def bounds(period: Range[dt.date]) -> tuple[dt.date, dt.date]:
    """Return start and end of a period of local days [start, end) that has both."""
    if period.lower is None or period.upper is None:
        raise ValueError(f"{period} has no end")
    return period.lower, period.upper


def days(start: dt.date, end: dt.date) -> Iterator[dt.date]:
    """Yield each day of [start, end)."""
    for offset in range((end - start).days):
        yield start + dt.timedelta(days=offset)
