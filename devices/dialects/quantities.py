"""What is measured and in which unit it is kept: m³ are no kWh, and kWh PCS no kWh PCI."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from devices.dialects.units import conversion
from foundation.messages import N_


class Quantity(StrEnum):
    """What a value is. An `*_index` counts up for ever; the others are true at an instant."""

    ENERGY_INDEX = "energy_index"
    """Energy delivered to the place: electricity drawn, heat, gas where the meter does not say PCS or PCI."""
    EXPORTED_ENERGY_INDEX = "exported_energy_index"
    """Energy given back to the network."""
    PRODUCED_ENERGY_INDEX = "produced_energy_index"
    """Energy a photovoltaic or solar thermal plant has made, whoever used it."""
    GROSS_ENERGY_INDEX = "gross_energy_index"
    """Energy of a gas with the heat of its vapour (PCS, higher heating value): what gas is billed in."""
    NET_ENERGY_INDEX = "net_energy_index"
    """Energy of a gas without it (PCI, lower heating value): about a tenth less for natural gas."""
    REACTIVE_ENERGY_INDEX = "reactive_energy_index"
    APPARENT_ENERGY_INDEX = "apparent_energy_index"
    VOLUME_INDEX = "volume_index"
    """Volume as the meter counts it: water, or gas at the pressure and temperature of its pipe."""
    NORMAL_VOLUME_INDEX = "normal_volume_index"
    """Volume of a gas brought to 0 °C and 1013.25 hPa by a converter."""
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


# The units a value of each may be kept in; the one asked for where it comes in none of them stands first.
_UNITS: Final[dict[Quantity, tuple[str, ...]]] = {
    Quantity.ENERGY_INDEX: ("kWh",),
    Quantity.EXPORTED_ENERGY_INDEX: ("kWh",),
    Quantity.PRODUCED_ENERGY_INDEX: ("kWh",),
    Quantity.GROSS_ENERGY_INDEX: ("kWh PCS",),
    Quantity.NET_ENERGY_INDEX: ("kWh PCI",),
    Quantity.REACTIVE_ENERGY_INDEX: ("kvarh",),
    Quantity.APPARENT_ENERGY_INDEX: ("kVAh",),
    Quantity.VOLUME_INDEX: ("m³",),
    Quantity.NORMAL_VOLUME_INDEX: ("Nm³",),
    Quantity.PULSE_INDEX: ("pulse",),
    Quantity.POWER: ("W",),
    Quantity.APPARENT_POWER: ("VA",),
    Quantity.REACTIVE_POWER: ("var",),
    # The network operator writes kVA, some meters kW: what was subscribed is what the contract says.
    Quantity.SUBSCRIBED_POWER: ("VA", "W"),
    Quantity.VOLTAGE: ("V",),
    Quantity.CURRENT: ("A",),
    Quantity.FREQUENCY: ("Hz",),
    Quantity.FLOW: ("m³/h",),
    Quantity.TEMPERATURE: ("°C",),
    Quantity.HUMIDITY: ("%",),
    Quantity.CO2: ("ppm",),
    Quantity.PRESSURE: ("Pa",),
    Quantity.ILLUMINANCE: ("lx",),
    Quantity.BATTERY: ("%", "V"),
    Quantity.POWER_FACTOR: ("%",),
    Quantity.RSSI: ("dBm",),
    Quantity.SNR: ("dB",),
    Quantity.RADIO_MARGIN: ("dB",),
    Quantity.LINK_QUALITY: ("%",),
}

WORDS: Final[dict[Quantity, str]] = {
    Quantity.ENERGY_INDEX: N_("énergie (index)"),
    Quantity.EXPORTED_ENERGY_INDEX: N_("énergie injectée (index)"),
    Quantity.PRODUCED_ENERGY_INDEX: N_("énergie produite (index)"),
    Quantity.GROSS_ENERGY_INDEX: N_("énergie du gaz en PCS (index)"),
    Quantity.NET_ENERGY_INDEX: N_("énergie du gaz en PCI (index)"),
    Quantity.REACTIVE_ENERGY_INDEX: N_("énergie réactive (index)"),
    Quantity.APPARENT_ENERGY_INDEX: N_("énergie apparente (index)"),
    Quantity.VOLUME_INDEX: N_("volume (index)"),
    Quantity.NORMAL_VOLUME_INDEX: N_("volume normal de gaz (index)"),
    Quantity.PULSE_INDEX: N_("impulsions (index)"),
    Quantity.POWER: N_("puissance"),
    Quantity.APPARENT_POWER: N_("puissance apparente"),
    Quantity.REACTIVE_POWER: N_("puissance réactive"),
    Quantity.SUBSCRIBED_POWER: N_("puissance souscrite"),
    Quantity.POWER_FACTOR: N_("facteur de puissance"),
    Quantity.VOLTAGE: N_("tension"),
    Quantity.CURRENT: N_("intensité"),
    Quantity.FREQUENCY: N_("fréquence"),
    Quantity.FLOW: N_("débit"),
    Quantity.TEMPERATURE: N_("température"),
    Quantity.HUMIDITY: N_("humidité"),
    Quantity.CO2: N_("CO₂"),
    Quantity.PRESSURE: N_("pression"),
    Quantity.ILLUMINANCE: N_("éclairement"),
    Quantity.BATTERY: N_("pile"),
    Quantity.RSSI: N_("force du signal"),
    Quantity.SNR: N_("rapport signal sur bruit"),
    Quantity.RADIO_MARGIN: N_("marge radio"),
    Quantity.LINK_QUALITY: N_("qualité de la liaison"),
    Quantity.REGISTER: N_("registre"),
}
"""What people call each."""

# What a unit measures where nothing else says it.
_BY_UNIT: Final = {
    "kWh": Quantity.ENERGY_INDEX,
    "kWh PCS": Quantity.GROSS_ENERGY_INDEX,
    "kWh PCI": Quantity.NET_ENERGY_INDEX,
    "kvarh": Quantity.REACTIVE_ENERGY_INDEX,
    "kVAh": Quantity.APPARENT_ENERGY_INDEX,
    "m³": Quantity.VOLUME_INDEX,
    "Nm³": Quantity.NORMAL_VOLUME_INDEX,
    "pulse": Quantity.PULSE_INDEX,
    "W": Quantity.POWER,
    "VA": Quantity.APPARENT_POWER,
    "var": Quantity.REACTIVE_POWER,
    "V": Quantity.VOLTAGE,
    "A": Quantity.CURRENT,
    "Hz": Quantity.FREQUENCY,
    "m³/h": Quantity.FLOW,
    "°C": Quantity.TEMPERATURE,
    "ppm": Quantity.CO2,
    "Pa": Quantity.PRESSURE,
    "lx": Quantity.ILLUMINANCE,
    "dBm": Quantity.RSSI,
}
# Percents of RFC 8428 § 12.1 that say what they are of; % alone is a part of anything.
_BY_SPELLING: Final = {"%RH": Quantity.HUMIDITY, "%EL": Quantity.BATTERY}

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
_ENDING = re.compile(r"[_ .-]([A-Za-z]+\d?[a-z]?)$")


def units_of(quantity: Quantity) -> tuple[str, ...]:
    """Return the units a value of `quantity` may be kept in; none for a register, which has the one of its meter."""
    return _UNITS.get(quantity, ())


def kept_in(quantity: Quantity) -> str:
    """Return the unit values of `quantity` are kept in; "" for a register, which has the one of its meter."""
    return _UNITS.get(quantity, ("",))[0]


def accepts(quantity: Quantity, unit: str) -> bool:
    """Say whether a value of `quantity` may come in `unit`; "" is a unit nobody says."""
    found = conversion(unit)
    return not unit or quantity is Quantity.REGISTER or (found is not None and found.unit in _UNITS[quantity])


def quantity_of(unit: str) -> Quantity:
    """Return what a unit measures where nothing else says it; REGISTER for a unit that measures many things."""
    if unit in _BY_SPELLING:
        return _BY_SPELLING[unit]
    found = conversion(unit)
    return _BY_UNIT.get(found.unit, Quantity.REGISTER) if found else Quantity.REGISTER


def unit_in(name: str, *, one_letter: bool = False) -> str:
    """Return the unit written at the end of `name` ("total_m3" → "m³"), "" where there is none.

    One letter is a unit only where the dialect says so: elsewhere `power_a` is the power of phase A.
    """
    found = _ENDING.search(name)
    ending = found[1].lower() if found else ""
    return _ENDINGS.get(ending, "") if len(ending) > 1 or one_letter else ""
