"""Which cells, pairs of gaps, may hold a better 5P curve: the others are ruled out, whole blocks of them at a time.

Three bounds, each dearer and closer than the one before, none ever above what a 5P curve of the cell leaves: a block
of cells is bounded by the days that are certainly on one side of the balance points, with levels of their own on
either side and on the plateau; a cell by the same of all its days; and by free lines with the levels in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.prefix import DEGENERATE, Lines, by_level, dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from baseline.fitting.prefix import SortedDays, Sums

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

_SIDE = 4
"""Gaps of either balance point in a block."""

_SLACK = 1e-9
"""Part of the spread that a bound may be wrong by, being a difference of sums."""


class Cells(NamedTuple):
    """Cells in order of their regimes: heating balance point in gap `a`, cooling in gap `b`."""

    regime: Places
    a: Places
    b: Places

    def only(self, which: NDArray[np.bool_]) -> Cells:
        """Return those marked."""
        return Cells(*(column[which] for column in self))


def around(
    days: SortedDays, regimes: NDArray[np.bool_], a: Places, b: Places, *, near: int, plateau_days: int
) -> Cells:
    """Return the cells within `near` gaps of (a, b) of the regimes marked."""
    steps = np.arange(-near, near + 1)
    row = np.flatnonzero(regimes)
    shape = len(row), len(steps), len(steps)
    first = np.broadcast_to((a[row][:, None] + steps)[:, :, None], shape).ravel()
    second = np.broadcast_to((b[row][:, None] + steps)[:, None], shape).ravel()
    return _possible(days, np.repeat(row, len(steps) ** 2), first, second, plateau_days)


def _possible(days: SortedDays, regime: Places, a: Places, b: Places, plateau_days: int) -> Cells:
    """Return the cells that are there and have room for a plateau."""
    keep = (a >= 0) & (a < b) & (b < days.n_cuts[regime])
    regime, a, b = regime[keep], a[keep], b[keep]
    keep = days.cuts[regime, b] - days.cuts[regime, a] >= plateau_days
    return Cells(regime[keep], a[keep], b[keep])


def promising(days: SortedDays, heating: Lines, cooling: Lines, target: Array, plateau_days: int) -> Cells:
    """Return the cells whose free lines explain more than the regime's `target`, (regimes,)."""
    bounds = _Bounds.of(days)
    limit = days.spread * (1.0 + _SLACK) - target
    cells = bounds.cells_of_blocks(limit, plateau_days)
    cells = cells.only(bounds.left(*cells) < limit[cells.regime])
    return cells.only(_explained(heating, cooling, *cells) > target[cells.regime])


class _Bounds(NamedTuple):
    """What is left unexplained at least on either side of each gap, with levels of its own, and what plateaus need."""

    days: SortedDays
    cold: Array
    warm: Array
    met: Array
    """Days by level colder than each gap, (levels, regimes, gaps)."""
    energy: Array
    """Their energy."""

    @classmethod
    def of(cls, days: SortedDays) -> _Bounds:
        """Fit a line with its own levels on either side of every gap."""
        root = days.total.q0  # a column of Q is 1 / sqrt(size) on each day of a level: its sum is sqrt(size)
        cold, warm = _line_leaves(days.colder, root), _line_leaves(days.warmer, root)
        return cls(days, cold, warm, days.colder.q0 * root, days.colder.qy * root)

    def cells_of_blocks(self, limit: Array, plateau_days: int) -> Cells:
        """Return the cells of the blocks that may leave less than `limit`."""
        hopeful = np.flatnonzero(np.isfinite(limit) & (self.days.n_cuts > 1))
        n_cuts, cuts = self.days.n_cuts, self.days.cuts
        blocks = -(-int(n_cuts[hopeful].max(initial=0)) // _SIDE)
        first = np.minimum(np.arange(blocks) * _SIDE, cuts.shape[1] - 1)
        parts = []
        after = np.arange(blocks) > np.arange(blocks)[:, None]
        same = np.eye(blocks, dtype=np.bool_)
        for row in hopeful.tolist():
            last = np.minimum(first + _SIDE, n_cuts[row]) - 1
            there = first < n_cuts[row]
            end = np.maximum(last, 0)
            left = self.cold[row, first][:, None] + self.warm[row, end]
            left += np.where(after, self._plateau(row, end[:, None], first), 0.0)
            i, j = np.nonzero((left < limit[row]) & (after | same) & there & there[:, None])
            parts.append((np.full(len(i), row), i, j))
        if not parts:
            none = np.zeros(0, dtype=np.intp)
            return Cells(none, none, none)
        regime, i, j = (np.concatenate(part) for part in zip(*parts, strict=True))
        inside = np.arange(_SIDE * _SIDE)
        a, b = (i[:, None] * _SIDE + inside // _SIDE).ravel(), (j[:, None] * _SIDE + inside % _SIDE).ravel()
        return _possible(self.days, np.repeat(regime, len(inside)), a, b, plateau_days)

    def left(self, regime: Places, a: Places, b: Places) -> Array:
        """Return what lines and plateaus with levels of their own leave of each cell."""
        return np.asarray(self.cold[regime, a] + self.warm[regime, b] + self._plateau(regime, a, b))

    def _plateau(self, regime: Places | int, a: Places, b: Places) -> Array:
        """Return what level means leave of the days between gaps a and b."""
        yy = self.days.colder.yy
        left = yy[regime, b] - yy[regime, a]
        for met, energy in zip(self.met, self.energy, strict=True):
            part = energy[regime, b] - energy[regime, a]
            left = left - part * part / np.maximum(met[regime, b] - met[regime, a], 0.5)
        return np.asarray(left)


def _line_leaves(s: Sums, root: Array) -> Array:
    """Return what a line with levels of its own leaves of the days of a side."""
    yy, tt, ty = s.yy, s.s2, s.y1
    for size, q0, q1, qy in zip(root, s.q0, s.q1, s.qy, strict=True):
        weight = size / np.maximum(q0, 0.5 / np.maximum(size, 1.0))
        yy, tt, ty = yy - qy * qy * weight, tt - q1 * q1 * weight, ty - q1 * qy * weight
    moving = tt > DEGENERATE * s.s2
    return np.asarray(np.maximum(yy - np.where(moving, ty * ty / np.where(moving, tt, 1.0), 0.0), 0.0))


def _explained(heating: Lines, cooling: Lines, regime: Places, a: Places, b: Places) -> Array:
    """Return how much free lines explain in each cell; infinity where they depend on each other and bound nothing."""
    width = heating.y1.shape[1]
    left, right = regime * width + a, regime * width + b
    u1, u2 = (by_level(column, left) for column in (heating.first, heating.second))
    w1, w2 = (by_level(column, right) for column in (cooling.first, cooling.second))
    x11, x12, x21, x22 = dot(u1, w1), dot(u1, w2), dot(u2, w1), dot(u2, w2)
    p1, p2 = heating.y1.take(left), heating.y2.take(left)
    s11, s22 = 1.0 - x11 * x11 - x21 * x21, 1.0 - x12 * x12 - x22 * x22
    s12 = x11 * x12 + x21 * x22
    r1, r2 = cooling.y1.take(right) + x11 * p1 + x21 * p2, cooling.y2.take(right) + x12 * p1 + x22 * p2
    det = s11 * s22 - s12 * s12
    sound = (det > DEGENERATE) & heating.usable.take(left) & cooling.usable.take(right)
    more = (s22 * r1 * r1 + 2.0 * s12 * r1 * r2 + s11 * r2 * r2) / np.where(sound, det, 1.0)
    return np.where(sound, p1 * p1 + p2 * p2 + more, np.inf)
