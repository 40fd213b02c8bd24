"""What ingest says to a broker before any message comes, on the wire; and what a broker out of its mind costs."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.ingest.address import BrokerAddress
from devices.ingest.buffer import Buffer
from devices.ingest.connection import RECEIVE_MAXIMUM, Connection
from devices.ingest.heartbeat import SESSION_EXPIRY
from devices.ingest.subscriptions import Subscriptions
from devices.ingest.writer import BATCH
from tests.devices.ingest_process import PATIENCE, Ingest

CONNACK = b"\x20\x03\x00\x00\x00"


class Broker:
    """Accepts connections, keeps what each says first, welcomes it and sends `answer` to its first subscription."""

    def __init__(self, answer: bytes = b"") -> None:
        self.said: list[bytes] = []
        self.subscribed = threading.Event()
        self._answer = answer
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://ingest:secret@127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._door.accept()
                with line:
                    self.said.append(line.recv(4096))
                    line.sendall(CONNACK)
                    self.said.append(line.recv(4096))
                    self.subscribed.set()
                    line.sendall(self._answer)
                    while line.recv(4096):
                        pass

    def close(self) -> None:
        """Answer nobody any more."""
        self._door.close()


@pytest.fixture
def broker():
    found = Broker()
    yield found
    found.close()


def test_the_session_outlives_us_and_the_broker_may_send_four_batches_ahead(broker):
    topic = "spl/v1/+/readings"
    connection = Connection(BrokerAddress.parse(broker.url), "fleet-ingest", Subscriptions([topic]), Buffer())
    connection.start()
    assert broker.subscribed.wait(PATIENCE)
    connection.leave()
    connection.join()
    connect, subscribe = broker.said[0], broker.said[1]
    assert connect[2:9] == b"\x00\x04MQTT\x05", "MQTT 5 (§ 3.1.2.2)"
    assert connect[9] & 0x02 == 0, "no clean start (§ 3.1.2.4): what waited comes"
    properties = Properties(PacketTypes.CONNECT)
    _, length = properties.unpack(connect[12:])
    assert properties.SessionExpiryInterval == SESSION_EXPIRY == 7 * 24 * 3600
    assert properties.ReceiveMaximum == RECEIVE_MAXIMUM == 4 * BATCH
    assert connect[12 + length :].startswith(b"\x00\x0cfleet-ingest")
    assert subscribe.endswith(topic.encode() + b"\x21"), "QoS 1, retained messages never sent (§ 3.8.3.1)"


def test_a_network_thread_that_dies_ends_the_process_with_a_status(database, tmp_path):
    broker = Broker(b"\x30\x02\x00\x00")  # a message that ends before its properties
    ingest = Ingest(database, broker.url, tmp_path / "ingest.log")
    try:
        ingest.launch()
        assert ingest.process.wait(PATIENCE) == 2
        assert "erreur du programme" in ingest.said
    finally:
        broker.close()
        ingest.owner.close()
