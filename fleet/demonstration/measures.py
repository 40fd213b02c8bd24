"""What the SPL does to a building, and what happens to a building besides.

A measure changes physical parameters from the end of the works on. What it is said to
save is what its study announced, per energy, as a fraction of the year before; what it
really saves comes out of the physics, and for a few buildings it is not the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from math import prod


class Programme(Enum):
    """How the thermostat is run."""

    NEVER = "never"  # one set point day and night, half a degree lower at night
    NIGHTS = "nights"  # lowered at night, but weekends and holidays like working days
    OCCUPANCY = "occupancy"  # follows the occupancy, frost protection in the holidays


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of the parameters of a building; factors multiply."""

    lighting: float = 1.0
    fans: float = 1.0
    base: float = 1.0
    loss: float = 1.0
    efficiency: float = 1.0
    hot_water: float = 1.0
    basin: float = 1.0
    comfort_shift: float = 0.0  # °C
    programme: Programme | None = None


NO_EFFECT = Effect()


@dataclass(frozen=True, slots=True)
class Measure:
    """Something installed or set by the SPL during the works.

    `claims` is (of electricity, of heat): the announced saving as a fraction of the
    energy the building bought before. `effect` is what physics makes of it.
    """

    kind: str
    name: str  # French, as shown
    claims: tuple[float, float]
    effect: Effect
    cost_euros: int
    grant_euros: int = 0


def combined(measures: tuple[Measure, ...]) -> Effect:
    """Return the effect of several measures together: factors multiply, the last programme is the one run."""
    effects = [measure.effect for measure in measures]
    programmes = [effect.programme for effect in effects if effect.programme is not None]
    return Effect(
        lighting=prod(effect.lighting for effect in effects),
        fans=prod(effect.fans for effect in effects),
        base=prod(effect.base for effect in effects),
        loss=prod(effect.loss for effect in effects),
        efficiency=prod(effect.efficiency for effect in effects),
        hot_water=prod(effect.hot_water for effect in effects),
        basin=prod(effect.basin for effect in effects),
        comfort_shift=sum(effect.comfort_shift for effect in effects),
        programme=programmes[-1] if programmes else None,
    )


@dataclass(frozen=True, slots=True)
class Event:
    """A change nobody agreed on beforehand: a non-routine event.

    It adds `daily_kwh` to what the meter of `energy` counts on each local day of
    [start, end) of the reporting year, given as (month, day); no end means it stays.
    """

    name: str  # French, as shown
    energy: str
    daily_kwh: float
    start: tuple[int, int]
    end: tuple[int, int] | None = None

    def days(self, reporting_year: int) -> tuple[dt.date, dt.date]:
        """Return the first day and the day after the last of the event; `date.max` where it stays."""
        start = dt.date(reporting_year, *self.start)
        return start, dt.date.max if self.end is None else dt.date(reporting_year, *self.end)
