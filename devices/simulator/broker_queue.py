"""Which messages the broker still holds for the collection: looked at one by one where nobody listens meanwhile.

Mosquitto says how many messages it stores for everybody ($SYS), and for no session by itself. But a session can be
entered under its name, shown everything (MQTT 5: as many messages unacknowledged as ReceiveMaximum allows), and left
without an acknowledgement: all of it stays, marked as delivered before (DUP), which changes nothing for who comes next.
While an ingest process runs this would throw it out, and what waits is about to be stored: the count of $SYS is taken
then, which is exact where no other publisher's messages wait.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.ingest.address import BrokerAddress
from devices.ingest.heartbeat import SESSION_EXPIRY, subscribed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paho.mqtt.client import MQTTMessage
    from psycopg import Connection

STORED: Final = "$SYS/broker/store/messages/count"
RETAINED: Final = "$SYS/broker/retained messages/count"
TICK: Final = "$SYS/broker/uptime"
PATIENCE: Final = 25.0
"""Seconds; Mosquitto speaks every ten (sys_interval)."""
QUIET: Final = 2.0
"""Seconds without a message after which a session has shown everything."""
MOST: Final = 65_535
"""Messages a session can show (MQTT 5 § 3.1.2.11.3: ReceiveMaximum has two bytes)."""

_RUNNING = """
SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE application_name = 'fleet-ingest' AND datname = current_database())
"""


def waiting_among(connection: Connection[Any], url: str, missing: Sequence[bytes]) -> int:
    """Return how many of `missing` (digests of topic and payload) the broker at `url` still holds for ingest."""
    running = connection.execute(_RUNNING).fetchone()
    sessions = [name for name, topics in subscribed(connection).items() if topics]
    if running != (True,):
        held = _shown(url, sessions)
        if held is not None:
            return (Counter(missing) & held).total()
    return min(len(missing), _stored(url))


def _shown(url: str, sessions: Iterable[str]) -> Counter[bytes] | None:
    """Return what waits in `sessions`, by digest; None where one of them holds more than it can show."""
    found: Counter[bytes] = Counter()
    for session in sessions:
        held = _shown_by(url, session)
        if held.total() >= MOST:
            return None
        found += held
    return found


def _shown_by(url: str, session: str) -> Counter[bytes]:
    held: dict[int, bytes] = {}
    last = [0.0]
    present = threading.Event()
    connected = threading.Event()

    def on_connect(_client: Client, _userdata: Any, flags: Any, reason: Any, _properties: Any) -> None:
        last[0] = time.monotonic()
        if flags.session_present and not reason.is_failure:
            present.set()
        connected.set()

    def on_message(_client: Client, _userdata: Any, message: MQTTMessage) -> None:
        last[0] = time.monotonic()
        topic = message._topic  # noqa: SLF001 - the text of it raises where it is no UTF-8
        held[message.mid] = hashlib.sha256(topic + b"\0" + message.payload).digest()

    client = Client(CallbackAPIVersion.VERSION2, session, protocol=MQTTv5, manual_ack=True)
    address = BrokerAddress.parse(url)
    address.prepare(client)
    client.on_connect, client.on_message = on_connect, on_message
    enters = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left this class untyped
    enters.SessionExpiryInterval, enters.ReceiveMaximum = SESSION_EXPIRY, MOST
    address.connect(client, clean_start=False, properties=enters)
    client.loop_start()
    try:
        while connected.wait(PATIENCE) and present.is_set() and time.monotonic() - last[0] < QUIET:
            time.sleep(0.05)
    finally:
        leaves = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call] # paho left this class untyped
        if not present.is_set():
            leaves.SessionExpiryInterval = 0  # there was none: we leave none behind
        client.disconnect(properties=leaves)
        client.loop_stop()
    return Counter(held.values())


def _stored(url: str) -> int:
    """Return how many messages the broker holds for anybody and does not retain; 0 where it does not say."""
    counts: dict[str, int] = {}
    ticks = threading.Semaphore(0)

    def on_message(_client: Client, _userdata: Any, message: MQTTMessage) -> None:
        if message.topic == TICK:
            if not message.retain:
                ticks.release()
        else:
            counts[message.topic] = int(message.payload)

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    address = BrokerAddress.parse(url)
    address.prepare(client)
    client.on_connect = lambda client, *_: client.subscribe([(STORED, 0), (RETAINED, 0), (TICK, 0)])
    client.on_message = on_message
    address.connect(client)
    client.loop_start()
    try:
        # The first tick may come before its counts; at the second, those of the first are all here.
        if all(ticks.acquire(timeout=PATIENCE) for _ in range(2)):
            return max(0, counts.get(STORED, 0) - counts.get(RETAINED, 0))
        return 0
    finally:
        client.disconnect()
        client.loop_stop()
