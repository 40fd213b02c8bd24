"""Contract years: from one anniversary of the agreement's start to the next, the last one ending with it."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from foundation.errors import Refusal


@dataclass(frozen=True, slots=True)
class YearOfContract:
    """Contract year `number` (1 for the first), local days [start, end)."""

    number: int
    start: dt.date
    end: dt.date


def years_until(term_start: dt.date, term_end: dt.date, day: dt.date) -> list[YearOfContract]:
    """Return the contract years of [term_start, term_end) up to the one `day` is in; refuse a day outside the term."""
    if not term_start <= day < term_end:
        raise Refusal(
            "Le {day:%d/%m/%Y} est hors de l'accord, qui court du {term_start:%d/%m/%Y} au {last_day:%d/%m/%Y} "
            "inclus ; choisissez un jour de sa durée.",
            field="start",
            day=day,
            term_start=term_start,
            last_day=term_end - dt.timedelta(days=1),
        )
    years: list[YearOfContract] = []
    while not years or years[-1].end <= day:
        number = len(years) + 1
        start, end = _anniversary(term_start, number - 1), _anniversary(term_start, number)
        years.append(YearOfContract(number, start, min(end, term_end)))
    return years


def whole_years(term_start: dt.date, end: dt.date) -> int:
    """Return how many contract years were complete when an agreement ended on day `end` (exclusive)."""
    years = end.year - term_start.year
    return years if _anniversary(term_start, years) <= end else years - 1


def _anniversary(start: dt.date, years: int) -> dt.date:
    """Return the day `years` years after `start`; a 29 February has its anniversary on the 28th in common years."""
    year = start.year + years
    return start.replace(year=year, day=min(start.day, calendar.monthrange(year, start.month)[1]))
