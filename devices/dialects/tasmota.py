"""Tasmota: energy monitoring plugs and meters, and the Teleinfo build for the Linky.

Topics `tele/{topic}/SENSOR`, `stat/{topic}/STATUS8` (the same under `StatusSNS`), `tele/{topic}/LWT`; FullTopic may
order the levels otherwise, the prefix and the last level stay. Serial: the device's topic (several levels joined by
dots). Channels: the path in the message: `ENERGY.Total` (kWh), `ENERGY.Power.1` for each phase, `TIC.HCHC` (Wh in the
message, kWh here), `TIC.total`, `COUNTER.C1` (pulses), `SML.E_in` (a scripted reader, in its own unit). `Time` is local
without an offset unless SetOption52 is on: the site's time zone places it; without one the reception stands in.
`ENERGY.Today`, `Yesterday` and `Period` are reset by the device and are no index.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from devices.dialects.instants import stamped
from devices.dialects.linky import LABELS, TOTAL, registers_of_total
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Event, Observation, Said, Stamp, Understood, Unreadable
from devices.dialects.naming import members, object_of, serial_of
from devices.dialects.quantities import Quantity
from devices.dialects.strict_json import read

PREFIXES: Final = ("tele", "stat")
MEASURING: Final = ("SENSOR", "STATUS8", "STATUS10")
"""What carries measurements; STATUS10 is what STATUS8 was called."""
TELLING: Final = ("LWT", "STATE", "INFO1", "INFO2", "INFO3", "RESULT", "UPTIME", "STATUS")

ENERGY: Final = {
    "Total": Meaning(Quantity.ENERGY_INDEX, "kWh"),
    "TotalTariff": Meaning(Quantity.ENERGY_INDEX, "kWh"),
    "ExportActive": Meaning(Quantity.EXPORTED_ENERGY_INDEX, "kWh"),
    "ExportTariff": Meaning(Quantity.EXPORTED_ENERGY_INDEX, "kWh"),
    "ExportReactive": Meaning(Quantity.REACTIVE_ENERGY_INDEX, "kvarh"),
    "ImportActive": Meaning(Quantity.ENERGY_INDEX, "kWh"),
    "ImportReactive": Meaning(Quantity.REACTIVE_ENERGY_INDEX, "kvarh"),
    "Power": Meaning(Quantity.POWER, "W"),
    "ApparentPower": Meaning(Quantity.APPARENT_POWER, "VA"),
    "ReactivePower": Meaning(Quantity.REACTIVE_POWER, "var"),
    "Factor": Meaning(Quantity.POWER_FACTOR),
    "Frequency": Meaning(Quantity.FREQUENCY, "Hz"),
    "Voltage": Meaning(Quantity.VOLTAGE, "V"),
    "Current": Meaning(Quantity.CURRENT, "A"),
}
"""Commands/energy: Total in kWh, powers in W, VA and var."""
SENSORS: Final = {
    "Humidity": Meaning(Quantity.HUMIDITY, "%"),
    "CarbonDioxide": Meaning(Quantity.CO2, "ppm"),
}
PULSES: Final = Meaning(Quantity.PULSE_INDEX, "pulse")
REGISTER: Final = Meaning(Quantity.REGISTER)
DEGREES: Final = {"C": "°C", "F": "°F"}
CHIP: Final = "ESP32"
"""The processor's own temperature stands among the sensors; it says nothing of the room (commands: SetOption146)."""


def understand(said: Said) -> Understood:
    """Return what a sensor message measures; other messages are events."""
    serial, kind = _address(said.topic)
    if kind in TELLING:
        text = said.payload.decode("utf-8", "replace")[:40]
        return Understood(events=(Event(serial, kind.lower(), said.received_at, f"L'appareil dit « {text} »."),))
    message = object_of(read(said.payload), "Le message de Tasmota")
    message = members(message.get("StatusSNS")) or message
    maker = Maker(serial, *stamped(message.get("Time"), said))
    observations = [*_energy(maker, message), *_teleinfo(maker, message), *_sensors(maker, message)]
    events = []
    if maker.stamp is Stamp.RECEIVED and isinstance(message.get("Time"), str):
        sentence = (
            f"L'heure locale {message['Time'][:25]} ne dit pas son fuseau et celui du site n'est pas donné : l'heure de"
            " réception la remplace."
        )
        events.append(maker.event("local_time", sentence))
    if isinstance(members(message.get("ENERGY")).get("TotalStartTime"), str):
        since = message["ENERGY"]["TotalStartTime"][:25]
        events.append(maker.event("counting_since", f"Le compteur ENERGY.Total compte depuis le {since}."))
    if not observations:
        events.append(maker.event("no_measurement", "Ce message ne porte aucune grandeur mesurée."))
    return Understood(tuple(observations), tuple(events))


def _energy(maker: Maker, message: dict[str, Any]) -> list[Observation]:
    found = []
    for key, meaning in ENERGY.items():
        value = members(message.get("ENERGY")).get(key)
        # One value, or one a phase (a tariff for the tariffs).
        if isinstance(value, list):
            for number, one in enumerate(value, 1):
                phase = f"L{number}" if number <= 3 and not key.endswith("Tariff") else ""
                found += maker.of(("ENERGY", key, str(number)), one, meaning._replace(phase=phase))
        else:
            found += maker.of(("ENERGY", key), value, meaning)
    return found


def _teleinfo(maker: Maker, message: dict[str, Any]) -> list[Observation]:
    frame = members(message.get("TIC"))
    # A label that this meter fills with a word ("PREF": "--") is none of its registers.
    known = {label: value for label in LABELS if isinstance(value := frame.get(label), Decimal)}
    found = [one for label, value in known.items() for one in maker.of(("TIC", label), value, LABELS[label])]
    tiers = registers_of_total(known)
    if tiers:
        found += maker.of(("TIC", TOTAL), sum((known[tier] for tier in tiers), Decimal(0)), LABELS[tiers[0]])
    return found


def _sensors(maker: Maker, message: dict[str, Any]) -> list[Observation]:
    """Return the numbers of every other sensor; those of counters are pulses, those we do not know are registers."""
    unit = DEGREES.get(str(message.get("TempUnit", "C")), "")
    meanings = {"Temperature": Meaning(Quantity.TEMPERATURE, unit), **SENSORS}
    found = []
    for sensor, values in message.items():
        if sensor in {"ENERGY", "TIC"}:
            continue
        otherwise = PULSES if sensor == "COUNTER" else REGISTER
        for key, value in members(values).items():
            # What we know must be a number; a scripted reader (SML) may say words beside its registers.
            if sensor == CHIP and isinstance(value, Decimal):
                found += maker.of((sensor, key), value, REGISTER._replace(unit=unit if key == "Temperature" else ""))
            elif key in meanings or isinstance(value, Decimal):
                found += maker.of((sensor, key), value, meanings.get(key, otherwise))
    return found


def _address(topic: str) -> tuple[str, str]:
    """Return the serial a topic names and the kind of message; a topic not made by Tasmota is all serial."""
    *levels, kind = topic.split("/")
    if kind not in MEASURING and kind not in TELLING:
        return serial_of(topic, "le sujet"), ""
    for prefix in PREFIXES:
        if prefix in levels:
            levels.remove(prefix)
            break
    if not levels:
        raise Unreadable("bad_serial", "Le sujet ne nomme pas l'appareil ; gardez %topic% dans FullTopic de Tasmota.")
    return serial_of("/".join(levels), "le sujet"), kind


def uses(topic: str) -> bool:
    """Say whether a topic is Tasmota's, in whatever order FullTopic puts its levels."""
    *levels, kind = topic.split("/")
    return (kind in MEASURING or kind in TELLING) and any(prefix in levels for prefix in PREFIXES)


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a sensor message of Tasmota."""
    return isinstance(value, dict) and "Time" in value and ("ENERGY" in value or "TIC" in value)


DIALECT: Final = Dialect(
    "tasmota", ("tele/+/SENSOR", "tele/+/LWT", "stat/+/STATUS8"), uses, understand, looks_like, local_names=True
)
