"""The Things Stack v3 (The Things Network): messages of the MQTT server.

Topics `v3/{application}[@{tenant}]/devices/{device}/{up,join,down/…,service/data,location/solved}`. Serial: the DevEUI
as published, the device's id where the message has none. Channels: as ChirpStack's. Time: when the network server
heard the frame. A message marked `simulated` was typed on the console and is refused: nobody is billed for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from devices.dialects.lorawan import (
    NORMALIZED,
    codec_missing,
    network_maker,
    observations_decoded,
    observations_of,
    percent,
    radio_of,
)
from devices.dialects.measurement import Dialect, Said, Understood, Unreadable
from devices.dialects.naming import members, object_of, serial_of
from devices.dialects.strict_json import read

if TYPE_CHECKING:
    from devices.dialects.making import Maker

TOPIC = re.compile(r"v3/[^/]+/devices/(?P<device>[^/]+)/(?P<event>up|join|down/[a-z_]+|service/data|location/solved)")
SENTENCES: Final = {
    "join": "Le capteur a rejoint le réseau.",
    "service/data": "Un service du réseau a répondu.",
    "location/solved": "Le réseau a situé le capteur.",
}


def understand(said: Said) -> Understood:
    """Return what a message measures or tells."""
    message = object_of(read(said.payload), "Le message de The Things Stack")
    device = members(message.get("end_device_ids"))
    topic = TOPIC.fullmatch(said.topic)
    named = device.get("device_id")
    if topic and named is not None and named != topic["device"]:
        raise Unreadable(
            "wrong_device",
            f"Le sujet nomme l'appareil {topic['device'][:40]} et le message l'appareil {str(named)[:40]} ; corrigez"
            " ce qui publie sous ce sujet.",
        )
    serial = serial_of(device.get("dev_eui") or named or (topic and topic["device"]), "« end_device_ids »")
    uplink = members(message.get("uplink_message"))
    if message.get("simulated") is True or uplink.get("simulated") is True:
        raise Unreadable(
            "simulated",
            f"Ce message du capteur {serial} a été simulé depuis la console (« simulated ») ; il ne peut rien mesurer"
            " et ne sera jamais facturé : rien à faire.",
        )
    heard = uplink.get("received_at") or message.get("received_at")
    maker = network_maker(serial, heard, said)
    if uplink or (topic and topic["event"] == "up"):
        return _up(maker, uplink, said)
    event = topic["event"] if topic else "join"
    sentence = SENTENCES.get(event, "Un message descendant a été émis ou mis en attente.")
    return Understood(events=(maker.event(event.replace("/", "_"), sentence),))


def _up(maker: Maker, uplink: dict[str, Any], said: Said) -> Understood:
    lora = members(members(members(uplink.get("settings")).get("data_rate")).get("lora"))
    radio = radio_of(maker, uplink.get("rx_metadata"), lora.get("spreading_factor"))
    radio += percent(maker, ("lorawan", "battery"), members(uplink.get("last_battery_percentage")).get("value"))
    decoded, normalized = uplink.get("decoded_payload"), uplink.get("normalized_payload")
    if decoded:
        return Understood((*observations_of(maker, decoded, said), *radio))
    if normalized:
        parts = normalized if isinstance(normalized, list) else [normalized]
        return Understood((*(one for part in parts for one in observations_of(maker, part, said, NORMALIZED)), *radio))
    if not uplink.get("frm_payload"):
        told = maker.event("empty_uplink", "Le capteur a émis sans rien dire (trame de service).")
        return Understood(tuple(radio), (told,))
    if said.decoded is not None:
        return Understood((*observations_decoded(maker, said), *radio))
    versions = members(uplink.get("version_ids"))
    model = " ".join(str(versions[key])[:40] for key in ("brand_id", "model_id") if key in versions)
    of_model = f"du modèle « {model} »" if model else "de son modèle"
    raise codec_missing(maker, of_model, uplink.get("f_port"), uplink["frm_payload"])


def uses(topic: str) -> bool:
    """Say whether a topic is The Things Stack's."""
    return TOPIC.fullmatch(topic) is not None


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a message of The Things Stack."""
    return isinstance(value, dict) and "end_device_ids" in value


DIALECT: Final = Dialect("things_stack", ("v3/+/devices/+/up", "v3/+/devices/+/join"), uses, understand, looks_like)
