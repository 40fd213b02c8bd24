"""The exact search of the 5P curve: two balance points with a plateau between them.

Either balance point is a temperature of a day or lies inside a gap between two of them; inside a gap the curve is a
free line on that side. So four families cover every curve: both at temperatures, one inside, the other inside, both
inside. Each is computed for all pairs at once; a free line counts only where its knot falls in its gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.curve import Curve
from baseline.fitting.prefix import DEGENERATE, dot, hinges, pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from baseline.fitting.prefix import Hinges, SortedDays, Sums

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

PLATEAU_DAYS = 3
"""Days a 5P curve has between its balance points, both included: with less it is a 4P curve with a step in it."""


class _Lines(NamedTuple):
    """Columns 1 and T of one side made orthonormal, one row per gap: products with y and the way back to a + b T."""

    y1: Array
    y2: Array
    on_levels: Array
    """Shape (2, gaps, levels)."""
    scale1: Array
    scale2: Array
    shift: Array
    usable: Mask

    def line(self, gap: NDArray[np.intp], c1: Array, c2: Array) -> tuple[Array, Array]:
        """Return intercept and slope of the lines with coefficients c1, c2 on the orthonormal columns of `gap`."""
        slope = c2 * self.scale2[gap]
        return self.scale1[gap] * (c1 - slope * self.shift[gap]), slope


def with_plateau(days: SortedDays, floor: float) -> Curve | None:
    """Return the best 5P curve that explains more than `floor`, or None."""
    edges = np.append(days.low, days.high[-1])
    at_or_below = np.append(days.cuts, np.searchsorted(days.t, days.high[-1], side="right"))
    below = np.append(np.searchsorted(days.t, days.low[0], side="left"), days.cuts)
    cold, warm = days.colder(days.cuts), days.warmer(days.cuts)
    search = _Plateau(
        days,
        edges,
        at_or_below,
        below,
        hinges(days.colder(at_or_below), edges, 1.0),
        hinges(days.warmer(at_or_below), edges, -1.0),
        _lines(cold),
        _lines(warm),
    )
    best: Curve | None = None
    for family in (search.at_temperatures, search.heating_inside, search.cooling_inside, search.both_inside):
        curve = family(floor)
        if curve is not None:
            best, floor = curve, curve.gain
    return best


class _Plateau(NamedTuple):
    """What the four families share: m gaps, m + 1 edges."""

    days: SortedDays
    edges: Array
    at_or_below: NDArray[np.intp]
    below: NDArray[np.intp]
    heating: Hinges
    cooling: Hinges
    cold: _Lines
    warm: _Lines

    def at_temperatures(self, floor: float) -> Curve | None:
        """Search with both balance points at temperatures of days."""
        h, c = self.heating, self.cooling
        columns = type(h)(h.square[:, None], h.product[:, None], h.on_levels)
        gain, heating, cooling = pair(columns, c, -(h.on_levels @ c.on_levels.T))
        gain[self.at_or_below[None] - self.below[:, None] < PLATEAU_DAYS] = 0.0
        i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if gain[i, j] <= floor:
            return None
        return _curve(gain[i, j], heating[i, j], self.edges[i], cooling[i, j], self.edges[j])

    def heating_inside(self, floor: float) -> Curve | None:
        """Search with the heating balance point inside a gap, the cooling one at a temperature."""
        room = self.at_or_below[None] - self.days.cuts[:, None] >= PLATEAU_DAYS
        found = _line_and_hinge(self.cold, self.cooling, room, floor)
        gap, edge, gain, intercept, line_slope, hinge_slope = found
        heating = -line_slope
        knot = intercept / np.where(heating > 0.0, heating, 1.0)
        ok = (heating > 0.0) & (hinge_slope > 0.0) & (self.days.low[gap] <= knot) & (knot <= self.days.high[gap])
        return _best(ok, gain, (heating, knot), (hinge_slope, self.edges[edge]))

    def cooling_inside(self, floor: float) -> Curve | None:
        """Search with the cooling balance point inside a gap, the heating one at a temperature."""
        room = self.days.cuts[:, None] - self.below[None] >= PLATEAU_DAYS
        found = _line_and_hinge(self.warm, self.heating, room, floor)
        gap, edge, gain, intercept, cooling, hinge_slope = found
        knot = -intercept / np.where(cooling > 0.0, cooling, 1.0)
        ok = (cooling > 0.0) & (hinge_slope > 0.0) & (self.days.low[gap] <= knot) & (knot <= self.days.high[gap])
        return _best(ok, gain, (hinge_slope, self.edges[edge]), (cooling, knot))

    def both_inside(self, floor: float) -> Curve | None:
        """Search with both balance points inside gaps: free lines on both sides of a plateau."""
        u, w, cuts = self.cold, self.warm, self.days.cuts
        x11, x12 = -(u.on_levels[0] @ w.on_levels[0].T), -(u.on_levels[0] @ w.on_levels[1].T)
        x21, x22 = -(u.on_levels[1] @ w.on_levels[0].T), -(u.on_levels[1] @ w.on_levels[1].T)
        p1, p2 = u.y1[:, None], u.y2[:, None]
        s11, s22 = 1.0 - x11 * x11 - x21 * x21, 1.0 - x12 * x12 - x22 * x22
        s12 = -(x11 * x12 + x21 * x22)
        r1, r2 = w.y1 - x11 * p1 - x21 * p2, w.y2 - x12 * p1 - x22 * p2
        det = s11 * s22 - s12 * s12
        ok = (det > DEGENERATE) & u.usable[:, None] & w.usable & (cuts - cuts[:, None] >= PLATEAU_DAYS)
        det = np.where(ok, det, 1.0)
        gain = p1 * p1 + p2 * p2 + (s22 * r1 * r1 - 2.0 * s12 * r1 * r2 + s11 * r2 * r2) / det
        a, b = np.nonzero(ok & (gain > floor))
        d1 = (s22[a, b] * r1[a, b] - s12[a, b] * r2[a, b]) / det[a, b]
        d2 = (s11[a, b] * r2[a, b] - s12[a, b] * r1[a, b]) / det[a, b]
        c1 = u.y1[a] - x11[a, b] * d1 - x12[a, b] * d2
        c2 = u.y2[a] - x21[a, b] * d1 - x22[a, b] * d2
        cold_intercept, cold_slope = u.line(a, c1, c2)
        warm_intercept, cooling = w.line(b, d1, d2)
        heating = -cold_slope
        signed = (heating > 0.0) & (cooling > 0.0)
        heating_knot = cold_intercept / np.where(signed, heating, 1.0)
        cooling_knot = -warm_intercept / np.where(signed, cooling, 1.0)
        low, high = self.days.low, self.days.high
        signed &= (low[a] <= heating_knot) & (heating_knot <= high[a])
        signed &= (low[b] <= cooling_knot) & (cooling_knot <= high[b])
        return _best(signed, gain[a, b], (heating, heating_knot), (cooling, cooling_knot))


def _line_and_hinge(
    lines: _Lines, hinge: Hinges, room: Mask, floor: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, Array, Array, Array]:
    """Fit a free line on one side together with a hinge on the other, for every (gap, edge) with `room` between them.

    Returns gap, edge, gain, intercept and slope of the line, slope of the hinge, for those that gain more than
    `floor`.
    """
    usable = hinge.square > 0.0
    length = np.sqrt(np.where(usable, hinge.square, 1.0))
    columns = (hinge.on_levels / length[:, None]).T
    product = hinge.product / length
    x1, x2 = -(lines.on_levels[0] @ columns), -(lines.on_levels[1] @ columns)
    left = 1.0 - x1 * x1 - x2 * x2
    rest = product - x1 * lines.y1[:, None] - x2 * lines.y2[:, None]
    ok = (left > DEGENERATE) & usable & lines.usable[:, None] & room
    left = np.where(ok, left, 1.0)
    gain = (lines.y1 * lines.y1 + lines.y2 * lines.y2)[:, None] + rest * rest / left
    gap, edge = np.nonzero(ok & (gain > floor))
    on_hinge = rest[gap, edge] / left[gap, edge]
    c1 = lines.y1[gap] - x1[gap, edge] * on_hinge
    c2 = lines.y2[gap] - x2[gap, edge] * on_hinge
    intercept, slope = lines.line(gap, c1, c2)
    return gap, edge, gain[gap, edge], intercept, slope, on_hinge / length[edge]


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
    return _Lines(
        s.y0 * scale1,
        (s.y1 - shift * s.y0 * scale1) * scale2,
        np.stack((first, second)),
        scale1,
        scale2,
        shift,
        usable,
    )


def _best(ok: Mask, gain: Array, heating: tuple[Array, Array], cooling: tuple[Array, Array]) -> Curve | None:
    """Return the curve of largest gain among those marked, the first of equals; sides are (slope, balance point)."""
    if not ok.any():
        return None
    i = int(np.argmax(np.where(ok, gain, -np.inf)))
    return _curve(gain[i], heating[0][i], heating[1][i], cooling[0][i], cooling[1][i])


def _curve(gain: float, heating: float, heating_at: float, cooling: float, cooling_at: float) -> Curve:
    return Curve("5P", float(gain), float(heating), float(heating_at), float(cooling), float(cooling_at))
