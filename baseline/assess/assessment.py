"""From a question to its answer: read, pair, fit, compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baseline.assess.answer import Assessment
from baseline.assess.calendars import Calendars, flagged_days
from baseline.assess.rows import read_table
from baseline.assess.series import Column, Data, Period, days_of, read_columns
from baseline.assess.told import event_of, events_in
from baseline.fitting import (
    BaselineData,
    ReportingData,
    estimate_savings,
    fit_daily,
    model_findings,
    sufficiency,
    suggested_events,
)
from foundation.errors import Refusal
from foundation.time import time_zone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from baseline.assess.rows import Table
    from baseline.fitting import Event, SuggestedEvent


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
    ) -> Question:
        """Build from words. Raises Refusal for an unknown time zone or calendar, or a filter or event not readable."""
        told = [*(event_of(text) for text in events), *(events_in(events_file) if events_file else ())]
        if told and not reporting:
            raise Refusal("Un événement se corrige dans la période de suivi ; donnez-la avec --reporting.")
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
        )

    @property
    def periods(self) -> tuple[Period, ...]:
        """The periods asked about."""
        return (self.baseline, self.reporting) if self.reporting else (self.baseline,)


def _filter(text: str) -> tuple[str, frozenset[str]]:
    column, equals, values = text.partition("=")
    if not equals or not column.strip():
        raise Refusal(f"--where {text} : écrivez COLONNE=VALEUR, ou COLONNE=VALEUR,VALEUR.")
    return column.strip(), frozenset(value.strip() for value in values.split(","))


def assessed(question: Question) -> Assessment:
    """Answer. Raises Refusal, with a line where there is one, when the files cannot be read."""
    energy, temperature, calendars = _columns(question)
    baseline = _period(BaselineData, energy, temperature, question.baseline, question)
    model = fit_daily(baseline, holidays=calendars.holidays, vacations=calendars.vacations)
    findings = [
        *energy.findings,
        *temperature.findings,
        *calendars.findings,
        *sufficiency(baseline),
        *model_findings(model),
    ]
    savings = None
    suggestions: tuple[SuggestedEvent, ...] = ()
    if question.reporting:
        reporting = _period(ReportingData, energy, temperature, question.reporting, question)
        savings = estimate_savings(model, reporting, question.confidence, events=question.events)
        suggestions = suggested_events(model, reporting, told=question.events)
        findings += savings.findings
    findings.sort(key=lambda finding: not finding.blocking)
    period = (question.reporting.start, question.reporting.end) if question.reporting else None
    return Assessment(baseline, model, savings, period, findings, suggestions)


def _columns(question: Question) -> tuple[Column, Column, Calendars]:
    """Read energy, temperature, from one file or from two, and the days told as holidays."""
    table = read_table(question.file)
    for column, values in question.filters:
        table = table.where(column, values)
    names = [question.energy]
    names += [] if question.temperature_file else [question.temperature]
    names += [question.holiday_column] if question.holiday_column else []
    columns = read_columns(table, question.time, names, question.zone, question.periods)
    calendars = question.calendars
    if question.holiday_column:
        calendars = calendars.with_vacations(flagged_days(columns[-1], question.zone))
    if question.temperature_file is None:
        return columns[0], columns[1], calendars
    weather = read_table(question.temperature_file)
    time = _time_column(question.time, weather)
    (temperature,) = read_columns(weather, time, (question.temperature,), question.zone, question.periods)
    return columns[0], temperature, calendars


def _time_column(name: str, weather: Table) -> str:
    """Return the column of stamps of a weather file: the same name, or its first column."""
    return name if name in weather.header else weather.header[0]


def _period(kind: type[Data], energy: Column, temperature: Column, period: Period, question: Question) -> Data:
    """Return the days of one period. Raises Refusal when the file has none of them."""
    days = days_of(kind, energy, temperature, period=period, unit=question.unit, zone=question.zone)
    if not days.days:
        raise Refusal(
            f"{question.file.name} n'a aucune ligne du {period.start} au {period.end} ; vérifiez les dates demandées.",
        )
    return days
