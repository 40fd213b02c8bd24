"""The quota of a service, kept in the database: no two workers together ask more than it allows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from baseline.weather.services.calls import PACES

# The server's clock decides: a day set for a demonstration gives no second quota.
_TAKE = text("""
    INSERT INTO baseline.service_pace AS pace (service, next_at, day, calls)
    VALUES (:service, clock_timestamp() + make_interval(secs => :seconds),
        cast(clock_timestamp() AT TIME ZONE 'UTC' AS date), 1)
    ON CONFLICT (service) DO UPDATE SET
        next_at = clock_timestamp() + make_interval(secs => :seconds),
        day = cast(clock_timestamp() AT TIME ZONE 'UTC' AS date),
        calls = CASE WHEN pace.day = cast(clock_timestamp() AT TIME ZONE 'UTC' AS date) THEN pace.calls + 1 ELSE 1 END
    WHERE pace.next_at <= clock_timestamp()
        AND (pace.day < cast(clock_timestamp() AT TIME ZONE 'UTC' AS date) OR pace.calls < :a_day)
    RETURNING next_at
""")
_PAUSE = text("""
    INSERT INTO baseline.service_pace AS pace (service, next_at, day, calls)
    VALUES (:service, clock_timestamp() + make_interval(secs => :seconds),
        cast(clock_timestamp() AT TIME ZONE 'UTC' AS date), 0)
    ON CONFLICT (service) DO UPDATE SET
        next_at = greatest(pace.next_at, clock_timestamp() + make_interval(secs => :seconds))
""")
_WAIT = text("""
    SELECT extract(epoch FROM next_at - clock_timestamp()),
        day >= cast(clock_timestamp() AT TIME ZONE 'UTC' AS date) AND calls >= :a_day
    FROM baseline.service_pace WHERE service = :service
""")
A_DAY_USED_UP: Final = 3600.0
"""Seconds until the next look where the calls of the day are used up."""


def take(session: Session, service: str) -> float:
    """Take one call of `service` and return 0; or take none and return the seconds until it makes sense to try again.

    In a transaction of its own, committed before the call is made: a worker killed during the call has still used it,
    and what it began with it is taken back.
    """
    pace = PACES[service]
    with _apart(session) as own, own.begin():
        taken = own.execute(_TAKE, {"service": service, "seconds": pace.seconds, "a_day": pace.a_day}).first()
        if taken:
            return 0.0
        wait, used_up = own.execute(_WAIT, {"service": service, "a_day": pace.a_day}).one()
        return A_DAY_USED_UP if used_up else max(float(wait), 0.1)


def pause(session: Session, service: str, seconds: float) -> None:
    """Leave `service` alone for so long, all workers together: it asked for it."""
    with _apart(session) as own, own.begin():
        own.execute(_PAUSE, {"service": service, "seconds": seconds})


def _apart(session: Session) -> Session:
    return Session(session.get_bind().engine)
