"""What is measured and in which unit: the canonical units, and powers of ten into them.

Conversions are exact or not made: kWh from Wh is a shift of the decimal point, kWh from GJ is not (1/0.0036) and stays
GJ, for the installation's factor to say. Spellings are those of the dialects, of RFC 8428 § 12.1 and of RFC 8798.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from enum import StrEnum
from typing import Final


class Quantity(StrEnum):
    """What a value is. An `*_index` counts up for ever; the others are true at an instant."""

    ENERGY_INDEX = "energy_index"
    EXPORTED_ENERGY_INDEX = "exported_energy_index"
    REACTIVE_ENERGY_INDEX = "reactive_energy_index"
    APPARENT_ENERGY_INDEX = "apparent_energy_index"
    VOLUME_INDEX = "volume_index"
    PULSE_INDEX = "pulse_index"
    POWER = "power"
    APPARENT_POWER = "apparent_power"
    REACTIVE_POWER = "reactive_power"
    SUBSCRIBED_POWER = "subscribed_power"
    POWER_FACTOR = "power_factor"
    VOLTAGE = "voltage"
    CURRENT = "current"
    FREQUENCY = "frequency"
    FLOW = "flow"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    CO2 = "co2"
    PRESSURE = "pressure"
    ILLUMINANCE = "illuminance"
    BATTERY = "battery"
    RSSI = "rssi"
    SNR = "snr"
    RADIO_MARGIN = "radio_margin"
    LINK_QUALITY = "link_quality"
    REGISTER = "register"
    """A number whose meaning only the installation knows."""


# Canonical unit → its spellings and the power of ten from each into it.
_SPELLINGS: Final[dict[str, dict[str, int]]] = {
    "kWh": {"kWh": 0, "Wh": -3, "MWh": 3, "GWh": 6},
    "kvarh": {"kvarh": 0, "kVArh": 0, "varh": -3, "VArh": -3},
    "kVAh": {"kVAh": 0, "VAh": -3},
    "J": {"J": 0, "MJ": 6, "GJ": 9},
    "W": {"W": 0, "mW": -3, "kW": 3, "MW": 6},
    "VA": {"VA": 0, "kVA": 3},
    "var": {"var": 0, "VAr": 0, "kvar": 3},
    "V": {"V": 0, "mV": -3, "kV": 3},
    "A": {"A": 0, "mA": -3},
    "Hz": {"Hz": 0},
    "m³": {"m³": 0, "m3": 0, "L": -3, "l": -3},
    "m³/h": {"m³/h": 0, "m3/h": 0, "L/h": -3, "l/h": -3},
    "°C": {"°C": 0, "C": 0, "Cel": 0},
    "%": {"%": 0, "%RH": 0, "%EL": 0},
    "ppm": {"ppm": 0},
    "dBm": {"dBm": 0},
    "dB": {"dB": 0},
    "Pa": {"Pa": 0, "hPa": 2, "kPa": 3, "bar": 5},
    "lx": {"lx": 0, "lux": 0},
    "pulse": {"pulse": 0, "pulses": 0, "count": 0},
}
UNITS: Final = {spelling: (unit, power) for unit, known in _SPELLINGS.items() for spelling, power in known.items()}

# What a unit measures where nothing else says it.
_BY_UNIT: Final = {
    "kWh": Quantity.ENERGY_INDEX,
    "J": Quantity.ENERGY_INDEX,
    "kvarh": Quantity.REACTIVE_ENERGY_INDEX,
    "kVAh": Quantity.APPARENT_ENERGY_INDEX,
    "m³": Quantity.VOLUME_INDEX,
    "pulse": Quantity.PULSE_INDEX,
    "W": Quantity.POWER,
    "VA": Quantity.APPARENT_POWER,
    "var": Quantity.REACTIVE_POWER,
    "V": Quantity.VOLTAGE,
    "A": Quantity.CURRENT,
    "Hz": Quantity.FREQUENCY,
    "m³/h": Quantity.FLOW,
    "°C": Quantity.TEMPERATURE,
    "%RH": Quantity.HUMIDITY,
    "%EL": Quantity.BATTERY,
    "ppm": Quantity.CO2,
    "Pa": Quantity.PRESSURE,
    "lx": Quantity.ILLUMINANCE,
    "dBm": Quantity.RSSI,
}

# A unit written at the end of a name, as codecs do (`total_energy_consumption_kwh`, `EnergyTotal_kWh`). mw is left out:
# milli or mega, nobody knows.
_ENDINGS: Final = {
    "kwh": "kWh",
    "wh": "Wh",
    "mwh": "MWh",
    "gj": "GJ",
    "mj": "MJ",
    "kvarh": "kvarh",
    "varh": "varh",
    "kvah": "kVAh",
    "m3": "m³",
    "l": "L",
    "kw": "kW",
    "w": "W",
    "va": "VA",
    "kva": "kVA",
    "var": "var",
    "kvar": "kvar",
    "v": "V",
    "mv": "mV",
    "a": "A",
    "ma": "mA",
    "hz": "Hz",
    "m3h": "m³/h",
    "lh": "L/h",
    "c": "°C",
    "degc": "°C",
    "pct": "%",
    "percent": "%",
    "dbm": "dBm",
    "bar": "bar",
    "ppm": "ppm",
}
_EXACT = Context(prec=60)
_ENDING = re.compile(r"[_ .-]([A-Za-z]+\d?[a-z]?)$")


def canonical(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """Return `value` in the canonical unit of `unit`, exactly; both as they are where the unit is not known."""
    name, power = UNITS.get(unit, (unit, 0))
    return shifted(value, power), name


def shifted(value: Decimal, power: int) -> Decimal:
    """Return `value` x 10^`power`, exactly."""
    return value.scaleb(power, context=_EXACT) if power else value


def quantity_of(unit: str) -> Quantity:
    """Return what a unit measures where nothing else says it; REGISTER for a unit that measures many things."""
    return _BY_UNIT.get(unit) or _BY_UNIT.get(UNITS.get(unit, (unit, 0))[0], Quantity.REGISTER)


def unit_in(name: str, *, one_letter: bool = False) -> str:
    """Return the unit written at the end of `name` ("total_m3" → "m³"), "" where there is none.

    One letter is a unit only where the dialect says so: elsewhere `power_a` is the power of phase A.
    """
    found = _ENDING.search(name)
    ending = found[1].lower() if found else ""
    return _ENDINGS.get(ending, "") if len(ending) > 1 or one_letter else ""
