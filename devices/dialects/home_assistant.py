"""Home Assistant discovery: devices that announce, retained, where and how they will speak.

Topics `homeassistant/{component}/[{node}/]{object}/config` and `homeassistant/device/{id}/config` (a bundle of
components), then whatever state topics they announce: those are understood with the announcements heard before, passed
in and returned as `Announced`. Serial: the device's serial number, its first identifier or the node. Channels: the
object of the topic, or the key of the component in a bundle. Templates are not run: only the path of a value, perhaps
times or divided by a power of ten, is understood, and anything else is refused. There is no time; the reception
stands in.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, NamedTuple

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Event, Observation, Said, Understood, Unreadable
from devices.dialects.naming import channel_of, members, object_of, serial_of
from devices.dialects.quantities import Quantity, quantity_of
from devices.dialects.strict_json import read
from devices.dialects.units import shifted

TOPIC = re.compile(r"homeassistant/(?P<component>[a-z_]+)/(?:(?P<node>[^/]+)/)?(?P<object>[^/]+)/config")
# The short names a device may write (MQTT discovery, "Supported abbreviations"), of the fields we read.
SHORT: Final = {
    "stat_t": "state_topic",
    "val_tpl": "value_template",
    "unit_of_meas": "unit_of_measurement",
    "dev_cla": "device_class",
    "stat_cla": "state_class",
    "dev": "device",
    "cmps": "components",
    "ids": "identifiers",
    "sn": "serial_number",
    "p": "platform",
}
# The value itself or a path in its JSON, made a number, perhaps times or divided by a power of ten.
TEMPLATE = re.compile(
    r"\{\{-?\s*\(?\s*value(?P<path>_json(?:\.\w+|\[(?:'[^']+'|\"[^\"]+\"|\d+)\])+)?\s*"
    r"(?:\|\s*(?:float|int|round)\s*(?:\([^()]*\))?\s*)*\)?\s*"
    r"(?:(?P<sign>[*/])\s*(?P<factor>10*|0\.0*1)\s*)?"
    r"(?:\|\s*(?:float|int|round)\s*(?:\([^()]*\))?\s*)*-?\}\}"
)
STEP = re.compile(r"\.(\w+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d+)\]")
BY_CLASS: Final = {
    "energy": Quantity.ENERGY_INDEX,
    "gas": Quantity.VOLUME_INDEX,
    "water": Quantity.VOLUME_INDEX,
    "power": Quantity.POWER,
    "apparent_power": Quantity.APPARENT_POWER,
    "reactive_power": Quantity.REACTIVE_POWER,
    "power_factor": Quantity.POWER_FACTOR,
    "voltage": Quantity.VOLTAGE,
    "current": Quantity.CURRENT,
    "frequency": Quantity.FREQUENCY,
    "temperature": Quantity.TEMPERATURE,
    "humidity": Quantity.HUMIDITY,
    "carbon_dioxide": Quantity.CO2,
    "battery": Quantity.BATTERY,
    "signal_strength": Quantity.RSSI,
}
COUNTING: Final = ("total_increasing", "total")
"""State classes of indexes; an energy with another one is of a day or an hour."""


class Announcement(NamedTuple):
    """One value a device has announced: where it will be (`path` in the JSON of `topic`) and what it is."""

    config: str
    topic: str
    serial: str
    channel: str
    path: tuple[str, ...]
    shift: int
    meaning: Meaning


class Announced(NamedTuple):
    """What was announced so far."""

    announcements: tuple[Announcement, ...] = ()

    @property
    def topics(self) -> frozenset[str]:
        """The state topics to listen to."""
        return frozenset(announcement.topic for announcement in self.announcements)


def understand(said: Said) -> Understood:
    """Learn from an announcement, or read a state that was announced."""
    known = said.state if isinstance(said.state, Announced) else Announced()
    topic = TOPIC.fullmatch(said.topic)
    if topic is not None:
        return _announcement(said, topic, known)
    wanted = [one for one in known.announcements if one.topic == said.topic]
    if not wanted:
        raise Unreadable(
            "not_announced",
            f"Aucune annonce de Home Assistant ne nomme le sujet « {said.topic[:200]} » ; faites republier les annonces"
            " (homeassistant/…/config) avant les états.",
        )
    return Understood(tuple(one for announced in wanted for one in _state(said, announced)), (), known)


def _announcement(said: Said, topic: re.Match[str], known: Announced) -> Understood:
    others = tuple(one for one in known.announcements if one.config != said.topic)
    if not said.payload:
        told = Event("", "removed", said.received_at, f"L'annonce « {said.topic[:200]} » est retirée.")
        return Understood((), (told,), Announced(others))
    config = _full(object_of(read(said.payload), "L'annonce de Home Assistant"))
    components = config.get("components")
    parts = members(components) if topic["component"] == "device" else {topic["object"]: config}
    device = _full(members(config.get("device")))
    new, events = [], []
    for key, value in parts.items():
        part = {"state_topic": config.get("state_topic"), **_full(members(value))}
        # `platform` names the component in a bundle only; elsewhere it may say "mqtt".
        component = part.get("platform") if topic["component"] == "device" else topic["component"]
        if component == "sensor" and part.get("state_topic"):
            one = _announced(said.topic, key, part, _serial(device, topic))
            new.append(one)
            sentence = f"La voie « {one.channel} » sera publiée sous « {one.topic[:100]} »."
            events.append(Event(one.serial, "announced", said.received_at, sentence))
    if not new:
        events.append(Event("", "announced", said.received_at, "Cette annonce n'est pas celle d'une mesure."))
    return Understood((), tuple(events), Announced((*others, *new)))


def _announced(config: str, key: str, part: dict[str, Any], serial: str) -> Announcement:
    path, shift = _path(part.get("value_template"))
    unit = str(part.get("unit_of_measurement") or "")
    quantity = BY_CLASS.get(str(part.get("device_class")), quantity_of(unit))
    if quantity in {Quantity.ENERGY_INDEX, Quantity.VOLUME_INDEX} and part.get("state_class") not in COUNTING:
        quantity = Quantity.REGISTER
    return Announcement(config, str(part["state_topic"]), serial, channel_of(key), path, shift, Meaning(quantity, unit))


def _state(said: Said, announced: Announcement) -> list[Observation]:
    maker = Maker(announced.serial, *stamped(None, said))
    value: Any = read(said.payload)
    for step in announced.path:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = members(value).get(step)
    found = maker.of((announced.channel,), value, announced.meaning)
    return [one._replace(value=shifted(one.value, announced.shift)) for one in found]


def _path(template: Any) -> tuple[tuple[str, ...], int]:
    """Return the path a template takes in the JSON of a state and the power of ten it multiplies by.

    Default values (`float(0)`) are not followed: a value that is missing is not zero.
    """
    if template is None:
        return (), 0
    found = TEMPLATE.fullmatch(str(template).strip())
    if found is None:
        raise Unreadable(
            "template_not_supported",
            f"Le modèle « {str(template)[:80]} » calcule sa valeur ; publiez le registre tel quel et annoncez"
            " {{ value_json.nom }}.",
        )
    steps = tuple(next(filter(None, step)) for step in STEP.findall(found["path"] or ""))
    shift = Decimal(found["factor"] or 1).adjusted()
    return steps, shift if found["sign"] == "*" else -shift


def _serial(device: dict[str, Any], topic: re.Match[str]) -> str:
    identifiers = device.get("identifiers")
    first = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
    return serial_of(device.get("serial_number") or first or topic["node"] or topic["object"], "l'annonce")


def _full(fields: dict[str, Any]) -> dict[str, Any]:
    """Return `fields` with the names written in full and `~` replaced by what it stands for."""
    named = {SHORT.get(key, key): value for key, value in fields.items()}
    base, topic = named.get("~"), named.get("state_topic")
    if isinstance(base, str) and isinstance(topic, str):
        named["state_topic"] = re.sub("^~|~$", lambda _: base, topic)
    return named


def uses(topic: str) -> bool:
    """Say whether a topic is one of announcements; state topics are known by what was announced."""
    return TOPIC.fullmatch(topic) is not None


DIALECT: Final = Dialect(
    "home_assistant", ("homeassistant/#",), uses, understand, empty_tells=True, has_memory=True, teaches=uses
)
