"""Fit the daily model of a meter: choose the structure, search the balance points exactly, freeze."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from baseline.fitting.candidates import groups_of
from baseline.fitting.choose import choose
from baseline.fitting.coarse import PRECISION, Meter, min_days
from baseline.fitting.criterion import autoregressive_criterion, lag_one, neighbours
from baseline.fitting.data import BaselineData
from baseline.fitting.frozen import Statistics, rounded, rounded_curve
from baseline.fitting.metrics import metrics
from baseline.fitting.model import DailyModel, Regime
from baseline.fitting.months import month_errors
from baseline.fitting.prefix import RegimeDays
from baseline.fitting.search import best_curves
from baseline.fitting.structure import Calendar, weekdays
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.curve import Curve
    from baseline.fitting.structure import Structure

    Array = NDArray[np.float64]


def fit_daily(
    data: BaselineData,
    *,
    holidays: frozenset[dt.date] = frozenset(),
    vacations: frozenset[dt.date] = frozenset(),
) -> DailyModel:
    """Fit the best daily model to the complete days of the baseline period and freeze it.

    `holidays` are public holidays (and any other single days off), `vacations` the days of school vacations, by date,
    of the baseline and of the years to come; they are kept in the model whether or not the building follows them. The
    same days, in any order, give the same model. Raises Refusal when no day is complete. Whether the period can carry
    a contract is said by `sufficiency`, not here.
    """
    (model,) = fit_days([data], holidays=holidays, vacations=vacations)
    if isinstance(model, Refusal):
        raise model
    return model


def fit_days(
    batch: Sequence[BaselineData], *, holidays: frozenset[dt.date], vacations: frozenset[dt.date]
) -> list[DailyModel | Refusal]:
    """Return the model of each meter in order, or the Refusal of one that has no complete day.

    The regimes of all meters are searched together; a model does not depend, to the last digit, on what else is in
    the batch.
    """
    given = [_Days.of(data) for data in batch]
    calendar = Calendar(holidays, vacations)
    fitted = [days for days in given if days.days]
    chosen = choose([days.meter for days in fitted], [days.days for days in fitted], calendar)
    tried = [_Tried(days, *one) for days, finalists in zip(fitted, chosen, strict=True) for one in finalists]
    regimes = [days for one in tried for days in one.regime_days()]
    curves = iter(zip(regimes, best_curves(regimes), strict=True))
    fits: dict[int, list[DailyModel]] = {}
    for one in tried:
        found = [_regime(*next(curves), one.days.floor) for _ in range(one.structure.n_regimes)]
        fits.setdefault(id(one.days), []).append(one.model(found))
    return [_best(days, fits[id(days)]) if days.days else _no_day() for days in given]


def _no_day() -> Refusal:
    return Refusal(
        "Aucun jour de la période de référence n'a une énergie et une température sur au moins 22 heures de 24 ; "
        "vérifiez les dates et les colonnes du fichier.",
    )


class _Days(NamedTuple):
    """The complete days a model is fitted on."""

    days: tuple[dt.date, ...]
    ordinals: NDArray[np.int64]
    temperature: Array
    energy: Array
    period: tuple[dt.date, dt.date]

    @classmethod
    def of(cls, data: BaselineData) -> Self:
        """Take the complete days of a baseline."""
        if not isinstance(data, BaselineData):
            raise TypeError("a model is fitted on BaselineData")
        kept = data.complete
        days = data.days if kept.all() else tuple(day for day, whole in zip(data.days, kept, strict=True) if whole)
        period = data.start, data.end
        return cls(days, data.ordinals[kept], data.temperature_c[kept], data.kwh_per_24h[kept], period)

    @property
    def meter(self) -> Meter:
        """Return what its structure is chosen by."""
        return Meter(self.ordinals, self.temperature, self.energy)

    @property
    def floor(self) -> float:
        """Variance below which a fit is perfect."""
        return PRECISION * PRECISION * float(np.mean(self.energy * self.energy)) + 1e-300


class _Tried(NamedTuple):
    """A structure to fit exactly to the days of a meter."""

    days: _Days
    calendar: Calendar
    structure: Structure

    def regime_days(self) -> Iterator[RegimeDays]:
        """Yield the days of each regime."""
        types = self.calendar.rows(self.days.days) * 7 + weekdays(self.days.days)
        for group in groups_of(self.structure):
            level = np.array(group)[types]
            here = level >= 0
            n = int(here.sum())
            days = self.days.temperature[here], self.days.energy[here], level[here]
            yield RegimeDays(*days, max(group) + 1, min_days(n), math.log(n) / n)

    def model(self, regimes: list[Regime]) -> DailyModel:
        """Return the model; of its statistics only the number of parameters is known yet."""
        n_parameters = 2 * len(self.calendar.windows)
        n_parameters += sum(regime.curve.n_parameters for regime in regimes)
        types = self.calendar.rows(self.days.days) * 7 + weekdays(self.days.days)
        met = np.bincount(types, minlength=7 * len(self.structure.regime)) > 0
        pairs = zip(
            np.ravel(self.structure.regime)[met].tolist(), np.ravel(self.structure.level)[met].tolist(), strict=True
        )
        n_parameters += len(set(pairs))
        unknown = Statistics(len(self.days.days), n_parameters, 0.0, 0.0, 0.0, 0.0, 0.0, None, None, None)
        return DailyModel(self.calendar, self.structure, tuple(regimes), *self.days.period, unknown)


def _best(days: _Days, fits: list[DailyModel]) -> DailyModel:
    model = fits[0] if len(fits) == 1 else min(fits, key=lambda one: _criterion(one, days))
    return replace(model, statistics=_statistics(model, days))


def _criterion(model: DailyModel, fitted: _Days) -> float:
    """Return what structures are compared by, of an exact fit."""
    residual = fitted.energy - model.predict(fitted.days, fitted.temperature)
    next_to, costs = neighbours(fitted.ordinals), np.array([model.n_parameters])
    return float(autoregressive_criterion(residual[None], next_to, costs, fitted.floor)[0])


def _regime(days: RegimeDays, curves: dict[str, Curve], floor: float) -> Regime:
    """Return a regime with the curve of lowest Bayesian information criterion."""
    n, temperature, energy, level = len(days.level), days.temperature, days.energy, days.level
    count = np.bincount(level, minlength=days.n_levels)
    size = np.maximum(count, 1)
    left = energy - (np.bincount(level, energy, minlength=days.n_levels) / size)[level]
    unexplained, scale = float(left @ left), math.log(n)

    def criterion(curve: Curve) -> float:
        variance = max(unexplained - curve.gain, 0.0) / n + floor
        return n * math.log(variance) + curve.n_parameters * scale

    curve = rounded_curve(min(curves.values(), key=criterion))
    apart = energy - curve(temperature)
    # A day type the baseline never met takes the mean of its regime.
    levels = np.where(count > 0, np.bincount(level, apart, minlength=days.n_levels) / size, apart.mean())
    return Regime(
        curve,
        tuple(map(rounded, levels.tolist())),
        rounded(float(temperature.min())),
        rounded(float(temperature.max())),
    )


def _statistics(model: DailyModel, fitted: _Days) -> Statistics:
    """Describe the residuals of the frozen model over the days it was fitted on."""
    temperature, energy = fitted.temperature, fitted.energy
    residual = energy - model.predict(fitted.days, temperature)
    quality = metrics(energy, residual, model.n_parameters)
    return Statistics(
        n_days=len(energy),
        n_parameters=model.n_parameters,
        mean_kwh=rounded(float(energy.mean())),
        sse=rounded(float(residual @ residual)),
        autocorrelation=rounded(float(lag_one(residual[None], neighbours(fitted.ordinals))[0])),
        coldest=rounded(float(temperature.min())),
        warmest=rounded(float(temperature.max())),
        cv_rmse=None if quality.cv_rmse is None else rounded(quality.cv_rmse),
        # The fit makes it zero but for the last digits of the coefficients.
        nmbe=None if quality.nmbe is None else round(quality.nmbe, 9),
        r_squared=None if quality.r_squared is None else rounded(quality.r_squared),
        month_errors=tuple(rounded(error) for error in month_errors(model, fitted.days, temperature, energy)),
    )
