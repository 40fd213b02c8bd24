"""The meters of the fleet: one cumulative index per metering point, as a sensor reads it.

Indexes are whole Wh (so kWh with 3 decimals), never falling; the energy of an hour is
the difference of two indexes and nothing else.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet.demonstration.buildings import Building, simulate
from fleet.demonstration.hours import Hours, hours_of
from fleet.demonstration.municipalities import MUNICIPALITIES
from fleet.demonstration.portfolio import BUILDINGS
from fleet.demonstration.weather import STATIONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from fleet.demonstration.timeline import Timeline

    Indexes = NDArray[np.int64]

SEED = 56
FIRST_INDEX_BELOW = 90_000_000  # Wh: meters were there before the sensors


@dataclass(frozen=True, slots=True)
class Meter:
    """A metering point and the sensor on it; numbers are invented and recognisable by their zeros.

    `reference` has the 14 digits of a PRM or PCE; a heat meter has its serial number only.
    """

    building: Building
    energy: str  # electricity, gas (kWh PCS) or heat
    number: int

    @property
    def key(self) -> str:
        """A name for it that lasts."""
        return f"{self.building.key}-{self.energy}"

    @property
    def reference(self) -> str:
        """PRM, PCE or serial number."""
        prefix = {"electricity": "0000056000", "gas": "0000044000", "heat": "0000033000"}[self.energy]
        return f"{prefix}{self.number:04d}"

    @property
    def sensor(self) -> str:
        """The serial number of the sensor: what its MQTT topic and its label say."""
        return f"demo-{self.number:04d}"


def meters(buildings: Iterable[Building] = BUILDINGS) -> list[Meter]:
    """Return the meters of `buildings` in the order of the portfolio; a meter's number is its place in the whole."""
    wanted = {building.key for building in buildings}
    pairs = [(building, energy) for building in BUILDINGS for energy in building.energies]
    every = [Meter(building, energy, number) for number, (building, energy) in enumerate(pairs, start=1)]
    return [meter for meter in every if meter.building.key in wanted]


@dataclass(frozen=True, slots=True)
class Generated:
    """What the sensors of the fleet read over `hours`: per meter, N + 1 indexes in Wh at the ends of N hours."""

    hours: Hours
    indexes: dict[Meter, Indexes]


def generate(
    timeline: Timeline, until: dt.date, seed: int = SEED, buildings: tuple[Building, ...] = BUILDINGS
) -> Generated:
    """Return the indexes of every meter from the first day of the history to the end of the day before `until`.

    A later `until` adds hours and changes none of those before.
    """
    hours = hours_of(timeline.history.start, until)
    by_code = {station.code: station for station in STATIONS}
    station_of = {m.key: by_code[m.station] for m in MUNICIPALITIES}
    loads = simulate(buildings, [station_of[b.municipality] for b in buildings], timeline, hours, seed=seed)
    of_building = {building.key: load for building, load in zip(buildings, loads, strict=True)}
    return Generated(hours, {m: index_of(of_building[m.building.key][m.energy], m.key) for m in meters(buildings)})


def index_of(kwh: NDArray[np.float64], key: str) -> Indexes:
    """Return the index (Wh) before the first hour and after each hour of `kwh`; where it starts depends on `key`."""
    first = zlib.crc32(key.encode()) % FIRST_INDEX_BELOW
    counted = np.rint(np.cumsum(kwh) * 1000).astype(np.int64)
    return first + np.concatenate([np.zeros(1, dtype=np.int64), counted])
