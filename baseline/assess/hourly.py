"""An hourly baseline from a file of hours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from baseline.assess.answer import Assessment
from baseline.assess.daily import columns_of, none_in
from baseline.assess.rows import refuse
from baseline.assess.series import UNITS, Column, Period, by_hour, read_columns, time_column
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
from baseline.fitting.hourly.extra import Columns, estimate_savings_with, fit_hourly_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from baseline.assess.calendars import Calendars
    from baseline.assess.question import Question
    from baseline.assess.rows import Table
    from baseline.fitting import Finding, HourlyModel, RuleOutcome, SavingsEstimate, SuggestedEvent

Hours = TypeVar("Hours", BaselineHours, ReportingHours)


def assess_hours(table: Table, weather: Table | None, question: Question) -> Assessment:
    """Answer by the hourly model; what is to be known of its days and events, the daily model inside says."""
    energy, temperature, calendars = columns_of(table, weather, question)
    if energy.stamps.hours is None:
        raise refuse(
            table.lines[0],
            "le modèle horaire demande une ligne par heure et le fichier donne des jours ; choisissez --model daily.",
        )
    if question.extra:
        return _with_extra(energy, temperature, calendars, extra_columns(table, weather, question), question)
    baseline = _hours(BaselineHours, energy, temperature, question.baseline, question)
    model = fit_hourly(baseline, holidays=calendars.holidays, vacations=calendars.vacations)
    savings, reporting = None, None
    if question.reporting:
        reporting = _hours(ReportingHours, energy, temperature, question.reporting, question)
        savings = estimate_hourly_savings(model, reporting, question.confidence, events=question.events)
    findings = [*energy.findings, *temperature.findings, *calendars.findings]
    return _answer(question, model, findings, baseline=baseline, savings=savings, reporting=reporting)


def _answer(
    question: Question,
    model: HourlyModel,
    findings: list[Finding],
    *,
    baseline: BaselineHours,
    savings: SavingsEstimate | None,
    reporting: ReportingHours | None,
) -> Assessment:
    """Return what is to be said of a fitted hourly model."""
    findings += [*sufficiency(baseline.daily), *model_findings(model.daily)]
    rules: tuple[RuleOutcome, ...] = ()
    suggestions: tuple[SuggestedEvent, ...] = ()
    if savings is not None and reporting is not None:
        suggestions = suggested_events(model.daily, reporting.daily, told=question.events)
        rules = french_rules(rows_of_days(baseline.daily), rows_of_days(reporting.daily))
        findings += savings.findings
    days = model.daily.statistics.n_days
    return Assessment(
        "hourly", question.baseline, days, model, savings, question.reporting, findings, suggestions, rules
    )


def extra_columns(table: Table, weather: Table | None, question: Question) -> dict[str, Column]:
    """Return the further variables asked for, of the file of energies or of that of temperatures."""
    found = {}
    for name in question.extra:
        of = table if weather is None or name in table.header else weather
        time = question.time if of is table else time_column(question.time, of)
        (found[name],) = read_columns(of, time, (name,), question.zone, question.periods)
    return found


def _with_extra(
    energy: Column, temperature: Column, calendars: Calendars, extra: Mapping[str, Column], question: Question
) -> Assessment:
    """Answer with further variables beside time and temperature."""
    if energy.stamps.hours is None or any(one.stamps.hours is None for one in extra.values()):
        raise refuse(None, "--extra demande des colonnes d'heures ; celle-ci donne des jours.")
    hours, kwh, celsius = by_hour(energy.stamps.hours, energy.values * UNITS[question.unit], temperature, question.zone)
    columns = Columns(hours, kwh, celsius, {name: _at(hours, one) for name, one in extra.items()})
    first, last = question.baseline.start, question.baseline.end
    calendar = {"holidays": calendars.holidays, "vacations": calendars.vacations}
    model, baseline, terms = fit_hourly_with(columns, question.zone, start=first, end=last, **calendar)
    savings, reporting = None, None
    if question.reporting:
        savings, reporting = estimate_savings_with(
            model,
            terms,
            columns,
            question.zone,
            period=(question.reporting.start, question.reporting.end),
            confidence=question.confidence,
            events=question.events,
        )
    findings = [*energy.findings, *temperature.findings, *calendars.findings]
    return replace(
        _answer(question, model, findings, baseline=baseline, savings=savings, reporting=reporting), terms=terms
    )


def _at(hours: NDArray[np.datetime64], column: Column) -> NDArray[np.float64]:
    """Return a column's values at `hours`, missing where it has none."""
    values = np.full(len(hours), np.nan)
    known = {int(stamp): value for stamp, value in zip(column.stamps.keys(), column.values, strict=True)}
    for place, hour in enumerate(hours.astype(np.int64).tolist()):
        values[place] = known.get(hour, np.nan)
    return values


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
