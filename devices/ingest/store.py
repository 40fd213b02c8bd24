"""What is written for a batch, in the caller's transaction: readings, conflicts, dead letters, arrivals."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from devices.ingest.announcements import keep
from devices.ingest.deliveries import dated
from devices.ingest.message import Counts, readable
from devices.ingest.vitals import store_vitals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

    from devices.ingest.hearing import Read
    from devices.ingest.sorting import Refused, Row, Sorted

# One statement: what is new is stored, and what is new is announced to whoever derives energy.
_READINGS = """
WITH stored AS (
    INSERT INTO devices.reading (installation_id, ts, value, received_at)
    SELECT * FROM unnest(%b::int[], %b::timestamptz[], %b::numeric[], %b::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING installation_id, ts
), announced AS (
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
    SELECT installation_id, %b, min(ts), max(ts), count(*) FROM stored GROUP BY installation_id
    RETURNING n
)
SELECT coalesce(sum(n), 0)::int FROM announced
"""

_CONFLICTS = """
INSERT INTO devices.reading_conflict (installation_id, ts, stored_value, arrived_value, topic, received_at)
SELECT r.installation_id, r.ts, r.value, a.value, a.topic, a.received_at
FROM unnest(%b::int[], %b::timestamptz[], %b::numeric[], %b::text[], %b::timestamptz[])
    AS a (installation_id, ts, value, topic, received_at)
JOIN devices.reading r ON r.installation_id = a.installation_id AND r.ts = a.ts AND r.value <> a.value
ON CONFLICT DO NOTHING
"""

# Not a second letter: a redelivery (DUP, same packet identifier, same content) of one already committed, or our own
# second try after a commit whose answer was lost.
_DEAD_LETTERS = """
INSERT INTO devices.dead_letter
    (topic, payload, digest, reason, sentence, received_at, mid, retain, dup, dialect, prefix, measured)
SELECT a.* FROM unnest(%b::text[], %b::bytea[], %b::bytea[], %b::text[], %b::text[], %b::timestamptz[], %b::int[],
    %b::bool[], %b::bool[], %b::text[], %b::text[], %b::jsonb[])
    AS a (topic, payload, digest, reason, sentence, received_at, mid, retain, dup, dialect, prefix, measured)
WHERE NOT EXISTS (
    SELECT FROM devices.dead_letter d
    WHERE d.digest = a.digest AND d.mid = a.mid AND (a.dup OR d.received_at = a.received_at))
"""


def store(connection: Connection[Any], batch: Sorted, partitions: set[dt.date], client_id: str = "") -> Counts:
    """Write `batch` in the open transaction and return what was new; `partitions` are the months known to exist.

    `client_id` is the name messages were delivered under; "" where none of them can be delivered again.
    """
    counts = Counts(retained=batch.retained, unmeasured=batch.unmeasured, ignored=len(batch.ignored))
    rows = batch.rows + dated(connection, client_id, batch.undated) if batch.undated else batch.rows
    if rows:
        make_partitions(connection, {month_of(row.ts) for row in rows} - partitions)
        _store_readings(connection, rows, counts)
    store_vitals(connection, batch.vitals)
    if batch.refused:
        counts.dead_letters = _store_dead_letters(connection, batch.refused)
    if batch.announcements:
        keep(connection, batch.announcements)
    return counts


def month_of(ts: dt.datetime) -> dt.date:
    """Return the first day of the UTC month of `ts`, which names its partition."""
    return dt.date(ts.year, ts.month, 1)


def make_partitions(connection: Connection[Any], months: set[dt.date]) -> None:
    """Make sure readings of `months` have a place, however old they are."""
    for month in sorted(months):
        connection.execute("SELECT devices.ensure_reading_partitions(%(month)s, %(month)s)", {"month": _start(month)})


def _start(month: dt.date) -> dt.datetime:
    return dt.datetime.combine(month, dt.time(), dt.UTC)


def _store_readings(connection: Connection[Any], rows: Sequence[Row], counts: Counts) -> None:
    installations, instants, values, messages = zip(*rows, strict=True)
    received = [message.received_at for message in messages]
    answer = connection.execute(
        _READINGS, [list(installations), list(instants), list(values), received, max(received)]
    ).fetchone()
    counts.readings = answer[0] if answer else 0
    if counts.readings < len(rows):
        # Some were there before, or twice in this batch: the same value is a redelivery, another is a contradiction.
        topics = [message.topic for message in messages]
        cursor = connection.execute(_CONFLICTS, [list(installations), list(instants), list(values), topics, received])
        counts.conflicts = cursor.rowcount
        counts.duplicates = len(rows) - counts.readings - counts.conflicts


def _store_dead_letters(connection: Connection[Any], refused: Sequence[Refused]) -> int:
    messages = [letter.read.message for letter in refused]
    heard = [letter.read.heard for letter in refused]
    return connection.execute(
        _DEAD_LETTERS,
        [
            [message.topic for message in messages],
            [message.payload for message in messages],
            [message.digest for message in messages],
            [letter.reason for letter in refused],
            [readable(letter.sentence) for letter in refused],
            [message.received_at for message in messages],
            [message.receipt.mid if message.receipt else 0 for message in messages],
            [message.retain for message in messages],
            [message.dup for message in messages],
            [one.dialect.name if one else "" for one in heard],
            [one.prefix if one else "" for one in heard],
            [_measured(letter.read) for letter in refused],
        ],
    ).rowcount


def _measured(read: Read) -> str | None:
    """Return as JSON what was read with a memory nobody will have when the letter is replayed; None elsewhere."""
    if read.heard is None or not read.heard.dialect.has_memory or not read.measurements:
        return None
    return json.dumps([[m.serial, m.channel, m.time.isoformat(), f"{m.value:f}"] for m in read.measurements])
