"""OBIS codes (IEC 62056-6-1) as keys of JSON: `1-0:1.8.0` is energy taken, `1-0:2.8.0` energy given.

Topics `/{user}/iomtsgdata/{key}` (Sinapsi Alfa: a list of devices, each with its `data`, a list of readings) and
`obis/{serial}` with one reading. Serial: `du`, or the last level of the topic. Channels: groups C.D.E of the code,
`1.8.0`, with A-B in front where the medium or the channel is not 1-0 (`7-1.3.0.0`). Numbers may be written as text here
and in no other dialect, with a point. A unit is believed where it is said (`"123.4*kWh"`, `{"value", "unit"}`) and
unknown otherwise: meters choose Wh or kWh.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Observation, Said, Understood, Unreadable
from devices.dialects.naming import members, object_of, serial_of
from devices.dialects.quantities import Quantity
from devices.dialects.strict_json import read

if TYPE_CHECKING:
    from collections.abc import Iterator

# A-B:C.D.E, then F (255 or *255) and, from Sinapsi, class, version and attribute.
CODE = re.compile(r"(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3}\.\d{1,3}\.\d{1,3})(?:[.*]\d{1,3})?(?:_\d+,\d+_\d+)?", re.ASCII)
NUMBER = re.compile(r"(-?\d{1,15}(?:\.\d{1,12})?)(?:\s*\*?\s*([A-Za-z³°/]{1,6}\d?))?", re.ASCII)
TIMES: Final = ("ts", "time", "timestamp", "Time")
ALFA: Final = re.compile(r"/?[^/]+/iomtsgdata/[^/]+")

PHASES: Final = {"2": "L1", "3": "L1", "4": "L2", "5": "L2", "6": "L3", "7": "L3"}
ELECTRICITY: Final = {
    "1.7": Quantity.POWER,
    "2.7": Quantity.POWER,
    "3.7": Quantity.REACTIVE_POWER,
    "4.7": Quantity.REACTIVE_POWER,
    "9.7": Quantity.APPARENT_POWER,
    "16.7": Quantity.POWER,
    "1.8": Quantity.ENERGY_INDEX,
    "2.8": Quantity.EXPORTED_ENERGY_INDEX,
    "3.8": Quantity.REACTIVE_ENERGY_INDEX,
    "4.8": Quantity.REACTIVE_ENERGY_INDEX,
    "9.8": Quantity.APPARENT_ENERGY_INDEX,
    "14.7": Quantity.FREQUENCY,
    **{f"{phase}1.7": Quantity.CURRENT for phase in "357"},
    **{f"{phase}2.7": Quantity.VOLTAGE for phase in "357"},
    **{f"{phase}1.7": Quantity.POWER for phase in "246"},
}
"""Groups C.D of electricity (A = 1)."""


def understand(said: Said) -> Understood:
    """Return the registers of every reading of a message."""
    found = [one for serial, reading in _readings(said) for one in _observe(serial, reading, said)]
    if not found:
        raise Unreadable(
            "no_number",
            "Ce message ne porte aucun code OBIS que nous sachions lire ; vérifiez ce que publie l'appareil.",
        )
    return Understood(tuple(found))


def _readings(said: Said) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each reading of a message with its serial."""
    value = read(said.payload)
    if not isinstance(value, list):
        reading = object_of(value, "Le message OBIS")
        yield serial_of(reading.get("serial") or said.topic.rpartition("/")[2], "le sujet"), reading
        return
    for item in value:
        device = object_of(item, "Chaque appareil du message OBIS")
        serial = serial_of(device.get("du"), "« du »")
        data = device.get("data")
        for reading in data if isinstance(data, list) else []:
            yield serial, object_of(reading, "Chaque relevé OBIS")


def _observe(serial: str, reading: dict[str, Any], said: Said) -> Iterator[Observation]:
    written = next((reading[key] for key in TIMES if key in reading), None)
    if isinstance(written, str) and written.isascii() and written.isdigit():
        written = Decimal(written[:15])
    maker = Maker(serial, *stamped(written, said))
    for key, value in reading.items():
        code = CODE.fullmatch(key)
        if code is not None:
            number, unit = _number(key, value)
            yield from maker.of(_channel(code), number, Meaning(_quantity(code), unit, _phase(code)))


def _channel(code: re.Match[str]) -> tuple[str, ...]:
    medium, channel, groups = code[1] or "1", code[2] or "0", code[3]
    return (groups,) if (medium, channel) == ("1", "0") else (f"{medium}-{channel}", groups)


def _quantity(code: re.Match[str]) -> Quantity:
    """Return what an electricity code measures; codes of other media are registers."""
    if (code[1] or "1") != "1":
        return Quantity.REGISTER
    return ELECTRICITY.get(code[3].rpartition(".")[0], Quantity.REGISTER)


def _phase(code: re.Match[str]) -> str:
    """Return the phase of an electricity code: C is 21 to 39 on L1, 41 to 59 on L2, 61 to 79 on L3 (IEC 62056-6-1)."""
    group, _, _ = code[3].partition(".")
    return PHASES.get(group[0], "") if (code[1] or "1") == "1" and len(group) == 2 else ""


def _number(key: str, value: Any) -> tuple[Decimal | None, str]:
    """Return a number, written as one or as text, and its unit."""
    if isinstance(value, dict):
        number, _ = _number(key, value.get("value"))
        return number, str(members(value).get("unit", ""))
    if value is None or isinstance(value, Decimal):
        return value, ""
    text = NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if text is None:
        raise Unreadable(
            "not_a_number",
            f"La valeur du code {key[:40]}, « {str(value)[:20]} », n'est pas un nombre ; écrivez-le avec un point, par"
            " exemple 23.3.",
        )
    return Decimal(text[1]), text[2] or ""


def uses(topic: str) -> bool:
    """Say whether a topic is Sinapsi's or set aside for OBIS."""
    return ALFA.fullmatch(topic) is not None or topic.startswith("obis/")


def looks_like(value: Any) -> bool:
    """Say whether a JSON value has OBIS codes for keys."""
    if isinstance(value, list):
        return bool(value) and "du" in members(value[0]) and "data" in members(value[0])
    return isinstance(value, dict) and any(CODE.fullmatch(key) for key in value)


DIALECT: Final = Dialect("obis", ("/+/iomtsgdata/+", "obis/+"), uses, understand, looks_like, local_names=True)
