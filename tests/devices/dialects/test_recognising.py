"""A message finds its dialect by what was announced, by its topic, then by its content; ingest hears only its own."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from devices.dialects import shelly, zigbee2mqtt
from devices.dialects.listening import Listening
from devices.dialects.measurement import Said, Unreadable
from devices.dialects.naming import registered
from devices.dialects.registry import (
    DIALECTS,
    MAX_PAYLOAD,
    matches,
    recognise,
    recognised_name,
    understand,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def test_a_collection_listens_to_everything_or_to_what_it_is_told():
    assert {one.dialect.name for one in Listening.parse("all").ears} == {dialect.name for dialect in DIALECTS}
    assert Listening.parse("tasmota spl").filters == (
        "spl/v1/+/readings",
        "tele/+/SENSOR",
        "tele/+/LWT",
        "stat/+/STATUS8",
    )


def test_below_a_prefix_a_topic_is_the_dialects_own_and_elsewhere_it_is_not():
    listening = Listening.parse("spl zigbee2mqtt=ecoles/+ shelly=mairie")
    assert listening.filters == (
        "spl/v1/+/readings",
        "ecoles/+/zigbee2mqtt/#",
        "mairie/+/events/rpc",
        "mairie/+/status/+",
        "mairie/+/online",
    )
    assert listening.whose("ecoles/jaures/zigbee2mqtt/salle") == (zigbee2mqtt.DIALECT, "ecoles/jaures/")
    assert listening.whose("mairie/x/status/em:0") == (shelly.DIALECT, "mairie/")
    for topic in ("zigbee2mqtt/salle", "x/status/em:0", "ecoles/jaures/x/zigbee2mqtt/salle", "tele/t/SENSOR"):
        assert listening.whose(topic) is None


def test_under_a_wide_filter_what_no_dialect_uses_is_nobodys():
    listening = Listening.parse("all")
    for topic in ("zigbee2mqtt/salle/set", "homeassistant/status", "x/status/ABC", "teleinfo/a/b"):
        assert listening.whose(topic) is None


@pytest.mark.parametrize(
    "text", ["", " ", "spl=", "zigbee2mqtt=#", "zigbee2mqtt=a+/b", "sparkplug=site", "home_assistant=x", "shelly=/"]
)
def test_a_listening_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the setting's own sentence is said by whoever asks for it
        Listening.parse(text)


def test_a_dialect_nobody_knows_is_refused():
    with pytest.raises(Unreadable) as refusal:
        Listening.parse("minitel")
    assert refusal.value.reason == "unknown_dialect"
    assert "chirpstack" in refusal.value.sentence


@pytest.mark.parametrize(
    ("said", "spelt"),
    [
        ("a81758fffe001122", "a81758fffe001122"),
        ("A81758FFFE001122", "a81758fffe001122"),
        ("A8-17-58-FF-FE-00-11-22", "a81758fffe001122"),
        ("EM-0042", "EM-0042"),
        ("0x00158D0001A2B3C4", "0x00158D0001A2B3C4"),
        ("021500000314", "021500000314"),
        ("A8-1758FFFE001122", "A8-1758FFFE001122"),
    ],
)
def test_a_deveui_has_one_spelling_and_any_other_serial_is_itself(said, spelt):
    assert registered(said) == spelt


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
