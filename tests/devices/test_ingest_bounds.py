"""Ingest keeps within its bounds: memory while the database does not keep up, patience while nothing is committed."""

from __future__ import annotations

import time
import uuid
from decimal import Decimal
from types import SimpleNamespace

import pytest

from devices.ingest import connection as connection_module
from devices.ingest import process
from devices.ingest.address import BrokerAddress
from devices.ingest.buffer import Buffer
from devices.ingest.connection import Connection
from devices.ingest.message import Message, Receipt
from devices.ingest.publish import Publisher
from devices.ingest.subscriptions import Subscriptions
from foundation.errors import Refusal
from tests.databases import from_environment
from tests.devices.ingest_process import forget_session, until
from tests.devices.meters import SINCE


def some(size):
    return Message("t", b"x" * size, SINCE, Receipt(1, 1))


def test_a_buffer_is_bounded_in_number_and_in_bytes():
    few, small = Buffer(max_messages=2), Buffer(max_bytes=100)
    for buffer, size in ((few, 1), (small, 50)):
        assert buffer.has_room
        buffer.put(some(size))
        buffer.put(some(size))
        assert not buffer.has_room
        assert not buffer.half_empty
        assert len(buffer.take(1, 0)) == 1
        assert buffer.has_room
        assert buffer.half_empty


def test_a_closed_buffer_gives_what_it_has_and_waits_for_nothing():
    buffer = Buffer()
    buffer.put(some(1))
    buffer.close()
    assert not buffer.exhausted
    assert len(buffer.take(10, 60)) == 1
    assert buffer.exhausted
    assert buffer.take(10, 60) == []


@pytest.fixture
def listening(mqtt_url):
    """A connection that listens to a topic of its own into a buffer of 50 messages."""
    topic, client_id = f"senml/{uuid.uuid4().hex}", f"test-{uuid.uuid4().hex[:12]}"
    buffer = Buffer(max_messages=50)
    connection = Connection(BrokerAddress.parse(mqtt_url), client_id, Subscriptions([topic]), buffer)
    connection.start()
    until(lambda: connection.connected, wanted=True)
    yield SimpleNamespace(topic=topic, buffer=buffer, connection=connection)
    connection.leave()
    connection.join()
    forget_session(mqtt_url, client_id)
    assert connection.failure is None


def take_all(listening, number):
    taken = []
    while len(taken) < number:
        batch = listening.buffer.take(20, 5)
        assert len(listening.buffer) <= 50
        listening.connection.acknowledge([message.receipt for message in batch])
        taken += batch
    return taken


def publish(topic, number):
    with Publisher(from_environment("FLEET_SIMULATOR_MQTT_URL")) as publisher:
        for n in range(number):
            publisher.publish(topic, str(Decimal(n)).encode())


def test_while_nothing_is_taken_the_broker_waits_and_then_all_comes_in_order(listening):
    publish(listening.topic, 500)
    until(lambda: len(listening.buffer), 50)
    time.sleep(0.3)
    assert len(listening.buffer) == 50
    assert [int(message.payload) for message in take_all(listening, 500)] == list(range(500))


def test_a_long_pause_leaves_the_broker_and_comes_back_for_what_was_not_acknowledged(listening, monkeypatch):
    monkeypatch.setattr(connection_module, "PAUSE_LIMIT", 0.2)
    publish(listening.topic, 200)
    until(lambda: listening.connection.connected, wanted=False)
    assert len(listening.buffer) == 50
    seen = set()
    while len(seen) < 200:
        seen |= {int(message.payload) for message in take_all(listening, 1)}


def test_an_acknowledgement_of_an_older_connection_is_not_sent(listening):
    publish(listening.topic, 1)
    (message,) = listening.buffer.take(1, 5)
    sent = []
    listening.connection._client.acknowledge = sent.extend
    listening.connection.acknowledge([message.receipt._replace(generation=0), message.receipt])
    until(lambda: sent, [message.receipt.mid])


def thread(**facts):
    return SimpleNamespace(**({"name": "thread", "is_alive": lambda: True, "failure": None} | facts))


def test_the_watch_ends_the_process_when_a_thread_has_ended_or_a_commit_is_overdue():
    ended = {"is_alive": lambda: False}
    alive, writer = thread(), thread(busy_since=None)
    process._watch(alive, writer)
    process._watch(alive, thread(busy_since=time.monotonic()))
    with pytest.raises(Refusal, match="ZeroDivisionError"):
        process._watch(thread(failure=ZeroDivisionError(), **ended), writer)
    with pytest.raises(Refusal, match="mqtt ended"):
        process._watch(thread(name="mqtt", **ended), writer)
    with pytest.raises(Refusal, match="depuis 15 minutes"):
        process._watch(alive, thread(busy_since=time.monotonic() - process.STALLED_AFTER - 1))
