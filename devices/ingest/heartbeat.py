"""What an ingest process says about itself once a minute; silence is the alarm."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

    from psycopg import Connection

    from devices.ingest.message import Counts

_BEAT = """
INSERT INTO devices.ingest_heartbeat (client_id, started_at, connected, last_commit_at, buffered,
    messages, readings, duplicates, conflicts, dead_letters, retained)
VALUES (%(client_id)s, %(started_at)s, %(connected)s, %(last_commit_at)s, %(buffered)s,
    %(messages)s, %(readings)s, %(duplicates)s, %(conflicts)s, %(dead_letters)s, %(retained)s)
"""


class Beat(NamedTuple):
    """One heartbeat; `counts` are since `started_at`."""

    client_id: str
    started_at: dt.datetime
    connected: bool
    last_commit_at: dt.datetime | None
    counts: Counts
    buffered: int


def write(connection: Connection[Any], beat: Beat) -> None:
    """Add `beat` to the table, in the open transaction or one of its own."""
    connection.execute(_BEAT, beat._asdict() | asdict(beat.counts))
