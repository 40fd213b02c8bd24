"""French school holidays by zone, as far as they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from baseline.fitting.findings import Finding
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

ZONES: Final = ("A", "B", "C")
"""Academies of mainland France (code de l'éducation, art. D. 521-1)."""

SCHOOL_SINCE = 2018
"""First whole calendar year of the French school calendars in the `holidays` library (compared with the dates the
ministry published: equal on every schoolday from 2018 to 2026 but for the spring of 2021, moved by the health crisis,
and up to two days of 2021, 2022 and 2027)."""


class SchoolYears(NamedTuple):
    """Days without school, and the years asked for of which nothing is known."""

    vacations: frozenset[dt.date]
    unknown: tuple[int, ...]


def school_holidays(zone: str, years: Iterable[int]) -> SchoolYears:
    """Return the school holidays of `zone` (A, B or C) in calendar `years`."""
    import holidays as library  # noqa: PLC0415 - half a second that only those pay who ask for a calendar

    asked = sorted(set(years))
    school = library.country_holidays("FR", subdiv=f"Zone {zone}", categories=("school",), years=asked)
    known = {day.year for day in school}
    unknown = tuple(year for year in asked if year < SCHOOL_SINCE or year not in known)
    return SchoolYears(frozenset(day for day in school if day.year not in unknown), unknown)


def school_unknown(zone: str, years: Iterable[int]) -> Finding:
    """Return the finding of calendar years of which the school holidays are not known."""
    return Finding(
        "school_calendar_unknown",
        N_(
            "Les vacances scolaires de la zone %(zone)s ne sont pas connues pour : %(years)s ; le modèle n'y distingue"
            " aucunes vacances."
        ),
        {"zone": zone, "years": [str(year) for year in years]},
    )
