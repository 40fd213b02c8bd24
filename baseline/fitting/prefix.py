"""Sums over the colder and over the warmer days of a cut, which every change-point search reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Cuts = NDArray[np.intp]

DEGENERATE = 1e-9
"""A column of which less than this part is left after projection says nothing new."""


class Sums(NamedTuple):
    """Sums over the days of one side, one row per cut: of 1, T, T squared, y, T y, and of Q and T Q (k columns)."""

    s0: Array
    s1: Array
    s2: Array
    y0: Array
    y1: Array
    q0: Array
    q1: Array

    def doubled(self) -> Sums:
        """Return every row twice, first all then all again: for the lower and the upper edge of each gap."""
        return Sums(*(np.concatenate((column, column)) for column in self))


class Hinges(NamedTuple):
    """Columns (at - T)+ or (T - at)+ after projection: their square, their product with y, their part on the levels."""

    square: Array
    product: Array
    on_levels: Array


@dataclass(frozen=True)
class SortedDays:
    """Days in order of temperature with their prefix sums.

    `t` is centred and ascending, `y` has the levels projected out, `prefix` has n + 1 rows.
    """

    t: Array
    y: Array
    prefix: Array
    n_levels: int
    min_days: int
    cuts: Cuts
    """Gaps between neighbouring temperatures that a balance point may lie in, as the number of colder days."""

    @classmethod
    def of(cls, temperature: Array, energy: Array, basis: Array, min_days: int) -> SortedDays:
        """Sort, project the levels out of the energy, and sum; a gap keeps `min_days` days on either side."""
        order = np.argsort(temperature, kind="stable")
        t, q = temperature[order], basis[order]
        y = energy[order] - q @ (q.T @ energy[order])
        rows = np.column_stack((np.ones(len(t)), t, t * t, y, t * y, q, t[:, None] * q))
        prefix = np.vstack((np.zeros(rows.shape[1]), np.cumsum(rows, axis=0)))
        cuts = np.arange(min_days, len(t) - min_days + 1)
        return cls(t, y, prefix, q.shape[1], min_days, cuts[t[cuts - 1] < t[cuts]])

    @property
    def spread(self) -> float:
        """Sum of squares around the levels: what there is to explain."""
        return float(self.y @ self.y)

    @property
    def low(self) -> Array:
        """Temperature below each gap."""
        return self.t[self.cuts - 1]

    @property
    def high(self) -> Array:
        """Temperature above each gap."""
        return self.t[self.cuts]

    def colder(self, number: Cuts) -> Sums:
        """Return the sums over the `number` coldest days, for each entry."""
        return self._named(self.prefix[number])

    def warmer(self, number: Cuts) -> Sums:
        """Return the sums over all but the `number` coldest days."""
        return self._named(self.prefix[-1] - self.prefix[number])

    def _named(self, rows: Array) -> Sums:
        k = self.n_levels
        s0, s1, s2, y0, y1 = rows[:, :5].T
        return Sums(s0, s1, s2, y0, y1, rows[:, 5 : 5 + k], rows[:, 5 + k :])


def dot(a: Array, b: Array) -> Array:
    """Return the products of rows, shape (n,)."""
    return np.asarray(np.einsum("nk,nk->n", a, b))


def hinges(s: Sums, at: Array, sign: float) -> Hinges:
    """Return the hinges sign * (at - T) over the days of `s`: heating with sign 1, cooling with sign -1.

    The energy is already projected, so its product with a hinge needs no correction.
    """
    on_levels = sign * (at[:, None] * s.q0 - s.q1)
    square = at * at * s.s0 - 2.0 * at * s.s1 + s.s2 - dot(on_levels, on_levels)
    usable = square > DEGENERATE * np.maximum(at * at * s.s0 + s.s2, 1e-12)
    return Hinges(np.where(usable, square, 0.0), sign * (at * s.y0 - s.y1), on_levels)


def pair(h: Hinges, c: Hinges, cross: Array) -> tuple[Array, Array, Array]:
    """Return gain, heating slope and cooling slope of two hinges together; gain 0 unless both slopes are positive."""
    det = h.square * c.square - cross * cross
    heating = h.product * c.square - c.product * cross
    cooling = c.product * h.square - h.product * cross
    ok = (det > DEGENERATE * h.square * c.square) & (heating > 0.0) & (cooling > 0.0)
    det = np.where(ok, det, 1.0)
    heating /= det
    cooling /= det
    return np.where(ok, heating * h.product + cooling * c.product, 0.0), heating, cooling
