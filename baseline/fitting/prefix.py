"""Sums over the colder and over the warmer days of a cut, which every change-point search reads; many regimes at once.

Arrays have one row per regime and one column per gap, shape (regimes, gaps); what is kept per level has the levels
first. Rows shorter than the longest are filled up with nothing, and every sum runs from the coldest day on, so that
what comes out of a row does not depend on the rows beside it, to the last digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Cuts = NDArray[np.intp]

DEGENERATE = 1e-9
"""A column of which less than this part is left after projection says nothing new."""


class RegimeDays(NamedTuple):
    """The days that share one curve, in any order, shape (n,) each."""

    temperature: Array
    energy: Array
    level: NDArray[np.intp]
    """Numbers of their levels, from 0; one may have no day."""
    n_levels: int
    min_days: int
    """Days a balance point keeps on either side, the nearest included."""
    cost: float = 0.0
    """What one parameter more has to lower the logarithm of the unexplained squares by."""


class Sums(NamedTuple):
    """Sums over the days of one side of every gap: of 1, T, T squared, y, T y, and by level of Q, T Q and y Q."""

    s0: Array
    s1: Array
    s2: Array
    y0: Array
    y1: Array
    yy: Array
    q0: Array
    q1: Array
    qy: Array


class Hinges(NamedTuple):
    """Columns (at - T)+ or (T - at)+ after projection: their square, their product with y, their part on the levels."""

    square: Array
    product: Array
    on_levels: Array


class SortedDays(NamedTuple):
    """Regimes with their days in order of temperature, and the gaps a balance point may lie in.

    Temperatures are centred, the levels (Q, orthonormal) are projected out of the energy y (Frisch-Waugh-Lovell).
    """

    centre: Array
    """Mean temperature of each regime, (regimes,)."""
    size: Cuts
    """Days of each, (regimes,)."""
    spread: Array
    """Sum of squares around the levels: what there is to explain, (regimes,)."""
    total: Sums
    """Over all days, one column."""
    cuts: Cuts
    """Gaps between neighbouring temperatures, as the number of colder days; beyond `n_cuts` they mean nothing."""
    n_cuts: Cuts
    low: Array
    """Temperature below each gap."""
    high: Array
    """Temperature above each gap."""
    colder: Sums
    warmer: Sums

    @property
    def real(self) -> NDArray[np.bool_]:
        """Whether a column stands for a gap."""
        return np.asarray(np.arange(self.cuts.shape[1]) < self.n_cuts[:, None])

    @classmethod
    def of(cls, batch: Sequence[RegimeDays]) -> SortedDays:
        """Sort, project the levels out of the energy, and sum; a gap keeps `min_days` days on either side."""
        count = np.array([len(days.temperature) for days in batch])
        least = np.array([days.min_days for days in batch])[:, None]
        shape, k = (len(batch), int(count.max())), max(days.n_levels for days in batch)
        t, y, level = np.full(shape, np.inf), np.zeros(shape), np.full(shape, -1)
        for row, days in enumerate(batch):
            n = len(days.level)
            t[row, :n], y[row, :n], level[row, :n] = days.temperature, days.energy, days.level
        order = np.argsort(t, axis=1, kind="stable")
        t, y, level = (np.take_along_axis(column, order, axis=1) for column in (t, y, level))
        there = level >= 0
        t[~there] = 0.0
        centre = np.cumsum(t, axis=1)[:, -1] / count
        gaps = np.arange(1, shape[1])
        held = (gaps >= least) & (gaps <= count[:, None] - least) & (t[:, :-1] < t[:, 1:])
        held &= count[:, None] > 2 * least
        t = np.where(there, t - centre[:, None], 0.0)
        columns = np.zeros((6 + 3 * k, shape[0], shape[1] + 1))
        here = columns[:, :, 1:]
        for number in range(k):
            member = level == number
            size = np.maximum(member.sum(axis=1), 1)[:, None]
            y -= np.where(member, np.cumsum(np.where(member, y, 0.0), axis=1)[:, -1:] / size, 0.0)
            here[6 + number] = member / np.sqrt(size)
        here[0], here[1], here[3] = there, t, y
        np.multiply(t, t, out=here[2])
        np.multiply(t, y, out=here[4])
        np.multiply(y, y, out=here[5])
        np.multiply(here[6 : 6 + k], t, out=here[6 + k : 6 + 2 * k])
        np.multiply(here[6 : 6 + k], y, out=here[6 + 2 * k :])
        np.cumsum(columns, axis=2, out=columns)
        n_cuts = held.sum(axis=1)
        cuts = 1 + np.argsort(~held, axis=1, kind="stable")[:, : int(n_cuts.max())]
        rows = np.arange(shape[0])[:, None]
        colder, total = columns[:, rows, cuts], columns[:, :, -1:]
        return cls(
            centre,
            count,
            total[5, :, 0],
            _named(total, k),
            cuts,
            n_cuts,
            t[rows, cuts - 1],
            t[rows, cuts],
            _named(colder, k),
            _named(total - colder, k),
        )


def _named(columns: Array, k: int) -> Sums:
    s0, s1, s2, y0, y1, yy = columns[:6]
    return Sums(s0, s1, s2, y0, y1, yy, columns[6 : 6 + k], columns[6 + k : 6 + 2 * k], columns[6 + 2 * k :])


def dot(a: Array, b: Array) -> Array:
    """Return the sums over the levels of products, always in the same order."""
    product: Array = a[0] * b[0]
    for one, other in zip(a[1:], b[1:], strict=True):
        product += one * other
    return product


def by_level(column: Array, places: Cuts) -> Array:
    """Return what stands at these places of the arrays of each level, rows after each other, (levels, places)."""
    return np.asarray(column.reshape(len(column), -1).take(places, axis=1))


def hinges(s: Sums, at: Array, sign: float) -> Hinges:
    """Return the hinges sign * (at - T) over the days of `s`: heating with sign 1, cooling with sign -1.

    The energy is already projected, so its product with a hinge needs no correction.
    """
    on_levels = sign * (at * s.q0 - s.q1)
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


class Lines(NamedTuple):
    """Columns 1 and T of one side made orthonormal: products with y and the way back to a + b T."""

    y1: Array
    y2: Array
    first: Array
    """Part of the first column on the levels."""
    second: Array
    scale1: Array
    scale2: Array
    shift: Array
    usable: NDArray[np.bool_]

    @classmethod
    def of(cls, s: Sums) -> Lines:
        """Make the columns 1 and T of each side orthonormal after the levels are projected out."""
        g00 = s.s0 - dot(s.q0, s.q0)
        usable = g00 > DEGENERATE * s.s0
        scale1 = np.where(usable, 1.0 / np.sqrt(np.where(usable, g00, 1.0)), 0.0)
        first = s.q0 * scale1
        shift = (s.s1 - dot(s.q0, s.q1)) * scale1
        g11 = s.s2 - dot(s.q1, s.q1) - shift * shift
        usable &= g11 > DEGENERATE * np.maximum(s.s2, 1e-12)
        scale2 = np.where(usable, 1.0 / np.sqrt(np.where(usable, g11, 1.0)), 0.0)
        second = (s.q1 - shift * first) * scale2
        y1 = s.y0 * scale1
        return cls(y1, (s.y1 - shift * y1) * scale2, first, second, scale1, scale2, shift, usable)

    def at(self, places: Cuts) -> Lines:
        """Return the lines at these places of the arrays, rows after each other."""
        return Lines(
            self.y1.take(places),
            self.y2.take(places),
            by_level(self.first, places),
            by_level(self.second, places),
            self.scale1.take(places),
            self.scale2.take(places),
            self.shift.take(places),
            self.usable.take(places),
        )

    def line(self, c1: Array, c2: Array) -> tuple[Array, Array]:
        """Return intercept and slope of the lines with coefficients c1, c2 on the orthonormal columns."""
        slope = c2 * self.scale2
        return self.scale1 * (c1 - slope * self.shift), slope


class Side(NamedTuple):
    """Hinges of one side at both edges of every gap, and its free lines."""

    at_low: Hinges
    at_high: Hinges
    lines: Lines

    @classmethod
    def of(cls, days: SortedDays, sums: Sums, sign: float) -> Side:
        """Work out the heating side (1) of the colder days, or the cooling side (-1) of the warmer ones."""
        return cls(hinges(sums, days.low, sign), hinges(sums, days.high, sign), Lines.of(sums))

    def of_gaps(self, regime: Cuts, gap: Cuts) -> Side:
        """Return what stands at these gaps."""
        at = regime * self.lines.y1.shape[1] + gap
        low, high = (Hinges(h.square.take(at), h.product.take(at), by_level(h.on_levels, at)) for h in self[:2])
        return Side(low, high, self.lines.at(at))


def line_and_hinge(lines: Lines, hinge: Hinges) -> tuple[Array, Array, Array, Array, NDArray[np.bool_]]:
    """Fit a free line on the days of one side together with a column on the days of the other.

    Returns gain, intercept and slope of the line, slope of the column, and where they mean something.
    """
    usable = hinge.square > 0.0
    length = np.sqrt(np.where(usable, hinge.square, 1.0))
    on_levels = hinge.on_levels / length
    x1, x2 = -dot(lines.first, on_levels), -dot(lines.second, on_levels)
    left = 1.0 - x1 * x1 - x2 * x2
    ok = (left > DEGENERATE) & usable & lines.usable
    rest = hinge.product / length - x1 * lines.y1 - x2 * lines.y2
    on_hinge = rest / np.where(ok, left, 1.0)
    intercept, slope = lines.line(lines.y1 - x1 * on_hinge, lines.y2 - x2 * on_hinge)
    return lines.y1 * lines.y1 + lines.y2 * lines.y2 + rest * on_hinge, intercept, slope, on_hinge / length, ok
