"""Which day is what in the demonstration, for any day it is started on.

The contract year is the calendar year, as communes budget by it:

- reporting year: the calendar year before `today`, whole and ended, so that its invoices can be issued;
- works: the last three (or two) months of the year before that;
- baseline: the twelve months before the works begin;
- running year: from 1 January of this year to yesterday, for instalments;
- history: three years ending yesterday, and never less than the earliest baseline
  (started in October to December, it reaches back up to three months more).

Days are local (Europe/Paris); periods are half-open [start, end).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")

LONGEST_WORKS_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Period:
    """Local days [start, end)."""

    start: dt.date
    end: dt.date

    def __contains__(self, day: dt.date) -> bool:
        """Tell whether local `day` is in the period."""
        return self.start <= day < self.end

    @property
    def days(self) -> int:
        """Number of local days."""
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Timeline:
    """The periods of a demonstration filled on local day `today`."""

    today: dt.date

    @property
    def reporting(self) -> Period:
        """The last calendar year that has ended: measured after the works, settled, invoiced."""
        return Period(dt.date(self.today.year - 1, 1, 1), dt.date(self.today.year, 1, 1))

    @property
    def running(self) -> Period:
        """The contract year in progress; empty on 1 January."""
        return Period(self.reporting.end, self.today)

    def works(self, months: int) -> Period:
        """Return the works of a building that lasted `months` (1 to 3) and ended with the year."""
        if not 1 <= months <= LONGEST_WORKS_MONTHS:
            message = f"works last 1 to {LONGEST_WORKS_MONTHS} months, not {months}"
            raise ValueError(message)
        end = self.reporting.start
        return Period(dt.date(end.year - 1, 13 - months, 1), end)

    def baseline(self, months_of_works: int) -> Period:
        """Return the twelve months before works of `months_of_works` begin: the rule fixed beforehand."""
        end = self.works(months_of_works).start
        return Period(end.replace(year=end.year - 1), end)

    @property
    def history(self) -> Period:
        """Three years ending yesterday, or back to the earliest baseline where that is longer."""
        earliest = self.baseline(LONGEST_WORKS_MONTHS).start
        return Period(min(three_years_before(self.today), earliest), self.today)


def three_years_before(day: dt.date) -> dt.date:
    """Return the same day three years earlier; 28 February for a 29th."""
    try:
        return day.replace(year=day.year - 3)
    except ValueError:
        return dt.date(day.year - 3, 2, 28)
