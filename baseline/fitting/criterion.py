"""What structures are compared by: the Bayesian information criterion of a model with autoregressive residuals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]


def neighbours(ordinals: NDArray[np.int64]) -> Places:
    """Return the places of days whose following place is the next day."""
    return np.flatnonzero(np.diff(ordinals) == 1)


def autoregressive_criterion(residual: Array, next_to: Places, n_parameters: Array, floor: float) -> Array:
    """Return n log(variance of what yesterday does not foretell) + p log(n), lower is better, for each row.

    `residual` has shape (structures, n), `n_parameters` (structures,); `next_to` comes from `neighbours`.
    """
    n = residual.shape[1]
    if len(next_to):
        rho = lag_one(residual, next_to)[:, None]
        surprise = ((residual[:, next_to + 1] - rho * residual[:, next_to]) ** 2).mean(axis=1)
    else:
        surprise = (residual**2).mean(axis=1)
    return np.asarray(n * np.log(surprise + floor + 1e-300) + n_parameters * math.log(n))


def lag_one(residual: Array, next_to: Places) -> Array:
    """Return the correlation of neighbouring days' residuals, between 0 and 0.99, for each row.

    A negative one would make uncertainty smaller than for independent days; it is taken as 0.
    """
    energy = (residual * residual).mean(axis=1)
    if not len(next_to):
        return np.zeros(len(residual))
    shared = (residual[:, next_to] * residual[:, next_to + 1]).mean(axis=1)
    return np.asarray(np.clip(shared / np.where(energy > 0.0, energy, np.inf), 0.0, 0.99))


def structure_criterion(
    residual: Array, made_of: Array, adjacent: NDArray[np.bool_], *, n: Places, n_parameters: Array, floor: Array
) -> Array:
    """Return `autoregressive_criterion` of every structure, (meters, structures), from what its groups leave.

    `residual` is 0 outside a group, (meters, groups, days), so that sums of squares add up over the groups of a
    structure and products of neighbouring days over pairs of them.
    """
    left, pairs = adjacent.astype(np.float64), np.maximum(adjacent.sum(axis=1), 1)[:, None]
    first, second = residual[:, :, :-1] * left[:, None], residual[:, :, 1:]
    between = first @ second.transpose(0, 2, 1)
    shared = ((made_of @ between) * made_of).sum(axis=2)
    squares = residual * residual
    whole, before, after = (
        (part @ made_of.T)
        for part in (
            squares.sum(axis=2),
            (squares[:, :, :-1] @ left[:, :, None])[:, :, 0],
            (squares[:, :, 1:] @ left[:, :, None])[:, :, 0],
        )
    )
    count, energy = n[:, None], whole / n[:, None]
    rho = np.clip(shared / pairs / np.where(energy > 0.0, energy, np.inf), 0.0, 0.99)
    surprise = np.maximum(after - 2.0 * rho * shared + rho * rho * before, 0.0) / pairs
    surprise = np.where(np.any(adjacent, axis=1)[:, None], surprise, energy)
    return np.asarray(count * np.log(surprise + floor[:, None] + 1e-300) + n_parameters * np.log(count))
