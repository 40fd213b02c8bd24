"""Messages later ones cannot be read without, kept so that a new process can read on where the last one stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.dialects import home_assistant
from devices.dialects.listening import Heard
from devices.ingest.message import Message

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from psycopg import Connection

    from devices.ingest.hearing import Reader

_KEEP = """
INSERT INTO devices.announcement (topic, payload, received_at) VALUES (%b, %b, %b)
ON CONFLICT (topic) DO UPDATE SET payload = excluded.payload, received_at = excluded.received_at
"""
_ALL = "SELECT topic, payload, received_at FROM devices.announcement WHERE payload <> '' ORDER BY received_at, topic"


def keep(connection: Connection[Any], messages: Sequence[Message]) -> None:
    """Keep the latest announcement of each topic; an empty one says that its topic announces nothing any more."""
    latest = {message.topic: message for message in messages}
    for topic in sorted(latest):
        connection.execute(_KEEP, [topic, latest[topic].payload, latest[topic].received_at])


def recall(connection: Connection[Any], reader: Reader) -> None:
    """Let `reader` learn what is kept."""
    rows: Sequence[tuple[str, bytes, dt.datetime]] = connection.execute(_ALL).fetchall()
    for topic, payload, received_at in rows:
        reader.read(Message(topic, payload, received_at, None), Heard(home_assistant.DIALECT))
