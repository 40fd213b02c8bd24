"""The small line of a row (pure): a month's days as pieces of a line, broken where a day is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

WIDTH, HEIGHT = 90, 24
_MARGIN = 2


def pieces(days: Sequence[Decimal | None]) -> list[str]:
    """Return the points of each unbroken piece ("x,y x,y"), zero at the bottom, in a box of WIDTH by HEIGHT.

    A day alone between two gaps is a short stroke.
    """
    top = max((abs(kwh) for kwh in days if kwh is not None), default=None)
    if top is None:
        return []
    step = WIDTH / max(len(days) - 1, 1)
    room = HEIGHT - 2 * _MARGIN
    found: list[list[tuple[float, float]]] = [[]]
    for place, kwh in enumerate(days):
        if kwh is None:
            found.append([])
        else:
            height = room * max(float(kwh), 0.0) / float(top) if top else 0.0
            found[-1].append((place * step, HEIGHT - _MARGIN - height))
    return [" ".join(f"{x:.1f},{y:.1f}" for x, y in _stroke(piece)) for piece in found if piece]


def _stroke(piece: list[tuple[float, float]]) -> list[tuple[float, float]]:
    x, y = piece[0]
    return piece if len(piece) > 1 else [(x - 0.75, y), (x + 0.75, y)]
