"""The exact search of the 5P curve: two balance points with a plateau between them.

Take a cell: one gap between neighbouring temperatures for the heating balance point, another for the cooling one.
Free straight lines on both sides of the plateau explain at least as much as any 5P curve of the cell, and cost one
formula for all cells at once. Only the cells whose lines beat the best curve known are looked into (`cells` finds
them): there, each balance point is either an edge of its gap or where the free line meets the plateau, if it does so
inside the gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.cells import Cells, around, promising
from baseline.fitting.prefix import DEGENERATE, Hinges, Lines, Side, dot, line_and_hinge, pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from baseline.fitting.prefix import SortedDays

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]

PLATEAU_DAYS = 3
"""Days a 5P curve has between its balance points, both included: with less it is a 4P curve with a step in it."""

_NEAR = 3
"""Gaps on either side of the grid's best balance points that are looked into before all others."""

_THIN = 40
"""Temperatures tried first, for a good curve to beat."""

_CHANCE = 0.03
"""Part of what a thinned grid leaves that finer balance points may explain by following noise."""


class Found(NamedTuple):
    """The best curve of each regime, balance points around its mean temperature; a gain of 0 stands for none."""

    gain: Array
    heating: Array
    heating_at: Array
    cooling: Array
    cooling_at: Array

    def kept(self, where: Mask) -> Found:
        """Return those marked; the others are none."""
        return self._replace(gain=np.where(where, self.gain, 0.0))

    def bettered(self, rows: Places, by: Found) -> None:
        """Put what explains more into its row."""
        better = by.gain > self.gain[rows]
        for column, new in zip(self, by, strict=True):
            column[rows[better]] = new[better]


def with_plateau(days: SortedDays, heating: Side, cooling: Side, floor: Array, *, patient: Mask) -> Found:
    """Return the best 5P curve of each regime that explains more than its `floor`.

    Unless `patient`, the search ends where the best curve of a thinned grid of balance points stays so far below that
    finer ones would not make up for it (see `_promise`).
    """
    best, gaps = _thinned(days, heating.at_low, cooling.at_low)
    hopeful = patient | ((best.gain > 0.0) & (_promise(days, best) > floor))
    best = best.kept((best.gain > floor) & hopeful)
    target = np.where(hopeful, np.maximum(best.gain, floor), np.inf)
    if not hopeful.any():
        return best
    plateaus = _Plateaus(days, heating, cooling)
    # The cells around the best of the grid come first: the curve they hold rules most of the others out.
    target = plateaus.better(best, target, around(days, hopeful, *gaps, near=_NEAR, plateau_days=PLATEAU_DAYS))
    plateaus.better(best, target, promising(days, heating.lines, cooling.lines, target, PLATEAU_DAYS))
    return best


def _thin(days: SortedDays) -> Places:
    """Return the n of which one gap in n is on the thinned grid, by regime."""
    return np.maximum(days.n_cuts // _THIN, 1)


def _thinned(days: SortedDays, heating: Hinges, cooling: Hinges) -> tuple[Found, tuple[Places, Places]]:
    """Return the best curve among a thinned grid of pairs of temperatures, and the gaps above them."""
    thin = _thin(days)[:, None]
    place = np.arange(int((-(-days.n_cuts[:, None] // thin)).max())) * thin
    there = place < days.n_cuts[:, None]
    place = np.where(there, place, 0)
    rows = np.arange(len(place))[:, None]
    h, c = (Hinges(*(column[..., rows, place] for column in hinge)) for hinge in (heating, cooling))
    cross = -dot(h.on_levels[..., None], c.on_levels[:, :, None, :])
    columns = Hinges(h.square[..., None], h.product[..., None], h.on_levels)
    gain, slope, other = pair(columns, Hinges(c.square[:, None], c.product[:, None], c.on_levels), cross)
    cuts = np.where(there, days.cuts[rows, place], -1)
    gain[(cuts[:, None, :] - cuts[:, :, None] < PLATEAU_DAYS) | ~there[:, :, None]] = 0.0
    at = gain.reshape(len(gain), -1).argmax(axis=1)
    i, j = np.divmod(at, place.shape[1])
    rows = rows[:, 0]
    low = days.low[rows[:, None], place]
    best = Found(gain[rows, i, j], slope[rows, i, j], low[rows, i], other[rows, i, j], low[rows, j])
    return best, (place[rows, i], place[rows, j])


def _promise(days: SortedDays, thinned: Found) -> Array:
    """Return what the best curve of all may explain, given that of the thinned grid.

    A balance point moved by d changes the curve by slope times d at most, on any day. On top comes what chance adds
    when more balance points are tried.
    """
    thin, misfit, rows = _thin(days), np.zeros(len(days.size)), np.arange(len(days.size))
    last = days.n_cuts - 1
    for slope, at in ((thinned.heating, thinned.heating_at), (thinned.cooling, thinned.cooling_at)):
        gap = ((days.low < at[:, None]) & days.real).sum(axis=1)
        near = days.low[rows, np.maximum(gap - thin, 0)], days.low[rows, np.minimum(gap + thin, last)]
        misfit += slope * (near[1] - near[0]) / 2.0
    return thinned.gain + _CHANCE * (days.spread - thinned.gain) + days.size * misfit * misfit


class _Plateaus(NamedTuple):
    """The gaps of both balance points."""

    days: SortedDays
    heating: Side
    cooling: Side

    def better(self, best: Found, target: Array, cells: Cells) -> Array:
        """Put what explains more than `target` in `cells` into `best`; return the new target."""
        if not len(cells.regime):
            return target
        rows, found = self.best_of(cells)
        best.bettered(rows, found.kept(found.gain > target[rows]))
        return np.maximum(target, best.gain)

    def best_of(self, cells: Cells) -> tuple[Places, Found]:
        """Return the regimes that `cells` belong to, in order, and the best curve in the cells of each."""
        ways = np.array(list(self._curves_in(cells)))
        way = ways[:, 0].argmax(axis=0)
        gain = ways[way, 0, np.arange(len(way))]
        starts = np.flatnonzero(np.diff(cells.regime, prepend=-1))
        most = np.maximum.reduceat(gain, starts)
        hit = np.flatnonzero(gain == np.repeat(most, np.diff(np.append(starts, len(gain)))))
        rows, first = np.unique(cells.regime[hit], return_index=True)
        return rows, Found(*ways[way[hit[first]], :, hit[first]].T)

    def _curves_in(self, cells: Cells) -> Iterator[Found]:
        """Yield the best curve of each kind in each cell."""
        h, c = self.heating.of_gaps(cells.regime, cells.a), self.cooling.of_gaps(cells.regime, cells.b)
        low_h, high_h = self.days.low[cells.regime, cells.a], self.days.high[cells.regime, cells.a]
        low_c, high_c = self.days.low[cells.regime, cells.b], self.days.high[cells.regime, cells.b]
        for one, heating_at in ((h.at_low, low_h), (h.at_high, high_h)):
            for other, cooling_at in ((c.at_low, low_c), (c.at_high, high_c)):
                gain, slope, other_slope = pair(one, other, -dot(one.on_levels, other.on_levels))
                yield Found(gain, slope, heating_at, other_slope, cooling_at)
        for hinge, cooling_at in ((c.at_low, low_c), (c.at_high, high_c)):
            gain, intercept, slope, hinge_slope, ok = line_and_hinge(h.lines, hinge)
            knot = intercept / np.where(slope < 0.0, -slope, 1.0)
            ok &= (slope < 0.0) & (hinge_slope > 0.0) & (low_h <= knot) & (knot <= high_h)
            yield Found(np.where(ok, gain, 0.0), -slope, knot, hinge_slope, cooling_at)
        for hinge, heating_at in ((h.at_low, low_h), (h.at_high, high_h)):
            gain, intercept, slope, hinge_slope, ok = line_and_hinge(c.lines, hinge)
            knot = -intercept / np.where(slope > 0.0, slope, 1.0)
            ok &= (slope > 0.0) & (hinge_slope > 0.0) & (low_c <= knot) & (knot <= high_c)
            yield Found(np.where(ok, gain, 0.0), hinge_slope, heating_at, slope, knot)
        ok, gain, heating, knot, cooling, warm_knot = _both_inside(h.lines, c.lines)
        ok &= (low_h <= knot) & (knot <= high_h) & (low_c <= warm_knot) & (warm_knot <= high_c)
        yield Found(np.where(ok, gain, 0.0), heating, knot, cooling, warm_knot)


def _both_inside(u: Lines, w: Lines) -> tuple[Mask, Array, Array, Array, Array, Array]:
    """Return the curves whose balance points are where free lines meet the plateau, wherever that is."""
    x11, x12 = -dot(u.first, w.first), -dot(u.first, w.second)
    x21, x22 = -dot(u.second, w.first), -dot(u.second, w.second)
    s11, s22 = 1.0 - x11 * x11 - x21 * x21, 1.0 - x12 * x12 - x22 * x22
    s12 = -(x11 * x12 + x21 * x22)
    r1, r2 = w.y1 - x11 * u.y1 - x21 * u.y2, w.y2 - x12 * u.y1 - x22 * u.y2
    det = s11 * s22 - s12 * s12
    ok = (det > DEGENERATE) & u.usable & w.usable
    det = np.where(ok, det, 1.0)
    d1, d2 = (s22 * r1 - s12 * r2) / det, (s11 * r2 - s12 * r1) / det
    gain = u.y1 * u.y1 + u.y2 * u.y2 + d1 * r1 + d2 * r2
    intercept, slope = u.line(u.y1 - x11 * d1 - x12 * d2, u.y2 - x21 * d1 - x22 * d2)
    warm_intercept, cooling = w.line(d1, d2)
    ok &= (slope < 0.0) & (cooling > 0.0)
    knot, warm_knot = intercept / np.where(ok, -slope, 1.0), -warm_intercept / np.where(ok, cooling, 1.0)
    return ok, gain, -slope, knot, cooling, warm_knot
