"""Whatever arrives under whatever topic is understood or refused with a reason: a decoder never breaks."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.listening import Listening
from devices.dialects.measurement import Said, Unreadable
from devices.dialects.registry import DIALECTS, understand
from devices.ingest.hearing import Reader
from devices.ingest.message import Message
from tests.devices.dialects.playing import VECTORS, payload_of

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ZONE = ZoneInfo("Europe/Paris")
LOADED = [json.loads(path.read_text("utf-8")) for path in VECTORS]
TOPICS = sorted({vector["topic"] for vector in LOADED})
NAMES = [dialect.name for dialect in DIALECTS]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**22), 10**22)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["1,5", "2026-03-01T10:00:00Z", "2026-13-01T10:00:00", "0001-01-01T00:00:00", "1772366340"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def understood_or_refused(topic: str, payload: bytes, name: str | None) -> None:
    try:
        found = understand(Said(topic, payload, NOW, ZONE), name=name).understood
    except Unreadable:
        return
    assert all(isinstance(one.value, Decimal) and one.value.is_finite() for one in found.observations)
    assert all(one.time <= NOW + dt.timedelta(minutes=5) for one in found.observations)


@given(st.sampled_from(TOPICS) | st.text(max_size=40), st.binary(max_size=300), st.sampled_from([None, *NAMES]))
def test_any_bytes(topic, payload, name):
    understood_or_refused(topic, payload, name)


@given(st.sampled_from(TOPICS), JSON, st.sampled_from([None, *NAMES]))
def test_any_json(topic, value, name):
    understood_or_refused(topic, json.dumps(value).encode(), name)


def paths(value, here=()):
    """Yield the path of every value inside a JSON value."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*here, key))


def replaced(value, path, other):
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], other)
    return copy


@given(st.data())
def test_a_vector_with_one_value_replaced(data):
    vector = data.draw(st.sampled_from([one for one in LOADED if "payload" in one]))
    path = data.draw(st.sampled_from(list(paths(vector["payload"]))))
    payload = replaced(vector["payload"], path, data.draw(JSON))
    understood_or_refused(vector["topic"], json.dumps(payload).encode(), None)


@given(st.sampled_from([one for one in LOADED if "hex" in one]), st.data())
def test_protobuf_with_one_byte_replaced(vector, data):
    payload = bytearray(payload_of(vector))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    understood_or_refused(vector["topic"], bytes(payload), None)


@pytest.mark.parametrize("vector", LOADED, ids=lambda vector: vector["says"][:40])
def test_the_door_of_ingest_gives_what_is_stored(vector):
    """Without a time zone and without memory, as the ingest process calls it."""
    message = Message(vector["topic"], payload_of(vector), NOW, None)
    read = Reader(Listening.parse("all")).read(message)
    if read.heard is None:
        return  # under a topic that nobody listens to
    said, name = Said(message.topic, message.payload, NOW), read.heard.dialect.name
    if read.refusal is not None:
        with pytest.raises(Unreadable) as refusal:
            understand(said, name=name)
        assert refusal.value.reason == read.refusal.reason
        return
    understood = understand(said, name=name).understood
    assert sorted(read.measurements) == sorted(one.measurement for one in understood.observations)


@pytest.mark.parametrize("depth", [300, 900, 990, 5000])
@pytest.mark.parametrize("name", NAMES)
def test_nesting_is_refused_or_understood(depth, name):
    value = '{"object":' * depth + "1" + "}" * depth
    understood_or_refused("application/a/device/0011223344556677/event/up", value.encode(), name)


@given(st.decimals(0, 10**14, places=6))
def test_units_are_changed_to_the_last_digit(value):
    """A register in Wh is the same number of Wh in kWh, whatever its size."""
    payload = f'{{"src":"s","method":"NotifyStatus","params":{{"emdata:0":{{"total_act":{value:f}}}}}}}'
    (one,) = understand(Said("s/events/rpc", payload.encode(), NOW)).understood.observations
    assert one.value * 1000 == value
    assert one.unit == "kWh"
