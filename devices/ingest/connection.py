"""The broker's side of ingest: one thread that alone speaks to paho.

MQTT 5, persistent session, QoS 1, acknowledged by hand. The thread drives paho's loop itself, because only so can it
stop reading while the buffer is full, and hand over acknowledgements without two threads writing one socket.
"""

from __future__ import annotations

import datetime as dt
import logging
import select
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from devices.ingest.client import EagerClient
from devices.ingest.heartbeat import SESSION_EXPIRY
from devices.ingest.message import Message, Receipt, readable
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from paho.mqtt.client import Client

    from devices.ingest.address import BrokerAddress
    from devices.ingest.buffer import Buffer
    from devices.ingest.client import Arrived
    from devices.ingest.subscriptions import Subscriptions

RECEIVE_MAXIMUM = 8_000
"""Messages the broker may send ahead of our acknowledgements (§ 3.1.2.11.3): a batch that is committed, one that is
read, two that arrive."""
KEEPALIVE = 30
PAUSE_LIMIT = 10.0
"""Seconds of not reading after which we leave, before our silence makes the broker think us dead."""
MAX_BACKOFF = 10.0
READS_IN_A_ROW = 200
NEVER_SEND_RETAINED = 2
"""§ 3.8.3.1: no retained message at subscription; each would come again with every connection."""
NOT_OURS_TO_RETRY = {0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C}
"""Reasons of a refused connection that waiting does not change: version, client id, credentials, rights (§ 3.2.2.2)."""
SEND_RETAINED = 0
"""Where the retained messages are announcements, which teach and measure nothing."""
TOPICS_A_PACKET = 100
"""A packet longer than the broker's max_packet_size ends the connection."""
SHORT = 5.0
"""Seconds a connection lasts at least that is not torn down by somebody else's."""
SHORT_IN_A_ROW = 5
"""Connections this short in a row are a fight: Mosquitto says why it ends one, but paho 2.2 does not tell us."""

log = logging.getLogger(__name__)


class Connection(threading.Thread):
    """Brings messages to `buffer`, takes acknowledgements; ends when told to, or with `failure` set."""

    def __init__(self, address: BrokerAddress, client_id: str, wanted: Subscriptions, buffer: Buffer) -> None:
        super().__init__(name="mqtt", daemon=True)
        self.failure: Exception | None = None
        self.connected = False
        """Whether we are connected and the broker has confirmed the subscriptions."""
        self.heard_at = time.monotonic()
        """When the last message came, or else when we last connected."""
        self._address = address
        self._client_id = client_id
        self._wanted = wanted
        self._announced: dict[str, None] = {}
        self._listen_to: deque[str] = deque()
        self._to_say: deque[tuple[str, bytes]] = deque()
        self._demanded: set[int | None] = set()
        self._forgotten = False
        self._buffer = buffer
        self._generation = 0
        self._received = 0
        self._receipts: deque[Receipt] = deque()
        self._accepting = True
        self._leaving = False
        self._for_good = False
        self._retry_at = 0.0
        self._backoff = 0.0
        self._paused_since = 0.0
        self._connected_at: float | None = None
        self._short_in_a_row = 0
        self._client = self._prepare()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)

    # What other threads call.

    @property
    def subscribed(self) -> list[str]:
        """What the session is, or may still be, subscribed to."""
        old = [] if self._forgotten else self._wanted.no_more
        return [*self._wanted.topics, *self._announced, *self._listen_to, *old]

    def acknowledge(self, receipts: Sequence[Receipt]) -> None:
        """Tell the broker, in this order, that these messages are committed."""
        self._receipts.extend(receipts)
        self._poke()

    def stop_accepting(self) -> None:
        """Take no more messages; the broker keeps what it sends from now on for the next connection."""
        self._accepting = False
        self._poke()

    def listen(self, topics: Iterable[str]) -> None:
        """Listen to `topics` as well; a broker that refuses one of them is not asked again before we reconnect."""
        self._listen_to.extend(topics)
        self._poke()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish once and without guarantee (QoS 0), as commands to gateways are."""
        self._to_say.append((topic, payload))
        self._poke()

    def leave(self, *, for_good: bool = False) -> None:
        """Send what is still to be acknowledged, say goodbye and end; the session stays unless it is `for_good`."""
        self._for_good = for_good
        self._leaving = True
        self._poke()

    def _poke(self) -> None:
        try:
            self._wake.send(b"\0")
        except OSError:
            log.debug("the network thread has ended")

    # The thread.

    def run(self) -> None:
        """Run until left or until something fails that retrying does not mend."""
        try:
            while not self._leaving:
                if self._client.socket() is None:
                    self._reconnect()
                else:
                    self._turn()
            self._say_goodbye()
        except Exception as error:  # noqa: BLE001 - whatever ends this thread must end the process, with its reason
            self.failure = error
        finally:
            self.connected = False
            self._wake.close()
            self._woken.close()

    def _prepare(self) -> EagerClient:
        client = EagerClient(CallbackAPIVersion.VERSION2, self._client_id, protocol=MQTTv5, manual_ack=True)
        self._address.prepare(client)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_arrival = self._on_arrival
        client.on_socket_open = self._on_socket_open
        # With this set, paho leaves writing to the loop that reads: ours.
        client.on_socket_register_write = lambda *_: None
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left this class untyped
        properties.SessionExpiryInterval = SESSION_EXPIRY
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect_async(
            self._address.host, self._address.port, KEEPALIVE, clean_start=False, properties=properties
        )
        return client

    def _reconnect(self) -> None:
        """Connect, unless it is too soon or the buffer is still more than half full."""
        if time.monotonic() < self._retry_at or not self._accepting or not self._buffer.half_empty:
            self._wait_for(None, 0.2)
            return
        # A new connection: packet identifiers start to mean something else, and what is not acknowledged comes again.
        self._generation += 1
        self._backoff = min(MAX_BACKOFF, self._backoff * 2 or 0.2)
        self._retry_at = time.monotonic() + self._backoff
        try:
            self._client.reconnect()
        except OSError as error:
            if refusal := self._address.refusal(error):
                raise refusal from None
            log.warning("broker %s:%s: %s", self._address.host, self._address.port, error)

    def _turn(self) -> None:
        """Read what fits, acknowledge what is committed, keep the connection alive."""
        reading = self._accepting and self._buffer.has_room
        if self._client.want_write():
            self._client.loop_write()
        if self._wait_for(self._client.socket() if reading else None, 1.0 if reading else 0.05):
            self._read()
        self._acknowledge()
        self._speak()
        self._client.loop_misc()
        if reading or not self._accepting:
            self._paused_since = time.monotonic()
        elif time.monotonic() - self._paused_since > PAUSE_LIMIT and self._client.socket() is not None:
            log.warning("the database does not keep up: leaving the broker until half of the buffer is committed")
            self._client.disconnect()
            self._client.loop_write()

    def _wait_for(self, sock: Any, timeout: float) -> bool:
        """Wait until `sock` can be read, or we have something to say, or `timeout` seconds have passed."""
        if sock is not None and (self._client.has_unread or getattr(sock, "pending", int)()):
            return True  # we, or TLS, hold bytes the kernel no longer shows
        watched = [self._woken] if sock is None else [self._woken, sock]
        full = [sock] if sock is not None and self._client.want_write() else []
        ready, _, _ = select.select(watched, full, [], timeout)
        if self._woken in ready:
            self._woken.recv(65536)
        return sock in ready

    def _read(self) -> None:
        for _ in range(READS_IN_A_ROW):
            before = self._received
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            if self._received == before or not self._buffer.has_room or not self._accepting:
                return

    def _acknowledge(self) -> None:
        receipts = [self._receipts.popleft() for _ in range(len(self._receipts))]
        # An older connection's identifier would acknowledge another message, one not committed.
        if mids := [receipt.mid for receipt in receipts if receipt.generation == self._generation]:
            self._client.acknowledge(mids)

    def _speak(self) -> None:
        """Do what other threads asked for, once connected; what was asked before comes with the connection."""
        if not self.connected:
            return
        new = [self._listen_to.popleft() for _ in range(len(self._listen_to))]
        new = [topic for topic in new if topic not in self._announced and not self._wanted.catch(topic)]
        self._announced.update(dict.fromkeys(new))
        self._subscribe_announced(new)
        while self._to_say:
            self._client.publish(*self._to_say.popleft())

    def _subscribe_announced(self, topics: Sequence[str]) -> None:
        options = SubscribeOptions(qos=1, retainHandling=NEVER_SEND_RETAINED)
        for group in _packets(topics):
            self._client.subscribe([(topic, options) for topic in group])

    def _subscribe(self, topics: str) -> int | None:
        """Subscribe to one filter, with its identifier where it needs one; return the packet's."""
        handling = SEND_RETAINED if topics in self._wanted.retained else NEVER_SEND_RETAINED
        properties = None
        if identifier := self._wanted.identifier(topics):
            properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call] # paho left this class untyped
            properties.SubscriptionIdentifier = identifier
        options = SubscribeOptions(qos=1, retainHandling=handling)
        return self._client.subscribe(topics, options=options, properties=properties)[1]

    def _say_goodbye(self) -> None:
        if self._client.socket() is None:
            return
        self._acknowledge()
        ends = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call] # paho left this class untyped
        if self._for_good:
            ends.SessionExpiryInterval = 0
        self._client.disconnect(properties=ends)
        until = time.monotonic() + 5
        while self._client.socket() is not None and self._client.want_write() and time.monotonic() < until:
            self._client.loop_write()

    # What paho calls, in this thread.

    def _on_socket_open(self, _client: Client, _userdata: Any, sock: Any) -> None:
        """Let the kernel notice a dead line even while we do not read."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, option):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

    def _on_connect(self, _client: Client, _userdata: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            if reason.value in NOT_OURS_TO_RETRY:
                raise Refusal(
                    "Le courtier MQTT {host} refuse la connexion ({reason}) ; vérifiez l'utilisateur et le mot de passe"
                    " de l'adresse MQTT.",
                    host=self._address.host,
                    reason=reason,
                )
            log.warning("broker refuses for now: %s", reason)
            return
        # What older connections brought stays in the buffer, although it comes again: a broker that crashed may have
        # forgotten it, and committing it twice changes nothing.
        log.info("connected, session %s", "resumed" if flags.session_present else "new")
        self._connected_at = self.heard_at = time.monotonic()
        self._demanded = {self._subscribe(topics) for topics in self._wanted.topics}
        self._subscribe_announced(list(self._announced))
        if not self._demanded:
            self._forget_the_unwanted()

    def _on_subscribe(self, _client: Client, _userdata: Any, mid: int, reasons: list[Any], _properties: Any) -> None:
        refused = any(reason.is_failure for reason in reasons)
        if mid not in self._demanded:
            if refused:
                log.warning("the broker refuses topics that were announced to us")
            return
        if refused:
            raise Refusal(
                "Le courtier MQTT {host} refuse l'abonnement à {topics} ; donnez ce droit à l'utilisateur {user}.",
                host=self._address.host,
                topics=", ".join(self._wanted.topics),
                user=self._address.username or "anonyme",
            )
        self._demanded.remove(mid)
        if self._demanded:
            return
        self._forget_the_unwanted()
        log.info("listening to %s", ", ".join(self._wanted.topics))

    def _forget_the_unwanted(self) -> None:
        """End what the session is still subscribed to from another time: after what replaces it, so without a gap."""
        for group in _packets(self._wanted.no_more):
            self._client.unsubscribe(group)
        self._forgotten = True
        self.connected = True

    def _on_disconnect(self, _client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        log.info("disconnected: %s", reason)
        self.connected = False
        if self._connected_at is None:
            return
        lasted = time.monotonic() - self._connected_at
        self._connected_at = None
        if lasted >= SHORT:
            self._short_in_a_row, self._backoff = 0, 0.0
            return
        self._short_in_a_row += 1
        if self._short_in_a_row >= SHORT_IN_A_ROW and not self._leaving:
            raise Refusal(
                "Le courtier MQTT {host} coupe la connexion aussitôt établie : un autre processus de collecte se "
                "connecte sans doute sous le même nom ({client_id}) ; n'en gardez qu'un, ou donnez-leur des noms "
                "différents.",
                host=self._address.host,
                client_id=self._client_id,
            )

    def _on_arrival(self, arrived: Arrived) -> None:
        self._received += 1
        self.heard_at = time.monotonic()
        try:
            topic = str(arrived.topic, "utf-8")
        except UnicodeDecodeError:
            topic = arrived.topic.decode("utf-8", "backslashreplace")
        if "\0" in topic:
            topic = readable(topic)
        receipt = Receipt(self._generation, arrived.mid) if arrived.mid else None
        copy = self._wanted.is_copy(topic, arrived.subscriptions)
        now = dt.datetime.now(dt.UTC)
        self._buffer.put(Message(topic, arrived.payload, now, receipt, arrived.dup, arrived.retain, copy))


def _packets(topics: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(topics), TOPICS_A_PACKET):
        yield list(topics[start : start + TOPICS_A_PACKET])
