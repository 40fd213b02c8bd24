"""How the days of a year are told apart: regimes, each with its own curve, and levels inside a regime.

A day is ordinary, a public holiday, in a vacation (of schools, say, whose dates move from year to year), or inside a
yearly window (a summer closure, say); with its day of the week that makes a *day type*. A structure says for every day
type which regime it belongs to and which level of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ORDINARY, HOLIDAY, VACATION, FIRST_WINDOW = range(4)
"""Rows of a structure's table; each window has a row of its own after these."""

LEAP_YEAR = 2000
"""A yearly window is kept as month and day; this year has them all."""


@dataclass(frozen=True)
class Window:
    """The days of every year from one month and day to another, both included; it may run over New Year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, yearday: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which places in the year (0 to 365, see `yeardays`) lie in the window."""
        first, last = (_place(*edge) for edge in (self.first, self.last))
        if first <= last:
            return (first <= yearday) & (yearday <= last)
        return (first <= yearday) | (yearday <= last)


@dataclass(frozen=True)
class Calendar:
    """What tells days apart beside the day of the week."""

    holidays: frozenset[dt.date] = frozenset()
    vacations: frozenset[dt.date] = frozenset()
    windows: tuple[Window, ...] = ()

    def known(self, days: Iterable[dt.date]) -> Self:
        """Return the calendar with those of its dates that are among `days`."""
        days = frozenset(days)
        return replace(self, holidays=self.holidays & days, vacations=self.vacations & days)

    def with_window(self, window: Window) -> Self:
        """Return the calendar with one more yearly window."""
        return replace(self, windows=(*self.windows, window))

    def rows(self, days: Iterable[dt.date]) -> NDArray[np.intp]:
        """Return the row of each day: 0 ordinary, 1 holiday, 2 vacation, 3 + i in window i; the first that holds."""
        return _rows(self, tuple(days))


@dataclass(frozen=True)
class Structure:
    """Which regime and which level each day type has.

    `regime` and `level` have one row for ordinary days, one for holidays, one for vacations and one per window, and
    seven columns, Monday first. Levels are numbered from 0 inside each regime.
    """

    regime: tuple[tuple[int, ...], ...]
    level: tuple[tuple[int, ...], ...]

    @property
    def n_regimes(self) -> int:
        """Number of regimes."""
        return max(max(row) for row in self.regime) + 1

    def n_levels(self, regime: int) -> int:
        """Return how many levels a regime has."""
        pairs = zip(self.regime, self.level, strict=True)
        return 1 + max(at for row in pairs for number, at in zip(*row, strict=True) if number == regime)


@lru_cache(maxsize=64)
def _rows(calendar: Calendar, days: tuple[dt.date, ...]) -> NDArray[np.intp]:
    """Return `Calendar.rows`, kept: a fit asks several times, and meters of a portfolio share their days."""
    rows = np.full(len(days), ORDINARY, dtype=np.intp)
    if calendar.windows:
        places = yeardays(days)
        for number, window in reversed(tuple(enumerate(calendar.windows))):
            rows[window.holds(places)] = FIRST_WINDOW + number
    for dates, row in ((calendar.vacations, VACATION), (calendar.holidays, HOLIDAY)):
        if dates:
            rows[[day in dates for day in days]] = row
    rows.flags.writeable = False
    return rows


@lru_cache(maxsize=64)
def yeardays(days: tuple[dt.date, ...]) -> NDArray[np.int64]:
    """Return the place of each day in a leap year, 0 to 365, so that 1 March is 60 in every year."""
    places = np.array([_place(day.month, day.day) for day in days], dtype=np.int64)
    places.flags.writeable = False
    return places


@lru_cache(maxsize=64)
def weekdays(days: tuple[dt.date, ...]) -> NDArray[np.intp]:
    """Return the day of the week of each day, 0 for Monday."""
    weekday = np.array([day.weekday() for day in days], dtype=np.intp)
    weekday.flags.writeable = False
    return weekday


@lru_cache(maxsize=64)
def months_of_year(days: tuple[dt.date, ...]) -> NDArray[np.intp]:
    """Return the month of each day, 0 for January."""
    month = np.array([day.month - 1 for day in days], dtype=np.intp)
    month.flags.writeable = False
    return month


@lru_cache(maxsize=64)
def months(days: tuple[dt.date, ...]) -> NDArray[np.intp]:
    """Return the number of each day's calendar month among those met, from 0; days in ascending order."""
    month = np.array(days, dtype="datetime64[M]").astype(np.int64)
    number = np.cumsum(np.diff(month, prepend=month[:1]) != 0)
    number.flags.writeable = False
    return number


def _place(month: int, day: int) -> int:
    return _STARTS[month - 1] + day - 1


_STARTS = tuple((dt.date(LEAP_YEAR, month, 1) - dt.date(LEAP_YEAR, 1, 1)).days for month in range(1, 13))


def month_and_day(place: int) -> tuple[int, int]:
    """Return month and day of a place in the year, 0 to 365; the inverse of `yeardays`."""
    day = dt.date(LEAP_YEAR, 1, 1) + dt.timedelta(days=place)
    return day.month, day.day
