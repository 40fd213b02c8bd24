"""A message finds its dialect by what was announced, by its topic, then by its content; ingest hears only its own."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from devices.dialects.measurement import Said, Unreadable
from devices.dialects.registry import (
    DIALECTS,
    MAX_PAYLOAD,
    matches,
    recognise,
    recognised_name,
    subscriptions,
    understand,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def test_ingest_listens_to_the_spl_alone_unless_told_otherwise():
    assert subscriptions() == ("spl/v1/+/readings",)
    assert subscriptions(["spl", "tasmota"]) == (
        "spl/v1/+/readings",
        "tele/+/SENSOR",
        "tele/+/LWT",
        "stat/+/STATUS8",
    )


def test_a_dialect_nobody_knows_is_refused():
    with pytest.raises(Unreadable) as refusal:
        subscriptions(["minitel"])
    assert refusal.value.reason == "unknown_dialect"
    assert "chirpstack" in refusal.value.sentence


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("spl/v1/EM-1/readings", "spl"),
        ("application/1/device/0102/event/up", "chirpstack"),
        ("eu868/application/1/device/0102/event/status", "chirpstack"),
        ("v3/app@ttn/devices/d/up", "things_stack"),
        ("v3/app/devices/d/down/sent", "things_stack"),
        ("spBv1.0/g/DDATA/n/d", "sparkplug"),
        ("spBv1.0/STATE/h", "sparkplug"),
        ("homeassistant/sensor/n/o/config", "home_assistant"),
        ("homeassistant/sensor/o/config", "home_assistant"),
        ("homeassistant/device/d/config", "home_assistant"),
        ("zigbee2mqtt/a/b", "zigbee2mqtt"),
        ("teleinfo/021500000314", "teleinfo2mqtt"),
        ("teleinfo/status", "teleinfo2mqtt"),
        ("wmbusmeters/123", "wmbusmeters"),
        ("emon/n/i", "emoncms"),
        ("/user/iomtsgdata/key", "obis"),
        ("senml/x", "senml"),
        ("tele/t/SENSOR", "tasmota"),
        ("t/tele/SENSOR", "tasmota"),
        ("stat/t/STATUS8", "tasmota"),
        ("shellypro3em-01/events/rpc", "shelly"),
        ("a/b/status/em1data:2", "shelly"),
        ("a/b/online", "shelly"),
    ],
)
def test_a_topic_belongs_to_one_dialect(topic, name):
    assert recognise(topic).name == name
    assert [dialect.name for dialect in DIALECTS if dialect.uses(topic)] == [name]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_is_subscribed_to_is_recognised(dialect):
    for subscription in dialect.subscriptions:
        if subscription.startswith(("spBv1.0", "homeassistant", "v3", "application")):
            continue  # their levels are words, shown by the topics above
        topic = subscription.replace("+", "x1").replace("#", "x2")
        assert dialect.uses(topic)
        assert matches(subscription, topic)


@pytest.mark.parametrize("topic", ["", "x", "spl/v2/EM-1/readings", "zigbee2mqtt/", "emon/", "a/status/", "/online"])
def test_a_topic_of_nobody(topic):
    with pytest.raises(Unreadable) as refusal:
        recognise(topic)
    assert refusal.value.reason == "unknown_topic"
    assert recognised_name(Said(topic, b"{}", NOW)) is None


def test_what_the_content_shows_does_not_overrule_the_topic():
    """A device that may publish under its own topic cannot pass for another by the way it writes."""
    pasted = b'{"deviceInfo": {"devEui": "0011223344556677"}, "object": {"index": 1}}'
    with pytest.raises(Unreadable) as refusal:
        understand(Said("spl/v1/EM-1/readings", pasted, NOW))
    assert refusal.value.reason == "wrong_shape"


def test_a_long_message_is_never_parsed():
    with pytest.raises(Unreadable) as refusal:
        understand(Said("zigbee2mqtt/x", b" " * (MAX_PAYLOAD + 1), NOW))
    assert refusal.value.reason == "too_large"


def test_two_values_for_one_channel_are_refused():
    with pytest.raises(Unreadable) as refusal:
        understand(Said("emon/n", b'{"a:b": 1, "a-b": 2}', NOW))
    assert refusal.value.reason == "same_channel"


# Public samples: what each is, and the reason where it is refused. Read only, never copied.
SAMPLES = {
    "chirpstack_v4_event_join": ("application/a/device/0101010101010101/event/join", None),
    "chirpstack_v4_event_log": ("application/a/device/0101010101010101/event/log", None),
    "chirpstack_v4_event_status": ("application/a/device/0101010101010101/event/status", None),
    "chirpstack_v4_event_up": ("application/a/device/0101010101010101/event/up", "codec_missing"),
    # A placeholder of a test stands where the serial number would.
    "homeassistant_discovery_energy_config": ("homeassistant/sensor/n/o/config", "bad_serial"),
    "obis_sinapsi_alfa": ("/user/iomtsgdata/key", None),
    "shelly_gen2_em_notifystatus": ("shellypro3em-1234567890ab/events/rpc", None),
    "shelly_gen2_emdata_notifystatus": ("shellypro3em-1234567890ab/events/rpc", None),
    "shelly_gen2_switch_notifystatus": ("shelly1pmg4-1234567890ab/events/rpc", None),
    # JSON is how the specification writes it, protobuf how it is published.
    "sparkplug_b_ddata_representation": ("spBv1.0/g/DDATA/n/d", "not_protobuf"),
    "tasmota_teleinfo_sensor": ("tele/denky/SENSOR", None),
    "teleinfo2mqtt_history": ("teleinfo/12345678901", None),
    "tts_v3_up_raw": ("v3/app1@tenant/devices/dev1/up", "codec_missing"),
}


def samples() -> list[Path]:
    """Return the public samples where FLEET_REFERENCE_DATA says they are; our own vectors say the rest."""
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    return sorted((Path(folder) / "payloads").glob("*.json")) if folder else []


def test_public_samples_are_understood_or_refused_for_a_true_reason():
    reasons = {}
    for sample in samples():
        topic, _ = SAMPLES.get(sample.stem, ("sample", None))
        try:
            found = understand(Said(topic, sample.read_bytes(), NOW)).understood
            assert found.observations or found.events
            reasons[sample.stem] = None
        except Unreadable as refusal:
            reasons[sample.stem] = refusal.reason
    assert {name: reason for name, reason in reasons.items() if name in SAMPLES} == {
        name: reason for name, (_, reason) in SAMPLES.items() if name in reasons
    }
