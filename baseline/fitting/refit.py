"""The frozen model's columns fitted again on other days: day types and balance points stay, slopes and levels move."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]

_RIDGE = 1e-6
"""Weight of what is known beforehand, beside the days: it only decides what the days leave open."""


def columns(model: DailyModel, days: Sequence[dt.date], temperature: Array) -> tuple[Array, Array]:
    """Return the model's columns for these days, shape (n, p), and their frozen coefficients, shape (p,).

    One column per level, slope and regime; those of other regimes are zero on a day.
    """
    regime_of, level_of = model.types(days)
    made: list[Array] = []
    known: list[float] = []
    for number, regime in enumerate(model.regimes):
        here = (regime_of == number).astype(np.float64)
        curve = regime.curve
        for level, value in enumerate(regime.levels):
            made.append(here * (level_of == level))
            known.append(value)
        for slope, at, sign in (
            (curve.heating_slope, curve.heating_balance_point, 1.0),
            (curve.cooling_slope, curve.cooling_balance_point, -1.0),
        ):
            if slope:
                hinge = -sign * temperature if at is None else np.maximum(sign * (at - temperature), 0.0)
                made.append(here * hinge)
                known.append(slope)
    return np.column_stack(made), np.array(known)


PLAUSIBLE = 0.5
"""By how much of itself a coefficient may plausibly have changed with the works, one standard deviation."""


def weight_of_known(known: Array, variance: float, rho: float) -> Array:
    """Return how much each coefficient in `known` weighs beside the days, shape (p,).

    A normal prior, known +- half of itself, against days whose residuals have `variance` and follow each other by
    `rho`: (1 + rho) / (1 - rho) of them are worth one. Where the days say much the prior is nothing beside them; a
    slope of which a handful of mild days are left keeps nearly its value, instead of following their noise.
    """
    spread = PLAUSIBLE * np.maximum(np.abs(known), 1e-3 * float(np.abs(known).max(initial=0.0)) + 1e-12)
    return variance * (1.0 + rho) / (1.0 - rho) / (spread * spread)


def held_out(x: Array, y: Array, known: Array, block: NDArray[np.intp], weight: Array | None = None) -> Array:
    """Return y minus its prediction by a least-squares fit on the days of all other blocks, shape (n,).

    `x` has shape (n, p), `block` numbers the blocks from 0, shape (n,). A coefficient that the other blocks leave open
    keeps its value in `known`; `weight`, shape (p,), says how much that value weighs beside the days.
    """
    n_blocks = int(block.max()) + 1
    order = np.argsort(block, kind="stable")
    rows, right = x[order], y[order]
    parts = list(pairwise(np.searchsorted(block[order], np.arange(n_blocks + 1)).tolist()))
    grams = np.array([rows[first:end].T @ rows[first:end] for first, end in parts])
    rights = np.array([rows[first:end].T @ right[first:end] for first, end in parts])
    gram = grams.sum(axis=0) - grams
    right = rights.sum(axis=0) - rights
    ridge = _RIDGE * np.maximum(np.diag(grams.sum(axis=0)), 1e-12)
    if weight is not None:
        ridge = np.maximum(ridge, weight)
    solved = np.linalg.solve(gram + np.diag(ridge), (right + ridge * known)[:, :, None])[:, :, 0]
    return np.asarray(y - (x * solved[block]).sum(axis=1))
