"""A daily baseline from a file of hours or days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.assess.answer import Assessment
from baseline.assess.calendars import Calendars, flagged_days
from baseline.assess.rows import refuse
from baseline.assess.series import Column, Data, Period, days_of, read_columns, time_column
from baseline.fitting import (
    BaselineData,
    ReportingData,
    estimate_savings,
    fit_daily,
    french_rules,
    model_findings,
    rows_of_days,
    sufficiency,
    suggested_events,
)

if TYPE_CHECKING:
    from baseline.assess.question import Question
    from baseline.assess.rows import Table
    from baseline.fitting import RuleOutcome, SuggestedEvent
    from foundation.errors import Refusal


def assess_days(table: Table, weather: Table | None, question: Question) -> Assessment:
    """Answer by the daily model. Raises Refusal, with a line where there is one, when the files cannot be read."""
    energy, temperature, calendars = columns_of(table, weather, question)
    baseline = period_of(BaselineData, energy, temperature, question.baseline, question)
    model = fit_daily(baseline, holidays=calendars.holidays, vacations=calendars.vacations)
    findings = [*energy.findings, *temperature.findings, *calendars.findings]
    findings += [*sufficiency(baseline), *model_findings(model)]
    savings = None
    rules: tuple[RuleOutcome, ...] = ()
    suggestions: tuple[SuggestedEvent, ...] = ()
    if question.reporting:
        reporting = period_of(ReportingData, energy, temperature, question.reporting, question)
        savings = estimate_savings(model, reporting, question.confidence, events=question.events)
        suggestions = suggested_events(model, reporting, told=question.events)
        rules = french_rules(rows_of_days(baseline), rows_of_days(reporting))
        findings += savings.findings
    return Assessment(
        "daily",
        question.baseline,
        model.statistics.n_days,
        model,
        savings,
        question.reporting,
        findings,
        suggestions,
        rules,
    )


def columns_of(table: Table, weather: Table | None, question: Question) -> tuple[Column, Column, Calendars]:
    """Return energy, temperature, from one file or from two, and the days told as holidays."""
    names = [question.energy]
    names += [] if weather else [question.temperature]
    names += [question.holiday_column] if question.holiday_column else []
    columns = read_columns(table, question.time, names, question.zone, question.periods)
    calendars = question.calendars
    if question.holiday_column:
        calendars = calendars.with_vacations(flagged_days(columns[-1], question.zone))
    if weather is None:
        return columns[0], columns[1], calendars
    time = time_column(question.time, weather)
    (temperature,) = read_columns(weather, time, (question.temperature,), question.zone, question.periods)
    return columns[0], temperature, calendars


def period_of(kind: type[Data], energy: Column, temperature: Column, period: Period, question: Question) -> Data:
    """Return the days of one period. Raises Refusal when the file has none of them."""
    days = days_of(kind, energy, temperature, period=period, unit=question.unit, zone=question.zone)
    if not days.days:
        raise none_in(question, period)
    return days


def none_in(question: Question, period: Period) -> Refusal:
    """Return the refusal of a period the file has no row of."""
    return refuse(
        None,
        f"{question.file.name} n'a aucune ligne du {period.start} au {period.end} ; vérifiez les dates demandées.",
    )
