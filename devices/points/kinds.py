"""What a metering point may count. Pure.

A point has an energy and a direction; people choose both at once, as a kind.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from foundation.messages import N_

ENERGIES: Final = ("electricity", "gas", "heat", "water", "photovoltaic", "solar_thermal")
"""What a boundary may sum and an agreement may price."""
AMBIENT: Final = "ambient"
"""The energy of a point that counts none: temperature, humidity, CO₂ of a room."""
DIRECTIONS: Final = ("import", "export", "production", "none")


class Kind(NamedTuple):
    """An energy and which way it is counted, and what a person calls that."""

    energy: str
    direction: str
    words: str


KINDS: Final = {
    "electricity": Kind("electricity", "import", N_("électricité soutirée")),
    "electricity_export": Kind("electricity", "export", N_("électricité injectée au réseau")),
    "photovoltaic": Kind("photovoltaic", "production", N_("production photovoltaïque")),
    "gas": Kind("gas", "import", N_("gaz")),
    "heat": Kind("heat", "import", N_("chaleur")),
    "water": Kind("water", "import", N_("eau")),
    "solar_thermal": Kind("solar_thermal", "production", N_("production solaire thermique")),
    "ambient": Kind(AMBIENT, "none", N_("ambiance d'un local : température, humidité, CO₂")),
}

COUNTED_TOGETHER: Final = {"electricity": frozenset({"electricity", "photovoltaic"})}
"""Energies a boundary of another one may sum with its own: what is made and used on site is electricity (truth 1)."""


_COUNTED: Final = ("energy_index", "gross_energy_index", "volume_index")
_COUNTED_ONE_WAY: Final = {"export": ("exported_energy_index",), "production": ("produced_energy_index",)}


def counted_at(energy: str, direction: str) -> tuple[str, ...]:
    """Return the quantities (codes) the energy of such a point is made of; what else is installed there is beside it.

    kWh (of gas: PCS), m³, which dated coefficients turn into kWh for gas, what flows the way the point counts, and
    pulses, whose weight says what they are; a pulse of gas is a volume and is installed as one.
    """
    pulses = () if energy == "gas" else ("pulse_index",)
    return (*_COUNTED, *_COUNTED_ONE_WAY.get(direction, ()), *pulses)


def kind_of(energy: str, direction: str) -> str:
    """Return the code of the kind with this energy and direction."""
    return next(code for code, kind in KINDS.items() if (kind.energy, kind.direction) == (energy, direction))


def may_count(boundary_energy: str, point_energy: str) -> bool:
    """Say whether a boundary in `boundary_energy` may sum a point that counts `point_energy`."""
    return point_energy == boundary_energy or point_energy in COUNTED_TOGETHER.get(boundary_energy, ())
