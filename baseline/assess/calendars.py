"""Public and school holidays told to the command: by a country's calendar, by a file, or by a column of the rows."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from baseline.assess.rows import read_table, refuse
from baseline.calendars import school_holidays
from baseline.fitting.findings import Finding
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from baseline.assess.series import Column, Period

Days = frozenset[dt.date]

_FRANCE = re.compile(r"FR(?:[:-]([ABC]))?")


@dataclass(frozen=True)
class Calendars:
    """Public holidays, school vacations, and what is to be known about them."""

    holidays: Days = frozenset()
    vacations: Days = frozenset()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, word: str, periods: Iterable[Period]) -> Self:
        """Read `none`, `FR`, `FR:A` (or B, C: with the school vacations of the zone), or the path of a file.

        Raises Refusal for a word that is none of these, or a file that cannot be read.
        """
        if word.lower() == "none":
            return cls()
        years = sorted({year for period in periods for year in range(period.start.year, period.end.year + 1)})
        parts = _FRANCE.fullmatch(word.upper())
        if parts:
            return cls._french(parts[1], years)
        path = Path(word)
        if not path.exists():
            raise Refusal(
                "--holidays {word} : écrivez FR (jours fériés), FR:A, FR:B ou FR:C (avec les vacances scolaires de "
                "la zone), none, ou le chemin d'un fichier CSV d'une colonne « date ».",
                word=word,
            )
        return cls(_dates(path))

    @classmethod
    def _french(cls, zone: str | None, years: list[int]) -> Self:
        import holidays as library  # noqa: PLC0415 - half a second that only those pay who ask for a calendar

        public = frozenset(library.country_holidays("FR", years=years))
        if zone is None:
            return cls(public)
        vacations, unknown = school_holidays(zone, years)
        if not unknown:
            return cls(public, vacations)
        # With the vacations of one year only, its model would see schooldays in the other's vacations.
        finding = Finding(
            "school_calendar_unknown",
            N_(
                "Les vacances scolaires de la zone %(zone)s ne sont pas connues pour : %(years)s ; le modèle ne "
                "distingue donc aucunes vacances : donnez-les par --holiday-column."
            ),
            {"zone": zone, "years": [str(year) for year in unknown]},
        )
        return cls(public, findings=(finding,))

    def with_vacations(self, days: Iterable[dt.date]) -> Calendars:
        """Return the calendars with more days of vacation."""
        return Calendars(self.holidays, self.vacations.union(days), self.findings)


def _dates(path: Path) -> Days:
    """Return the days of the column « date » of a CSV file. Raises Refusal with the line of what is not one."""
    table = read_table(path)
    found = set()
    for cell, line in zip(table.column("date"), table.lines, strict=True):
        try:
            found.add(dt.date.fromisoformat(cell))
        except ValueError:
            raise refuse(line, f"« {cell[:40]} » n'est pas un jour ; écrivez AAAA-MM-JJ.") from None
    return frozenset(found)


def flagged_days(column: Column, zone: ZoneInfo) -> Days:
    """Return the local days of which at least half the rows hold something else than 0; an empty cell is 0."""
    if column.stamps.hours is None:
        days = column.stamps.days or ()
    else:
        seconds = column.stamps.hours.astype(np.int64).tolist()
        days = [dt.datetime.fromtimestamp(second, zone).date() for second in seconds]
    rows: dict[dt.date, list[bool]] = {}
    for day, value in zip(days, np.nan_to_num(column.values).tolist(), strict=True):
        rows.setdefault(day, []).append(value != 0.0)
    return frozenset(day for day, flags in rows.items() if 2 * sum(flags) >= len(flags))
