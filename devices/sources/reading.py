"""What every source is turned into: a value of a point, with its side of time already settled."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.dialects.units import conversion

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

TOTAL: Final = "total"
"""The register that counts everything, whatever calendar the supplier chose."""


class Quantity(StrEnum):
    """What a value is. An `*_index` is true at an instant; `energy` and the powers belong to an interval."""

    ENERGY_INDEX = "energy_index"
    EXPORTED_ENERGY_INDEX = "exported_energy_index"
    REACTIVE_ENERGY_INDEX = "reactive_energy_index"
    ENERGY = "energy"
    EXPORTED_ENERGY = "exported_energy"
    REACTIVE_ENERGY = "reactive_energy"
    POWER = "power"
    """Mean power of the interval, drawn from the network."""
    EXPORTED_POWER = "exported_power"
    REACTIVE_POWER = "reactive_power"
    PEAK_POWER = "peak_power"
    """Greatest power reached in the interval; VA or W, as its unit says."""
    VOLTAGE = "voltage"
    REGISTER = "register"
    """A counter that is no energy (operating time, overrun); `register` names it."""


class Quality(StrEnum):
    """What the source itself says of a value, or what we must say for it."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    """Likelihood index raised, an hour of the autumn night nobody can place, or a register stood in for another."""
    ESTIMATED = "estimated"
    CORRECTED = "corrected"
    IMPOSSIBLE = "impossible"
    """More than the subscribed power allows, whatever the source says."""


class SourceReading(NamedTuple):
    """One value of one metering point, in the unit kept of its kind (kWh, W, VA, kvarh, var, V).

    `end` is None for what is true at the instant `start` (an index); else the value is that of [start, end), UTC.
    `line` is where the file says it: the line of the value, or of the block that holds it; 0 where there are no lines.
    `said` is the source's own word on its quality, `register` the register it comes from.
    """

    point: str
    quantity: Quantity
    unit: str
    start: dt.datetime
    end: dt.datetime | None
    value: Decimal
    quality: Quality
    line: int
    register: str = TOTAL
    said: str = ""


class PointFacts(NamedTuple):
    """What an operator says of a point itself, as text it writes; "" where it says nothing."""

    point: str
    line: int
    segment: str = ""
    contract_state: str = ""
    supply_state: str = ""
    voltage_domain: str = ""
    subscribed_power: Decimal | None = None
    subscribed_power_unit: str = ""
    network_tariff: str = ""
    """Formule tarifaire d'acheminement (FTA)."""
    supplier_calendar: str = ""
    meter_serial: str = ""
    postcode: str = ""
    contract_starts_on: dt.date | None = None


Record = SourceReading | PointFacts


def kept(unit: str) -> tuple[str, int] | None:
    """Return (unit kept, power of ten) of a unit as operators write it; None where it is no unit we keep.

    >>> kept("Wh")
    ('kWh', -3)
    """
    if unit == "s":
        return "s", 0
    found = conversion(_SPELT.get(unit, unit))
    return None if found is None or found.power is None else (found.unit, found.power)


# Enedis writes kWr and VArh where the field writes kvar and varh (guides 0408, 0479, 0503).
_SPELT: Final = {
    "kWr": "kvar",
    "kWR": "kvar",
    "VAr": "var",
    "VAR": "var",
    "kVAr": "kvar",
    "VArh": "varh",
    "VArH": "varh",
    "kVArh": "kvarh",
}
