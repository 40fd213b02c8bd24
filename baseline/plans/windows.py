"""Twelve whole months before the works: the one the rule takes, and those it does not. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTHS = 12
LOOK_BACK = 36
"""Months before the works in which other windows are looked for: an older year was another building."""

Window = tuple[dt.date, dt.date]
"""Local days [start, end)."""


def latest_window(works_begin: dt.date) -> Window:
    """Return the last twelve whole calendar months that end before `works_begin`: a rule that leaves no choice."""
    end = works_begin.replace(day=1)
    return months_before(end, MONTHS), end


def other_windows(chosen: Window) -> Iterator[Window]:
    """Yield every other window of twelve whole months that ends no later than `chosen`, the latest first."""
    last = chosen[1].replace(day=1)
    for back in range(LOOK_BACK - MONTHS + 1):
        end = months_before(last, back)
        window = (months_before(end, MONTHS), end)
        if window != chosen:
            yield window


def months_before(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month `months` before that of `first`."""
    count = first.year * 12 + first.month - 1 - months
    return dt.date(count // 12, count % 12 + 1, 1)
