"""The two things ingest cannot be faster than, measured on the same rows and the same broker in the same run."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.ingest.address import BrokerAddress
from devices.ingest.connection import RECEIVE_MAXIMUM
from devices.ingest.database import connect
from devices.ingest.heartbeat import SESSION_EXPIRY
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

PATIENCE = 60.0

Rows = list[tuple[int, "dt.datetime", "Decimal", "dt.datetime"]]
"""Installation, instant, value, received at: the columns of `devices.reading`."""

_INSERT = """
INSERT INTO devices.reading (installation_id, ts, value, received_at)
SELECT * FROM unnest(%b::int[], %b::timestamptz[], %b::numeric[], %b::timestamptz[])
ON CONFLICT DO NOTHING
"""


def database_seconds(url: str, batches: Sequence[Rows]) -> float:
    """Return how long it takes to commit `batches`, one after the other, on a connection such as ingest's."""
    columns = [[list(column) for column in zip(*batch, strict=True)] for batch in batches]
    connection = connect(url, lambda: None)
    try:
        start = time.perf_counter()
        for batch in columns:
            with connection.transaction():
                connection.execute(_INSERT, batch)
        return time.perf_counter() - start
    finally:
        connection.close()


class Counting:
    """A bare paho client: a persistent session such as ingest's, that only counts and acknowledges."""

    def __init__(self, url: str, client_id: str, topics: str) -> None:
        self._address = BrokerAddress.parse(url)
        self._client_id = client_id
        self._topics = topics

    def subscribe(self) -> None:
        """Let the broker keep what is published from now on."""
        client, subscribed = self._client(), threading.Event()
        client.on_connect = lambda client, *_: client.subscribe(self._topics, qos=1)
        client.on_subscribe = lambda *_: subscribed.set()
        self._connect(client)
        client.loop_start()
        if not subscribed.wait(PATIENCE):
            raise Refusal("Le courtier MQTT n'accepte pas l'abonnement du banc ; vérifiez les droits de MQTT_URL.")
        client.disconnect()
        client.loop_stop()

    def unsubscribe(self) -> None:
        """Let the broker keep nothing more."""
        client, done = self._client(), threading.Event()
        client.on_connect = lambda client, *_: client.unsubscribe(self._topics)
        client.on_unsubscribe = lambda *_: done.set()
        self._connect(client)
        client.loop_start()
        done.wait(PATIENCE)
        client.disconnect()
        client.loop_stop()

    def seconds(self, wanted: int) -> float:
        """Return how long it takes to receive and acknowledge `wanted` messages, from the first to the last."""
        client, done = self._client(), threading.Event()
        count, first, last = 0, 0.0, 0.0

        def on_message(client: Client, _userdata: Any, message: Any) -> None:
            nonlocal count, first, last
            first = first or time.perf_counter()
            count += 1
            client.ack(message.mid, message.qos)
            if count == wanted:
                last = time.perf_counter()
                done.set()

        client.on_message = on_message
        self._connect(client)
        client.loop_start()
        arrived = done.wait(PATIENCE + wanted / 1000)
        client.disconnect()
        client.loop_stop()
        if not arrived:
            raise Refusal(
                "Le courtier n'a remis que {count} messages sur {wanted} ; voyez son journal.",
                count=count,
                wanted=wanted,
            )
        return last - first

    def _client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, self._client_id, protocol=MQTTv5, manual_ack=True)
        self._address.prepare(client)
        return client

    def _connect(self, client: Client) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left this class untyped
        properties.SessionExpiryInterval = SESSION_EXPIRY
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect(self._address.host, self._address.port, clean_start=False, properties=properties)


def installations_of(url: str, name: str) -> dict[str, int]:
    """Return the installation of each simulated sensor of fleet `name`, by serial."""
    query = (
        "SELECT d.serial, i.id FROM devices.device d JOIN devices.installation i ON i.device_id = d.id"
        " WHERE d.serial LIKE %s"
    )
    with psycopg.connect(url) as connection:
        return dict(connection.execute(query, [f"SIM-{name}-%"]).fetchall())
