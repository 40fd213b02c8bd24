"""What became of everything a ledger says was published: stored, kept as a dead letter, still queued, or missing.

Counted in distinct messages, since a message is stored whole or refused whole. The comparison is made by the database,
on temporary tables filled from what the ledger says was meant, and knows nothing of our decoders: a second opinion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devices.simulator.ledger import acknowledged_in, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from psycopg import Connection

_TABLES = """
CREATE TEMPORARY TABLE said (n int, key bytea, digest bytea, time_of_many int) ON COMMIT DROP;
CREATE TEMPORARY TABLE meant (n int, serial text, channel text, ts timestamptz, value numeric) ON COMMIT DROP
"""

# Readings their message does not date stand under their reception: they are known by their value, and said as often as
# they are stored.
_UNDATED = """
CREATE TEMPORARY TABLE undated ON COMMIT DROP AS
WITH meant_once AS (
    SELECT m.n, i.id AS installation_id, m.value,
        row_number() OVER (PARTITION BY i.id, m.value ORDER BY m.n) AS time_of_many
    FROM meant m
    LEFT JOIN devices.device d ON d.serial = m.serial
    LEFT JOIN devices.installation i ON i.device_id = d.id AND i.channel = m.channel AND i.period @> now()
    WHERE m.ts IS NULL
), heard AS (
    SELECT r.installation_id, r.value, count(*) AS times FROM devices.reading r
    WHERE r.installation_id = ANY (SELECT installation_id FROM meant_once) GROUP BY 1, 2
)
SELECT m.n, coalesce(m.installation_id, h.installation_id) AS installation_id, coalesce(m.value, h.value) AS value,
    m.time_of_many, coalesce(h.times, 0) AS times
FROM meant_once m FULL JOIN heard h ON h.installation_id = m.installation_id AND h.value = m.value
"""

# What stands there now, aside: of a month that is being filled the server has counted nothing yet, takes it for nearly
# empty and would compare each reading with each.
_STANDING = """
CREATE TEMPORARY TABLE standing ON COMMIT DROP AS
SELECT r.installation_id, r.ts, r.value FROM devices.reading r
WHERE r.ts BETWEEN %(first)s AND %(last)s AND r.installation_id IN (
    SELECT i.id FROM devices.installation i JOIN devices.device d ON d.id = i.device_id
    WHERE d.serial IN (SELECT serial FROM meant))
"""

# A reading is found where it stands, or as the one that came second and contradicts (reading_conflict).
_FOUND = """
CREATE TEMPORARY TABLE found ON COMMIT DROP AS
SELECT m.n, i.id AS installation_id, m.ts, m.value, r.value = m.value AS stands,
    r.value = m.value OR EXISTS (
        SELECT FROM devices.reading_conflict c
        WHERE c.installation_id = i.id AND c.ts = m.ts AND c.arrived_value = m.value) AS here
FROM meant m
LEFT JOIN devices.device d ON d.serial = m.serial
LEFT JOIN devices.installation i ON i.device_id = d.id AND i.channel = m.channel AND i.period @> m.ts
LEFT JOIN standing r ON r.installation_id = i.id AND r.ts = m.ts
WHERE m.ts IS NOT NULL
"""

# A letter that was replayed since is counted where it went.
_FATES = """
CREATE TEMPORARY TABLE fate ON COMMIT DROP AS
SELECT s.key, s.digest, count(*) AS times, bool_or(s.n <= %(acknowledged)s) AS acknowledged,
    coalesce(bool_and(w.stored), false) AS stored,
    coalesce(max(CASE s.time_of_many WHEN 0 THEN l.letters ELSE (l.letters >= s.time_of_many)::int END), 0) AS letters
FROM said s
LEFT JOIN (
    SELECT n, bool_and(coalesce(here, false)) AS stored FROM (
        SELECT n, here FROM found UNION ALL SELECT n, time_of_many <= times FROM undated WHERE n IS NOT NULL
    ) x GROUP BY n
) w USING (n)
LEFT JOIN (SELECT digest, count(*) AS letters FROM devices.dead_letter GROUP BY digest) l USING (digest)
GROUP BY s.key, s.digest
"""

_ANSWER = """
SELECT
    count(*) FILTER (WHERE stored) AS stored,
    count(*) FILTER (WHERE NOT stored AND letters > 0) AS dead_letters,
    count(*) FILTER (WHERE NOT stored AND letters = 0 AND NOT acknowledged) AS unacknowledged,
    coalesce(sum(times) - count(*), 0)::int AS repeated,
    coalesce(sum(greatest(letters - times, 0)), 0)::int AS letters_twice
FROM fate
"""

_WAITING = "SELECT digest FROM fate WHERE NOT stored AND letters = 0 AND acknowledged"

_VALUES = """
SELECT
    (SELECT count(*) FROM (SELECT DISTINCT installation_id, ts FROM found WHERE stands) x)
        + (SELECT count(*) FROM undated WHERE time_of_many <= times) AS values_stored,
    (SELECT count(*) FROM (SELECT DISTINCT installation_id, ts, value FROM found WHERE here AND NOT stands) x)
        AS conflicts,
    (SELECT count(*) FROM standing r
        WHERE r.installation_id = ANY (SELECT installation_id FROM found)
        AND NOT EXISTS (
            SELECT FROM found f
            WHERE f.installation_id = r.installation_id AND f.ts = r.ts AND f.value = r.value))
        + (SELECT coalesce(sum(times), 0) FROM undated WHERE n IS NULL)::int AS stowaways,
    (SELECT coalesce(sum(greatest(times - said, 0)), 0)::int FROM (
        SELECT max(times) AS times, count(*) AS said FROM undated WHERE n IS NOT NULL
        GROUP BY installation_id, value) x) AS stored_twice
"""

_MISSING = """
SELECT min(s.n) FROM said s JOIN fate f USING (key)
WHERE NOT f.stored AND f.letters = 0 AND f.acknowledged GROUP BY s.key
"""

_GAPS = """
SELECT m.serial, min(m.ts), max(m.ts), count(*) FROM meant m JOIN said s USING (n) JOIN fate f USING (key)
WHERE NOT f.stored AND f.letters = 0 AND f.acknowledged
GROUP BY m.serial ORDER BY m.serial
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """Readings of a sensor that are nowhere: how many, from when to when ("" where its messages do not say)."""

    serial: str
    first: str
    last: str
    readings: int


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the distinct messages of a ledger; published = stored + dead_letters + queued + missing."""

    published: int
    """Distinct messages the broker acknowledged, or that arrived without our knowing."""
    stored: int
    dead_letters: int
    queued: int
    """Not here yet, and the broker still holds them (`devices.simulator.broker_queue` says how exactly)."""
    missing: int
    duplicates: int
    """Readings or letters that are here more often than they were published."""
    stowaways: int
    """Readings of these sensors that no ledger line says."""
    conflicts: int
    """Readings kept beside another value for the same instant."""
    repeated: int
    """Messages published once more, on purpose, that were rightly stored once."""
    unacknowledged: int
    """Messages the simulator ended too early to know of; a sensor would send them again."""
    values_stored: int
    gaps: tuple[Gap, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is lost and nothing counts twice."""
        return not (self.missing or self.duplicates or self.stowaways)


def nothing_waits(_missing: Sequence[bytes]) -> int:
    """Return that the broker holds nothing."""
    return 0


def reconcile(
    connection: Connection[Any], path: Path, queued: Callable[[Sequence[bytes]], int] = nothing_waits
) -> Account:
    """Return the account of the ledger at `path`, in a transaction of its own of the worker's role.

    `queued` says how many of the messages with these digests the broker still holds; it is asked only where some have
    not arrived.
    """
    with connection.transaction():
        _judge(connection, path)
        stored, letters, unacknowledged, repeated, twice = _row(connection, _ANSWER)
        values, conflicts, stowaways, stored_twice = _row(connection, _VALUES)
        waiting = [digest for (digest,) in connection.execute(_WAITING)]
        gaps = tuple(
            Gap(serial, first.isoformat() if first else "", last.isoformat() if last else "", readings)
            for serial, first, last, readings in connection.execute(_GAPS)
        )
    still = queued(waiting) if waiting else 0
    return Account(
        published=stored + letters + len(waiting),
        stored=stored,
        dead_letters=letters,
        queued=still,
        missing=len(waiting) - still,
        duplicates=twice + stored_twice,
        stowaways=stowaways,
        conflicts=conflicts,
        repeated=repeated,
        unacknowledged=unacknowledged,
        values_stored=values,
        gaps=gaps,
    )


def missing_from(connection: Connection[Any], path: Path) -> set[int]:
    """Return the numbers of the acknowledged messages that have not arrived, each distinct one once."""
    with connection.transaction():
        _judge(connection, path)
        return {n for (n,) in connection.execute(_MISSING)}


def _judge(connection: Connection[Any], path: Path) -> None:
    """Make the temporary tables, down to `fate`, in the open transaction."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    _copy(connection, path)
    first, last = connection.execute("SELECT min(ts), max(ts) FROM meant").fetchone() or (None, None)
    connection.execute(_STANDING, {"first": first, "last": last})
    connection.execute("ANALYZE standing")
    connection.execute(_FOUND)
    connection.execute(_UNDATED)
    connection.execute("ANALYZE found")
    connection.execute("ANALYZE undated")
    connection.execute(_FATES, {"acknowledged": acknowledged_in(path)})


def _row(connection: Connection[Any], query: str) -> tuple[int, ...]:
    row: tuple[int, ...] = connection.execute(query).fetchone() or ()
    return row


def _copy(connection: Connection[Any], path: Path) -> None:
    """Fill the temporary tables; COPY takes one table at a time, so the ledger is read twice.

    A message that dates itself is the same however often it is said; one that does not is another each time, and waits
    for its own letter or reading: `time_of_many` counts those alike from 1.
    """
    alike: dict[bytes, int] = {}
    cursor = connection.cursor()
    with cursor.copy("COPY said (n, key, digest, time_of_many) FROM STDIN") as copy:
        for entry in read_entries(path):
            digest = entry.digest
            if any(time is None for _, time, _ in entry.means):
                alike[digest] = alike.get(digest, 0) + 1
                copy.write_row((entry.n, digest + b"%d" % entry.n, digest, alike[digest]))
            else:
                copy.write_row((entry.n, digest, digest, 0))
    with cursor.copy("COPY meant (n, serial, channel, ts, value) FROM STDIN") as copy:
        for entry in read_entries(path):
            for row in entry.means:
                copy.write_row((entry.n, entry.serial, *row))
    connection.execute("ANALYZE said")
    connection.execute("ANALYZE meant")
