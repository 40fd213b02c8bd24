"""How wrong a month comes out when the model is fitted on the other months: the raw material of honest intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]

DAYS_FOR_MONTH = 10
"""Days a calendar month needs to count as one."""


def month_errors(model: DailyModel, days: Sequence[dt.date], temperature: Array, energy: Array) -> list[float]:
    """Return, for each calendar month of the baseline, its mean error in kWh per 24 h when predicted by the others.

    Day types and balance points stay as they are; slopes and levels are fitted again without the month. A coefficient
    only that month could tell keeps the value of the whole year.
    """
    months = np.array([day.year * 12 + day.month for day in days])
    names, month_of, sizes = np.unique(months, return_inverse=True, return_counts=True)
    regime_of, level_of = model.types(days)
    errors = np.zeros(len(days))
    for number, regime in enumerate(model.regimes):
        here = regime_of == number
        if not here.any():
            continue
        curve = regime.curve
        columns = [(level_of[here] == level).astype(np.float64) for level in range(len(regime.levels))]
        known = list(regime.levels)
        for slope, at, sign in (
            (curve.heating_slope, curve.heating_balance_point, 1.0),
            (curve.cooling_slope, curve.cooling_balance_point, -1.0),
        ):
            if slope:
                t = temperature[here]
                columns.append(-sign * t if at is None else np.maximum(sign * (at - t), 0.0))
                known.append(slope)
        errors[here] = _held_out(np.column_stack(columns), energy[here], np.array(known), month_of[here], len(names))
    totals = np.bincount(month_of, errors, minlength=len(names))
    return [float(total / size) for total, size in zip(totals, sizes, strict=True) if size >= DAYS_FOR_MONTH]


def _held_out(x: Array, y: Array, known: Array, block: NDArray[np.intp], n_blocks: int) -> Array:
    """Return y minus its prediction by a least-squares fit on the other blocks, shape (n,).

    A ridge of a millionth towards `known` decides what the other blocks leave open.
    """
    grams = np.zeros((n_blocks, x.shape[1], x.shape[1]))
    rights = np.zeros((n_blocks, x.shape[1]))
    for b in range(n_blocks):
        rows = x[block == b]
        grams[b] = rows.T @ rows
        rights[b] = rows.T @ y[block == b]
    gram = grams.sum(axis=0) - grams
    right = rights.sum(axis=0) - rights
    ridge = 1e-6 * np.maximum(np.diag(grams.sum(axis=0)), 1e-12)
    solved = np.linalg.solve(gram + np.diag(ridge), (right + ridge * known)[:, :, None])[:, :, 0]
    return np.asarray(y - (x * solved[block]).sum(axis=1))
