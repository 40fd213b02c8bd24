"""paho's client with fewer turns to the kernel, and messages taken whole from what was read.

paho 2.2 asks the kernel four times for each message and once for each acknowledgement, and makes a table of every
property a message could have: three quarters of what a message costs. Reading and acknowledging many at once and the
PUBLISH packet (MQTT 5 § 3.3) are ours, everything else stays paho's. What was read belongs to one socket and is
forgotten with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

READ_AT_ONCE = 64 * 1024
PUBACK = PacketTypes.PUBACK << 4
MORE = 0x80
"""Bit of a byte of a length that another one follows (§ 1.5.5)."""


class Arrived(NamedTuple):
    """A PUBLISH packet; `mid` is 0 where no acknowledgement is expected (QoS 0)."""

    topic: bytes
    payload: bytes
    mid: int
    dup: bool
    retain: bool
    subscriptions: Sequence[int]
    """Identifiers of the subscriptions that caught it (§ 3.3.2.3.8)."""


class EagerClient(Client):
    """For a loop of one's own (`loop_read`, `loop_write`), whose select is to ask `has_unread` first.

    Messages of QoS 0 and 1 go to `on_arrival`; acknowledging is the caller's.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on_arrival: Callable[[Arrived], None] = lambda _: None
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

    def _packet_read(self) -> MQTTErrorCode:
        """Take the next packet: by ourselves where it is a message that stands whole in what was read."""
        if self._in_packet["command"] == 0 and self.has_unread and _is_ours(head := self._unread[self._at]):
            start, length = _length(self._unread, self._at + 1)
            if length is not None and start + length <= len(self._unread):
                self._at = start + length
                self.on_arrival(_arrived(head, self._unread[start : self._at]))
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._packet_read()

    def _handle_publish(self) -> MQTTErrorCode:
        """Take a message paho put together from pieces."""
        head = self._in_packet["command"]
        if not _is_ours(head):
            return super()._handle_publish()
        self.on_arrival(_arrived(head, bytes(self._in_packet["packet"])))
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def _is_ours(head: int) -> bool:
    """Say whether a packet that begins with `head` is a message of QoS 0 or 1."""
    return head >> 4 == PacketTypes.PUBLISH and head & 6 < 4


def _length(data: bytes, at: int) -> tuple[int, int | None]:
    """Return where what follows the length at `at` begins and that length (§ 1.5.5), None where it is not all there."""
    length = 0
    for digit, byte in enumerate(data[at : at + 4]):
        length |= (byte & 0x7F) << 7 * digit
        if byte < MORE:
            return at + digit + 1, length
    return at, None


def _arrived(head: int, rest: bytes) -> Arrived:
    """Return the message of a PUBLISH packet: its first byte, and what follows its length (§ 3.3.1 to § 3.3.3)."""
    at = 2 + int.from_bytes(rest[:2], "big")
    topic, mid = rest[2:at], 0
    if head & 6:
        mid = int.from_bytes(rest[at : at + 2], "big")
        at += 2
    subscriptions: Sequence[int] = ()
    if rest[at]:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho left this class untyped
        at += properties.unpack(rest[at:])[1]  # type: ignore[no-untyped-call] # as above
        subscriptions = getattr(properties, "SubscriptionIdentifier", ())
    else:
        at += 1
    return Arrived(topic, rest[at:], mid, bool(head & 8), bool(head & 1), subscriptions)
