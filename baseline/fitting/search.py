"""Exact change-point search: the best 1P, 2P, 3PH, 3PC, 4P and 5P curves of daily energy against temperature.

Levels (days of the week, say) are projected out (Frisch-Waugh-Lovell), so that only slopes and balance points are
searched; many regimes, of one meter or of a whole portfolio, go through each array operation together.

Why it is exact (Hudson, JASA 61, 1966): while a balance point moves between two neighbouring temperatures, the set of
days on each side stays the same, so the curve is a free straight line on those days, and the optimum is either where
that line meets the plateau, if that falls between the two temperatures, or at one of the two. All sums come from
prefix sums over sorted temperatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.curve import N_PARAMETERS, Curve
from baseline.fitting.plateau import Found, with_plateau
from baseline.fitting.prefix import DEGENERATE, Hinges, Side, SortedDays, dot, line_and_hinge, pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.prefix import RegimeDays

    Array = NDArray[np.float64]

TOGETHER = 16
"""Regimes searched together: their sums stay in the processor's cache."""


def best_curves(batch: Sequence[RegimeDays]) -> list[dict[str, Curve]]:
    """Return the least-squares curve of every shape the days of each regime can carry, by name; "1P" is always there.

    Shapes with a slope that is not positive are left out; so is a 5P curve that explains no more than a simpler one
    inside it or lowers the logarithm of what a simpler one leaves by less than `cost` for each parameter more.
    """
    curves: list[dict[str, Curve]] = [{}] * len(batch)
    # Neighbours of the same size fill each other up least.
    by_size = sorted(range(len(batch)), key=lambda i: len(batch[i].temperature))
    for first in range(0, len(by_size), TOGETHER):
        places = by_size[first : first + TOGETHER]
        for place, found in zip(places, _together([batch[i] for i in places]), strict=True):
            curves[place] = found
    return curves


def _together(batch: Sequence[RegimeDays]) -> list[dict[str, Curve]]:
    days = SortedDays.of(batch)
    enough = days.size >= 2 * np.array([one.min_days for one in batch]) + 1
    found = _straight(days, enough)
    if days.cuts.shape[1]:
        heating, cooling = Side.of(days, days.colder, 1.0), Side.of(days, days.warmer, -1.0)
        found |= {"3PH": _best_hinge(days, heating, 1.0), "3PC": _best_hinge(days, cooling, -1.0)}
        found["4P"] = _two_sided(days, heating, cooling)
        cost = np.array([one.cost for one in batch])
        gains = {"1P": np.zeros(len(batch))} | {name: curve.gain for name, curve in found.items()}
        floor = np.max([_repaid(name, gain, days.spread, cost) for name, gain in gains.items()], axis=0)
        # Where curves have no price, none is passed over.
        found["5P"] = with_plateau(days, heating, cooling, floor, patient=cost == 0.0)
    centre = days.centre.tolist()
    by_name = {name: [column.tolist() for column in curve] for name, curve in found.items()}
    return [
        {"1P": Curve("1P")}
        | {name: _curve(name, row, columns, by) for name, columns in by_name.items() if columns[0][row] > 0.0}
        for row, by in enumerate(centre)
    ]


def _curve(name: str, row: int, columns: Sequence[Sequence[float]], centre: float) -> Curve:
    gain, heating, heating_at, cooling, cooling_at = (column[row] for column in columns)
    if name.startswith("2P"):
        return Curve(name, gain, heating, None, cooling, None)
    return Curve(
        name,
        gain,
        heating,
        heating_at + centre if heating else None,
        cooling,
        cooling_at + centre if cooling else None,
    )


def _repaid(name: str, gain: Array, spread: Array, cost: Array) -> Array:
    """Return what a 5P curve must explain of `spread` to be worth more than the curve `name`."""
    more = N_PARAMETERS["5P"] - N_PARAMETERS[name]
    return np.asarray(spread - (spread - gain) * np.exp(-cost * more))


def _straight(days: SortedDays, enough: NDArray[np.bool_]) -> dict[str, Found]:
    """Return the 2P lines, as heating or as cooling."""
    s = days.total
    spread = (s.s2 - dot(s.q1, s.q1))[:, 0]
    usable = enough & (spread > DEGENERATE * s.s2[:, 0]) & (spread > 0.0)
    slope = np.where(usable, s.y1[:, 0] / np.where(usable, spread, 1.0), 0.0)
    gain = slope * s.y1[:, 0]
    nothing = np.zeros_like(gain)
    return {
        "2PH": Found(np.where(slope < 0.0, gain, 0.0), -slope, nothing, nothing, nothing),
        "2PC": Found(np.where(slope > 0.0, gain, 0.0), nothing, nothing, slope, nothing),
    }


def _best_hinge(days: SortedDays, side: Side, sign: float) -> Found:
    """Return the best hinge sign * (at - T) over one side of every gap: 3PH with sign 1, 3PC with sign -1."""
    gains, slopes, knots = [], [], []
    for (square, product, _), edge in ((side.at_low, days.low), (side.at_high, days.high)):
        usable = (square > 0.0) & (product > 0.0)
        slope = product / np.where(usable, square, 1.0)
        gains.append(np.where(usable, product * slope, 0.0))
        slopes.append(slope)
        knots.append(edge)
    # The free line a + b T on the days of the side; where it is zero, it meets the plateau.
    lines = side.lines
    a, b = lines.line(lines.y1, lines.y2)
    ok = lines.usable & (sign * b < 0.0)
    knot = -a / np.where(ok, b, 1.0)
    ok &= (days.low <= knot) & (knot <= days.high)
    gains.append(np.where(ok, lines.y1 * lines.y1 + lines.y2 * lines.y2, 0.0))
    slopes.append(-sign * b)
    knots.append(knot)
    gain, slope, knot = _best(days, gains, slopes, knots)
    nothing = np.zeros_like(gain)
    if sign > 0.0:
        return Found(gain, slope, knot, nothing, nothing)
    return Found(gain, nothing, nothing, slope, knot)


def _two_sided(days: SortedDays, cold: Side, warm: Side) -> Found:
    """Return the best 4P curve: two slopes that meet in one balance point."""
    gains, heating, cooling, knots = [], [], [], []
    edges = (cold.at_low, warm.at_low, days.low), (cold.at_high, warm.at_high, days.high)
    for hinge, other_hinge, edge in edges:
        gain, slope, other = pair(hinge, other_hinge, -dot(hinge.on_levels, other_hinge.on_levels))
        gains.append(gain)
        heating.append(slope)
        cooling.append(other)
        knots.append(edge)
    # Free lines a + b T on the colder days and c T on the warmer ones (the constant is one of the levels).
    s = days.warmer
    square = s.s2 - dot(s.q1, s.q1)
    column = Hinges(np.where(square > DEGENERATE * s.s2, square, 0.0), s.y1, s.q1)
    gain, a, b, c, ok = line_and_hinge(cold.lines, column)
    ok &= (b < 0.0) & (c > 0.0)
    knot = -a / np.where(ok, b - c, 1.0)
    ok &= (days.low <= knot) & (knot <= days.high)
    gains.append(np.where(ok, gain, 0.0))
    heating.append(-b)
    cooling.append(c)
    knots.append(knot)
    gain, slope, other, knot = _best(days, gains, heating, cooling, knots)
    return Found(gain, slope, knot, other, knot)


def _best(days: SortedDays, gains: list[Array], *columns: list[Array]) -> list[Array]:
    """Return the largest of the gains over all gaps and ways, the first of equals, and what stands there."""
    real = days.real
    gain = np.concatenate([np.where(real, one, 0.0) for one in gains], axis=1)
    at = gain.argmax(axis=1)[:, None]
    everything = [gain, *(np.concatenate(column, axis=1) for column in columns)]
    return [np.take_along_axis(column, at, axis=1)[:, 0] for column in everything]
