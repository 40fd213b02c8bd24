"""The exact search of the 5P curve: two balance points with a plateau between them.

Take a cell: one gap between neighbouring temperatures for the heating balance point, another for the cooling one.
Free straight lines on both sides of the plateau explain at least as much as any 5P curve of the cell, and cost one
formula for all cells at once. Only the cells whose lines beat the best curve known are looked into: there, each balance
point is either an edge of its gap or where the free line meets the plateau, if it does so inside the gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.curve import Curve
from baseline.fitting.prefix import DEGENERATE, Hinges, dot, hinges, pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from baseline.fitting.prefix import SortedDays, Sums

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]

PLATEAU_DAYS = 3
"""Days a 5P curve has between its balance points, both included: with less it is a 4P curve with a step in it."""

_ROWS = 48
"""Gaps of the heating balance point bounded together: the arrays stay in the processor's cache."""

_CELLS = 2048
"""Cells looked into together, the most promising first."""

_FEW_CELLS = 64
"""Those looked into before all others: the curve they hold mostly rules the others out."""

_THIN = 40
"""Temperatures tried first, for a good curve to beat."""

_CHANCE = 0.03
"""Part of what a thinned grid leaves that finer balance points may explain by following noise."""


class _Lines(NamedTuple):
    """Columns 1 and T of one side made orthonormal, one row per gap: products with y and the way back to a + b T."""

    y1: Array
    y2: Array
    first: Array
    """Part of the first column on the levels, (gaps, levels)."""
    second: Array
    scale1: Array
    scale2: Array
    shift: Array
    usable: Mask

    def line(self, gap: Places, c1: Array, c2: Array) -> tuple[Array, Array]:
        """Return intercept and slope of the lines with coefficients c1, c2 on the orthonormal columns of `gap`."""
        slope = c2 * self.scale2[gap]
        return self.scale1[gap] * (c1 - slope * self.shift[gap]), slope


class _Side(NamedTuple):
    """Hinges of one side at both edges of every gap, and its free lines."""

    at_low: Hinges
    at_high: Hinges
    lines: _Lines


def with_plateau(days: SortedDays, floor: float, *, patient: bool = True) -> Curve | None:
    """Return the best 5P curve that explains more than `floor`, or None.

    Unless `patient`, the search ends where the best curve of a thinned grid of balance points stays so far below that
    finer ones would not make up for it (see `_promise`).
    """
    cold, warm = days.colder(days.cuts), days.warmer(days.cuts)
    heating, cooling = hinges(cold, days.low, 1.0), hinges(warm, days.low, -1.0)
    best = _thinned(days, heating, cooling)
    if not patient and (best is None or _promise(days, best) <= floor):
        return None
    search = _Plateau(days, _side(days, cold, heating, 1.0), _side(days, warm, cooling, -1.0))
    if best is not None and best.gain <= floor:
        best = None
    target = best.gain if best else floor
    a, b, bound = search.promising(target)
    first, size = 0, _FEW_CELLS
    order = np.argsort(-bound, kind="stable")
    while first < len(order):
        chunk = order[first : first + size]
        chunk = chunk[bound[chunk] > target]
        if not len(chunk):
            break
        for curve in search.curves_in(a[chunk], b[chunk]):
            if curve is not None and curve.gain > target:
                best, target = curve, curve.gain
        first, size = first + size, _CELLS
    return best


def _thin(days: SortedDays) -> int:
    """Return the n of which one gap in n is on the thinned grid."""
    return max(len(days.cuts) // _THIN, 1)


def _thinned(days: SortedDays, heating: Hinges, cooling: Hinges) -> Curve | None:
    """Return the best curve among a thinned grid of pairs of temperatures, if there is any."""
    place = np.arange(0, len(days.cuts), _thin(days))
    h, c = (Hinges(*(column[place] for column in hinge)) for hinge in (heating, cooling))
    columns = Hinges(h.square[:, None], h.product[:, None], h.on_levels)
    gain, slope, other_slope = pair(columns, c, -(h.on_levels @ c.on_levels.T))
    gain[days.cuts[place] - days.cuts[place][:, None] < PLATEAU_DAYS] = 0.0
    i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[i, j] <= 0.0:
        return None
    low = days.low[place]
    return Curve("5P", *(float(x) for x in (gain[i, j], slope[i, j], low[i], other_slope[i, j], low[j])))


def _promise(days: SortedDays, thinned: Curve) -> float:
    """Return what the best curve of all may explain, given that of the thinned grid.

    A balance point moved by d changes the curve by slope times d at most, on any day. On top comes what chance adds
    when more balance points are tried.
    """
    low, thin, misfit = days.low, _thin(days), 0.0
    slopes = thinned.heating_slope, thinned.cooling_slope
    points = thinned.heating_balance_point, thinned.cooling_balance_point
    for slope, at in zip(slopes, points, strict=True):
        gap = int(np.searchsorted(low, np.array(at, dtype=np.float64)))  # a 5P curve has both
        near = low[max(gap - thin, 0)], low[min(gap + thin, len(low) - 1)]
        misfit += slope * float(near[1] - near[0]) / 2.0
    return thinned.gain + _CHANCE * (days.spread - thinned.gain) + len(days.t) * misfit * misfit


class _Plateau(NamedTuple):
    """The gaps of both balance points: heating in gap a, cooling in gap b, a plateau of days between them."""

    days: SortedDays
    heating: _Side
    cooling: _Side

    def promising(self, target: float) -> tuple[Places, Places, Array]:
        """Return the cells (a, b) whose free lines explain more than `target`, and how much they explain."""
        u, w, cuts = self.heating.lines, self.cooling.lines, self.days.cuts
        found = []
        for start in range(0, len(cuts), _ROWS):
            rows, columns = slice(start, start + _ROWS), slice(start, None)
            first, second = u.first[rows], u.second[rows]
            warm_first, warm_second = w.first[columns].T, w.second[columns].T
            x11, x12, x21, x22 = first @ warm_first, first @ warm_second, second @ warm_first, second @ warm_second
            p1, p2 = u.y1[rows, None], u.y2[rows, None]
            s11, s22 = 1.0 - x11 * x11 - x21 * x21, 1.0 - x12 * x12 - x22 * x22
            s12 = x11 * x12 + x21 * x22
            r1, r2 = w.y1[columns] + x11 * p1 + x21 * p2, w.y2[columns] + x12 * p1 + x22 * p2
            det = s11 * s22 - s12 * s12
            # Lines that depend on each other bound nothing: such a cell is always looked into.
            sound = (det > DEGENERATE) & u.usable[rows, None] & w.usable[columns]
            # Compared with the target without dividing.
            explained = s22 * r1 * r1 + 2.0 * s12 * r1 * r2 + s11 * r2 * r2
            a, b = np.nonzero((explained > (target - p1 * p1 - p2 * p2) * det) | ~sound)
            ahead = cuts[b + start] - cuts[a + start] >= PLATEAU_DAYS
            a, b = a[ahead], b[ahead]
            bound = np.full(len(a), np.inf)
            known = sound[a, b]
            at = a[known], b[known]
            bound[known] = explained[at] / det[at] + (p1 * p1 + p2 * p2)[at[0], 0]
            found.append((a + start, b + start, bound))
        a, b, bound = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return a, b, bound

    def curves_in(self, a: Places, b: Places) -> Iterator[Curve | None]:
        """Yield the best curve of each kind over the cells (a, b)."""
        h, c = self.heating, self.cooling
        low, high = self.days.low, self.days.high
        for heating, heating_at in ((h.at_low, low), (h.at_high, high)):
            for cooling, cooling_at in ((c.at_low, low), (c.at_high, high)):
                one, other = (Hinges(*(column[at] for column in x)) for x, at in ((heating, a), (cooling, b)))
                gain, slope, other_slope = pair(one, other, -dot(one.on_levels, other.on_levels))
                yield _best(gain > 0.0, gain, (slope, heating_at[a]), (other_slope, cooling_at[b]))
        for cooling, cooling_at in ((c.at_low, low), (c.at_high, high)):
            gain, intercept, slope, hinge_slope, ok = _line_and_hinge(h.lines, a, cooling, b)
            knot = intercept / np.where(slope < 0.0, -slope, 1.0)
            ok &= (slope < 0.0) & (hinge_slope > 0.0) & (low[a] <= knot) & (knot <= high[a])
            yield _best(ok, gain, (-slope, knot), (hinge_slope, cooling_at[b]))
        for heating, heating_at in ((h.at_low, low), (h.at_high, high)):
            gain, intercept, slope, hinge_slope, ok = _line_and_hinge(c.lines, b, heating, a)
            knot = -intercept / np.where(slope > 0.0, slope, 1.0)
            ok &= (slope > 0.0) & (hinge_slope > 0.0) & (low[b] <= knot) & (knot <= high[b])
            yield _best(ok, gain, (hinge_slope, heating_at[a]), (slope, knot))
        yield self._both_inside(a, b)

    def _both_inside(self, a: Places, b: Places) -> Curve | None:
        """Return the best curve with both balance points strictly where free lines meet the plateau."""
        u, w, low, high = self.heating.lines, self.cooling.lines, self.days.low, self.days.high
        x11, x12 = -dot(u.first[a], w.first[b]), -dot(u.first[a], w.second[b])
        x21, x22 = -dot(u.second[a], w.first[b]), -dot(u.second[a], w.second[b])
        p1, p2 = u.y1[a], u.y2[a]
        s11, s22 = 1.0 - x11 * x11 - x21 * x21, 1.0 - x12 * x12 - x22 * x22
        s12 = -(x11 * x12 + x21 * x22)
        r1, r2 = w.y1[b] - x11 * p1 - x21 * p2, w.y2[b] - x12 * p1 - x22 * p2
        det = s11 * s22 - s12 * s12
        ok = (det > DEGENERATE) & u.usable[a] & w.usable[b]
        det = np.where(ok, det, 1.0)
        d1, d2 = (s22 * r1 - s12 * r2) / det, (s11 * r2 - s12 * r1) / det
        gain = p1 * p1 + p2 * p2 + d1 * r1 + d2 * r2
        intercept, slope = u.line(a, p1 - x11 * d1 - x12 * d2, p2 - x21 * d1 - x22 * d2)
        warm_intercept, cooling = w.line(b, d1, d2)
        ok &= (slope < 0.0) & (cooling > 0.0)
        knot, warm_knot = intercept / np.where(ok, -slope, 1.0), -warm_intercept / np.where(ok, cooling, 1.0)
        ok &= (low[a] <= knot) & (knot <= high[a]) & (low[b] <= warm_knot) & (warm_knot <= high[b])
        return _best(ok, gain, (-slope, knot), (cooling, warm_knot))


def _line_and_hinge(lines: _Lines, gap: Places, hinge: Hinges, edge: Places) -> tuple[Array, Array, Array, Array, Mask]:
    """Fit a free line on one side of `gap` together with a hinge at `edge`.

    Returns gain, intercept and slope of the line, slope of the hinge, and where they mean something.
    """
    square = hinge.square[edge]
    length = np.sqrt(np.where(square > 0.0, square, 1.0))
    on_levels = hinge.on_levels[edge] / length[:, None]
    x1, x2 = -dot(lines.first[gap], on_levels), -dot(lines.second[gap], on_levels)
    left = 1.0 - x1 * x1 - x2 * x2
    ok = (left > DEGENERATE) & (square > 0.0) & lines.usable[gap]
    y1, y2 = lines.y1[gap], lines.y2[gap]
    rest = hinge.product[edge] / length - x1 * y1 - x2 * y2
    on_hinge = rest / np.where(ok, left, 1.0)
    intercept, slope = lines.line(gap, y1 - x1 * on_hinge, y2 - x2 * on_hinge)
    return y1 * y1 + y2 * y2 + rest * on_hinge, intercept, slope, on_hinge / length, ok


def _side(days: SortedDays, s: Sums, at_low: Hinges, sign: float) -> _Side:
    """Return hinges and lines of the days on one side of every gap."""
    return _Side(at_low, hinges(s, days.high, sign), _lines(s))


def _lines(s: Sums) -> _Lines:
    """Make the columns 1 and T of each side orthonormal after the levels are projected out."""
    g00 = s.s0 - dot(s.q0, s.q0)
    usable = g00 > DEGENERATE * s.s0
    scale1 = np.where(usable, 1.0 / np.sqrt(np.where(usable, g00, 1.0)), 0.0)
    first = s.q0 * scale1[:, None]
    shift = (s.s1 - dot(s.q0, s.q1)) * scale1
    g11 = s.s2 - dot(s.q1, s.q1) - shift * shift
    usable &= g11 > DEGENERATE * np.maximum(s.s2, 1e-12)
    scale2 = np.where(usable, 1.0 / np.sqrt(np.where(usable, g11, 1.0)), 0.0)
    second = (s.q1 - shift[:, None] * first) * scale2[:, None]
    y1 = s.y0 * scale1
    return _Lines(y1, (s.y1 - shift * y1) * scale2, first, second, scale1, scale2, shift, usable)


def _best(ok: Mask, gain: Array, heating: tuple[Array, Array], cooling: tuple[Array, Array]) -> Curve | None:
    """Return the curve of largest gain among those marked, the first of equals; sides are (slope, balance point)."""
    if not ok.any():
        return None
    i = int(np.argmax(np.where(ok, gain, -np.inf)))
    return Curve("5P", *(float(x[i]) for x in (gain, *heating, *cooling)))
