"""Clean energy written down: what is as it was is left alone, what is different gets the next revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CursorResult, text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy import TextClause
    from sqlalchemy.orm import Session

    from devices.energy.hours import Day, Hour

_HOURS = text("""
    INSERT INTO devices.hourly_energy AS was (point_id, hour, kwh, reason, cause)
    SELECT :point, to_timestamp(start / 1000000.0), energy * 0.000001, reason, cause
    FROM unnest(CAST(:starts AS bigint[]), CAST(:energies AS bigint[]), CAST(:reasons AS text[]),
        CAST(:causes AS text[])) AS became (start, energy, reason, cause)
    ON CONFLICT (point_id, hour) DO UPDATE
        SET kwh = excluded.kwh, reason = excluded.reason, cause = excluded.cause, revision = was.revision + 1
        WHERE (was.kwh, was.reason, was.cause) IS DISTINCT FROM (excluded.kwh, excluded.reason, excluded.cause)
""")

_DAYS = text("""
    INSERT INTO devices.daily_energy AS was (point_id, day, kwh, hours_measured, hours_expected, reason)
    SELECT :point, day, energy * 0.000001, measured, expected, reason
    FROM unnest(CAST(:days AS date[]), CAST(:energies AS bigint[]), CAST(:measured AS int[]), CAST(:expected AS int[]),
        CAST(:reasons AS text[])) AS became (day, energy, measured, expected, reason)
    ON CONFLICT (point_id, day) DO UPDATE
        SET kwh = excluded.kwh, hours_measured = excluded.hours_measured, hours_expected = excluded.hours_expected,
            reason = excluded.reason, revision = was.revision + 1
        WHERE (was.kwh, was.hours_measured, was.hours_expected, was.reason)
            IS DISTINCT FROM (excluded.kwh, excluded.hours_measured, excluded.hours_expected, excluded.reason)
""")

# Hours that had energy once and have none any more stay, as missing: whoever used them sees a newer revision.
# EXCEPT and not NOT IN, and once and for all (MATERIALIZED): on a table just filled and not analyzed yet, PostgreSQL
# goes through the whole list once an hour, which took years of hours twenty minutes with their point locked.
_NO_LONGER_HOURS = text("""
    WITH gone AS MATERIALIZED (
        SELECT hour FROM devices.hourly_energy
        WHERE point_id = :point AND reason <> 'missing' AND hour >= coalesce(:since, timestamptz '-infinity')
        EXCEPT SELECT to_timestamp(start / 1000000.0) FROM unnest(CAST(:starts AS bigint[])) AS kept (start)
    )
    UPDATE devices.hourly_energy AS was SET kwh = NULL, reason = 'missing', cause = NULL, revision = was.revision + 1
    FROM gone WHERE was.point_id = :point AND was.hour = gone.hour
""")
_NO_LONGER_DAYS = text("""
    WITH gone AS MATERIALIZED (
        SELECT day FROM devices.daily_energy
        WHERE point_id = :point AND reason <> 'missing' AND day >= coalesce(:since, date '-infinity')
        EXCEPT SELECT day FROM unnest(CAST(:days AS date[])) AS kept (day)
    )
    UPDATE devices.daily_energy AS was SET kwh = NULL, hours_measured = 0, reason = 'missing',
        revision = was.revision + 1
    FROM gone WHERE was.point_id = :point AND was.day = gone.day
""")


def store_hours(
    session: Session, point_id: int, hours: Sequence[Hour], *, whole: bool, since: dt.datetime | None
) -> int:
    """Write `hours`; return changes.

    Where they are the `whole` of the point from `since` on (None: from the first), hours not among them become missing.
    """
    starts = [hour.start for hour in hours]
    written = {
        "starts": starts,
        "energies": [hour.energy for hour in hours],
        "reasons": [hour.reason.value for hour in hours],
        "causes": [hour.cause and hour.cause.value for hour in hours],
    }
    changed = _run(session, _HOURS, point=point_id, **written)
    if whole:
        changed += _run(session, _NO_LONGER_HOURS, point=point_id, starts=starts, since=since)
    return changed


def store_days(session: Session, point_id: int, days: Sequence[Day], *, whole: bool, since: dt.date | None) -> int:
    """Write `days`; `whole` and `since` as for hours. Return changes."""
    written = {
        "days": [day.day for day in days],
        "energies": [day.energy for day in days],
        "measured": [day.hours_measured for day in days],
        "expected": [day.hours_expected for day in days],
        "reasons": [day.reason.value for day in days],
    }
    changed = _run(session, _DAYS, point=point_id, **written)
    if whole:
        changed += _run(session, _NO_LONGER_DAYS, point=point_id, days=written["days"], since=since)
    return changed


def _run(session: Session, statement: TextClause, **values: object) -> int:
    result = session.execute(statement, values)
    return result.rowcount if isinstance(result, CursorResult) else 0
