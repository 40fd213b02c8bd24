"""Publish readings as a device does: QoS 1, a window of messages under way, done when every one is acknowledged."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from devices.dialects.spl import topic_of
from devices.ingest.address import BrokerAddress
from devices.ingest.fight import Fight
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal
    from types import TracebackType

WINDOW = 1_000
"""Messages under way at most."""
PATIENCE = 60.0
"""Seconds without a single acknowledgement after which we stop waiting: a broker may be stopped and started."""
NO_MATCHING_SUBSCRIBERS = 0x10
NOT_AUTHORIZED = 0x87
"""MQTT 5 § 3.4.2.1."""


def publish_readings(
    url: str, serial: str, channel: str, readings: Iterable[tuple[dt.datetime, Decimal]], *, per_message: int = 100
) -> int:
    """Publish `readings` (instant with its offset, value) of one channel of a device; return how many.

    All are acknowledged by the broker when it returns.

    Raises:
        Refusal: the broker does not answer, refuses us or a message, throws messages away that nobody has subscribed
            to, or stops acknowledging.

    """
    published = 0
    with Publisher(url) as publisher:
        for readings_of_one in _batches(readings, per_message):
            publisher.publish(topic_of(serial), payload_of(channel, readings_of_one))
            published += len(readings_of_one)
    return published


def payload_of(channel: str, readings: Iterable[tuple[dt.datetime, Decimal]]) -> bytes:
    """Return the SPL's own JSON for `readings`, numbers written as they are."""
    written = ",".join(
        f'{{"time":"{at.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z","channel":"{channel}","value":{value:f}}}'
        for at, value in readings
    )
    return f'{{"readings":[{written}]}}'.encode()


def _batches(readings: Iterable[tuple[dt.datetime, Decimal]], size: int) -> Iterator[list[tuple[dt.datetime, Decimal]]]:
    iterator = iter(readings)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


class Publisher:
    """A connection that publishes and reconnects by itself; leaving it waits until everything is acknowledged.

    A broker that throws away what nobody has subscribed to is refused, unless the publisher keeps an account of its
    own (`unheard_is_refused` false).
    """

    def __init__(self, url: str, window: int = WINDOW, *, unheard_is_refused: bool = True) -> None:
        self.acknowledged = 0
        """How many messages, counted from the first, the broker has acknowledged."""
        self._address = BrokerAddress.parse(url)
        self._window = window
        self._unheard_is_refused = unheard_is_refused
        self._under_way: deque[int] = deque()
        self._done: set[int] = set()
        self._connected = threading.Event()
        self._refused = ""
        self._unheard = 0
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
        if not self._connected.wait(PATIENCE):
            self._refused = self._refused or "il ne répond pas"
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
        if kind is None and self._unheard and self._unheard_is_refused:
            raise Refusal(
                "Le courtier MQTT {host} a jeté {unheard} messages : personne n'y est abonné, pas même en son "
                "absence ; lancez une fois « fleet ingest », puis publiez-les de nouveau.",
                host=self._address.host,
                unheard=self._unheard,
            )

    def publish(self, topic: str, payload: bytes) -> None:
        """Send one message once there is room for it among those under way."""
        if len(self._under_way) >= self._window:
            self.wait(at_most=self._window // 2)
        self._complain()
        info = self._client.publish(topic, payload, qos=1)
        if info.rc not in {
            MQTTErrorCode.MQTT_ERR_SUCCESS,
            MQTTErrorCode.MQTT_ERR_NO_CONN,  # kept by paho, sent with the next connection
        }:
            raise Refusal(
                "Le message pour {topic} n'a pas pu être envoyé ({rc}) ; recommencez.", topic=topic, rc=info.rc
            )
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
        if self._refused:
            raise Refusal(
                "Le courtier MQTT {host} refuse nos relevés : {refused}.",
                host=self._address.host,
                refused=self._refused,
            )

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
        if reason.is_failure:
            self._refused = _explained(reason)
        self._unheard += reason.value == NO_MATCHING_SUBSCRIBERS
        self._done.add(mid)


def _explained(reason: Any) -> str:
    """Return what a broker means that refuses a message for `reason`."""
    if reason.value == NOT_AUTHORIZED:
        return "le compte n'a pas le droit de publier sur ce sujet ; servez-vous du compte de cet appareil"
    return f"publication refusée ({reason})"
