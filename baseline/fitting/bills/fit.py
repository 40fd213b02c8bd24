"""Fit the model of bills: one level and the shape of lowest corrected Akaike criterion, every bill by its days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.bills.data import BilledBaseline
from baseline.fitting.bills.model import BillingModel
from baseline.fitting.bills.search import best_curves
from baseline.fitting.coarse import PRECISION
from baseline.fitting.frozen import Statistics, rounded, rounded_curve
from baseline.fitting.metrics import metrics
from baseline.fitting.refit import held_out
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.curve import Curve

    Array = NDArray[np.float64]


class _Bills(NamedTuple):
    temperatures: Sequence[Array]
    rate: Array
    """kWh per day."""
    weight: Array
    """Days of each bill over their mean: a mean over more days is known better."""


def fit_billing(data: BilledBaseline) -> BillingModel:
    """Fit the best model of the complete bills and freeze it. Raises Refusal when there is none."""
    if not isinstance(data, BilledBaseline):
        raise TypeError("a model of bills is fitted on BilledBaseline")
    kept = data.complete
    if not kept.any():
        raise Refusal(
            "Aucune facture de la période de référence n'a une énergie et une température ; vérifiez les dates et les "
            "colonnes du fichier.",
        )
    lengths = data.lengths[kept]
    temperatures = [t for t, complete in zip(data.temperatures, kept, strict=True) if complete]
    bills = _Bills(temperatures, data.kwh[kept] / lengths, lengths / lengths.mean())
    curve = rounded_curve(_chosen(bills))
    level = rounded(float(np.average(bills.rate - _explained(curve, bills), weights=bills.weight)))
    return BillingModel(curve, level, data.start, data.end, _statistics(curve, level, bills))


def _explained(curve: Curve, bills: _Bills) -> Array:
    return np.array([curve(t).mean() for t in bills.temperatures])


def _chosen(bills: _Bills) -> Curve:
    """Return the curve of lowest corrected Akaike criterion.

    Hurvich & Tsai (Biometrika 76, 1989): with a dozen bills, each parameter more has to be paid for by more than the
    Bayesian criterion asks; shapes that leave less than one degree of freedom are not considered.
    """
    n = len(bills.rate)
    around = bills.rate - np.average(bills.rate, weights=bills.weight)
    spread = float(bills.weight @ (around * around))
    floor = PRECISION * PRECISION * float(np.mean(bills.rate * bills.rate)) + 1e-300

    def criterion(curve: Curve) -> float:
        p = 1 + curve.n_parameters
        free = n - p - 1
        if free <= 0:
            return float("inf") if curve.n_parameters else 0.0
        variance = max(spread - curve.gain, 0.0) / n + floor
        return n * float(np.log(variance)) + 2.0 * p + 2.0 * p * (p + 1.0) / free

    return min(best_curves(bills.temperatures, bills.rate, bills.weight).values(), key=criterion)


def _statistics(curve: Curve, level: float, bills: _Bills) -> Statistics:
    """Describe the residuals of the frozen model over its bills, weighted as they were fitted."""
    root = np.sqrt(bills.weight)
    residual = (bills.rate - level - _explained(curve, bills)) * root
    n_parameters = 1 + curve.n_parameters
    quality = metrics(bills.rate * root, residual, n_parameters)
    mean = float(np.average(bills.rate, weights=bills.weight))
    around = (bills.rate - mean) * root
    spread = float(around @ around)
    free = len(bills.rate) - n_parameters
    means = np.array([t.mean() for t in bills.temperatures])
    known = quality.cv_rmse is not None and mean != 0.0
    sse = float(residual @ residual)
    return Statistics(
        n_days=len(bills.rate),
        n_parameters=n_parameters,
        mean_kwh=rounded(mean),
        sse=rounded(sse),
        autocorrelation=0.0,
        coldest=rounded(float(means.min())),
        warmest=rounded(float(means.max())),
        cv_rmse=rounded(float(np.sqrt(sse / free)) / abs(mean)) if known else None,
        nmbe=round(float(residual @ root) / (free * mean), 9) if known else None,
        r_squared=rounded(1.0 - sse / spread) if quality.r_squared is not None and spread > 0.0 else None,
        month_errors=tuple(rounded(error) for error in _bill_errors(curve, level, bills)),
    )


def _bill_errors(curve: Curve, level: float, bills: _Bills) -> list[float]:
    """Return the error of each bill, kWh per day, when slopes and level are fitted on the others."""
    columns, known = [np.ones(len(bills.rate))], [level]
    sides = (
        (curve.heating_slope, curve.heating_balance_point, 1.0),
        (curve.cooling_slope, curve.cooling_balance_point, -1.0),
    )
    for slope, at, sign in sides:
        if slope:
            hinge = [
                -sign * t.mean() if at is None else np.maximum(sign * (at - t), 0.0).mean() for t in bills.temperatures
            ]
            columns.append(np.array(hinge))
            known.append(slope)
    root = np.sqrt(bills.weight)
    x = np.column_stack(columns) * root[:, None]
    errors = held_out(x, bills.rate * root, np.array(known), np.arange(len(root)))
    return [float(error) for error in errors / root]
