"""An hourly baseline from a file of hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from baseline.assess.answer import Assessment
from baseline.assess.daily import columns_of, none_in
from baseline.assess.rows import refuse
from baseline.assess.series import UNITS, Column, Period, by_hour
from baseline.fitting import (
    BaselineHours,
    ReportingHours,
    estimate_hourly_savings,
    fit_hourly,
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

Hours = TypeVar("Hours", BaselineHours, ReportingHours)


def assess_hours(table: Table, weather: Table | None, question: Question) -> Assessment:
    """Answer by the hourly model; what is to be known of its days and events, the daily model inside says."""
    energy, temperature, calendars = columns_of(table, weather, question)
    if energy.stamps.hours is None:
        raise refuse(
            table.lines[0],
            "le modèle horaire demande une ligne par heure et le fichier donne des jours ; choisissez --model daily.",
        )
    baseline = _hours(BaselineHours, energy, temperature, question.baseline, question)
    model = fit_hourly(baseline, holidays=calendars.holidays, vacations=calendars.vacations)
    findings = [*energy.findings, *temperature.findings, *calendars.findings]
    findings += [*sufficiency(baseline.daily), *model_findings(model.daily)]
    savings = None
    rules: tuple[RuleOutcome, ...] = ()
    suggestions: tuple[SuggestedEvent, ...] = ()
    if question.reporting:
        reporting = _hours(ReportingHours, energy, temperature, question.reporting, question)
        savings = estimate_hourly_savings(model, reporting, question.confidence, events=question.events)
        suggestions = suggested_events(model.daily, reporting.daily, told=question.events)
        rules = french_rules(rows_of_days(baseline.daily), rows_of_days(reporting.daily))
        findings += savings.findings
    days = model.daily.statistics.n_days
    return Assessment(
        "hourly", question.baseline, days, model, savings, question.reporting, findings, suggestions, rules
    )


def _hours(kind: type[Hours], energy: Column, temperature: Column, period: Period, question: Question) -> Hours:
    """Return the hours of one period. Raises Refusal when the file has none of them."""
    if energy.stamps.hours is None:
        raise TypeError("hours are asked for")
    kwh = energy.values * UNITS[question.unit]
    columns = by_hour(energy.stamps.hours, kwh, temperature, question.zone)
    hours = kind.of(*columns, question.zone, start=period.start, end=period.end)
    if not len(hours.kwh):
        raise none_in(question, period)
    return hours
