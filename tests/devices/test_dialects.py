"""What devices say: the SPL's own JSON is understood exactly, everything else is refused with a true reason."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.dialects.listening import Heard, Listening
from devices.dialects.measurement import Measurement, Unreadable
from devices.dialects.registry import MAX_PAYLOAD, matches, recognise
from devices.dialects.spl import SUBSCRIPTION
from devices.ingest.hearing import Reader
from devices.ingest.message import Message

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
TOPIC = "spl/v1/EM-0042/readings"
GOOD = {"time": "2026-03-01T11:00:00Z", "channel": "index", "value": 23.3}
SCHEMA = json.loads(files("devices.dialects").joinpath("spl.schema.json").read_text("utf-8"))


def decode(topic: str, payload: bytes, received_at: dt.datetime) -> list[Measurement]:
    """What ingest stores of a message."""
    read = Reader(Listening.parse("all")).read(Message(topic, payload, received_at, None), Heard(recognise(topic)))
    if read.refusal is not None:
        raise read.refusal
    return [*read.dated]


def message(*readings: object) -> bytes:
    return json.dumps({"readings": list(readings)}).encode()


def refusal_or_none(payload: bytes, topic: str = TOPIC) -> Unreadable | None:
    try:
        assert decode(topic, payload, NOW), "a message is never understood as nothing"
    except Unreadable as refused:
        return refused
    return None


def refusal(payload: bytes, topic: str = TOPIC) -> Unreadable:
    refused = refusal_or_none(payload, topic)
    assert refused is not None
    return refused


def test_a_message_becomes_its_readings_in_order():
    payload = b"""{"readings": [
        {"time": "2009-01-01T23:00:00Z", "channel": "index", "value": 23.3},
        {"time": "2009-01-02T01:00:00.5+01:00", "channel": "index", "value": 46}]}"""
    assert decode(TOPIC, payload, NOW) == [
        Measurement("EM-0042", "index", dt.datetime(2009, 1, 1, 23, tzinfo=dt.UTC), Decimal("23.3")),
        Measurement("EM-0042", "index", dt.datetime(2009, 1, 2, 0, 0, 0, 500_000, tzinfo=dt.UTC), Decimal(46)),
    ]


def test_numbers_are_exact():
    payload = b'{"readings":[{"time":"2026-03-01T11:00:00Z","channel":"index","value":123456789.123456789}]}'
    assert decode(TOPIC, payload, NOW)[0].value == Decimal("123456789.123456789")


def test_a_clock_five_minutes_ahead_is_accepted_and_not_more():
    on_the_edge = GOOD | {"time": "2026-03-01T12:05:00Z"}
    assert decode(TOPIC, message(on_the_edge), NOW)
    assert refusal(message(GOOD | {"time": "2026-03-01T12:05:01Z"})).reason == "in_the_future"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b" " * (MAX_PAYLOAD + 1), "too_large"),
        (b"\xff\xfe{", "not_utf8"),
        (b"\x00", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"{'readings': []}", "not_json"),
        (b"[" * 50_000, "not_json"),
        (b'{"readings":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "not_json"),
        (b"[]", "wrong_shape"),
        (b"null", "wrong_shape"),
        (b"{}", "wrong_shape"),
        (message(), "wrong_shape"),
        (message([]), "wrong_shape"),
        (b'{"readings": {}}', "wrong_shape"),
        (json.dumps({"readings": [GOOD], "site": 1}).encode(), "wrong_shape"),
        (message(GOOD | {"unit": "kWh"}), "wrong_shape"),
        (message({"time": GOOD["time"], "value": 1}), "wrong_shape"),
        (message(*[GOOD] * 1001)[:MAX_PAYLOAD], "not_json"),
        (json.dumps({"readings": [1] * 1001}).encode(), "wrong_shape"),
        (message(GOOD | {"channel": 1}), "wrong_shape"),
        (message(GOOD | {"channel": "in dex"}), "wrong_shape"),
        (message(GOOD | {"channel": "index\x00"}), "wrong_shape"),
        (message(GOOD | {"channel": "\ud800"}), "wrong_shape"),
        (b'{"readings": [], "readings": []}', "duplicate_key"),
        (b'{"readings": [{"time": "2026-03-01T11:00:00Z", "channel": "a", "value": 1, "value": 2}]}', "duplicate_key"),
        (message(GOOD | {"value": "23.3"}), "not_a_number"),
        (message(GOOD | {"value": "21,5"}), "not_a_number"),
        (message(GOOD | {"value": True}), "not_a_number"),
        (message(GOOD | {"value": None}), "not_a_number"),
        (message(GOOD | {"value": float("nan")}), "not_a_number"),
        (message(GOOD | {"value": float("-inf")}), "not_a_number"),
        (b'{"readings": [1e400]}', "out_of_range"),
        (b'{"readings": [0e400]}', "out_of_range"),
        (b'{"readings": [1e-400]}', "out_of_range"),
        (b'{"readings": [-0]}', "out_of_range"),
        (b'{"readings": [-0.0]}', "out_of_range"),
        (b'{"readings": [1000000000000000]}', "out_of_range"),
        (b'{"readings": [' + b"9" * 10_000 + b"]}", "out_of_range"),
        (message(GOOD | {"time": 1_234_567_890}), "bad_time"),
        (message(GOOD | {"time": "2026-03-01T11:00:00"}), "bad_time"),
        (message(GOOD | {"time": "2026-03-01"}), "bad_time"),
        (message(GOOD | {"time": "2026-03-01T24:00:00Z"}), "bad_time"),
        (message(GOOD | {"time": "2026-02-28T23:59:60Z"}), "bad_time"),
        (message(GOOD | {"time": "2026-02-29T11:00:00Z"}), "bad_time"),
        (message(GOOD | {"time": "2026-03-01T11:00:00+25:00"}), "bad_time"),
        (message(GOOD | {"time": "0001-01-01T00:00:00+10:00"}), "bad_time"),
        (message(GOOD | {"time": "٢٠٢٦-03-01T11:00:00Z"}), "bad_time"),
        (message(GOOD | {"time": "2099-01-01T00:00:00Z"}), "in_the_future"),
        (message(GOOD | {"time": "1970-01-01T00:00:00Z"}), "too_old"),
    ],
)
def test_what_cannot_be_read_says_why(payload, reason):
    refused = refusal(payload)
    assert refused.reason == reason
    assert refused.sentence.endswith((".", "Z")), refused.sentence
    assert ";" in refused.sentence or "doit" in refused.sentence, "a refusal also says what to do"


def test_one_wrong_reading_refuses_the_whole_message_and_names_it():
    refused = refusal(message(GOOD, GOOD | {"value": "7"}))
    assert "relevé n° 2" in refused.sentence


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("spl/v1/EM-0042", "unknown_topic"),
        ("spl/v1/EM-0042/readings/more", "unknown_topic"),
        ("spl/v2/EM-0042/readings", "unknown_topic"),
        ("", "unknown_topic"),
        ("spl/v1//readings", "bad_serial"),
        ("spl/v1/../readings", "bad_serial"),
        ("spl/v1/%2e%2e/readings", "bad_serial"),
        ("spl/v1/x'; DROP TABLE reading/readings", "bad_serial"),
        ("spl/v1/🔥/readings", "bad_serial"),
        ("spl/v1/" + "9" * 65 + "/readings", "bad_serial"),
    ],
)
def test_a_topic_that_names_no_device_is_refused(topic, reason):
    assert refusal(message(GOOD), topic).reason == reason


def test_the_dialect_is_recognised_by_its_topic():
    assert recognise(TOPIC).name == "spl"
    assert SUBSCRIPTION in Listening.parse("all").filters


@pytest.mark.parametrize(
    ("subscription", "topic", "caught"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/c", False),
        ("a/+/c", "a/b/c/d", False),
        ("a/+", "a/", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a", True),
        ("a/b", "a/b", True),
        ("a/b", "a", False),
    ],
)
def test_subscriptions_match_as_the_broker_does(subscription, topic, caught):
    assert matches(subscription, topic) is caught


# How fast examples are drawn says how busy the machine is, and nothing of the dialects.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.datetimes(dt.datetime(1990, 1, 2), dt.datetime(2026, 2, 28)),  # noqa: DTZ001 - st.datetimes wants naive bounds
            st.decimals(0, 10**14, places=3),
        ),
        min_size=1,
        max_size=50,
    )
)
def test_what_is_published_is_what_is_understood(series):
    readings = ",".join(f'{{"time":"{time.isoformat()}Z","channel":"index","value":{value}}}' for time, value in series)
    understood = decode(TOPIC, f'{{"readings":[{readings}]}}'.encode(), NOW)
    assert [(m.time.replace(tzinfo=None), m.value) for m in understood] == series


@given(st.binary(max_size=2000) | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_reason(payload):
    refused = refusal_or_none(payload)
    assert refused is None or (refused.reason and refused.sentence)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "readings"]), inner, max_size=4)
    ),
    max_leaves=8,
)
READING = st.fixed_dictionaries(
    {
        "time": st.sampled_from(["2026-03-01T11:00:00Z", "2026-03-01T11:00:00", "hier"]) | JSON,
        "channel": st.sampled_from(["index", "", "a b"]) | JSON,
        "value": st.floats(0, 1e12) | JSON,
    },
    optional={"unit": JSON},
)


@given(st.fixed_dictionaries({"readings": st.lists(READING, max_size=3)}) | JSON)
def test_what_the_schema_refuses_the_decoder_refuses(value):
    """The schema says the shape; the decoder alone knows which dates exist and how a number was written."""
    payload = json.dumps(value).encode()
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(json.loads(payload))
    refused = refusal_or_none(payload)
    if refused is None:
        assert valid
    else:
        assert not valid or refused.reason in {"bad_time", "too_old", "in_the_future", "out_of_range"}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid({"readings": [GOOD]})
