"""Days without school: zone B holidays and French public holidays.

Table « vacances scolaires zone B, à vérifier » : written from the national school
calendars (académie de Rennes), not fetched from the ministry. 2022-2023 to 2025-2026
are past and known; 2026-2027 follows the arrêté of October 2025; 2027-2028 is
provisional. It shapes synthetic buildings only: nobody is billed on it.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import holidays

# First day without school (Saturday after the last class, or the summer day given by the
# calendar), and the morning class begins again. The « pont de l'Ascension » is included.
ZONE_B: tuple[tuple[str, str, str], ...] = (
    ("été", "2022-07-07", "2022-09-01"),
    ("Toussaint", "2022-10-22", "2022-11-07"),
    ("Noël", "2022-12-17", "2023-01-03"),
    ("hiver", "2023-02-11", "2023-02-27"),
    ("printemps", "2023-04-15", "2023-05-02"),
    ("Ascension", "2023-05-18", "2023-05-22"),
    ("été", "2023-07-08", "2023-09-04"),
    ("Toussaint", "2023-10-21", "2023-11-06"),
    ("Noël", "2023-12-23", "2024-01-08"),
    ("hiver", "2024-02-24", "2024-03-11"),
    ("printemps", "2024-04-20", "2024-05-06"),
    ("Ascension", "2024-05-08", "2024-05-13"),
    ("été", "2024-07-06", "2024-09-02"),
    ("Toussaint", "2024-10-19", "2024-11-04"),
    ("Noël", "2024-12-21", "2025-01-06"),
    ("hiver", "2025-02-08", "2025-02-24"),
    ("printemps", "2025-04-05", "2025-04-22"),
    ("Ascension", "2025-05-29", "2025-06-02"),
    ("été", "2025-07-05", "2025-09-01"),
    ("Toussaint", "2025-10-18", "2025-11-03"),
    ("Noël", "2025-12-20", "2026-01-05"),
    ("hiver", "2026-02-14", "2026-03-02"),
    ("printemps", "2026-04-11", "2026-04-27"),
    ("Ascension", "2026-05-14", "2026-05-18"),
    ("été", "2026-07-04", "2026-09-01"),
    ("Toussaint", "2026-10-17", "2026-11-02"),
    ("Noël", "2026-12-19", "2027-01-04"),
    ("hiver", "2027-02-20", "2027-03-08"),
    ("printemps", "2027-04-17", "2027-05-03"),
    ("Ascension", "2027-05-06", "2027-05-10"),
    ("été", "2027-07-03", "2027-09-01"),
    ("Toussaint", "2027-10-23", "2027-11-08"),
    ("Noël", "2027-12-18", "2028-01-03"),
    ("hiver", "2028-02-05", "2028-02-21"),
    ("printemps", "2028-04-08", "2028-04-24"),
    ("Ascension", "2028-05-25", "2028-05-29"),
    ("été", "2028-07-04", "2028-09-01"),
)

TABLE = tuple((name, dt.date.fromisoformat(first), dt.date.fromisoformat(back)) for name, first, back in ZONE_B)
FIRST_DAY, LAST_DAY = TABLE[0][1], TABLE[-1][2]


def on_or_after(year: int, month: int, day: int, weekday: int) -> dt.date:
    """Return the first `weekday` (Monday 0) on or after the given date."""
    from_day = dt.date(year, month, day)
    return from_day + dt.timedelta(days=(weekday - from_day.weekday()) % 7)


def assumed(year: int) -> tuple[tuple[str, dt.date, dt.date], ...]:
    """Return holidays of the usual shape for calendar `year`, used outside the table only.

    Two weeks from a Saturday each, eight weeks of summer; winter and spring fall on
    the middle dates between the three zones.
    """
    two_weeks = dt.timedelta(days=16)
    saturday = 5
    christmas = on_or_after(year, 12, 18, saturday)
    starts = (
        ("hiver", on_or_after(year, 2, 13, saturday)),
        ("printemps", on_or_after(year, 4, 11, saturday)),
        ("Toussaint", on_or_after(year, 10, 17, saturday)),
        ("Noël", christmas),
    )
    breaks = tuple((name, start, start + two_weeks) for name, start in starts)
    new_year = ("Noël", dt.date(year, 1, 1), dt.date(year, 1, 4))
    summer = ("été", on_or_after(year, 7, 3, saturday), dt.date(year, 9, 1))
    return (new_year, *breaks, summer)


@cache
def holidays_of(year: int) -> frozenset[dt.date]:
    """Return the days of calendar `year` without school in zone B, weekends inside holidays included."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    spans = [span for span in TABLE if span[1] <= last and span[2] > first]
    spans += [span for span in assumed(year) if span[2] <= FIRST_DAY or span[1] >= LAST_DAY]
    found: set[dt.date] = set()
    for _, start, back in spans:
        found.update(start + dt.timedelta(days=n) for n in range((back - start).days))
    return frozenset(day for day in found if day.year == year)


def is_school_holiday(day: dt.date) -> bool:
    """Tell whether local `day` is in the school holidays of zone B."""
    return day in holidays_of(day.year)


@cache
def public_holidays_of(year: int) -> frozenset[dt.date]:
    """Return the eleven public holidays of metropolitan France in `year`."""
    return frozenset(holidays.country_holidays("FR", years=year))


def is_public_holiday(day: dt.date) -> bool:
    """Tell whether local `day` is a public holiday in metropolitan France."""
    return day in public_holidays_of(day.year)
