"""The checks: one question to the database about the whole fleet each, judged by the rules.

A check returns a finding for each subject it has something to say about; a subject without one is well. It returns
None where it cannot know now: then nothing of its kind changes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, text, true

from contracts.sites.models import Building
from devices.alerts import rules
from devices.alerts.files import files
from devices.alerts.finding import Finding
from devices.alerts.kinds import Kind, Severity
from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation
from devices.points.models import MeteringPoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row, Select
    from sqlalchemy.orm import Session


OUT_OF_SERVICE: Final = ("lost", "retired")
EXPECTED_EVERY: Final = func.coalesce(Installation.own_expected_every, Device.expected_every)
LAST_READINGS: Final = 12
LONGEST_LAG: Final = dt.timedelta(days=2)
"""What arrives later is a file or a backfill and says nothing of a clock."""
UNKNOWN_FOR: Final = dt.timedelta(days=7)
MOST_UNKNOWN: Final = 200
"""Topics told at once: whoever floods the broker with names does not flood the list."""


def _served(now: dt.datetime, *columns: Any) -> Select[Any]:
    """Return a query on what serves which point at `now`, as far as it is in service."""
    return (
        select(Device.id, MeteringPoint.id.label("point_id"), Building.site_id, Device.serial, *columns)
        .select_from(Installation)
        .join(Device, Device.id == Installation.device_id)
        .join(MeteringPoint, MeteringPoint.id == Installation.point_id)
        .join(Building, Building.id == MeteringPoint.building_id)
        .where(
            Installation.period.op("@>")(now),
            Device.state.not_in(OUT_OF_SERVICE),
            # Files (devices.series) are no device that could fall silent.
            ~Installation.quantity.startswith("file_", autoescape=True),
        )
        .group_by(Device.id, MeteringPoint.id, Building.site_id, Device.serial)
    )


def silence(session: Session, now: dt.datetime) -> list[Finding] | None:
    """Find what gives no reading any more, or never gave one.

    While the collection stands still nobody can know; one just back is given time to bring what queued meanwhile.
    """
    beat = _heartbeat(session)
    if beat is not None and (beat.stopped or beat.back):
        return None
    last = (
        select(Reading.ts)
        .where(Reading.installation_id == Installation.id, Reading.ts <= now)
        .order_by(Reading.ts.desc())
        .limit(1)
        .lateral()
    )
    query = _served(
        now, func.min(EXPECTED_EVERY), func.max(func.lower(Installation.period)), func.max(last.c.ts)
    ).outerjoin(last, true())
    found = []
    for device_id, point_id, site_id, serial, every, installed_at, last_at in session.execute(query):
        since = now - (last_at or installed_at or now)
        judgement = rules.silence(since, every, ever_heard=last_at is not None)
        facts = {
            "serial": serial,
            "last_at": last_at.isoformat() if last_at else None,
            "since": (last_at or installed_at or now).isoformat(),
            "every_minutes": every / rules.MINUTE,
        }
        subject = f"device {device_id} point {point_id}"
        calm = rules.SILENT_AFTER * every
        found.append(Finding(subject, judgement, facts, device_id, point_id, site_id, calm))
    return found


def clock(session: Session, now: dt.datetime) -> list[Finding]:
    """Find clocks that are ahead or behind, by the last readings of each device."""
    last = (
        select(Reading.ts, Reading.received_at)
        .where(
            Reading.installation_id == Installation.id,
            Reading.ts > now - LONGEST_LAG,
            Reading.received_at - Reading.ts < LONGEST_LAG,
        )
        .order_by(Reading.ts.desc())
        .limit(LAST_READINGS)
        .lateral()
    )
    lag = func.min(last.c.received_at - last.c.ts)
    query = _served(now, func.min(EXPECTED_EVERY), lag).join(last, true())
    found = []
    for device_id, point_id, site_id, serial, every, shortest in session.execute(query):
        facts = {"serial": serial, "lag_minutes": round(shortest / rules.MINUTE)}
        subject = f"device {device_id}"
        found.append(Finding(subject, rules.clock(shortest, every), facts, device_id, point_id, site_id))
    return [*found, *_dated_in_the_future(session, now, {one.subject for one in found if one.judgement == rules.BAD})]


# Refused at the door, since their stamp lies ahead of their reception: some level of the topic names the device.
_FUTURE = text("""
    SELECT d.id, d.serial, i.point_id, b.site_id, count(DISTINCT l.id) AS messages
    FROM devices.dead_letter l
    CROSS JOIN LATERAL unnest(string_to_array(l.topic, '/')) AS level
    JOIN devices.device d ON d.serial = level
    JOIN LATERAL (SELECT point_id FROM devices.installation i WHERE i.device_id = d.id AND i.period @> :now
        ORDER BY i.id LIMIT 1) i ON true
    JOIN devices.metering_point p ON p.id = i.point_id JOIN contracts.building b ON b.id = p.building_id
    WHERE l.reason = 'in_the_future' AND l.replayed_at IS NULL AND l.received_at > :since AND l.received_at <= :now
        AND d.state NOT IN ('lost', 'retired')
    GROUP BY 1, 2, 3, 4
""")


def _dated_in_the_future(session: Session, now: dt.datetime, known: set[str]) -> list[Finding]:
    rows = session.execute(_FUTURE, {"now": now, "since": now - rules.DAY})
    return [
        Finding(
            f"device {row.id}",
            rules.BAD,
            {"serial": row.serial, "future_messages": row.messages},
            row.id,
            row.point_id,
            row.site_id,
        )
        for row in rows
        if f"device {row.id}" not in known
    ]


# Values of a battery since it was last replaced: a level does not rise by itself.
_BATTERIES = text("""
    WITH level AS (
        SELECT device_id, day, value, value - lag(value) OVER (PARTITION BY device_id ORDER BY day) AS rise
        FROM devices.vital WHERE quantity = 'battery' AND day BETWEEN :since AND :today
    ), renewed AS (SELECT device_id, max(day) AS day FROM level WHERE rise > 20 GROUP BY device_id)
    SELECT d.id, d.serial, (array_agg(v.value ORDER BY v.day DESC))[1]::float AS last, max(v.value)::float AS highest,
        regr_slope(v.value::float, (v.day - date '2000-01-01')::float) AS slope, count(*)::int AS n,
        max(v.day) - min(v.day) AS days, max(v.day) AS last_day
    FROM level v JOIN devices.device d ON d.id = v.device_id LEFT JOIN renewed r ON r.device_id = v.device_id
    WHERE (r.day IS NULL OR v.day >= r.day) AND d.state NOT IN ('lost', 'retired')
    GROUP BY d.id, d.serial
""")


def battery(session: Session, now: dt.datetime) -> list[Finding]:
    """Find batteries that are low or will be soon, by the line through their daily levels."""
    today = now.astimezone(dt.UTC).date()
    places, found = _places(session, now), []
    for row in session.execute(_BATTERIES, {"since": today - dt.timedelta(days=120), "today": today}):
        trend = rules.Trend(row.last, row.highest, row.slope, row.n, row.days)
        judgement = rules.battery(trend)
        if judgement is not None and row.id in places:
            left = trend.time_left
            # To the week: the date moves a little every day, what is said of it need not.
            ends = left and row.last_day + dt.timedelta(days=left.days - left.days % 7)
            facts = {"serial": row.serial, "level": round(row.last), "empty_on": ends.isoformat() if ends else None}
            found.append(Finding(f"device {row.id}", judgement, facts, row.id, *places[row.id]))
    return found


_RADIOS = text("""
    SELECT d.id, d.serial, avg(v.value) FILTER (WHERE v.quantity = 'radio_margin')::float AS margin,
        avg(v.value) FILTER (WHERE v.quantity = 'snr')::float AS snr,
        avg(v.value) FILTER (WHERE v.quantity = 'rssi')::float AS rssi
    FROM devices.vital v JOIN devices.device d ON d.id = v.device_id
    WHERE v.quantity IN ('radio_margin', 'snr', 'rssi') AND v.day BETWEEN :since AND :today
        AND d.state NOT IN ('lost', 'retired')
    GROUP BY d.id, d.serial
""")


def radio(session: Session, now: dt.datetime) -> list[Finding]:
    """Find devices that are hardly heard, by a week of daily values."""
    today = now.astimezone(dt.UTC).date()
    places, found = _places(session, now), []
    for row in session.execute(_RADIOS, {"since": today - dt.timedelta(days=7), "today": today}):
        margin = row.margin
        if margin is None and row.snr is not None:
            margin = rules.best_margin(row.snr)
        # The strength speaks only where nothing says the margin: LoRa works far below the noise.
        judgement = rules.radio(margin, None if margin is not None else row.rssi)
        if judgement is not None and row.id in places:
            facts = {
                "serial": row.serial,
                "margin": None if margin is None else round(margin),
                "rssi": None if row.rssi is None else round(row.rssi),
            }
            found.append(Finding(f"device {row.id}", judgement, facts, row.id, *places[row.id]))
    return found


def _places(session: Session, now: dt.datetime) -> dict[int, tuple[int, int]]:
    """Return for each device in service the first point it serves, with its site."""
    rows = session.execute(_served(now).order_by(MeteringPoint.id.desc()))
    return {device_id: (point_id, site_id) for device_id, point_id, site_id, _ in rows}


# A known serial or a PRM somewhere in the topic (an edge node, a gateway, a meter) says at which site it speaks.
_UNKNOWN = text("""
    WITH stranger AS (
        SELECT topic, count(*) AS messages, min(received_at) AS first_at
        FROM devices.dead_letter
        WHERE reason = 'unknown_device' AND replayed_at IS NULL AND received_at > :since AND received_at <= :now
        GROUP BY topic ORDER BY messages DESC, topic LIMIT :most
    )
    SELECT s.topic, s.messages, s.first_at, min(b.site_id) AS site_id
    FROM stranger s
    CROSS JOIN LATERAL unnest(string_to_array(s.topic, '/')) AS level
    LEFT JOIN devices.device d ON d.serial = level
    LEFT JOIN devices.installation i ON i.device_id = d.id AND i.period @> CAST(:now AS timestamptz)
    LEFT JOIN devices.metering_point p ON p.id = i.point_id OR p.identifier = level
    LEFT JOIN contracts.building b ON b.id = p.building_id
    GROUP BY s.topic, s.messages, s.first_at
""")


def unknown_serial(session: Session, now: dt.datetime) -> list[Finding]:
    """Find what speaks without being registered: a meter somebody changed looks like a site that uses little."""
    rows = session.execute(_UNKNOWN, {"since": now - UNKNOWN_FOR, "now": now, "most": MOST_UNKNOWN})
    return [
        Finding(row.topic, rules.BAD, {"topic": row.topic, "since": row.first_at.isoformat()}, site_id=row.site_id)
        for row in rows
    ]


# Days that are not whole, and why, point by point: each a short walk along the key of the two tables.
_INCOMPLETE = text("""
    SELECT p.id AS point_id, b.site_id, min(d.day) AS first_day, count(DISTINCT d.day) AS days,
        (array_agg(h.cause ORDER BY h.hour DESC) FILTER (WHERE h.cause IS NOT NULL))[1] AS cause
    FROM devices.metering_point p
    JOIN contracts.building b ON b.id = p.building_id
    JOIN contracts.site s ON s.id = b.site_id
    CROSS JOIN LATERAL (
        SELECT day FROM devices.daily_energy d
        WHERE d.point_id = p.id AND d.day >= :first AND d.day < :last AND d.hours_measured < d.hours_expected
        OFFSET 0
    ) d
    JOIN devices.hourly_energy h ON h.point_id = p.id AND h.reason = :reason AND h.cause IS DISTINCT FROM 'no_device'
        AND h.hour >= d.day::timestamp AT TIME ZONE s.timezone
        AND h.hour < (d.day + 1)::timestamp AT TIME ZONE s.timezone
    GROUP BY p.id, b.site_id
""")


def _incomplete(session: Session, first: dt.date, last: dt.date, reason: str) -> list[Row[Any]]:
    return list(session.execute(_INCOMPLETE, {"first": first, "last": last, "reason": reason}))


def implausible(session: Session, now: dt.datetime) -> list[Finding]:
    """Find points whose index did, these two weeks, what no index can."""
    today = now.astimezone(dt.UTC).date()
    rows = _incomplete(session, today - dt.timedelta(days=14), today + dt.timedelta(days=2), "suspicious")
    return [
        Finding(
            f"point {row.point_id}",
            rules.BAD,
            {"first_day": row.first_day.isoformat(), "cause": row.cause},
            point_id=row.point_id,
            site_id=row.site_id,
        )
        for row in rows
    ]


def gap(session: Session, now: dt.datetime) -> list[Finding]:
    """Find days of the last two months that stay without energy although their device had time to send it again."""
    today = now.astimezone(dt.UTC).date()
    last = today - dt.timedelta(days=rules.GAP_STAYS_AFTER - 1)
    rows = _incomplete(session, today - dt.timedelta(days=60), last, "missing")
    return [
        Finding(
            f"point {row.point_id}",
            rules.BAD,
            {"first_day": row.first_day.isoformat(), "days": row.days},
            point_id=row.point_id,
            site_id=row.site_id,
        )
        for row in rows
    ]


_CONFLICTS = text("""
    SELECT d.id, d.serial, p.id AS point_id, b.site_id, count(*) AS n
    FROM devices.reading_conflict c JOIN devices.installation i ON i.id = c.installation_id
    JOIN devices.device d ON d.id = i.device_id JOIN devices.metering_point p ON p.id = i.point_id
    JOIN contracts.building b ON b.id = p.building_id
    WHERE c.received_at > :since AND c.received_at <= :now
    GROUP BY 1, 2, 3, 4
""")


def conflict(session: Session, now: dt.datetime) -> list[Finding]:
    """Find devices that gave, this week, two values for one instant; the first is kept, people decide."""
    rows = session.execute(_CONFLICTS, {"since": now - dt.timedelta(days=7), "now": now})
    return [
        Finding(
            f"device {row.id} point {row.point_id}",
            rules.BAD,
            {"serial": row.serial, "conflicts": row.n},
            row.id,
            row.point_id,
            row.site_id,
        )
        for row in rows
    ]


# By the machine's clock, as the process beats, whatever day a demonstration believes it is. Where several processes
# share the collection, the one that is worst off speaks for it: its devices are heard by nobody. One whose session was
# ended for good listens to nothing and is owed nothing.
_HEARTBEAT = text("""
    WITH member AS (
        SELECT DISTINCT ON (client_id) client_id, subscriptions <> '{}' AS listens
        FROM devices.ingest_heartbeat ORDER BY client_id, id DESC
    ), latest AS (
        SELECT listens, at, started_at FROM member CROSS JOIN LATERAL (
            SELECT at, started_at FROM devices.ingest_heartbeat beat
            WHERE beat.client_id = member.client_id AND connected ORDER BY id DESC LIMIT 1) beat
    ), owed AS (
        SELECT at, started_at FROM latest WHERE listens
        UNION ALL
        (SELECT at, started_at FROM latest WHERE NOT EXISTS (SELECT FROM latest WHERE listens) ORDER BY at DESC LIMIT 1)
    )
    SELECT min(at) AS at, now() - min(at) > :limit AS stopped, now() - max(started_at) < :limit AND EXISTS (
        SELECT FROM devices.ingest_heartbeat before WHERE before.started_at < max(owed.started_at)) AS back
    FROM owed HAVING count(*) > 0
""")
STOPPED_AFTER: Final = dt.timedelta(minutes=5)


def _heartbeat(session: Session) -> Row[Any] | None:
    """Return when the collection was last well, whether it has stopped, whether it is just back; None: it never ran."""
    return session.execute(_HEARTBEAT, {"limit": STOPPED_AFTER}).first()


def collection(session: Session, _now: dt.datetime) -> list[Finding]:
    """Find the collection itself standing still: then every device would look silent."""
    beat = _heartbeat(session)
    if beat is None or not beat.stopped:
        return []
    worst = rules.Judgement(rules.Level.BAD, Severity.CRITICAL)
    return [Finding("collection", worst, {"since": beat.at.isoformat()})]


CHECKS: dict[Kind, Callable[[Session, dt.datetime], list[Finding] | None]] = {
    Kind.COLLECTION: collection,
    Kind.SILENCE: silence,
    Kind.BATTERY: battery,
    Kind.RADIO: radio,
    Kind.CLOCK: clock,
    Kind.UNKNOWN_SERIAL: unknown_serial,
    Kind.IMPLAUSIBLE: implausible,
    Kind.GAP: gap,
    Kind.CONFLICT: conflict,
    Kind.SOURCE_FILES: files,
}
"""The check of each kind; a floor above adds that of a kind only it can judge (`Kind.OFF_PLAN`)."""
