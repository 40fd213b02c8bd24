"""What the command line asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baseline.assess.calendars import Calendars
from baseline.assess.series import Period
from baseline.assess.told import event_of, events_in
from foundation.errors import Refusal
from foundation.time import time_zone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from baseline.fitting import Event


@dataclass(frozen=True)
class Question:
    """What the command line asks, read and checked as far as it can be without the file."""

    file: Path
    time: str
    energy: str
    temperature: str
    zone: ZoneInfo
    baseline: Period
    reporting: Period | None
    filters: tuple[tuple[str, frozenset[str]], ...]
    temperature_file: Path | None
    unit: str
    confidence: float
    events: tuple[Event, ...] = ()
    calendars: Calendars = field(default_factory=Calendars)
    holiday_column: str | None = None
    model: str = "auto"
    period_start: str | None = None
    per_day: bool = False
    extra: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        file: Path,
        *,
        columns: tuple[str, str, str],
        zone: str,
        baseline: tuple[dt.date, dt.date],
        reporting: tuple[dt.date, dt.date] | None,
        filters: Iterable[str] = (),
        temperature_file: Path | None = None,
        unit: str = "kWh",
        confidence: float = 0.9,
        events: Iterable[str] = (),
        events_file: Path | None = None,
        holidays: str = "none",
        holiday_column: str | None = None,
        model: str = "auto",
        period_start: str | None = None,
        per_day: bool = False,
        extra: Iterable[str] = (),
    ) -> Question:
        """Build from words. Raises Refusal for an unknown time zone or calendar, or a filter or event not readable."""
        told = [*(event_of(text) for text in events), *(events_in(events_file) if events_file else ())]
        if told and not reporting:
            raise Refusal("Un événement se corrige dans la période de suivi ; donnez-la avec --reporting.")
        if tuple(extra) and model != "hourly":
            raise Refusal("Une variable de plus (--extra) se prend heure par heure ; ajoutez --model hourly.")
        periods = [Period(*baseline), *([Period(*reporting)] if reporting else [])]
        return cls(
            file,
            *columns,
            time_zone(zone),
            periods[0],
            periods[1] if reporting else None,
            tuple(_filter(text) for text in filters),
            temperature_file,
            unit,
            confidence,
            tuple(told),
            Calendars.of(holidays, periods),
            holiday_column,
            model,
            period_start,
            per_day,
            tuple(dict.fromkeys(extra)),
        )

    @property
    def periods(self) -> tuple[Period, ...]:
        """The periods asked about."""
        return (self.baseline, self.reporting) if self.reporting else (self.baseline,)

    @property
    def whole(self) -> Period:
        """From the first to the last day asked about."""
        return Period(min(one.start for one in self.periods), max(one.end for one in self.periods))


def _filter(text: str) -> tuple[str, frozenset[str]]:
    column, equals, values = text.partition("=")
    if not equals or not column.strip():
        raise Refusal("--where {text} : écrivez COLONNE=VALEUR, ou COLONNE=VALEUR,VALEUR.", text=text)
    return column.strip(), frozenset(value.strip() for value in values.split(","))
