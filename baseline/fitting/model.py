"""The frozen daily model: what a measurement plan signs, and what every later figure is computed from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from baseline.fitting.frozen import (
    curve_from,
    curve_json,
    frozen,
    not_readable,
    parsed,
    statistics_from,
    statistics_json,
)
from baseline.fitting.structure import Calendar, Structure, Window, weekdays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from baseline.fitting.curve import Curve
    from baseline.fitting.frozen import Statistics

    Array = NDArray[np.float64]

FORMAT = "baseline.fitting.DailyModel"
VERSION = 1


@dataclass(frozen=True)
class Regime:
    """One curve with its levels (kWh per 24 h), for the day types that share it, and the temperatures it has seen."""

    curve: Curve
    levels: tuple[float, ...]
    coldest: float
    warmest: float


@dataclass(frozen=True)
class DailyModel:
    """Daily energy as a function of the day and its mean outdoor temperature; made by `fit_daily`, never changed."""

    calendar: Calendar
    structure: Structure
    regimes: tuple[Regime, ...]
    start: dt.date
    end: dt.date
    statistics: Statistics

    @property
    def name(self) -> str:
        """Return the shapes of the regimes, "5P" or "5P+4P", in order of regime, each once."""
        return "+".join(dict.fromkeys(regime.curve.shape for regime in self.regimes))

    @property
    def n_parameters(self) -> int:
        """Levels, slopes, balance points, and the edges of yearly windows."""
        return self.statistics.n_parameters

    def predict(self, days: Sequence[dt.date], temperature_c: ArrayLike) -> Array:
        """Return the baseline of each local day in kWh per full day of 24 hours, shape (n,).

        A day of 23 or 25 hours, or one of which fewer hours were measured, takes its part by hours / 24. A temperature
        that is NaN gives NaN.
        """
        temperature = np.asarray(temperature_c, dtype=np.float64)
        if temperature.shape != (len(days),):
            raise ValueError(f"{len(days)} days need as many temperatures")
        regime_of, level_of = self.types(days)
        energy = np.zeros(len(days))
        for number, regime in enumerate(self.regimes):
            here = regime_of == number
            energy[here] = np.array(regime.levels)[level_of[here]] + regime.curve(temperature[here])
        return energy

    def types(self, days: Sequence[dt.date]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the regime and the level of each day."""
        days = tuple(days)
        rows, weekday = self.calendar.rows(days), weekdays(days)
        regime, level = np.array(self.structure.regime), np.array(self.structure.level)
        return regime[rows, weekday], level[rows, weekday]

    def with_holidays(self, holidays: Iterable[dt.date] = (), vacations: Iterable[dt.date] = ()) -> Self:
        """Return the model with more holidays and vacations in its calendar, for years that were not yet known."""
        calendar = replace(
            self.calendar,
            holidays=self.calendar.holidays.union(holidays),
            vacations=self.calendar.vacations.union(vacations),
        )
        return replace(self, calendar=calendar)

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain JSON values; coefficients are decimals of 12 significant digits, as text."""
        s = self.statistics
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": self.name,
            "n_parameters": s.n_parameters,
            "baseline": {"start": self.start.isoformat(), "end": self.end.isoformat(), "days": s.n_days},
            "calendar": {
                "holidays": sorted(day.isoformat() for day in self.calendar.holidays),
                "vacations": sorted(day.isoformat() for day in self.calendar.vacations),
                "windows": [[f"{m:02}-{d:02}" for m, d in (w.first, w.last)] for w in self.calendar.windows],
            },
            "day_types": {
                "regime": [list(row) for row in self.structure.regime],
                "level": [list(row) for row in self.structure.level],
            },
            "regimes": [
                {
                    **curve_json(regime.curve),
                    "levels": [frozen(level) for level in regime.levels],
                    "coldest": frozen(regime.coldest),
                    "warmest": frozen(regime.warmest),
                }
                for regime in self.regimes
            ],
            "statistics": statistics_json(s),
        }

    @classmethod
    def from_json(cls, frozen_model: Mapping[str, Any] | str) -> Self:
        """Read what `to_json` wrote, or its text. Raises Refusal for anything else."""
        try:
            return cls._read(parsed(frozen_model, FORMAT, VERSION))
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise not_readable() from None

    @classmethod
    def _read(cls, content: Mapping[str, Any]) -> Self:
        calendar = content["calendar"]
        return cls(
            calendar=Calendar(
                frozenset(dt.date.fromisoformat(day) for day in calendar["holidays"]),
                frozenset(dt.date.fromisoformat(day) for day in calendar["vacations"]),
                tuple(Window(*(_month_and_day(edge) for edge in window)) for window in calendar["windows"]),
            ),
            structure=Structure(
                tuple(tuple(int(cell) for cell in row) for row in content["day_types"]["regime"]),
                tuple(tuple(int(cell) for cell in row) for row in content["day_types"]["level"]),
            ),
            regimes=tuple(
                Regime(
                    curve_from(regime),
                    tuple(float(level) for level in regime["levels"]),
                    float(regime["coldest"]),
                    float(regime["warmest"]),
                )
                for regime in content["regimes"]
            ),
            start=dt.date.fromisoformat(content["baseline"]["start"]),
            end=dt.date.fromisoformat(content["baseline"]["end"]),
            statistics=statistics_from(
                content["statistics"], int(content["baseline"]["days"]), int(content["n_parameters"])
            ),
        )


def _month_and_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
