"""Fit the daily model of a meter: choose the structure, search the balance points exactly, freeze."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.choose import Chooser, groups_of, lag_one
from baseline.fitting.coarse import PRECISION, min_days
from baseline.fitting.curve import Curve
from baseline.fitting.data import BaselineData
from baseline.fitting.metrics import metrics
from baseline.fitting.model import DailyModel, Regime, Statistics, rounded
from baseline.fitting.months import month_errors
from baseline.fitting.search import best_curves
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from baseline.fitting.structure import Calendar, Structure

    Array = NDArray[np.float64]


def fit_daily(data: BaselineData, *, holidays: frozenset[dt.date] = frozenset()) -> DailyModel:
    """Fit the best daily model to the complete days of the baseline period and freeze it.

    `holidays` are public holidays (and any other days off) by date, of the baseline and of the years to come; they
    are kept in the model whether or not the building follows them. The same days, in any order, give the same model.
    Raises Refusal when no day is complete. Whether the period can carry a contract is said by `sufficiency`, not here.
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
    calendar, structure = Chooser(days, ordinals, temperature, energy).choose(holidays)
    regimes, n_parameters = _fitted(calendar, structure, days, temperature, energy)
    model = DailyModel(calendar, structure, regimes, data.start, data.end, _UNKNOWN)
    return replace(model, statistics=_statistics(model, n_parameters, ordinals, (days, temperature, energy)))


def _fitted(
    calendar: Calendar, structure: Structure, days: tuple[dt.date, ...], temperature: Array, energy: Array
) -> tuple[tuple[Regime, ...], int]:
    """Fit every regime exactly; return them and the number of parameters."""
    rows = calendar.rows(days)
    weekday = np.array([day.weekday() for day in days], dtype=np.intp)
    regimes, n_parameters = [], 2 * len(calendar.windows)
    floor = PRECISION * PRECISION * float(np.mean(energy * energy)) + 1e-300
    for group in groups_of(structure):
        level = np.array(group)[rows * 7 + weekday]
        here = level >= 0
        regime = _regime(temperature[here], energy[here], level[here], max(group) + 1, floor)
        n_parameters += len(np.unique(level[here])) + regime.curve.n_parameters
        regimes.append(regime)
    return tuple(regimes), n_parameters


def _regime(temperature: Array, energy: Array, level: NDArray[np.intp], n_levels: int, floor: float) -> Regime:
    """Fit one regime: its levels as the basis, then the curve of lowest Bayesian information criterion."""
    member = np.zeros((len(level), n_levels))
    member[np.arange(len(level)), level] = 1.0
    count = member.sum(axis=0)
    basis = (member / np.sqrt(np.maximum(count, 1.0)))[:, count > 0.0]
    curves = best_curves(temperature, energy, basis, min_days(len(level)))
    n = len(level)
    left = energy - basis @ (basis.T @ energy)
    unexplained = float(left @ left)

    def criterion(curve: Curve) -> float:
        variance = max(unexplained - curve.gain, 0.0) / n + floor
        return n * float(np.log(variance)) + curve.n_parameters * float(np.log(n))

    best = min(curves.values(), key=criterion)
    curve = Curve(
        best.name,
        0.0,
        rounded(best.heating_slope),
        None if best.heating_balance_point is None else rounded(best.heating_balance_point),
        rounded(best.cooling_slope),
        None if best.cooling_balance_point is None else rounded(best.cooling_balance_point),
    )
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


def _statistics(
    model: DailyModel,
    n_parameters: int,
    ordinals: NDArray[np.int64],
    fitted: tuple[tuple[dt.date, ...], Array, Array],
) -> Statistics:
    """Describe the residuals of the frozen model over the days, temperatures and energies it was fitted on."""
    days, temperature, energy = fitted
    residual = energy - model.predict(days, temperature)
    quality = metrics(energy, residual, n_parameters)
    next_to = np.flatnonzero(np.diff(ordinals) == 1)
    return Statistics(
        n_days=len(days),
        n_parameters=n_parameters,
        mean_kwh=rounded(float(energy.mean())),
        sse=rounded(float(residual @ residual)),
        autocorrelation=rounded(lag_one(residual, next_to)),
        coldest=rounded(float(temperature.min())),
        warmest=rounded(float(temperature.max())),
        cv_rmse=None if quality.cv_rmse is None else rounded(quality.cv_rmse),
        # The fit makes it zero but for the last digits of the coefficients.
        nmbe=None if quality.nmbe is None else round(quality.nmbe, 9),
        r_squared=None if quality.r_squared is None else rounded(quality.r_squared),
        month_errors=tuple(rounded(error) for error in month_errors(model, days, temperature, energy)),
    )


_UNKNOWN = Statistics(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, None, None, None)
