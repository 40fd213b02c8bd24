"""Fit the daily model of a meter: choose the structure, search the balance points exactly, freeze."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.candidates import groups_of
from baseline.fitting.choose import Chooser, autoregressive_criterion, lag_one, neighbours
from baseline.fitting.coarse import PRECISION, min_days
from baseline.fitting.data import BaselineData
from baseline.fitting.frozen import Statistics, rounded, rounded_curve
from baseline.fitting.metrics import metrics
from baseline.fitting.model import DailyModel, Regime
from baseline.fitting.months import month_errors
from baseline.fitting.search import best_curves
from baseline.fitting.structure import Calendar, weekdays
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

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
    if not isinstance(data, BaselineData):
        raise TypeError("a model is fitted on BaselineData")
    kept = data.complete
    days = tuple(day for day, complete in zip(data.days, kept, strict=True) if complete)
    if not days:
        raise Refusal(
            "Aucun jour de la période de référence n'a une énergie et une température sur au moins 22 heures de 24 ; "
            "vérifiez les dates et les colonnes du fichier.",
        )
    ordinals, temperature, energy = data.ordinals[kept], data.temperature_c[kept], data.kwh_per_24h[kept]
    fitted = _Days(days, ordinals, temperature, energy)
    finalists = Chooser(days, ordinals, temperature, energy).choose(Calendar(holidays, vacations))
    fits = [_fitted(calendar, structure, fitted, data) for calendar, structure in finalists]
    model = fits[0] if len(fits) == 1 else min(fits, key=lambda one: _criterion(one, fitted))
    return replace(model, statistics=_statistics(model, fitted))


class _Days(NamedTuple):
    """The complete days a model is fitted on."""

    days: tuple[dt.date, ...]
    ordinals: NDArray[np.int64]
    temperature: Array
    energy: Array

    @property
    def floor(self) -> float:
        """Variance below which a fit is perfect."""
        return PRECISION * PRECISION * float(np.mean(self.energy * self.energy)) + 1e-300


def _criterion(model: DailyModel, fitted: _Days) -> float:
    """Return what structures are compared by, of an exact fit."""
    residual = fitted.energy - model.predict(fitted.days, fitted.temperature)
    next_to, costs = neighbours(fitted.ordinals), np.array([model.n_parameters])
    return float(autoregressive_criterion(residual[None], next_to, costs, fitted.floor)[0])


def _fitted(calendar: Calendar, structure: Structure, fitted: _Days, data: BaselineData) -> DailyModel:
    """Fit every regime exactly; of the statistics only the number of parameters is known yet."""
    rows, weekday = calendar.rows(fitted.days), weekdays(fitted.days)
    regimes, n_parameters = [], 2 * len(calendar.windows)
    for group in groups_of(structure):
        level = np.array(group)[rows * 7 + weekday]
        here = level >= 0
        regime = _regime(fitted.temperature[here], fitted.energy[here], level[here], max(group) + 1, fitted.floor)
        n_parameters += len(np.unique(level[here])) + regime.curve.n_parameters
        regimes.append(regime)
    unknown = Statistics(len(fitted.days), n_parameters, 0.0, 0.0, 0.0, 0.0, 0.0, None, None, None)
    return DailyModel(calendar, structure, tuple(regimes), data.start, data.end, unknown)


def _regime(temperature: Array, energy: Array, level: NDArray[np.intp], n_levels: int, floor: float) -> Regime:
    """Fit one regime: its levels as the basis, then the curve of lowest Bayesian information criterion."""
    member = np.zeros((len(level), n_levels))
    member[np.arange(len(level)), level] = 1.0
    count = member.sum(axis=0)
    basis = (member / np.sqrt(np.maximum(count, 1.0)))[:, count > 0.0]
    n = len(level)
    curves = best_curves(temperature, energy, basis, min_days(n), cost=math.log(n) / n)
    left = energy - basis @ (basis.T @ energy)
    unexplained = float(left @ left)

    def criterion(curve: Curve) -> float:
        variance = max(unexplained - curve.gain, 0.0) / n + floor
        return n * float(np.log(variance)) + curve.n_parameters * float(np.log(n))

    curve = rounded_curve(min(curves.values(), key=criterion))
    apart = energy - curve(temperature)
    mean = float(apart.mean())
    # A day type the baseline never met takes the mean of its regime.
    sums = member.T @ apart
    levels = np.where(count > 0.0, sums / np.maximum(count, 1.0), mean)
    return Regime(
        curve,
        tuple(rounded(float(value)) for value in levels),
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
