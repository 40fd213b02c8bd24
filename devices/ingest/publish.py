"""Publish readings as a device does: QoS 1, a window of messages under way, done when every one is acknowledged."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
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
PATIENCE = 30.0
"""Seconds without a single acknowledgement after which we stop waiting."""
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
        f'{{"time":"{time.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z","channel":"{channel}","value":{value:f}}}'
        for time, value in readings
    )
    return f'{{"readings":[{written}]}}'.encode()


def _batches(readings: Iterable[tuple[dt.datetime, Decimal]], size: int) -> Iterator[list[tuple[dt.datetime, Decimal]]]:
    iterator = iter(readings)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


class Publisher:
    """A connection that publishes; leaving it waits until everything is acknowledged."""

    def __init__(self, url: str, window: int = WINDOW) -> None:
        self._address = BrokerAddress.parse(url)
        self._window = threading.BoundedSemaphore(window)
        self._size = window
        self._connected = threading.Event()
        self._refused = ""
        self._unheard = 0
        self._fight = Fight()
        self._client = Client(CallbackAPIVersion.VERSION2, self._address.client_id, protocol=MQTTv5)
        self._client.max_inflight_messages_set(window)
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
                for _ in range(self._size):
                    self._wait_for_room()
        finally:
            self._leave()
        if kind is None and self._unheard:
            raise Refusal(
                f"Le courtier MQTT {self._address.host} a jeté {self._unheard} messages : personne n'y est abonné, pas"
                " même en son absence ; lancez une fois « fleet ingest », puis publiez-les de nouveau."
            )

    def publish(self, topic: str, payload: bytes) -> None:
        """Send one message, waiting for room among those under way."""
        self._wait_for_room()
        if self._client.publish(topic, payload, qos=1).rc not in {
            MQTTErrorCode.MQTT_ERR_SUCCESS,
            MQTTErrorCode.MQTT_ERR_NO_CONN,  # kept by paho, sent with the next connection
        }:
            raise Refusal(f"Le message pour {topic} n'a pas pu être envoyé ; recommencez.")

    def _wait_for_room(self) -> None:
        if not self._window.acquire(timeout=PATIENCE):
            self._refused = self._refused or "il n'acquitte plus"
        self._complain()

    def _complain(self) -> None:
        if self._refused:
            raise Refusal(f"Le courtier MQTT {self._address.host} refuse nos relevés : {self._refused}.")

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"connexion refusée ({reason}) ; vérifiez l'utilisateur et le mot de passe"
        elif self._fight.is_on():
            self._refused = "quelqu'un d'autre publie sous le même compte ; n'en gardez qu'un"
        self._connected.set()

    def _on_publish(self, _client: Client, _userdata: Any, _mid: int, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = explained(reason)
        self._unheard += reason.value == NO_MATCHING_SUBSCRIBERS
        self._window.release()


def explained(reason: Any) -> str:
    """Return what a broker means that refuses a message for `reason`."""
    if reason.value == NOT_AUTHORIZED:
        return "le compte n'a pas le droit de publier sur ce sujet ; servez-vous du compte de cet appareil"
    return f"publication refusée ({reason})"
