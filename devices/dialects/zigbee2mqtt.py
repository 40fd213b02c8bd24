"""Zigbee2MQTT: meters and plugs, the ZLinky among them.

Topics `zigbee2mqtt/{friendly name}` (which may hold `/`), `…/availability`, `zigbee2mqtt/bridge/…`. Serial: the
friendly name, `/` become `.`. Channels: the exposed names below, in the units Zigbee2MQTT gives them (energies in kWh,
whatever the meter counts in). A state is partial: what it does not say has not changed. There is no time unless
`last_seen` is turned on (the gateway's); the reception stands in.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Event, Observation, Said, Stamp, Understood
from devices.dialects.naming import object_of, serial_of
from devices.dialects.quantities import Quantity
from devices.dialects.strict_json import read

ROOT: Final = "zigbee2mqtt/"
MILLIVOLTS_FROM: Final = 1000
"""A `voltage` that large is a battery's, exposed in mV; mains are exposed in V under the same name."""
_IN = Meaning(Quantity.ENERGY_INDEX, "kWh")
_OUT = Meaning(Quantity.EXPORTED_ENERGY_INDEX, "kWh")

EXPOSED: Final = {
    "energy": _IN,
    "consumed_energy": _IN,
    "produced_energy": _OUT,
    "current_summ_delivered": _IN,
    "current_summ_received": _OUT,
    "power": Meaning(Quantity.POWER, "W"),
    "active_power": Meaning(Quantity.POWER, "W"),
    "apparent_power": Meaning(Quantity.APPARENT_POWER, "VA"),
    "reactive_power": Meaning(Quantity.REACTIVE_POWER, "var"),
    "available_power": Meaning(Quantity.SUBSCRIBED_POWER, "kVA"),
    "power_factor": Meaning(Quantity.POWER_FACTOR),
    "voltage": Meaning(Quantity.VOLTAGE, "V"),
    "rms_voltage": Meaning(Quantity.VOLTAGE, "V"),
    "current": Meaning(Quantity.CURRENT, "A"),
    "rms_current": Meaning(Quantity.CURRENT, "A"),
    "ac_frequency": Meaning(Quantity.FREQUENCY, "Hz"),
    "temperature": Meaning(Quantity.TEMPERATURE, "°C"),
    "local_temperature": Meaning(Quantity.TEMPERATURE, "°C"),
    # Inside the device: no temperature of a room.
    "device_temperature": Meaning(Quantity.REGISTER, "°C"),
    "humidity": Meaning(Quantity.HUMIDITY, "%"),
    "co2": Meaning(Quantity.CO2, "ppm"),
    "pressure": Meaning(Quantity.PRESSURE, "hPa"),
    "illuminance": Meaning(Quantity.ILLUMINANCE, "lx"),
    "battery": Meaning(Quantity.BATTERY, "%"),
    "linkquality": Meaning(Quantity.LINK_QUALITY),
}
# EASD01 to EASD04 of the ZLinky, spelt as Zigbee2MQTT does.
_DISTRIBUTOR = re.compile(r"active_ener[fg]y_out_d0[1-4]")
_TARIFF = re.compile(r"current_tier\d{1,2}_summ_(delivered|received)")
# One name a phase or an endpoint: power_phase_b, energy_l2, current_phase_c.
PHASES: Final = {"a": "L1", "b": "L2", "c": "L3"}
_PART = re.compile(r"_(phase_[abc]|ph[abc]|l\d|[abc])$")


def understand(said: Said) -> Understood:
    """Return what a state exposes; life signs and the bridge's own messages are events."""
    name = said.topic.removeprefix(ROOT)
    if name.startswith("bridge/"):
        told = Event("", "bridge", said.received_at, f"Zigbee2MQTT parle de lui-même (« {name[:60]} »).")
        return Understood(events=(told,))
    if name.endswith("/availability"):
        text = said.payload.decode("utf-8", "replace")[:40]
        serial = serial_of(name.removesuffix("/availability"), "le sujet")
        return Understood(events=(Event(serial, "availability", said.received_at, f"Disponibilité : {text}."),))
    state = object_of(read(said.payload), "L'état publié par Zigbee2MQTT")
    maker = Maker(serial_of(name, "le sujet"), *stamped(state.get("last_seen"), said, Stamp.NETWORK))
    found: list[Observation] = []
    for key, value in state.items():
        meaning = _meaning(key, value)
        if meaning is not None:
            found += maker.of((key,), value, meaning)
    told_nothing = () if found else (maker.event("no_measurement", "Cet état ne porte aucune grandeur mesurée."),)
    return Understood(tuple(found), told_nothing)


def _meaning(key: str, value: Any) -> Meaning | None:
    if key == "voltage" and isinstance(value, Decimal) and value >= MILLIVOLTS_FROM:
        return Meaning(Quantity.VOLTAGE, "mV")
    tariff = _TARIFF.fullmatch(key)
    if tariff:
        return _IN if tariff[1] == "delivered" else _OUT
    if _DISTRIBUTOR.fullmatch(key):
        return _IN
    if key in EXPOSED:
        return EXPOSED[key]
    meaning = EXPOSED.get(_PART.sub("", key))
    # l1, l2… are the outlets of a multiple socket and no phases.
    return meaning and meaning._replace(phase=PHASES.get(key[-1], ""))


def uses(topic: str) -> bool:
    """Say whether a topic is under Zigbee2MQTT's root; commands (`/set`, `/get`) are not said by devices."""
    return topic.startswith(ROOT) and len(topic) > len(ROOT) and not topic.endswith(("/set", "/get"))


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a state of Zigbee2MQTT."""
    return isinstance(value, dict) and "linkquality" in value


DIALECT: Final = Dialect(
    "zigbee2mqtt",
    (f"{ROOT}#",),
    uses,
    understand,
    looks_like,
    tells_nothing=lambda topic: topic.startswith(f"{ROOT}bridge/"),
    local_names=True,
)
