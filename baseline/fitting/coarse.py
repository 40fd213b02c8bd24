"""Curves on a coarse grid of balance points, for many groups of the same days at once.

Choosing a structure needs the fit of dozens of groups of days; each takes its sums from the same table of sums by day
type, so they are all fitted by a few array operations. The structure chosen is fitted again, exactly, by `search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.curve import N_PARAMETERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

GRID = 28
"""Balance points tried: quantiles of the temperatures."""

_H, _C, _HH, _CC, _HY, _CY = (slice(3 + i * (GRID + 1), 3 + (i + 1) * (GRID + 1)) for i in range(6))
_BELOW = slice(3 + 6 * (GRID + 1), 3 + 6 * (GRID + 1) + GRID)
"""Where the sums stand, after those of 1, y and y squared."""

_PAIR_H, _PAIR_C = np.triu_indices(GRID)
"""Pairs of balance points, heating not above cooling."""

_PAIR = _PAIR_H * GRID + _PAIR_C

_ON, _ABOVE = np.flatnonzero(_PAIR_H == _PAIR_C), np.flatnonzero(_PAIR_H < _PAIR_C)
_NOTHING = 1e-9

PRECISION = 1e-6
"""A fit closer than this part of the energy is perfect: kWh are not known better."""

_NAMES = ("1P", "2PH", "2PC", "3PH", "3PC", "4P", "5P")
_COSTS = np.array([N_PARAMETERS[name] for name in _NAMES])[:, None]


class Fits(NamedTuple):
    """The best curve of every group by the Bayesian information criterion."""

    n_days: Array
    """Shape (groups,)."""
    n_parameters: Array
    """Shape (groups,)."""
    explained: Array
    """What the group predicts on its days, 0 on the others, shape (groups, n)."""


class Coarse:
    """Energy and hinges on a grid of balance points, ready to be summed by day type."""

    def __init__(self, temperature: Array, energy: Array) -> None:
        """Take temperatures and energies, shape (n,) each."""
        ordered = np.sort(temperature)
        n = len(ordered)
        quantiles = ordered[np.round(np.linspace(0.03, 0.97, GRID) * (n - 1)).astype(np.intp)]
        # The last grid point of heating and the first of cooling stand for the straight line 2P.
        self.h = np.maximum(np.append(quantiles, ordered[-1])[:, None] - temperature, 0.0)
        self.c = np.maximum(temperature - np.concatenate((ordered[:1], quantiles))[:, None], 0.0)
        squares = (self.h * self.h, self.c * self.c, self.h * energy, self.c * energy)
        below = (temperature < quantiles[:, None]).astype(np.float64)
        rows = (np.ones((1, n)), energy[None], (energy * energy)[None], self.h, self.c, *squares, below)
        self.rows = np.ascontiguousarray(np.concatenate(rows).T)
        self.floor = PRECISION * PRECISION * float(np.mean(energy * energy))

    def fit(self, day_types: Places, levels: Array) -> Fits:
        """Fit every group, under each of the calendars that say the type of every day.

        `day_types` has shape (calendars, n); `levels` says which day types are at which level of a group, (groups,
        levels, types). What comes back has the groups under the first calendar first.
        """
        by_level = np.concatenate([levels @ self._by_type(types, levels.shape[2]) for types in day_types])
        sums = _Sums.of(by_level)
        shape, heating, heating_at, cooling, cooling_at = sums.best(self.floor)
        groups = np.arange(len(shape))
        count = by_level[:, :, 0]
        energy = by_level[:, :, 1].copy()
        energy -= heating[:, None] * by_level[groups, :, _H.start + heating_at]
        energy -= cooling[:, None] * by_level[groups, :, _C.start + cooling_at]
        mean = (energy / np.maximum(count, 1.0)).reshape(len(day_types), *levels.shape[:2])
        level_of, inside = np.einsum("cgl,glt->cgt", mean, levels), levels.sum(axis=1)
        explained = heating[:, None] * self.h[heating_at] + cooling[:, None] * self.c[cooling_at]
        for number, types in enumerate(day_types):
            here = explained[number * len(levels) : (number + 1) * len(levels)]
            here *= inside.take(types, axis=1)
            here += level_of[number].take(types, axis=1)
        return Fits(sums.n, (count > 0.0).sum(axis=1) + _COSTS[shape, 0], explained)

    def _by_type(self, day_type: Places, n_types: int) -> Array:
        """Return the sums of every row over the days of each type, (types, rows)."""
        order = np.argsort(day_type, kind="stable")
        count = np.bincount(day_type, minlength=n_types)
        met = np.flatnonzero(count)
        first = np.cumsum(count)[met] - count[met]
        sums = np.zeros((n_types, self.rows.shape[1]))
        sums[met] = np.add.reduceat(self.rows[order], first, axis=0)
        return sums


class _Sums(NamedTuple):
    """Projected sums of many groups; on either side GRID balance points and a straight line."""

    n: Array
    sse: Array
    """Sum of squares around the levels, (groups,)."""
    hy: Array
    cy: Array
    hh: Array
    cc: Array
    one_heating: Array
    """What each heating balance point explains alone, (groups, GRID + 1)."""
    one_cooling: Array
    both: Array
    """What each pair explains, (groups, pairs), 0 unless both slopes are positive."""
    heating: Array
    cooling: Array

    @classmethod
    def of(cls, by_level: Array) -> _Sums:
        """Project the levels out and explain the rest by every balance point and every pair of them."""
        total = by_level.sum(axis=1)
        root = np.sqrt(np.maximum(by_level[:, :, :1], 1.0))
        y, h, c = (by_level[:, :, part] / root for part in (slice(1, 2), _H, _C))
        hh, cc, hy, cy = (total[:, part] for part in (_HH, _CC, _HY, _CY))
        hh, cc = hh - (h * h).sum(axis=1), cc - (c * c).sum(axis=1)
        hy, cy = hy - (h * y).sum(axis=1), cy - (c * y).sum(axis=1)
        cross = h[:, :, :-1].transpose(0, 2, 1) @ c[:, :, 1:]
        cross = -cross.reshape(len(cross), -1).take(_PAIR, axis=1)
        n, below = total[:, 0], total[:, _BELOW]
        # Both sides of a balance point keep enough days; a straight line has no balance point.
        least = np.maximum(np.rint(n / 25.0), 5.0)[:, None]  # as `min_days`
        room = (below >= least) & (n[:, None] - below >= least)
        line = n[:, None] >= 2.0
        one_heating = np.where(np.concatenate((room, line), axis=1) & (hh > _NOTHING) & (hy > 0.0), hy, 0.0)
        one_cooling = np.where(np.concatenate((line, room), axis=1) & (cc > _NOTHING) & (cy > 0.0), cy, 0.0)
        h2, hy2 = (column.take(_PAIR_H, axis=1) for column in (hh, hy))
        c2, cy2 = (column.take(1 + _PAIR_C, axis=1) for column in (cc, cy))
        det = h2 * c2 - cross * cross
        heating, cooling = hy2 * c2 - cy2 * cross, cy2 * h2 - hy2 * cross
        ok = (
            (heating > 0.0)
            & (cooling > 0.0)
            & (det > 1e-9 * h2 * c2)
            & room.take(_PAIR_H, axis=1)
            & room.take(_PAIR_C, axis=1)
        )
        det = np.where(ok, det, 1.0)
        heating /= det
        cooling /= det
        return cls(
            n,
            np.maximum(total[:, 2] - (y * y).sum(axis=(1, 2)), 0.0),
            hy,
            cy,
            hh,
            cc,
            one_heating * one_heating / np.maximum(hh, _NOTHING),
            one_cooling * one_cooling / np.maximum(cc, _NOTHING),
            np.where(ok, heating * hy2 + cooling * cy2, 0.0),
            heating,
            cooling,
        )

    def best(self, floor: float) -> tuple[Places, Array, Places, Array, Places]:
        """Return, per group, the shape of lowest criterion, its slopes and their places in the grid."""
        groups = np.arange(len(self.n))
        none = np.zeros(len(self.n), dtype=np.intp)
        one_h, one_c = self.one_heating[:, :-1].argmax(axis=1), 1 + self.one_cooling[:, 1:].argmax(axis=1)
        on, above = (places[self.both.take(places, axis=1).argmax(axis=1)] for places in (_ON, _ABOVE))
        gain = np.stack(
            (
                np.zeros(len(self.n)),
                self.one_heating[:, -1],
                self.one_cooling[:, 0],
                self.one_heating[groups, one_h],
                self.one_cooling[groups, one_c],
                self.both[groups, on],
                self.both[groups, above],
            )
        )
        days = np.maximum(self.n, 1.0)
        variance = np.maximum(self.sse - gain, 0.0) / days + floor + 1e-300
        criterion = days * np.log(variance) + _COSTS * np.log(days)
        criterion[1:][gain[1:] <= 0.0] = np.inf
        shape = criterion.argmin(axis=0)
        # By shape: the place of the heating hinge, of the cooling hinge, and of the pair of both.
        line_h = none + GRID
        at_h = np.stack((none, line_h, none, one_h, none, _PAIR_H[on], _PAIR_H[above]))[shape, groups]
        at_c = np.stack((none, none, none, none, one_c, 1 + _PAIR_C[on], 1 + _PAIR_C[above]))[shape, groups]
        pair = np.where(shape == 5, on, above)
        alone_h = self.hy[groups, at_h] / np.maximum(self.hh[groups, at_h], _NOTHING)
        alone_c = self.cy[groups, at_c] / np.maximum(self.cc[groups, at_c], _NOTHING)
        heating = np.where(shape >= 5, self.heating[groups, pair], np.where((shape == 1) | (shape == 3), alone_h, 0.0))
        cooling = np.where(shape >= 5, self.cooling[groups, pair], np.where((shape == 2) | (shape == 4), alone_c, 0.0))
        return shape, heating, at_h, cooling, at_c


def min_days(n: int) -> int:
    """Return how many of `n` days a balance point keeps on either side: one in 25, and five."""
    return max(5, round(n / 25))
