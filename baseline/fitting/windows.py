"""The part of a year in which workdays differ: a summer closure, the weeks around Christmas.

A closure begins and ends overnight, a drift does not. Residuals are therefore compared after what yesterday foretells
is taken out, so that two sharp edges count and a slow rise and fall do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.structure import Window, month_and_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHORTEST, LONGEST = 15, 125
"""Workdays in a window: three weeks to half a year. Shorter breaks move from year to year and need a calendar."""

CHRISTMAS = 360
"""27 December, counted from 0 in a leap year is 361; a window that holds it may be as short as three workdays."""


def most_different_window(places: NDArray[np.int64], residual: Array, least: float) -> Window | None:
    """Return the window in which the residuals' level differs most from the rest of the year, or None.

    `places` are the workdays' places in the year (0 to 365), `residual` their residuals, any order, shape (n,). A
    window that would explain less than the part `least` of what yesterday does not foretell is not worth trying.
    """
    sums = np.bincount(places, residual, minlength=366)
    counts = np.bincount(places, minlength=366)
    present = np.flatnonzero(counts)
    n = len(present)
    if n < 2 * LONGEST * 3 // 4:
        return None
    r = sums[present] / counts[present]
    r = r - r.mean()
    spread = float(r @ r)
    if spread <= 0.0:
        return None
    rho = min(max(float(r @ np.roll(r, -1)) / spread, 0.0), 0.9)
    x = r - rho * np.roll(r, 1)
    # Twice around the year, so that a window may run over New Year.
    total = np.concatenate(([0.0], np.cumsum(np.concatenate((x, x)))))
    start = np.arange(n)[:, None]
    length = np.arange(3, LONGEST + 1)
    inside = total[start + length] - total[start + 1]
    after = np.concatenate((x, x))[start + length]
    product = x[:, None] + (1.0 - rho) * inside - rho * after
    square = 1.0 + rho * rho + (length - 1) * (1.0 - rho) ** 2
    gain = product * product / square
    doubled = np.concatenate((present, present + 366))
    holds_christmas = (doubled[start] <= CHRISTMAS + 1) & (doubled[start + length - 1] >= CHRISTMAS + 1)
    gain = np.where((length >= SHORTEST) | holds_christmas, gain, 0.0)
    i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[i, j] < least * float(x @ x):
        return None
    last = (i + length[j] - 1) % n
    return Window(month_and_day(int(present[i])), month_and_day(int(present[last])))
