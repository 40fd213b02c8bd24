"""What an ingest process says about itself once a minute; silence is the alarm."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from psycopg import Connection

    from devices.ingest.message import Counts

SESSION_EXPIRY = 7 * 24 * 3600
"""Seconds the broker keeps messages for a process that is away (MQTT 5 § 3.1.2.11.2; the default is 0)."""

_BEAT = """
INSERT INTO devices.ingest_heartbeat (client_id, started_at, connected, last_commit_at, buffered, subscriptions,
    messages, readings, duplicates, conflicts, dead_letters, retained, unmeasured, ignored)
VALUES (%(client_id)s, %(started_at)s, %(connected)s, %(last_commit_at)s, %(buffered)s, %(subscriptions)s,
    %(messages)s, %(readings)s, %(duplicates)s, %(conflicts)s, %(dead_letters)s, %(retained)s, %(unmeasured)s,
    %(ignored)s)
"""

# Of each name the last word: names are few, their heartbeats are many.
_LAST = """
WITH RECURSIVE client AS (
    (SELECT client_id FROM devices.ingest_heartbeat ORDER BY client_id LIMIT 1)
    UNION ALL
    SELECT (SELECT h.client_id FROM devices.ingest_heartbeat h WHERE h.client_id > c.client_id
        ORDER BY h.client_id LIMIT 1) FROM client c WHERE c.client_id IS NOT NULL
)
SELECT c.client_id, last.subscriptions FROM client c, LATERAL (
    SELECT h.subscriptions FROM devices.ingest_heartbeat h WHERE h.client_id = c.client_id ORDER BY h.at DESC, h.id DESC
    LIMIT 1) last
WHERE c.client_id IS NOT NULL
"""


class Beat(NamedTuple):
    """One heartbeat; `counts` are since `started_at`."""

    client_id: str
    started_at: dt.datetime
    connected: bool
    last_commit_at: dt.datetime | None
    counts: Counts
    buffered: int
    subscriptions: Sequence[str]
    """What the broker may hold for this name: written down before it is asked for."""


def write(connection: Connection[Any], beat: Beat) -> None:
    """Add `beat` to the table, in the open transaction or one of its own."""
    values = beat._asdict() | {"subscriptions": list(beat.subscriptions)}
    connection.execute(_BEAT, values | asdict(beat.counts))


def subscribed(connection: Connection[Any]) -> dict[str, tuple[str, ...]]:
    """Return what each process that ever beat may be subscribed to at the broker, by its name."""
    return {client_id: tuple(subscriptions) for client_id, subscriptions in connection.execute(_LAST)}
