"""Exact change-point search: the best 1P, 2P, 3PH, 3PC, 4P and 5P curves of daily energy against temperature.

Levels are the columns of an orthonormal basis Q (days of the week, say) and are projected out (Frisch-Waugh-Lovell),
so that only slopes and balance points are searched.

Why it is exact (Hudson, JASA 61, 1966): while a balance point moves between two neighbouring temperatures, the set of
days on each side stays the same, so the curve is a free straight line on those days, and the optimum is either where
that line meets the plateau, if that falls between the two temperatures, or at one of the two. All sums come from
prefix sums over sorted temperatures.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.curve import N_PARAMETERS, Curve
from baseline.fitting.plateau import with_plateau
from baseline.fitting.prefix import DEGENERATE, SortedDays, dot, hinges, pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from baseline.fitting.prefix import Sums

    Array = NDArray[np.float64]


def best_curves(
    temperature: Array, energy: Array, basis: Array, min_days: int, *, cost: float = 0.0
) -> dict[str, Curve]:
    """Return the least-squares curve of every shape the days can carry, by name; "1P" is always there.

    `temperature` and `energy` have shape (n,); `basis` has shape (n, k), orthonormal columns whose span holds the
    constant. A balance point keeps at least `min_days` days on either side, the nearest included. Shapes with a
    slope that is not positive, and shapes that explain no more than a simpler one inside them, are left out; so is a
    5P curve that lowers the logarithm of what a simpler one leaves by less than `cost` for each parameter more.
    """
    found = {"1P": Curve("1P")}
    if len(temperature) < 2 * min_days + 1 or float(np.ptp(temperature)) <= 0.0:
        return found
    centre = float(temperature.mean())
    days = SortedDays.of(temperature - centre, energy, basis, min_days)
    curves = [_straight(days)]
    if len(days.cuts):
        curves += [*_one_sided(days), _two_sided(days)]
    found |= {curve.name: curve for curve in curves if curve is not None}
    if len(days.cuts):
        floor = max(_repaid(curve, days.spread, cost) for curve in found.values())
        # Where curves have no price, none is passed over.
        plateau = with_plateau(days, floor, patient=cost == 0.0)
        found |= {"5P": plateau} if plateau else {}
    return {name: _shifted(curve, centre) for name, curve in found.items()}


def _repaid(curve: Curve, spread: float, cost: float) -> float:
    """Return what a 5P curve must explain of `spread` to be worth more than `curve`."""
    more = N_PARAMETERS["5P"] - curve.n_parameters
    return spread - (spread - curve.gain) * math.exp(-cost * more)


def _shifted(curve: Curve, by: float) -> Curve:
    heating, cooling = curve.heating_balance_point, curve.cooling_balance_point
    return replace(
        curve,
        heating_balance_point=None if heating is None else heating + by,
        cooling_balance_point=None if cooling is None else cooling + by,
    )


def _straight(days: SortedDays) -> Curve | None:
    """Return the 2P line, as heating or as cooling."""
    total = days.warmer(np.zeros(1, dtype=np.intp))
    spread = float(total.s2[0] - total.q1[0] @ total.q1[0])
    if spread <= DEGENERATE * float(total.s2[0]):
        return None
    slope = float(total.y1[0]) / spread
    gain = slope * float(total.y1[0])
    if slope > 0.0:
        return Curve("2PC", gain, cooling_slope=slope)
    return Curve("2PH", gain, heating_slope=-slope) if slope < 0.0 else None


def _one_sided(days: SortedDays) -> tuple[Curve | None, Curve | None]:
    """Return the best 3PH and 3PC curves."""
    heating = _best_hinge(days, days.colder(days.cuts), 1.0)
    cooling = _best_hinge(days, days.warmer(days.cuts), -1.0)
    return (
        heating and Curve("3PH", heating[0], heating_slope=heating[1], heating_balance_point=heating[2]),
        cooling and Curve("3PC", cooling[0], cooling_slope=cooling[1], cooling_balance_point=cooling[2]),
    )


def _best_hinge(days: SortedDays, side: Sums, sign: float) -> tuple[float, float, float] | None:
    """Return (gain, slope, balance point) of the best hinge sign * (at - T) over one side of every gap."""
    best: tuple[float, float, float] | None = None
    edges = np.concatenate((days.low, days.high))
    square, product, _ = hinges(side.doubled(), edges, sign)
    usable = (square > 0.0) & (product > 0.0)
    gain = np.where(usable, product * product / np.where(usable, square, 1.0), 0.0)
    i = int(np.argmax(gain))
    if gain[i] > 0.0:
        best = float(gain[i]), float(product[i] / square[i]), float(edges[i])
    # The free line a + b T on the days of the side; where it is zero, it meets the plateau.
    g00 = side.s0 - dot(side.q0, side.q0)
    g01 = side.s1 - dot(side.q0, side.q1)
    g11 = side.s2 - dot(side.q1, side.q1)
    det = g00 * g11 - g01 * g01
    ok = det > DEGENERATE * np.maximum(side.s0 * side.s2, 1e-12)
    det = np.where(ok, det, 1.0)
    a = (g11 * side.y0 - g01 * side.y1) / det
    b = (g00 * side.y1 - g01 * side.y0) / det
    ok &= sign * b < 0.0
    knot = -a / np.where(ok, b, 1.0)
    ok &= (days.low <= knot) & (knot <= days.high)
    gain = np.where(ok, a * side.y0 + b * side.y1, 0.0)
    i = int(np.argmax(gain))
    if gain[i] > (best[0] if best else 0.0):
        best = float(gain[i]), float(-sign * b[i]), float(knot[i])
    return best


def _two_sided(days: SortedDays) -> Curve | None:
    """Return the best 4P curve: two slopes that meet in one balance point."""
    best: Curve | None = None
    edges = np.concatenate((days.low, days.high))
    cold, warm = days.colder(days.cuts), days.warmer(days.cuts)
    heating_hinge, cooling_hinge = hinges(cold.doubled(), edges, 1.0), hinges(warm.doubled(), edges, -1.0)
    cross = -dot(heating_hinge.on_levels, cooling_hinge.on_levels)
    gain, heating, cooling = pair(heating_hinge, cooling_hinge, cross)
    i = int(np.argmax(gain))
    if gain[i] > 0.0:
        best = Curve("4P", float(gain[i]), float(heating[i]), float(edges[i]), float(cooling[i]), float(edges[i]))
    # Free lines a + b T on the colder days and c T on the warmer ones (the constant is one of the levels).
    gram = np.zeros((len(days.cuts), 3, 3))
    gram[:, 0, 0], gram[:, 0, 1], gram[:, 1, 0], gram[:, 1, 1] = cold.s0, cold.s1, cold.s1, cold.s2
    gram[:, 2, 2] = warm.s2
    on_levels = np.stack((cold.q0, cold.q1, warm.q1), axis=1)
    gram -= on_levels @ on_levels.transpose(0, 2, 1)
    right = np.column_stack((cold.y0, cold.y1, warm.y1))
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", gram), 1e-300))
    ok = np.linalg.det(gram / scale[:, :, None] / scale[:, None, :]) > DEGENERATE
    if not ok.any():
        return best
    a, b, c = np.linalg.solve(gram[ok], right[ok][:, :, None])[:, :, 0].T
    signed = (b < 0.0) & (c > 0.0)
    knot = -a / np.where(signed, b - c, 1.0)
    inside = signed & (days.low[ok] <= knot) & (knot <= days.high[ok])
    gain = np.where(inside, a * right[ok, 0] + b * right[ok, 1] + c * right[ok, 2], 0.0)
    i = int(np.argmax(gain))
    if gain[i] > (best.gain if best else 0.0):
        best = Curve("4P", float(gain[i]), float(-b[i]), float(knot[i]), float(c[i]), float(knot[i]))
    return best
