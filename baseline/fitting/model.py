"""The frozen daily model: what a measurement plan signs, and what every later figure is computed from."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from baseline.fitting.curve import N_PARAMETERS, Curve
from baseline.fitting.structure import Calendar, Structure, Window
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

FORMAT = "baseline.fitting.DailyModel"
VERSION = 1

_SLOTS = ("heating_slope", "heating_balance_point", "cooling_slope", "cooling_balance_point")


def frozen(value: float) -> str:
    """Return `value` as a plain decimal of 12 significant digits: what a plan keeps and predicts from."""
    if not math.isfinite(value):
        raise ValueError("a coefficient is not a number")
    return format(Decimal(f"{value:.12g}").normalize() + Decimal(0), "f")


def rounded(value: float) -> float:
    """Return the number that `frozen` writes."""
    return float(f"{value:.12g}")


@dataclass(frozen=True)
class Regime:
    """One curve with its levels (kWh per 24 h), for the day types that share it, and the temperatures it has seen."""

    curve: Curve
    levels: tuple[float, ...]
    coldest: float
    warmest: float


@dataclass(frozen=True)
class Statistics:
    """How the model fits the baseline days; fractions, kWh per 24 h, °C. None where it cannot be said."""

    n_days: int
    n_parameters: int
    mean_kwh: float
    sse: float
    """Sum of squared residuals, (kWh per 24 h) squared."""
    autocorrelation: float
    """Lag 1, of the residuals of neighbouring days; never below 0."""
    coldest: float
    warmest: float
    cv_rmse: float | None
    nmbe: float | None
    r_squared: float | None
    month_errors: tuple[float, ...] = ()
    """Mean error (kWh per 24 h) over each month when it is predicted by the others; see `empirical`."""


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
        rows = self.calendar.rows(days)
        weekday = np.array([day.weekday() for day in days], dtype=np.intp)
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
                    "curve": regime.curve.name,
                    **{slot: _optional(getattr(regime.curve, slot)) for slot in _SLOTS},
                    "levels": [frozen(level) for level in regime.levels],
                    "coldest": frozen(regime.coldest),
                    "warmest": frozen(regime.warmest),
                }
                for regime in self.regimes
            ],
            "statistics": {
                "mean_kwh": frozen(s.mean_kwh),
                "sse": frozen(s.sse),
                "autocorrelation": frozen(s.autocorrelation),
                "coldest": frozen(s.coldest),
                "warmest": frozen(s.warmest),
                "cv_rmse": _optional(s.cv_rmse),
                "nmbe": _optional(s.nmbe),
                "r_squared": _optional(s.r_squared),
                "month_errors": [frozen(error) for error in s.month_errors],
            },
        }

    @classmethod
    def from_json(cls, frozen_model: Mapping[str, Any] | str) -> Self:
        """Read what `to_json` wrote, or its text. Raises Refusal for anything else."""
        try:
            content = json.loads(frozen_model) if isinstance(frozen_model, str) else frozen_model
            return cls._read(content)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise Refusal(
                "Le modèle figé n'est pas lisible : il n'a pas été écrit par cette version du logiciel ou il a été "
                "modifié ; reprenez l'original déposé avec le plan de mesure.",
            ) from None

    @classmethod
    def _read(cls, content: Mapping[str, Any]) -> Self:
        if (content["format"], content["version"]) != (FORMAT, VERSION):
            raise ValueError("unknown format")
        calendar, statistics = content["calendar"], content["statistics"]
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
                    _curve(regime),
                    tuple(float(level) for level in regime["levels"]),
                    float(regime["coldest"]),
                    float(regime["warmest"]),
                )
                for regime in content["regimes"]
            ),
            start=dt.date.fromisoformat(content["baseline"]["start"]),
            end=dt.date.fromisoformat(content["baseline"]["end"]),
            statistics=Statistics(
                n_days=int(content["baseline"]["days"]),
                n_parameters=int(content["n_parameters"]),
                mean_kwh=float(statistics["mean_kwh"]),
                sse=float(statistics["sse"]),
                autocorrelation=float(statistics["autocorrelation"]),
                coldest=float(statistics["coldest"]),
                warmest=float(statistics["warmest"]),
                cv_rmse=_number(statistics["cv_rmse"]),
                nmbe=_number(statistics["nmbe"]),
                r_squared=_number(statistics["r_squared"]),
                month_errors=tuple(float(error) for error in statistics["month_errors"]),
            ),
        )


def _curve(regime: Mapping[str, Any]) -> Curve:
    if regime["curve"] not in N_PARAMETERS:
        raise ValueError("unknown curve")
    heating, heating_at, cooling, cooling_at = (_number(regime[slot]) for slot in _SLOTS)
    return Curve(regime["curve"], 0.0, heating or 0.0, heating_at, cooling or 0.0, cooling_at)


def _month_and_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def _optional(value: float | None) -> str | None:
    return None if value is None else frozen(value)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
