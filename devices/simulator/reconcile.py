"""What became of everything a ledger says was published: stored, kept as a dead letter, still queued, or missing.

Counted in distinct messages, since a message is stored whole or refused whole. The comparison is made by the database,
on temporary tables filled from the ledger, and knows nothing of the dialects' decoder: a second opinion.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devices.simulator.ledger import acknowledged_in, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg import Connection

    from devices.simulator.ledger import Entry

_TABLES = """
CREATE TEMPORARY TABLE said (n int, digest bytea) ON COMMIT DROP;
CREATE TEMPORARY TABLE meant (n int, serial text, channel text, ts timestamptz, value numeric) ON COMMIT DROP
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
LEFT JOIN devices.reading r ON r.installation_id = i.id AND r.ts = m.ts AND r.ts BETWEEN %(first)s AND %(last)s
"""

# A letter that was replayed since is counted where it went.
_FATES = """
CREATE TEMPORARY TABLE fate ON COMMIT DROP AS
SELECT s.digest, count(*) AS times, bool_or(s.n <= %(acknowledged)s) AS acknowledged,
    coalesce(bool_and(w.stored), false) AS stored, coalesce(max(l.letters), 0) AS letters
FROM said s
LEFT JOIN (SELECT n, bool_and(coalesce(here, false)) AS stored FROM found GROUP BY n) w USING (n)
LEFT JOIN (SELECT digest, count(*) AS letters FROM devices.dead_letter GROUP BY digest) l USING (digest)
GROUP BY s.digest
"""

_ANSWER = """
SELECT
    count(*) FILTER (WHERE stored) AS stored,
    count(*) FILTER (WHERE NOT stored AND letters > 0) AS dead_letters,
    count(*) FILTER (WHERE NOT stored AND letters = 0 AND acknowledged) AS waiting,
    count(*) FILTER (WHERE NOT stored AND letters = 0 AND NOT acknowledged) AS unacknowledged,
    coalesce(sum(times) - count(*), 0)::int AS repeated,
    coalesce(sum(greatest(letters - times, 0)), 0)::int AS letters_twice
FROM fate
"""

_VALUES = """
SELECT
    (SELECT count(*) FROM (SELECT DISTINCT installation_id, ts FROM found WHERE stands) x) AS values_stored,
    (SELECT count(*) FROM (SELECT DISTINCT installation_id, ts, value FROM found WHERE here AND NOT stands) x)
        AS conflicts,
    (SELECT count(*) FROM devices.reading r
        WHERE r.installation_id = ANY (SELECT installation_id FROM found)
        AND r.ts BETWEEN %(first)s AND %(last)s
        AND NOT EXISTS (
            SELECT FROM found f
            WHERE f.installation_id = r.installation_id AND f.ts = r.ts AND f.value = r.value)) AS stowaways
"""

_MISSING = """
SELECT min(s.n) FROM said s JOIN fate f USING (digest)
WHERE NOT f.stored AND f.letters = 0 AND f.acknowledged GROUP BY s.digest
"""

_GAPS = """
SELECT m.serial, min(m.ts), max(m.ts), count(*) FROM meant m JOIN said s USING (n) JOIN fate f USING (digest)
WHERE NOT f.stored AND f.letters = 0 AND f.acknowledged
GROUP BY m.serial ORDER BY m.serial
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """Readings of a sensor that are nowhere: how many, from when to when."""

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
    """Not here yet, and the broker still holds as many for somebody."""
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


def reconcile(connection: Connection[Any], path: Path, queued: Callable[[], int] = lambda: 0) -> Account:
    """Return the account of the ledger at `path`, in a transaction of its own of the worker's role.

    `queued` says how many messages the broker still holds; it is asked only where some have not arrived.
    """
    with connection.transaction():
        asked = _judge(connection, path)
        stored, letters, waiting, unacknowledged, repeated, twice = _row(connection, _ANSWER)
        values, conflicts, stowaways = _row(connection, _VALUES, asked)
        gaps = tuple(
            Gap(serial, first.isoformat(), last.isoformat(), readings)
            for serial, first, last, readings in connection.execute(_GAPS)
        )
    still = min(waiting, queued()) if waiting else 0
    return Account(
        published=stored + letters + waiting,
        stored=stored,
        dead_letters=letters,
        queued=still,
        missing=waiting - still,
        duplicates=twice,
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


def _judge(connection: Connection[Any], path: Path) -> dict[str, Any]:
    """Make the temporary tables, down to `fate`, in the open transaction; return what other queries need."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    _copy(connection, path)
    first, last = connection.execute("SELECT min(ts), max(ts) FROM meant").fetchone() or (None, None)
    asked = {"first": first, "last": last, "acknowledged": acknowledged_in(path)}
    connection.execute(_FOUND, asked)
    connection.execute("ANALYZE found")
    connection.execute(_FATES, asked)
    return asked


def _row(connection: Connection[Any], query: str, parameters: dict[str, Any] | None = None) -> tuple[int, ...]:
    row: tuple[int, ...] = connection.execute(query, parameters).fetchone() or ()
    return row


def _copy(connection: Connection[Any], path: Path) -> None:
    """Fill the temporary tables; COPY takes one table at a time, so the ledger is read twice."""
    cursor = connection.cursor()
    with cursor.copy("COPY said (n, digest) FROM STDIN") as copy:
        for entry in read_entries(path):
            copy.write_row((entry.n, entry.digest))
    with cursor.copy("COPY meant (n, serial, channel, ts, value) FROM STDIN") as copy:
        for entry in read_entries(path):
            for row in _meant(entry):
                copy.write_row((entry.n, *row))
    connection.execute("ANALYZE said")
    connection.execute("ANALYZE meant")


def _meant(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    """Yield what a message means to say, as text for the database to read; nothing where it says nothing whole."""
    try:
        readings = json.loads(entry.payload, parse_float=str, parse_int=str, parse_constant=_refuse)["readings"]
        rows = [(r["channel"], r["time"], r["value"]) for r in readings]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    serial = entry.topic.split("/")[2]
    for channel, time, value in rows:
        yield serial, channel, time, value


def _refuse(constant: str) -> None:
    raise ValueError(constant)
