"""A building and the energy it buys: losses, inertia, thermostat, people, light, machines, hot water.

Everything is computed for all buildings at once (arrays hours × buildings). Extending
the range keeps the past: an hour depends on the hours before it only, and the random
draws of a building belong to it alone.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from fleet.demonstration import weather
from fleet.demonstration.heat import heating
from fleet.demonstration.measures import NO_EFFECT, Effect, Event, Measure, Programme, combined
from fleet.demonstration.occupation import occupancy, set_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from fleet.demonstration.hours import Hours
    from fleet.demonstration.timeline import Timeline
    from fleet.demonstration.uses import Use

    Floats = NDArray[np.float64]

WINDOWS = 0.04  # m² of south glass that lets all sun in, per m² of floor
INDOORS = 0.8  # of the electricity that warms the rooms
PUMPS = 0.015  # electricity of pumps and burner per unit of heat
TWILIGHT = 150.0  # W/m² outside at which a third of the lamps are off
SIZING = 34.0  # K the boiler can hold against the cold, at nominal loss
EVENT_HOURS = (7, 19)  # local hours a non-routine event is counted in
NOISE_DAYS = 3660  # daily draws made at once: ten years from the first day


class Heating(Enum):
    """What heats a building; the value is the energy its own meter counts, None where electricity does it all."""

    GAS = "gas"
    NETWORK = "heat"
    ELECTRIC = None


@dataclass(frozen=True, slots=True)
class Building:
    """A building of the demonstration; `loss` in W/K per m², `inertia` in Wh/K per m², `efficiency` useful/bought."""

    key: str
    name: str
    use: Use
    municipality: str
    address: str
    area: int
    built: int
    heating: Heating
    loss: float
    inertia: float
    efficiency: float
    programme: Programme
    works_months: int
    measures: tuple[Measure, ...]
    events: tuple[Event, ...] = ()

    @property
    def energies(self) -> tuple[str, ...]:
        """The energies it has a meter for."""
        return ("electricity",) if self.heating.value is None else ("electricity", self.heating.value)

    @property
    def claims(self) -> dict[str, float]:
        """The announced saving per energy, as a fraction of the baseline: what several measures leave multiplies."""
        left = np.prod([[1 - claim for claim in measure.claims] for measure in self.measures], axis=0)
        return dict(zip(self.energies, (float(1 - rest) for rest in left), strict=False))


Loads = dict[str, "Floats"]  # kWh bought in each hour, by energy


def simulate(
    buildings: Sequence[Building],
    stations: Sequence[weather.Station],
    timeline: Timeline,
    hours: Hours,
    *,
    seed: int,
    measures: bool = True,
    events: bool = True,
) -> list[Loads]:
    """Return what each building buys in each hour, by energy; `stations` gives each building its weather.

    Without `measures` or `events` it is the building that would have been: the truth a baseline is judged by.
    """
    electricity, heat = _bought(buildings, stations, timeline, hours, seed=seed, measures=measures)
    found: list[Loads] = []
    for n, building in enumerate(buildings):
        loads = {"electricity": electricity[:, n] / 1000}
        if building.heating.value is not None:
            loads[building.heating.value] = heat[:, n] / 1000
        for event in building.events if events else ():
            loads[event.energy] = loads[event.energy] + _added(event, timeline, hours)
        found.append(loads)
    return found


def _bought(
    buildings: Sequence[Building],
    stations: Sequence[weather.Station],
    timeline: Timeline,
    hours: Hours,
    *,
    seed: int,
    measures: bool,
) -> tuple[Floats, Floats]:
    """Return electricity and heating energy bought in each hour (W, hours × buildings)."""
    done = [combined(b.measures) if measures else NO_EFFECT for b in buildings]
    after = hours.between(timeline.reporting.start, dt.date.max)[:, None]

    def each(values: Iterable[float]) -> Floats:
        return np.fromiter(values, dtype=np.float64, count=len(buildings))

    def changed(name: str) -> Floats:
        return np.where(after, each(getattr(effect, name) for effect in done), 1.0)

    area = each(b.area for b in buildings)
    outdoor, sun = (
        np.stack([of(station, hours.start, hours.end, seed) for station in stations], axis=1)
        for of in (weather.temperatures, weather.sunlight)
    )
    occupied = np.stack([occupancy(b.use, hours) for b in buildings], axis=1)
    wanted = np.stack([_wanted(b, e, hours, timeline) for b, e in zip(buildings, done, strict=True)], axis=1)
    noises = [_noise(b, hours, seed) for b in buildings]
    activity, wind, jitter = (np.stack(rows, axis=1) for rows in zip(*noises, strict=True))

    dark = 1 / 3 + 2 / 3 * np.exp(-sun / TWILIGHT)
    lighting = each(b.use.lighting for b in buildings) * changed("lighting") * occupied * dark
    plugs = each(b.use.plugs for b in buildings) * occupied
    fans = each(b.use.fans for b in buildings) * changed("fans") * occupied
    base = each(b.use.base for b in buildings) * changed("base")
    machines = (lighting + plugs + fans + base) * area * activity * jitter

    envelope = each(b.loss for b in buildings) * changed("loss") * wind
    loss = (envelope + each(b.use.ventilation for b in buildings) * occupied) * area
    capacity = each(b.inertia for b in buildings) * area
    gains = machines * INDOORS + (each(b.use.people for b in buildings) * occupied + WINDOWS * sun) * area
    season = np.array([_heating_season(day) for day in np.unique(hours.day)])[hours.number][:, None]
    power = np.where(season, each(b.loss * b.area * SIZING for b in buildings), 0.0)
    rooms = heating(loss=loss, capacity=capacity, outdoor=outdoor, wanted=wanted, gains=gains, power=power)

    hot_water = each(b.use.hot_water for b in buildings) * changed("hot_water") * occupied * activity
    basin = each(b.use.basin for b in buildings) * changed("basin") * (1 + 0.015 * (10 - outdoor))
    heat = (rooms + (hot_water + basin) * area) / (each(b.efficiency for b in buildings) * changed("efficiency"))
    electric = each(b.heating is Heating.ELECTRIC for b in buildings)
    electricity = machines + PUMPS * heat * (1 - electric) + heat * electric
    return electricity, heat


def _wanted(building: Building, effect: Effect, hours: Hours, timeline: Timeline) -> Floats:
    """Return the set points (°C) of a building, before and after its works."""
    people = occupancy(building.use, hours)
    before = set_points(building.use, hours, people, building.programme)
    after = set_points(building.use, hours, people, effect.programme or building.programme) + effect.comfort_shift
    return np.where(hours.between(timeline.reporting.start, dt.date.max), after, before)


def _noise(building: Building, hours: Hours, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return what varies without a reason: activity and wind of the day, jitter of the hour, around 1."""
    draw = np.random.default_rng([seed, zlib.crc32(building.key.encode())])
    activity, wind = (np.exp(sd * _drifting(draw.standard_normal(NOISE_DAYS)))[hours.number] for sd in (0.05, 0.06))
    jitter = np.exp(0.08 * draw.standard_normal(len(hours.day)))
    return activity, wind, jitter


def _drifting(white: Floats, phi: float = 0.6) -> Floats:
    """Return an autoregressive series of order one and variance 1 made of `white`."""
    series = white.copy()
    for n in range(1, len(series)):
        series[n] = phi * series[n - 1] + np.sqrt(1 - phi**2) * white[n]
    return series


def _heating_season(day: int) -> bool:
    """Tell whether boilers run on `day` (ordinal): from mid-September to mid-June."""
    date = dt.date.fromordinal(day)
    return not (6, 15) <= (date.month, date.day) < (9, 15)


def _added(event: Event, timeline: Timeline, hours: Hours) -> Floats:
    """Return the kWh an event adds to each hour."""
    start, end = event.days(timeline.reporting.start.year)
    first, after = EVENT_HOURS
    counted = hours.between(start, end) & (hours.hour >= first) & (hours.hour < after)
    return np.where(counted, event.daily_kwh / (after - first), 0.0)
