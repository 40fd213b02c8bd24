"""Curves on a coarse grid of balance points, for many ways of grouping the same days at once.

Choosing a structure needs the fit of dozens of groups of days; each takes its sums from the same table of sums by day
type, so they are all fitted by a few array operations. The structure chosen is fitted again, exactly, by `search`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.curve import N_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Group = tuple[int, ...]
    """For each day type (row * 7 + day of week) its level in the group, or -1 outside it."""

GRID = 28
"""Balance points tried: quantiles of the temperatures."""

_H, _C, _HH, _CC, _HY, _CY = (slice(3 + i * (GRID + 1), 3 + (i + 1) * (GRID + 1)) for i in range(6))
_BELOW = slice(3 + 6 * (GRID + 1), 3 + 6 * (GRID + 1) + GRID)
"""Where the sums stand, after those of 1, y and y squared."""

_ABOVE = np.triu(np.ones((GRID, GRID)), 1)
_NOTHING = 1e-9

PRECISION = 1e-6
"""A fit closer than this part of the energy is perfect: kWh are not known better."""


@dataclass(frozen=True)
class CoarseFit:
    """The best curve of a group by the Bayesian information criterion."""

    n_parameters: int
    heating: tuple[float, int] | None
    """Slope and place in the grid."""
    cooling: tuple[float, int] | None
    levels: Array


class Coarse:
    """Sums by day type over a grid of balance points."""

    def __init__(self, temperature: Array, energy: Array, day_type: NDArray[np.intp], n_types: int) -> None:
        """Sum once; shapes (n,), (n,), (n,)."""
        quantiles = np.quantile(temperature, np.linspace(0.03, 0.97, GRID))
        # The last grid point of heating and the first of cooling stand for the straight line 2P.
        self.heating_at = np.append(quantiles, temperature.max())
        self.cooling_at = np.concatenate(([temperature.min()], quantiles))
        self.h = np.maximum(self.heating_at[:, None] - temperature, 0.0)
        self.c = np.maximum(temperature - self.cooling_at[:, None], 0.0)
        rows = np.concatenate(
            (
                np.ones((1, len(energy))),
                energy[None],
                (energy * energy)[None],
                self.h,
                self.c,
                self.h * self.h,
                self.c * self.c,
                self.h * energy,
                self.c * energy,
                (temperature < quantiles[:, None]).astype(np.float64),
            )
        )
        present = np.zeros((len(energy), n_types))
        present[np.arange(len(energy)), day_type] = 1.0
        self.sums = rows @ present
        self.floor = PRECISION * PRECISION * float(np.mean(energy * energy))

    def fit(self, groups: Sequence[Group]) -> list[CoarseFit]:
        """Return the best coarse fit of each group."""
        n_levels = max(max(group) for group in groups) + 1
        member = np.array(groups)[:, None, :] == np.arange(n_levels)[:, None]
        batch = _Batch.of(member.astype(np.float64) @ self.sums.T)
        gains = batch.gains()
        chosen = batch.criteria(gains, self.floor).argmin(axis=0)
        return [batch.fit(g, tuple(gains)[index]) for g, index in enumerate(chosen)]

    def curve_of(self, fit: CoarseFit) -> Array:
        """Return the part of the fit that follows temperature, for every day, shape (n,)."""
        curve = np.zeros(self.h.shape[1])
        if fit.heating:
            curve += fit.heating[0] * self.h[fit.heating[1]]
        if fit.cooling:
            curve += fit.cooling[0] * self.c[fit.cooling[1]]
        return curve


@dataclass(frozen=True)
class _Batch:
    """Projected sums of many groups; j = GRID + 1 balance points on either side, the last or first a straight line."""

    by_level: Array
    """Shape (groups, levels, sums)."""
    n: Array
    sse: Array
    """Sum of squares around the levels, (groups,)."""
    hh: Array
    cc: Array
    hy: Array
    cy: Array
    one_heating: Array
    """What each heating balance point explains alone, (groups, j)."""
    one_cooling: Array
    both: Array
    """What each pair explains, (groups, GRID, GRID), 0 unless both slopes are positive."""
    heating: Array
    cooling: Array

    @classmethod
    def of(cls, by_level: Array) -> _Batch:
        """Project the levels out and explain the rest by every balance point and every pair of them."""
        total = by_level.sum(axis=1)
        root = np.sqrt(np.maximum(by_level[:, :, :1], 1.0))
        y, h, c = (by_level[:, :, part] / root for part in (slice(1, 2), _H, _C))
        hh, cc, hy, cy = (total[:, part] for part in (_HH, _CC, _HY, _CY))
        hh, cc = hh - (h * h).sum(axis=1), cc - (c * c).sum(axis=1)
        hy, cy = hy - (h * y).sum(axis=1), cy - (c * y).sum(axis=1)
        cross = -(h.transpose(0, 2, 1) @ c)
        n, below = total[:, 0], total[:, _BELOW]
        # Both sides of a balance point keep enough days; a straight line has no balance point.
        least = np.array([min_days(int(days)) for days in n])[:, None]
        room = (below >= least) & (n[:, None] - below >= least)
        line = n[:, None] >= 2.0
        one_heating = np.where(np.concatenate((room, line), axis=1) & (hh > _NOTHING) & (hy > 0.0), hy, 0.0)
        one_cooling = np.where(np.concatenate((line, room), axis=1) & (cc > _NOTHING) & (cy > 0.0), cy, 0.0)
        h2, c2, hy2, cy2 = hh[:, :-1, None], cc[:, None, 1:], hy[:, :-1, None], cy[:, None, 1:]
        x = cross[:, :-1, 1:]
        det = h2 * c2 - x * x
        heating, cooling = hy2 * c2 - cy2 * x, cy2 * h2 - hy2 * x
        ok = (heating > 0.0) & (cooling > 0.0) & (det > 1e-9 * h2 * c2) & room[:, :, None] & room[:, None]
        det = np.where(ok, det, 1.0)
        heating, cooling = heating / det, cooling / det
        return cls(
            by_level,
            n,
            np.maximum(total[:, 2] - (y * y).sum(axis=(1, 2)), 0.0),
            hh,
            cc,
            hy,
            cy,
            one_heating * one_heating / np.maximum(hh, _NOTHING),
            one_cooling * one_cooling / np.maximum(cc, _NOTHING),
            np.where(ok, heating * hy2 + cooling * cy2, 0.0),
            heating,
            cooling,
        )

    def gains(self) -> dict[str, Array]:
        """Return the most that each shape explains, (groups,)."""
        return {
            "1P": np.zeros(len(self.n)),
            "2PH": self.one_heating[:, -1],
            "2PC": self.one_cooling[:, 0],
            "3PH": self.one_heating[:, :-1].max(axis=1),
            "3PC": self.one_cooling[:, 1:].max(axis=1),
            "4P": np.einsum("gjj->gj", self.both).max(axis=1),
            "5P": (self.both * _ABOVE).max(axis=(1, 2)),
        }

    def criteria(self, gains: dict[str, Array], floor: float) -> Array:
        """Return the Bayesian information criterion of every shape, (shapes, groups); infinite where it has no fit."""
        days = np.maximum(self.n, 1.0)
        rows = []
        for name, gain in gains.items():
            variance = np.maximum(self.sse - gain, 0.0) / days + floor + 1e-300
            value = days * np.log(variance) + N_PARAMETERS[name] * np.log(days)
            rows.append(value if name == "1P" else np.where(gain > 0.0, value, np.inf))
        return np.stack(rows)

    def fit(self, g: int, name: str) -> CoarseFit:
        """Return the best fit of shape `name` for group `g`."""
        heating: tuple[float, int] | None = None
        cooling: tuple[float, int] | None = None
        if name in {"4P", "5P"}:
            explained = self.both[g] * (np.eye(GRID) if name == "4P" else _ABOVE)
            a, b = (int(i) for i in np.unravel_index(int(explained.argmax()), explained.shape))
            heating, cooling = (float(self.heating[g, a, b]), a), (float(self.cooling[g, a, b]), b + 1)
        elif name.endswith("H"):
            a = GRID if name == "2PH" else int(self.one_heating[g, :-1].argmax())
            heating = float(self.hy[g, a] / self.hh[g, a]), a
        elif name.endswith("C"):
            b = 0 if name == "2PC" else 1 + int(self.one_cooling[g, 1:].argmax())
            cooling = float(self.cy[g, b] / self.cc[g, b]), b
        sums = self.by_level[g]
        count, energy = sums[:, 0], sums[:, 1].copy()
        if heating:
            energy -= heating[0] * sums[:, _H.start + heating[1]]
        if cooling:
            energy -= cooling[0] * sums[:, _C.start + cooling[1]]
        n_parameters = int((count > 0.0).sum()) + N_PARAMETERS[name]
        return CoarseFit(n_parameters, heating, cooling, energy / np.maximum(count, 1.0))


def min_days(n: int) -> int:
    """Return how many of `n` days a balance point keeps on either side: one in 25, and five."""
    return max(5, round(n / 25))
