"""Which missing hours may be made up, and which stay gaps. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

HOUR: Final = dt.timedelta(hours=1)
LONGEST_FILLED: Final = 6
"""Missing hours in a row that are interpolated; one more and all of them stay missing.

The limit of CalTRACK and of opendsm, for which a day with more than 6 consecutive missing hours is a missing day.
"""
REACH: Final = (LONGEST_FILLED + 1) * HOUR
"""How far apart the two hours around a filled gap may lie."""


def between(
    before: dt.datetime, celsius_before: Decimal, after: dt.datetime, celsius_after: Decimal
) -> list[tuple[dt.datetime, Decimal]]:
    """Return the hours strictly between two known ones (°C on the straight line); none where the gap is too long."""
    steps = round((after - before) / HOUR)
    if steps > LONGEST_FILLED + 1:
        return []
    slope = (celsius_after - celsius_before) / steps
    return [(before + n * HOUR, celsius_before + n * slope) for n in range(1, steps)]


def interpolated(hours: Mapping[dt.datetime, Decimal]) -> dict[dt.datetime, Decimal]:
    """Return the hours missing in `hours` that may be made up, with their °C; never those of `hours` itself."""
    known = sorted(hours)
    return {
        hour: celsius
        for before, after in itertools.pairwise(known)
        for hour, celsius in between(before, hours[before], after, hours[after])
    }


def gaps(known: list[dt.datetime]) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield each gap [first missing hour, next known hour) that stays one; `known` hours in order."""
    for before, after in itertools.pairwise(known):
        if after - before > REACH:
            yield before + HOUR, after
