"""Reading in large pieces and acknowledging many at once says on the wire what paho says message by message."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.ingest.client import Arrived, EagerClient


def publish(mid: int, payload: bytes, topic: bytes = b"spl/v1/A/readings") -> bytes:
    """Return a PUBLISH of QoS 1 (MQTT 5 § 3.3)."""
    return packet(b"\x32", len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + b"\0" + payload)


def packet(head: bytes, rest: bytes) -> bytes:
    """Return `rest` with its length before it (§ 1.5.5)."""
    length, size = b"", len(rest)
    while True:
        size, digit = divmod(size, 128)
        length += bytes((digit | (128 if size else 0),))
        if not size:
            return head + length + rest


class Line:
    """A client on one end of a pair of sockets, its broker on the other."""

    def __init__(self) -> None:
        self.client = EagerClient(CallbackAPIVersion.VERSION2, "a", protocol=MQTTv5, manual_ack=True)
        self.client.on_socket_register_write = lambda *_: None
        self.heard: list[tuple[int, bytes]] = []
        self.client.on_arrival = lambda arrived: self.heard.append((arrived.mid, arrived.payload))
        self.plug()

    def plug(self) -> None:
        """Give the client a new socket."""
        self.broker, ours = socket.socketpair()
        ours.setblocking(False)
        self.client._sock = ours

    def read(self) -> MQTTErrorCode:
        """Read as long as there is something; return the last answer."""
        while True:
            before = len(self.heard)
            answer = self.client.loop_read()
            if answer or (len(self.heard) == before and not self.client.has_unread):
                return answer

    def close(self) -> None:
        """Close both ends."""
        self.broker.close()
        if self.client._sock:
            self.client._sock.close()


@pytest.fixture
def line():
    line = Line()
    yield line
    line.close()


MESSAGES = st.lists(st.tuples(st.integers(1, 65535), st.binary(max_size=300)), min_size=1, max_size=30)


@given(MESSAGES, st.lists(st.integers(1, 500), max_size=30))
def test_however_the_bytes_arrive_the_messages_are_the_same(messages, pieces):
    line = Line()
    data = b"".join(publish(mid, payload) for mid, payload in messages)
    for size in [*pieces, len(data)]:
        line.broker.sendall(data[:size])
        data = data[size:]
        line.read()
    assert line.heard == messages
    line.close()


@st.composite
def packets(draw):
    """Return a PUBLISH of QoS 0 or 1 as brokers may send it, and what it says."""
    qos, dup, retain = draw(st.integers(0, 1)), draw(st.booleans()), draw(st.booleans())
    topic, payload = draw(st.binary(max_size=200)), draw(st.binary(max_size=300) | st.just(b"x" * 20_000))
    mid = draw(st.integers(1, 65535)) if qos else 0
    identifiers = draw(st.lists(st.integers(1, 268_435_455), max_size=2))
    properties = Properties(PacketTypes.PUBLISH)
    if identifiers:
        properties.SubscriptionIdentifier = identifiers
    if draw(st.booleans()):
        properties.UserProperty = ("maker", draw(st.text("abc", max_size=200)))
    rest = len(topic).to_bytes(2, "big") + topic + (mid.to_bytes(2, "big") if qos else b"") + properties.pack()
    head = 0x30 | dup << 3 | qos << 1 | retain
    return packet(bytes((head,)), rest + payload), Arrived(topic, payload, mid, dup, retain, identifiers)


@given(st.lists(packets(), min_size=1, max_size=5), st.lists(st.integers(1, 30_000), max_size=5))
def test_whatever_a_broker_says_of_a_message_is_understood(said, pieces):
    line = Line()
    line.client.on_arrival = line.heard.append
    data = b"".join(sent for sent, _ in said)
    for size in [*pieces, len(data)]:
        line.broker.sendall(data[:size])
        data = data[size:]
        line.read()
    assert [one._replace(subscriptions=list(one.subscriptions)) for one in line.heard] == [meant for _, meant in said]
    line.close()


def test_packets_that_are_no_messages_are_read_between_messages(line):
    pinged = []
    line.client._handle_pingresp = lambda: pinged.append(len(line.heard)) or MQTTErrorCode.MQTT_ERR_SUCCESS
    line.broker.sendall(publish(1, b"one") + packet(b"\xd0", b"") + publish(2, b"two") + packet(b"\xd0", b""))
    line.read()
    assert (line.heard, pinged) == ([(1, b"one"), (2, b"two")], [1, 2])


def test_what_a_lost_connection_left_half_read_is_not_taken_for_the_next_one_s(line):
    line.broker.sendall(publish(1, b"one") + publish(2, b"two") + publish(3, b"three")[:9])
    assert line.client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert line.client.has_unread
    line.close()
    line.client._in_packet = dict.fromkeys(line.client._in_packet, 0) | {"remaining_count": [], "packet": bytearray()}
    line.client._in_packet["remaining_mult"] = 1
    line.plug()
    assert not line.client.has_unread
    line.broker.sendall(publish(9, b"nine"))
    line.read()
    assert line.heard == [(1, b"one"), (9, b"nine")]


def test_a_broker_that_hangs_up_is_noticed(line):
    line.broker.sendall(publish(1, b"one"))
    line.broker.shutdown(socket.SHUT_WR)
    assert line.read() == MQTTErrorCode.MQTT_ERR_CONN_LOST
    assert line.heard == [(1, b"one")]


def test_acknowledgements_go_out_in_order_and_in_one_piece(line):
    line.client.acknowledge([7, 65535, 1])
    line.client.loop_write()
    assert line.broker.recv(100) == bytes.fromhex("40020007 4002ffff 40020001")


def test_acknowledgements_a_full_line_takes_in_parts_arrive_whole(line):
    mids = [n % 65535 + 1 for n in range(200_000)]
    line.client.acknowledge(mids)
    arrived = b""
    while line.client.want_write():
        line.client.loop_write()
        arrived += line.broker.recv(1 << 20)
    assert arrived == b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids)
