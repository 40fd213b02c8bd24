"""The simulated sensors' line to the broker: QoS 1, many messages under way, acknowledgements counted in order."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from devices.ingest.address import BrokerAddress
from devices.ingest.fight import Fight
from devices.ingest.publish import explained
from foundation.errors import Refusal

if TYPE_CHECKING:
    from types import TracebackType

    from devices.simulator.sensors import Said

WINDOW = 1_000
PATIENCE = 60.0
"""Seconds without a single acknowledgement after which we stop waiting: a broker may be stopped and started."""


class Sender:
    """A connection that publishes and reconnects by itself; leaving it waits until everything is acknowledged."""

    def __init__(self, url: str, window: int = WINDOW) -> None:
        self.acknowledged = 0
        """How many messages, counted from the first, the broker has acknowledged."""
        self._address = BrokerAddress.parse(url)
        self._window = window
        self._under_way: deque[int] = deque()
        self._done: set[int] = set()
        self._connected = threading.Event()
        self._refused = ""
        self._fight = Fight()
        self._client = Client(CallbackAPIVersion.VERSION2, self._address.client_id, protocol=MQTTv5)
        self._client.max_inflight_messages_set(window)
        self._client.reconnect_delay_set(min_delay=1, max_delay=2)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._address.prepare(self._client)

    def __enter__(self) -> Self:
        self._address.connect(self._client)
        self._client.loop_start()
        self._connected.wait(PATIENCE)
        try:
            self._complain()
        except Refusal:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.wait(at_most=0)
        finally:
            self._leave()

    def publish(self, said: Said) -> None:
        """Send one message once there is room for it among those under way."""
        if len(self._under_way) >= self._window:
            self.wait(at_most=self._window // 2)
        info = self._client.publish(said.topic, said.payload, qos=1)
        if info.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
            raise Refusal(f"Le message pour {said.topic} n'a pas pu être envoyé ({info.rc}) ; recommencez.")
        self._under_way.append(info.mid)

    def count(self) -> int:
        """Return `acknowledged` as it is now."""
        # Packet identifiers come again after 65,535 messages; no two of those under way are the same.
        while self._under_way and self._under_way[0] in self._done:
            self._done.remove(self._under_way.popleft())
            self.acknowledged += 1
        return self.acknowledged

    def wait(self, at_most: int) -> None:
        """Wait until no more than `at_most` messages are under way."""
        before, since = self.count(), time.monotonic()
        while len(self._under_way) > at_most:
            time.sleep(0.001)
            if self.count() > before:
                before, since = self.acknowledged, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                self._refused = self._refused or "il n'acquitte plus"
            self._complain()

    def _complain(self) -> None:
        if not self._connected.is_set():
            self._refused = self._refused or "il ne répond pas"
        if self._refused:
            raise Refusal(f"Le courtier MQTT {self._address.host} refuse les capteurs simulés : {self._refused}.")

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"connexion refusée ({reason}) ; vérifiez l'utilisateur et le mot de passe"
        elif self._fight.is_on():
            self._refused = "quelqu'un d'autre publie sous le même compte ; n'en gardez qu'un"
        self._connected.set()

    def _on_publish(self, _client: Client, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
        # "No matching subscribers" (0x10) is no failure here: the account says what nobody listened to.
        if reason.is_failure:
            self._refused = explained(reason)
        self._done.add(mid)
