"""Curves on a coarse grid of balance points, for many groups of the days of many meters at once.

Choosing a structure needs the fit of dozens of groups of days. All sums come from one table by meter, day type and
place of the temperature in the grid; a group takes its part by products of matrices, so that an array operation serves
all groups of a handful of meters. The structure chosen is fitted again, exactly, by `search`.

Arrays have meters first, then groups. No product of matrices spans two meters: what is chosen for one does not depend
on those beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.curve import N_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.candidates import Candidates

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]

GRID = 28
"""Balance points tried: quantiles of the temperatures."""

_SIDE = GRID + 1
_BOTH = np.arange(GRID)
_UPPER = np.triu_indices(GRID, 1)
_PAIR_H, _PAIR_C = np.concatenate((_BOTH, _UPPER[0])), np.concatenate((_BOTH, _UPPER[1]))
"""Pairs of balance points, first those where both are one (4P), then heating below cooling (5P)."""

_NOTHING = 1e-9

_CACHED = 32
"""Groups whose pairs are gone through together: the arrays stay in the processor's cache."""

PRECISION = 1e-6
"""A fit closer than this part of the energy is perfect: kWh are not known better."""

_NAMES = ("1P", "2PH", "2PC", "3PH", "3PC", "4P", "5P")
_COSTS = np.array([N_PARAMETERS[name] for name in _NAMES])


class Meter(NamedTuple):
    """The complete days of a meter in order of date, shape (n,) each."""

    ordinals: NDArray[np.int64]
    temperature: Array
    energy: Array


class Fits(NamedTuple):
    """The best curve of every group by the Bayesian information criterion, (meters, groups)."""

    n_days: Array
    n_parameters: Array
    heating: Array
    heating_at: Array
    cooling: Array
    cooling_at: Array
    level_of: Array
    """The level of each day type, (meters, groups, types)."""

    def of(self, meters: slice) -> Fits:
        """Return those of some of the meters."""
        return Fits(*(column[meters] for column in self))


class Coarse:
    """Days of meters, filled up to as many with nothing, and their places in each meter's grid of balance points."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        """Take the days of the meters."""
        self.n = np.array([len(meter.energy) for meter in meters])
        shape = len(meters), int(self.n.max())
        self.temperature, self.energy = np.full(shape, np.inf), np.zeros(shape)
        ordinals = np.full(shape, -1)
        for row, meter in enumerate(meters):
            n = len(meter.energy)
            self.temperature[row, :n], self.energy[row, :n] = meter.temperature, meter.energy
            ordinals[row, :n] = meter.ordinals
        self.there = np.arange(shape[1]) < self.n[:, None]
        self.adjacent = (np.diff(ordinals, axis=1) == 1) & self.there[:, 1:]
        self.weekday = ((ordinals + 6) % 7).astype(np.intp)
        ordered = np.sort(self.temperature, axis=1)
        at = np.round(np.linspace(0.03, 0.97, GRID) * (self.n[:, None] - 1)).astype(np.intp)
        quantiles = np.take_along_axis(ordered, at, axis=1)
        coldest, warmest = ordered[:, :1], np.take_along_axis(ordered, self.n[:, None] - 1, axis=1)
        # The last grid point of heating and the first of cooling stand for the straight line 2P.
        self.heating_at = np.concatenate((quantiles, warmest), axis=1)
        self.cooling_at = np.concatenate((coldest, quantiles), axis=1)
        self.bin = (quantiles[:, None, :] <= self.temperature[:, :, None]).sum(axis=2)
        self.bin[~self.there] = 0
        self.temperature[~self.there] = 0.0
        self.centre = quantiles[:, GRID // 2]
        t, y = np.where(self.there, self.temperature - self.centre[:, None], 0.0), self.energy
        self.moments = np.stack((self.there.astype(np.float64), t, t * t, y, t * y, y * y))
        self.floor = PRECISION * PRECISION * self.moments[5].sum(axis=1) / self.n

    def fit(self, rows: Places, day_type: Places, candidates: Candidates) -> Fits:
        """Fit every group of `candidates` to the meters `rows`, whose days have these types, (rows, days)."""
        table = _Table.of(self, rows, day_type, candidates.inside.shape[1])
        sums = _Sums.of(table, candidates)
        shape, heating, at_h, cooling, at_c = sums.best(self.floor[rows])
        by_level, groups = candidates.set_of, np.arange(len(candidates.set_of))
        meter = np.arange(len(rows))[:, None]
        count = sums.by_set[:, by_level, 0]
        energy = sums.by_set[:, by_level, 1]
        of_set = meter[..., None], by_level
        energy -= heating[..., None] * sums.by_set[(*of_set, 2 + at_h[..., None])]
        energy -= cooling[..., None] * sums.by_set[(*of_set, 2 + _SIDE + at_c[..., None])]
        mean = energy / np.maximum(count, 1.0)
        return Fits(
            sums.n,
            (count > 0.0).sum(axis=2) + _COSTS[shape],
            heating,
            self.heating_at[rows[:, None], at_h],
            cooling,
            self.cooling_at[rows[:, None], at_c],
            mean[:, groups[:, None], candidates.level_of],
        )

    def residual(self, rows: Places, day_type: Places, candidates: Candidates, fits: Fits) -> Array:
        """Return what is left on the days of each group, 0 on the others, (rows, groups, days)."""
        t, groups = self.temperature[rows][:, None], np.arange(fits.heating.shape[1])
        left: Array = np.maximum(fits.heating_at[..., None] - t, 0.0)
        left *= -fits.heating[..., None]
        left += self.energy[rows][:, None]
        warm = np.maximum(t - fits.cooling_at[..., None], 0.0)
        warm *= fits.cooling[..., None]
        left -= warm
        left -= fits.level_of[np.arange(len(rows))[:, None, None], groups[:, None], day_type[:, None]]
        left *= (candidates.inside.T[day_type] * self.there[rows][..., None]).transpose(0, 2, 1)
        return left


class _Table(NamedTuple):
    """Sums by meter and day type: of 1 and y, of the hinges on each side, their squares and products with y."""

    by_set: Array
    """What is projected on levels: 1, y, heating hinges, cooling hinges, (meters, types, 2 + 2 * _SIDE)."""
    whole: Array
    """Squares and products: heating, cooling, each with y, y with itself, days below the grid points."""

    @classmethod
    def of(cls, coarse: Coarse, rows: Places, day_type: Places, n_types: int) -> _Table:
        """Count and sum the days by type and place in the grid; sums over places make the hinges."""
        m = len(rows)
        cell = ((np.arange(m)[:, None] * n_types + day_type) * _SIDE + coarse.bin[rows]).ravel()
        size = m * n_types * _SIDE
        moments = [
            np.bincount(cell, column[rows].ravel(), size).reshape(m, n_types, _SIDE) for column in coarse.moments
        ]
        *cold, yy = (np.cumsum(column, axis=2) for column in moments)
        warm = [column[:, :, -1:] - column for column in cold]
        for column, whole in zip(warm, cold, strict=True):
            column[:, :, 1:] = column[:, :, :-1]
            column[:, :, 0] = whole[:, :, -1]
        at_h, at_c = ((at[rows] - coarse.centre[rows, None])[:, None] for at in (coarse.heating_at, coarse.cooling_at))
        n, y = cold[0][:, :, -1:], cold[3][:, :, -1:]
        linear = (n, y, at_h * cold[0] - cold[1], warm[1] - at_c * warm[0])
        squared = (
            at_h * (at_h * cold[0] - 2.0 * cold[1]) + cold[2],
            at_c * (at_c * warm[0] - 2.0 * warm[1]) + warm[2],
            at_h * cold[3] - cold[4],
            warm[4] - at_c * warm[3],
            yy[:, :, -1:],
            cold[0][:, :, :GRID],
        )
        return cls(np.concatenate(linear, axis=2), np.concatenate(squared, axis=2))


class _Sums(NamedTuple):
    """Projected sums of the groups; on either side GRID balance points and a straight line."""

    by_set: Array
    """Of every set of day types that share a level; see `_Table`."""
    n: Array
    sse: Array
    """Sum of squares around the levels, (meters, groups)."""
    hy: Array
    cy: Array
    hh: Array
    cc: Array
    cross: Array
    """Products of the hinges of each pair, (meters, groups, pairs)."""
    room: Mask
    """Balance points that keep enough days on both sides, (meters, groups, GRID)."""

    @classmethod
    def of(cls, table: _Table, candidates: Candidates) -> _Sums:
        """Project the levels out."""
        by_set = candidates.sets @ table.by_set
        whole = candidates.inside @ table.whole
        scaled = by_set[:, :, 1:] / np.sqrt(np.maximum(by_set[:, :, :1], 1.0))
        y, h, c = scaled[:, :, :1], scaled[:, :, 1 : 1 + _SIDE], scaled[:, :, 1 + _SIDE :]
        whole[:, :, : 4 * _SIDE + 1] -= candidates.held @ np.concatenate((h * h, c * c, h * y, c * y, y * y), axis=2)
        cross = candidates.held @ (h.take(_PAIR_H, axis=2) * c.take(1 + _PAIR_C, axis=2))
        hh, cc, hy, cy = (whole[:, :, i * _SIDE : (i + 1) * _SIDE] for i in range(4))
        n, below = candidates.held @ by_set[:, :, :1], whole[:, :, 4 * _SIDE + 1 :]
        least = np.maximum(np.rint(n / 25.0), 5.0)  # as `min_days`
        room = (below >= least) & (n - below >= least)
        return cls(by_set, n[:, :, 0], np.maximum(whole[:, :, 4 * _SIDE], 0.0), hy, cy, hh, cc, -cross, room)

    def best(self, floor: Array) -> tuple[Places, Array, Places, Array, Places]:
        """Return, per group, the shape of lowest criterion, its slopes and their places in the grid."""
        both = self._both()
        on, above = both[:, :, :GRID].argmax(axis=2), GRID + both[:, :, GRID:].argmax(axis=2)
        line = self.n[..., None] >= 2.0
        alone = [
            np.where(
                room & (square > _NOTHING) & (product > 0.0), product * product / np.maximum(square, _NOTHING), 0.0
            )
            for square, product, room in (
                (self.hh, self.hy, np.concatenate((self.room, line), axis=2)),
                (self.cc, self.cy, np.concatenate((line, self.room), axis=2)),
            )
        ]
        one_h, one_c = alone[0][:, :, :-1].argmax(axis=2), 1 + alone[1][:, :, 1:].argmax(axis=2)
        gain = np.stack(
            (
                np.zeros(self.n.shape),
                alone[0][:, :, -1],
                alone[1][:, :, 0],
                _at(alone[0], one_h),
                _at(alone[1], one_c),
                _at(both, on),
                _at(both, above),
            )
        )
        days = np.maximum(self.n, 1.0)
        variance = np.maximum(self.sse - gain, 0.0) / days + floor[:, None] + 1e-300
        criterion = days * np.log(variance) + _COSTS[:, None, None] * np.log(days)
        criterion[1:][gain[1:] <= 0.0] = np.inf
        shape = criterion.argmin(axis=0)
        # By shape: the place of the heating hinge, of the cooling hinge, and of the pair of both.
        none = np.zeros_like(shape)
        at_h = np.choose(shape, (none, none + GRID, none, one_h, none, _PAIR_H[on], _PAIR_H[above]))
        at_c = np.choose(shape, (none, none, none, none, one_c, 1 + _PAIR_C[on], 1 + _PAIR_C[above]))
        pair = np.where(shape == 5, on, above)
        hy, hh, cy, cc = _at(self.hy, at_h), _at(self.hh, at_h), _at(self.cy, at_c), _at(self.cc, at_c)
        cross = np.where(shape >= 5, _at(self.cross, pair), 0.0)
        det = np.where(shape >= 5, hh * cc - cross * cross, 1.0)
        heating = np.where((shape == 1) | (shape == 3), hy / np.maximum(hh, _NOTHING), 0.0)
        cooling = np.where((shape == 2) | (shape == 4), cy / np.maximum(cc, _NOTHING), 0.0)
        heating = np.where(shape >= 5, (hy * cc - cy * cross) / det, heating)
        cooling = np.where(shape >= 5, (cy * hh - hy * cross) / det, cooling)
        return shape, heating, at_h, cooling, at_c

    def _both(self) -> Array:
        """Return what each pair explains, 0 unless both slopes are positive, (meters, groups, pairs)."""
        # A place without room is given no square, so that no pair with it is sound.
        sides = self.hh[:, :, :GRID] * self.room, self.hy, self.cc[:, :, 1:] * self.room, self.cy[:, :, 1:]
        flat = [side.reshape(-1, side.shape[2]) for side in sides]
        cross = self.cross.reshape(-1, self.cross.shape[2])
        gain = np.empty_like(cross)
        for first in range(0, len(cross), _CACHED):
            part = slice(first, first + _CACHED)
            hh, hy, cc, cy = (side[part] for side in flat)
            gain[part] = _pairs(hh, hy, cc, cy, cross=cross[part])
        return gain.reshape(self.cross.shape)


def _pairs(hh: Array, hy: Array, cc: Array, cy: Array, *, cross: Array) -> Array:
    """Return what the pairs of some groups explain, 0 unless both slopes are positive, (groups, pairs)."""
    h2, hy2 = hh.take(_PAIR_H, axis=1), hy.take(_PAIR_H, axis=1)
    c2, cy2 = cc.take(_PAIR_C, axis=1), cy.take(_PAIR_C, axis=1)
    heating, cooling, product = hy2 * c2, cy2 * h2, cy2 * cross
    heating -= product
    np.multiply(hy2, cross, out=product)
    cooling -= product
    ok = heating > 0.0
    ok &= cooling > 0.0
    h2 *= c2
    det = np.multiply(cross, cross, out=c2)
    np.subtract(h2, det, out=det)
    h2 *= 1e-9
    ok &= det > h2
    heating *= hy2
    cooling *= cy2
    heating += cooling
    gain = np.zeros_like(heating)
    return np.divide(heating, det, out=gain, where=ok)


def _at(values: Array, place: Places) -> Array:
    """Return the value at `place` on the last axis of (meters, groups, places)."""
    meters, groups = np.arange(place.shape[0])[:, None], np.arange(place.shape[1])
    return np.asarray(values[meters, groups, place])


def min_days(n: int) -> int:
    """Return how many of `n` days a balance point keeps on either side: one in 25, and five."""
    return max(5, round(n / 25))
