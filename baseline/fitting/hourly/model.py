"""The frozen hourly model: levels by time of week and kind of day, temperature by time of day and occupancy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from baseline.fitting.frozen import frozen, not_readable, parsed, statistics_from, statistics_json
from baseline.fitting.model import DailyModel
from baseline.fitting.structure import months_of_year, weekdays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.frozen import Statistics
    from baseline.fitting.hourly.data import BaselineHours, ReportingHours

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

FORMAT = "baseline.fitting.HourlyModel"
VERSION = 1

BLOCK = 3
"""Hours of the day that share a response to temperature."""

N_BLOCKS = 24 // BLOCK

Types = tuple[tuple[int, int], ...]
"""Kinds of day: (regime, level) of the daily model's structure, in order."""


@dataclass(frozen=True, eq=False)
class HourlyModel:
    """Energy of an hour; made by `fit_hourly`, never changed.

        level[kind of day, day of week, hour] + deviation[month, kind of day, hour]
        + slopes[occupied or not, time of day] . hinges(temperature of the hour, mean temperature of the day)

    kWh per hour, °C. Kinds of day, holidays and yearly windows are those of the daily model, which is frozen with it
    and says what events used.
    """

    daily: DailyModel
    knots: Array
    """Temperatures of the hour at which the response bends, (k,)."""
    day_knots: Array
    """The same of the day's mean, (k,)."""
    levels: Array
    """(kinds, 7, 24)."""
    occupied: NDArray[np.bool_]
    """(kinds, 7, 24)."""
    slopes: Array
    """(2, N_BLOCKS, k + k + 2): unoccupied first."""
    deviations: Array
    """(12, kinds, 24)."""
    statistics: Statistics

    @property
    def name(self) -> str:
        """Return TOWT, time of week and temperature."""
        return "TOWT"

    @property
    def n_parameters(self) -> int:
        """Levels, slopes, and what the shrunken deviations amount to."""
        return self.statistics.n_parameters

    def predict(self, hours: BaselineHours | ReportingHours) -> Array:
        """Return the baseline of each hour, kWh, shape (n,)."""
        kind, weekday, month = kinds_of(self.daily, hours)
        at = hours.local_hour
        occupied = self.occupied[kind, weekday, at].astype(np.intp)
        x = hinges(hours, self.knots, self.day_knots)
        slopes = self.slopes[occupied, at // BLOCK]
        level = self.levels[kind, weekday, at] + self.deviations[month, kind, at]
        return np.asarray(level + (x * slopes).sum(axis=1))

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain JSON values; coefficients are decimals of 12 significant digits, as text."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": self.name,
            "n_parameters": self.n_parameters,
            "hours": self.statistics.n_days,
            "knots": _texts(self.knots),
            "day_knots": _texts(self.day_knots),
            "levels": _texts(self.levels),
            "occupied": self.occupied.astype(int).tolist(),
            "slopes": _texts(self.slopes),
            "deviations": _texts(self.deviations),
            "statistics": statistics_json(self.statistics),
            "daily": self.daily.to_json(),
        }

    @classmethod
    def from_json(cls, frozen_model: Mapping[str, Any] | str) -> Self:
        """Read what `to_json` wrote, or its text. Raises Refusal for anything else."""
        try:
            content = parsed(frozen_model, FORMAT, VERSION)
            daily = DailyModel.from_json(content["daily"])
            n = len(kinds(daily))
            knots, day_knots = (_shaped(content[name], (len(content[name]),)) for name in ("knots", "day_knots"))
            return cls(
                daily,
                knots,
                day_knots,
                _shaped(content["levels"], (n, 7, 24)),
                _shaped(content["occupied"], (n, 7, 24)) > 0.0,
                _shaped(content["slopes"], (2, N_BLOCKS, len(knots) + len(day_knots) + 2)),
                _shaped(content["deviations"], (12, n, 24)),
                statistics_from(content["statistics"], int(content["hours"]), int(content["n_parameters"])),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise not_readable() from None


def kinds(daily: DailyModel) -> Types:
    """Return the kinds of day of a daily model."""
    pairs = (
        pair
        for row in zip(daily.structure.regime, daily.structure.level, strict=True)
        for pair in zip(*row, strict=True)
    )
    return tuple(sorted(set(pairs)))


def kinds_of(daily: DailyModel, hours: BaselineHours | ReportingHours) -> tuple[Places, Places, Places]:
    """Return kind of day, day of the week and month (from 0) of each hour."""
    regime, level = daily.types(hours.daily.days)
    known = np.array(kinds(daily))
    number = np.zeros(known.max(axis=0) + 1, dtype=np.intp)
    number[known[:, 0], known[:, 1]] = np.arange(len(known))
    by_day = number[regime, level], weekdays(hours.daily.days), months_of_year(hours.daily.days)
    kind, weekday, month = (column.take(hours.day) for column in by_day)
    return kind, weekday, month


def hinges(hours: BaselineHours | ReportingHours, knots: Array, day_knots: Array) -> Array:
    """Return T and (T - knot)+ of the hour, then of its day's mean, (n, k + k + 2): straight beyond the last knot."""
    columns: list[Array] = []
    for temperature, at in ((hours.temperature_c, knots), (hours.day_temperature, day_knots)):
        columns += [temperature[:, None], np.maximum(temperature[:, None] - at, 0.0)]
    return np.hstack(columns)


def _texts(values: Array) -> list[Any]:
    """Return nested lists of frozen numbers."""
    if values.ndim == 1:
        return [frozen(value) for value in values.tolist()]
    return [_texts(row) for row in values]


def _shaped(content: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """Read nested lists. Raises ValueError where the shape is another or a number is not finite."""
    values = np.array(content, dtype=np.float64)
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError("unknown shape")
    return values
