"""How many messages the broker still holds for somebody, by its own account ($SYS)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.ingest.address import BrokerAddress

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

STORED = "$SYS/broker/store/messages/count"
RETAINED = "$SYS/broker/retained messages/count"
TICK = "$SYS/broker/uptime"
PATIENCE = 25.0
"""Seconds; Mosquitto speaks every ten (sys_interval)."""


def queued_at(url: str) -> int:
    """Return how many messages the broker holds and does not retain; 0 where it does not say.

    Those of other publishers are among them: what is missing is exact where ours is the only one.
    """
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
