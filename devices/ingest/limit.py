"""How many messages of one topic are read in a minute: beyond, they are kept aside, and only that device's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from devices.ingest.message import Message

PER_MINUTE: Final = 60_000
"""A thousand a second for a minute: a sensor that empties its memory after months stays far below."""
MAX_TOPICS: Final = 200_000


class Limit:
    """Counts messages by topic, a minute of reception at a time."""

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._minute = -1
        self._counts: dict[str, int] = {}

    def spend(self, message: Message) -> None:
        """Count `message`; refuse it beyond the limit. What is refused is kept and can be replayed: nothing is lost."""
        minute = int(message.received_at.timestamp()) // 60
        if minute != self._minute or len(self._counts) >= MAX_TOPICS:
            self._minute = minute
            self._counts.clear()
        count = self._counts.get(message.topic, 0) + 1
        self._counts[message.topic] = count
        if count > self._per_minute:
            raise Unreadable(
                "too_fast",
                f"Plus de {self._per_minute} messages en une minute sous ce sujet : les suivants sont mis de côté pour"
                " ne pas gêner les autres capteurs ; réglez l'appareil, puis rejouez les messages en attente.",
            )
