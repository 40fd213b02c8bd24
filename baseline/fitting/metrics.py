"""ASHRAE Guideline 14 metrics of a fit, as fractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Metrics(NamedTuple):
    """Fractions; None where the mean or the spread of the energy is zero, or no degree of freedom is left."""

    cv_rmse: float | None
    nmbe: float | None
    r_squared: float | None


def metrics(energy: Array, residual: Array, n_parameters: int) -> Metrics:
    """Return CV(RMSE), NMBE and R² of residuals (measured minus predicted), shape (n,).

    CV(RMSE) = sqrt(SSE / (n - p)) / mean and NMBE = sum(residual) / ((n - p) mean), ASHRAE Guideline 14-2014
    section 5.2.11; with p = 0 for days the model was not fitted on.
    """
    n = len(energy)
    free = n - n_parameters
    mean = float(energy.mean()) if n else 0.0
    sse = float(residual @ residual)
    spread = float(((energy - mean) ** 2).sum())
    scale = max(float(np.abs(energy).max(initial=0.0)), 1e-300)
    has_mean = abs(mean) > 1e-9 * scale
    return Metrics(
        cv_rmse=float(np.sqrt(sse / free)) / abs(mean) if free > 0 and has_mean else None,
        nmbe=float(residual.sum()) / (free * mean) if free > 0 and has_mean else None,
        r_squared=1.0 - sse / spread if spread > 1e-18 * n * scale * scale else None,
    )
