"""Change-point search on bills: mean degree-days of each period at every balance point.

The column of a heating balance point t is, for each bill, the mean over its days of (t - T)+ : degree-days per day.
Between two neighbouring temperatures the same days are colder than t, so the column is a t - b with known a and b, a
free straight line in a and b is fitted there, and the optimum is where it leads back to a t inside the gap, or at one
of its ends (Hudson, JASA 61, 1966, as in the daily search). With both slopes, all pairs of temperatures are tried; the
best pair is then improved side by side, each side exactly, until it stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.curve import Curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_NOTHING = 1e-9
MOST_PAIRED = 200
"""Temperatures tried in pairs; of more, quantiles, which the exact searches of each side then leave behind."""

LEAST_BILLS = 2
"""Bills' worth of days that a balance point keeps on either side."""

_ROUNDS = 20


class _Found(NamedTuple):
    """What one side explains, its slope and its balance point."""

    gain: float
    slope: float
    at: float


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns of the bills, weighted, with the constant projected out; one row per gap between two knots."""

    temperatures: Sequence[Array]
    y: Array
    knots: Array
    """Ends of the gaps, ascending, (gaps + 1,)."""
    part: Array
    """Part of each bill's days that is colder than the gap, (gaps, n)."""
    heat: Array
    """Sum of those days' temperatures by the bill's days, (gaps, n)."""
    mean: Array
    """Mean temperature of each bill, (1, n)."""
    root: Array
    constant: Array

    @classmethod
    def of(cls, temperatures: Sequence[Array], rate: Array, weight: Array) -> _Columns:
        """Choose the knots and sum what lies below each gap."""
        every = np.sort(np.concatenate(list(temperatures)))
        margin = round(LEAST_BILLS * len(every) / len(temperatures))
        knots = np.unique(every[max(margin - 1, 0) : len(every) - margin + 1])
        below = [t <= knots[:-1, None] for t in temperatures]
        part = np.array([cold.mean(axis=1) for cold in below]).T
        heat = np.array([(cold * t).mean(axis=1) for cold, t in zip(below, temperatures, strict=True)]).T
        root = np.sqrt(weight)
        constant = root / np.sqrt(weight.sum())
        c = cls(
            temperatures, rate * root, knots, part, heat, np.array([[t.mean() for t in temperatures]]), root, constant
        )
        return c.beside(constant, weigh=True)

    def beside(self, column: Array, *, weigh: bool = False) -> _Columns:
        """Return the columns with the part along a weighted `column` taken out, and weighted first where asked."""
        unit = column / np.sqrt(max(float(column @ column), 1e-300))

        def without(rows: Array) -> Array:
            weighted = rows * self.root if weigh else rows
            return np.asarray(weighted - (weighted @ unit)[:, None] * unit)

        return replace(
            self,
            y=self.y - (self.y @ unit) * unit,
            part=without(self.part),
            heat=without(self.heat),
            mean=without(self.mean),
        )

    def hinges(self, sign: float) -> Array:
        """Return the degree-days per day with the balance point at the lower end of each gap, (gaps, n)."""
        colder = self.part * self.knots[:-1, None] - self.heat
        return colder if sign > 0.0 else colder + self.mean

    def hinge(self, sign: float, at: float) -> Array:
        """Return the degree-days per day of one balance point, weighted, without constant, (n,)."""
        column = np.array([np.maximum(sign * (at - t), 0.0).mean() for t in self.temperatures]) * self.root
        return column - (column @ self.constant) * self.constant


def best_curves(temperatures: Sequence[Array], rate: Array, weight: Array) -> dict[str, Curve]:
    """Return the weighted least-squares curve of each shape the bills can carry; "1P" is always there.

    `rate` is the energy per day of each bill and `weight` its weight, shape (n,) each; the gain of a curve is what it
    explains of the weighted sum of squares. Shapes with a slope that is not positive are left out.
    """
    found = {"1P": Curve("1P")}
    if len(rate) < 3:
        return found
    c = _Columns.of(temperatures, rate, weight)
    square = float((c.mean * c.mean).sum())
    if square <= _NOTHING * max(float(np.ptp(rate)), 1.0) or not len(c.knots):
        return found
    slope = float(c.mean[0] @ c.y) / square
    gain = slope * slope * square
    if slope > 0.0:
        found["2PC"] = Curve("2PC", gain, cooling_slope=slope)
    elif slope < 0.0:
        found["2PH"] = Curve("2PH", gain, heating_slope=-slope)
    if len(c.knots) < 2 or len(rate) < 2 * LEAST_BILLS + 1:
        return found
    heating, cooling = (_one_side(c, sign) for sign in (1.0, -1.0))
    if heating:
        found["3PH"] = Curve("3PH", heating.gain, heating_slope=heating.slope, heating_balance_point=heating.at)
    if cooling:
        found["3PC"] = Curve("3PC", cooling.gain, cooling_slope=cooling.slope, cooling_balance_point=cooling.at)
    both = (_one_point(c), _two_points(c))
    return found | {curve.name: curve for curve in both if curve}


def _one_side(c: _Columns, sign: float) -> _Found | None:
    """Return the best hinge of one side: heating with sign 1, cooling with sign -1."""
    hinge = c.hinges(sign)
    square, product = (hinge * hinge).sum(axis=1), hinge @ c.y
    usable = (square > _NOTHING) & (product > 0.0)
    gain = np.where(usable, product * product / np.where(usable, square, 1.0), 0.0)
    i = int(np.argmax(gain))
    best = _Found(float(gain[i]), float(product[i] / square[i]), float(c.knots[i])) if gain[i] > 0.0 else None
    # Heating is slope (part t - heat), cooling slope (mean - heat + part t - t): lines in `part` and one column more.
    other = c.heat if sign > 0.0 else c.heat - c.mean
    on, explained, ok = _solved(c.y, c.part, other)
    slope = -on[:, 1]
    ok &= slope > 0.0
    at = on[:, 0] / np.where(ok, slope, 1.0)
    ok &= (c.knots[:-1] <= at) & (at <= c.knots[1:])
    gain = np.where(ok, explained, 0.0)
    i = int(np.argmax(gain))
    if gain[i] > (best.gain if best else 0.0):
        best = _Found(float(gain[i]), float(slope[i]), float(at[i]))
    return best


def _solved(y: Array, *columns: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return, per gap, the coefficients of y on the columns, what they explain, and whether that can be said."""
    x = np.stack(columns, axis=2)
    gram = x.transpose(0, 2, 1) @ x
    right = x.transpose(0, 2, 1) @ y
    scale = np.sqrt(np.maximum(np.einsum("gii->gi", gram), 1e-300))
    ok = np.linalg.det(gram / scale[:, :, None] / scale[:, None, :]) > _NOTHING
    gram[~ok] = np.eye(len(columns))
    on = np.asarray(np.linalg.solve(gram, right[:, :, None])[:, :, 0], dtype=np.float64)
    explained: Array = (on * right).sum(axis=1)
    return on, explained, ok


def _one_point(c: _Columns) -> Curve | None:
    """Return the best 4P curve: both slopes from one balance point, at a knot or inside a gap."""
    candidates = []
    on, explained, ok = _solved(c.y, c.hinges(1.0), c.hinges(-1.0))
    candidates.append((np.where(ok & (on > 0.0).all(axis=1), explained, 0.0), on[:, 0], on[:, 1], c.knots[:-1]))
    on, explained, ok = _solved(c.y, c.part, np.asarray(c.heat), np.broadcast_to(c.mean, c.part.shape))
    both, cooling = -on[:, 1], on[:, 2]
    ok &= (cooling > 0.0) & (both > cooling)
    at = on[:, 0] / np.where(ok, both, 1.0)
    ok &= (c.knots[:-1] <= at) & (at <= c.knots[1:])
    candidates.append((np.where(ok, explained, 0.0), both - cooling, cooling, at))
    gain, heating, cooling, at = max(candidates, key=lambda one: float(one[0].max()))
    i = int(np.argmax(gain))
    if gain[i] <= 0.0:
        return None
    return Curve("4P", *(float(x) for x in (gain[i], heating[i], at[i], cooling[i], at[i])))


def _two_points(c: _Columns) -> Curve | None:
    """Return the best 5P curve: the best pair of knots, then each side in turn exactly beside the other."""
    gaps = len(c.knots) - 1
    tried = np.unique(np.linspace(0, gaps - 1, min(gaps, MOST_PAIRED)).round().astype(np.intp))
    h, w, knots = c.hinges(1.0)[tried], c.hinges(-1.0)[tried], c.knots[tried]
    hh, ww, cross = (h * h).sum(axis=1)[:, None], (w * w).sum(axis=1), h @ w.T
    hy, wy = (h @ c.y)[:, None], w @ c.y
    det = hh * ww - cross * cross
    heating, cooling = hy * ww - wy * cross, wy * hh - hy * cross
    ok = (det > _NOTHING * hh * ww) & (heating > 0.0) & (cooling > 0.0) & np.triu(np.ones(det.shape, dtype=bool), 1)
    gain = np.where(ok, (heating * hy + cooling * wy) / np.where(ok, det, 1.0), 0.0)
    i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[i, j] <= 0.0:
        return None
    first, second = float(heating[i, j] / det[i, j]), float(cooling[i, j] / det[i, j])
    best = Curve("5P", float(gain[i, j]), first, float(knots[i]), second, float(knots[j]))
    for _ in range(_ROUNDS):
        better = _side_improved(c, _side_improved(c, best, 1.0), -1.0)
        if better.gain <= best.gain * (1.0 + 1e-12):
            break
        best = better
    return best


def _side_improved(c: _Columns, curve: Curve, sign: float) -> Curve:
    """Return the curve with one side searched exactly while the other keeps its balance point."""
    kept_at = curve.cooling_balance_point if sign > 0.0 else curve.heating_balance_point
    kept = c.hinge(-sign, kept_at or 0.0)
    square = float(kept @ kept)
    found = _one_side(c.beside(kept), sign)
    if found is None or kept_at is None or square <= _NOTHING:
        return curve
    moved = c.hinge(sign, found.at)
    slope = float(kept @ (c.y - found.slope * moved)) / square
    gain = found.gain + float(kept @ c.y) ** 2 / square
    if gain <= curve.gain or slope <= 0.0 or sign * (kept_at - found.at) <= 0.0:
        return curve
    if sign > 0.0:
        return Curve("5P", gain, found.slope, found.at, slope, kept_at)
    return Curve("5P", gain, slope, kept_at, found.slope, found.at)
