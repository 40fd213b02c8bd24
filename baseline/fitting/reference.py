"""A reference year of weather out of several real ones: month by month the one most like all of them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST_DAYS = 27
"""Days a month needs to stand for itself."""
COMMON_YEAR = 2001
"""A year of 365 days that begins on a Monday: day types of the reference year are counted in it."""


class ReferenceYear(NamedTuple):
    """The real month each calendar month was taken from ("2014-01"), and the daily means of 365 days, °C."""

    months: tuple[str, ...]
    celsius: tuple[float, ...]


def reference_year(celsius: Mapping[dt.date, float]) -> ReferenceYear | None:
    """Return the reference year of daily mean temperatures; None where a calendar month was never whole.

    Each calendar month is that of the year whose daily means are spread most like those of all years (least
    Finkelstein-Schafer statistic, as NF EN ISO 15927-4 takes it for temperature); of two alike the later.
    """
    by_month: defaultdict[int, dict[int, list[float]]] = defaultdict(dict)
    for day, value in sorted(celsius.items()):
        by_month[day.month].setdefault(day.year, []).append(value)
    months: list[str] = []
    year: list[float] = []
    for month in range(1, 13):
        whole = {one: values for one, values in by_month[month].items() if len(values) >= LEAST_DAYS}
        if not whole:
            return None
        chosen = min(sorted(whole, reverse=True), key=lambda one: _distance(whole[one], whole.values()))
        months.append(f"{chosen}-{month:02}")
        year += _of_length(whole[chosen], _length(month))
    return ReferenceYear(tuple(months), tuple(year))


def days_of_reference() -> list[dt.date]:
    """Return the 365 days of the reference year, in a year without a calendar of its own."""
    first = dt.date(COMMON_YEAR, 1, 1)
    return [first + dt.timedelta(days=number) for number in range(365)]


def _length(month: int) -> int:
    after = dt.date(COMMON_YEAR + month // 12, month % 12 + 1, 1)
    return (after - dt.date(COMMON_YEAR, month, 1)).days


def _of_length(values: list[float], length: int) -> list[float]:
    """Return the days of a month; where one or two are missing, the last known stand for them."""
    return [*values[:length], *values[-1:] * (length - len(values))]


def _distance(values: list[float], all_years: Iterable[list[float]]) -> float:
    """Return the mean distance between the distribution of one month's days and that of all years' days."""
    pooled = np.sort(np.concatenate([np.asarray(one) for one in all_years]))
    own = np.sort(np.asarray(values))
    at_own = np.searchsorted(own, pooled, side="right") / len(own)
    at_all = np.searchsorted(pooled, pooled, side="right") / len(pooled)
    return float(np.abs(at_own - at_all).mean())
