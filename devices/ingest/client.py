"""paho's client with fewer turns to the kernel: it reads its socket in large pieces and acknowledges many at once.

paho 2.2 asks the kernel four times for each message and once for each acknowledgement, which is half of what a message
costs; everything else stays paho's. What was read belongs to one socket and is forgotten with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_AT_ONCE = 64 * 1024
PUBACK = PacketTypes.PUBACK << 4


class EagerClient(Client):
    """For a loop of one's own (`loop_read`, `loop_write`), whose select is to ask `has_unread` first."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unread = b""
        self._at = 0
        self._read_from: object = None

    @property
    def has_unread(self) -> bool:
        """Whether bytes are waiting that the kernel does not show any more."""
        return self._at < len(self._unread) and self._read_from is self._sock

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Send a PUBACK for each of `mids` in this order (MQTT 5 § 3.4.2.1: two bytes mean success), in one piece."""
        head = bytes((PUBACK, 2))
        self._packet_queue(PUBACK, b"".join(head + mid.to_bytes(2, "big") for mid in mids), 0, 1)

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.has_unread:
            self._read_from = self._sock
            self._unread, self._at = b"", 0
            self._unread = super()._sock_recv(READ_AT_ONCE)
        found = self._unread[self._at : self._at + bufsize]
        self._at += len(found)
        return found
