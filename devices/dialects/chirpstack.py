"""ChirpStack v4: events of the MQTT integration, in JSON.

Topics `application/{application}/device/{devEui}/event/{up,status,join,ack,txack,log,location,integration}`, under
any prefix. Serial: the DevEUI as published. Channels: those of the decoded object (devices.dialects.lorawan), and of
the radio `lorawan.rssi`, `lorawan.snr`, `lorawan.uplink_margin`, `lorawan.margin` (downlink), `lorawan.battery`. Time:
when the network heard the frame, unless the object holds the device's own. The same event sent twice is the same
measurement.
"""

from __future__ import annotations

import re
from typing import Any, Final

from devices.dialects.lorawan import (
    codec_missing,
    network_maker,
    observations_decoded,
    observations_of,
    percent,
    radio_of,
)
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Observation, Said, Understood, Unreadable
from devices.dialects.naming import members, object_of, serial_of
from devices.dialects.quantities import Quantity
from devices.dialects.strict_json import read

TOPIC = re.compile(r"(?:.+/)?application/[^/]+/device/(?P<device>[^/]+)/event/(?P<event>[a-z]+)")
SENTENCES: Final = {
    "join": "Le capteur a rejoint le réseau.",
    "ack": "Le capteur a répondu à un message descendant.",
    "txack": "La passerelle a émis un message descendant.",
    "location": "Le réseau a situé le capteur.",
    "integration": "Une intégration a répondu.",
}


def understand(said: Said) -> Understood:
    """Return what an event measures or tells."""
    message = object_of(read(said.payload), "L'évènement de ChirpStack")
    info = members(message.get("deviceInfo"))
    topic = TOPIC.fullmatch(said.topic)
    serial = serial_of(info.get("devEui") or (topic and topic["device"]), "« deviceInfo.devEui »")
    if topic and topic["device"].lower() != serial.lower():
        raise Unreadable(
            "wrong_device",
            f"Le sujet nomme le capteur {topic['device'][:40]} et le message le capteur {serial} ; corrigez ce qui"
            " publie sous ce sujet.",
        )
    maker = network_maker(serial, message.get("time"), said)
    event = topic["event"] if topic else _kind(message)
    if event == "up":
        return _up(maker, message, info, said)
    if event == "status":
        return _status(maker, message)
    if event == "log":
        code, text = str(message.get("code", ""))[:40], str(message.get("description", ""))[:200]
        return Understood(events=(maker.event("log", f"Le réseau signale {code} : {text}."),))
    if event in SENTENCES:
        return Understood(events=(maker.event(event, SENTENCES[event]),))
    raise Unreadable(
        "unknown_event",
        f"« {event[:40]} » n'est pas un évènement de ChirpStack v4 ; vérifiez le sujet et la version du serveur.",
    )


def _up(maker: Maker, message: dict[str, Any], info: dict[str, Any], said: Said) -> Understood:
    decoded, data = message.get("object"), message.get("data")
    if decoded is None and not data:
        told = maker.event("empty_uplink", "Le capteur a émis sans rien dire (trame de service).")
        return Understood(tuple(_radio(maker, message)), (told,))
    if not decoded and said.decoded is not None:
        return Understood((*observations_decoded(maker, said), *_radio(maker, message)))
    if not decoded:
        profile = str(info.get("deviceProfileName", ""))[:60]
        model = f"du profil « {profile} »" if profile else "de son modèle"
        raise codec_missing(maker, model, message.get("fPort"), data)
    return Understood((*observations_of(maker, decoded, said), *_radio(maker, message)))


def _radio(maker: Maker, message: dict[str, Any]) -> list[Observation]:
    lora = members(members(members(message.get("txInfo")).get("modulation")).get("lora"))
    return radio_of(maker, message.get("rxInfo"), lora.get("spreadingFactor"))


def _status(maker: Maker, message: dict[str, Any]) -> Understood:
    # Mains powered or unable to say: the level is 0 there and means nothing.
    has_battery = not (message.get("externalPowerSource") or message.get("batteryLevelUnavailable"))
    found = maker.of(("lorawan", "margin"), message.get("margin"), Meaning(Quantity.RADIO_MARGIN, "dB"))
    if has_battery:
        found += percent(maker, ("lorawan", "battery"), message.get("batteryLevel"))
    return Understood(tuple(found), (maker.event("status", "Le capteur a dit l'état de sa radio et de sa pile."),))


def _kind(message: dict[str, Any]) -> str:
    """Return the kind of an event whose topic does not say it."""
    if "margin" in message:
        return "status"
    if "code" in message and "level" in message:
        return "log"
    return "up" if "rxInfo" in message or "object" in message or "fPort" in message else "join"


def uses(topic: str) -> bool:
    """Say whether a topic is ChirpStack's."""
    return TOPIC.fullmatch(topic) is not None


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is an event of ChirpStack."""
    return isinstance(value, dict) and "devEui" in members(value.get("deviceInfo"))


DIALECT: Final = Dialect("chirpstack", ("application/+/device/+/event/+",), uses, understand, looks_like)
