"""Channels devices speak of that serve no metering point: ignored, counted, and shown to whoever installs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from decimal import Decimal

    from psycopg import Connection

    from devices.dialects.measurement import Measurement

MAX_CHANNELS = 10_000
"""Between two heartbeats; beyond, they are counted and not told apart."""

_WRITE = """
INSERT INTO devices.unserved_channel (serial, channel, heard, last_at, last_value)
SELECT * FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::timestamptz[], %b::numeric[])
ON CONFLICT (serial, channel) DO UPDATE SET heard = unserved_channel.heard + excluded.heard,
    last_at = greatest(unserved_channel.last_at, excluded.last_at), last_value = excluded.last_value
"""


class Unserved:
    """Counts in memory and writes with each heartbeat: a kill costs a minute of counting, never a reading."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], tuple[int, dt.datetime, Decimal]] = {}

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Count `measurements`."""
        for serial, channel, time, value in measurements:
            number = self._heard.get((serial, channel), (0,))[0]
            if number or len(self._heard) < MAX_CHANNELS:
                self._heard[serial, channel] = number + 1, time, value

    def write(self, connection: Connection[Any]) -> None:
        """Add what was counted since the last time to the table, in the open transaction."""
        if not self._heard:
            return
        names, counted = zip(*sorted(self._heard.items()), strict=True)
        columns = [list(column) for column in (*zip(*names, strict=True), *zip(*counted, strict=True))]
        connection.execute(_WRITE, columns)

    def clear(self) -> None:
        """Begin to count again: what was counted is committed."""
        self._heard.clear()
