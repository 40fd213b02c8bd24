"""The part of a year in which workdays differ: a summer closure, the weeks around Christmas.

A closure begins and ends overnight, a drift does not. Residuals are therefore compared after what yesterday foretells
is taken out, so that two sharp edges count and a slow rise and fall do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from baseline.fitting.structure import Window, month_and_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHORTEST, LONGEST = 15, 125
"""Workdays in a window: three weeks to half a year. Shorter breaks move from year to year and need a calendar."""

CHRISTMAS = 360
"""27 December, counted from 0 in a leap year is 361; a window that holds it may be as short as three workdays."""


_LENGTHS = np.arange(3, LONGEST + 1)


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
    rho = min(max(float(r @ np.concatenate((r[1:], r[:1]))) / spread, 0.0), 0.9)
    x = r - rho * np.concatenate((r[-1:], r[:-1]))
    # Twice around the year, so that a window may run over New Year: row i begins at the ith day present.
    around = np.concatenate((x, x[:LONGEST]))
    total = np.concatenate(([0.0], np.cumsum(around)))
    # A window from day i with L days is x[i] - rho x[i + L] + (1 - rho) (the sum of those between).
    begins = x - (1.0 - rho) * total[1 : n + 1]
    ends = (1.0 - rho) * total[:-1] - rho * around
    gain = begins[:, None] + sliding_window_view(ends, len(_LENGTHS))[_LENGTHS[0] :][:n]
    gain *= gain
    gain *= 1.0 / (1.0 + rho * rho + (_LENGTHS - 1) * (1.0 - rho) ** 2)
    # Short windows only around Christmas.
    doubled = np.concatenate((present, present + 366))
    short = np.arange(SHORTEST - _LENGTHS[0])
    last_day = doubled[np.arange(n)[:, None] + _LENGTHS[short] - 1]
    holds_christmas = (present[:, None] <= CHRISTMAS + 1) & (last_day >= CHRISTMAS + 1)
    gain[:, short] = np.where(holds_christmas, gain[:, short], 0.0)
    i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[i, j] < least * float(x @ x):
        return None
    last = (i + _LENGTHS[j] - 1) % n
    return Window(month_and_day(int(present[i])), month_and_day(int(present[last])))
