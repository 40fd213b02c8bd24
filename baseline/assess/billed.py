"""A baseline of bills from a file: one row a bill, with its last day, its energy and its temperature."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from baseline.assess.answer import Assessment
from baseline.assess.daily import columns_of, period_of
from baseline.assess.rows import refuse
from baseline.assess.series import UNITS, Period, read_columns, temperature_by_day, time_column
from baseline.assess.stamps import Stamps, read_stamps
from baseline.fitting import (
    BaselineData,
    BilledBaseline,
    BilledReporting,
    Finding,
    billing_findings,
    billing_sufficiency,
    estimate_billing_savings,
    fit_billing,
    french_rules,
    rows_of_bills,
)
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from baseline.assess.question import Question
    from baseline.assess.rows import Table
    from baseline.fitting import RuleOutcome

DAY = dt.timedelta(days=1)
BEFORE = dt.timedelta(days=400)
"""How far before the periods rows are read: they tell when the first bill begins."""

SPARSE_DAYS = 14
"""Rows further apart than two weeks are bills."""

LONGER = 1.5
"""A step so many times the usual one hides a bill that is not in the file."""

Bills = TypeVar("Bills", BilledBaseline, BilledReporting)


def holds_bills(table: Table, question: Question) -> bool:
    """Tell whether the rows of the file are bills: dates, mostly more than two weeks apart."""
    stamps = read_stamps(table, question.time, question.zone)
    if stamps.days is None:
        return False
    return SPARSE_DAYS < _step_days(stamps) < np.inf


def _step_days(stamps: Stamps) -> float:
    """Return the usual number of days from one row to the next; none where there is one row."""
    rows = np.unique(stamps.keys())
    if len(rows) < 2:
        return np.inf
    return float(np.median(np.diff(rows))) / (1.0 if stamps.daily else 86400.0)


@dataclass(frozen=True)
class _Row:
    start: dt.date
    end: dt.date
    kwh: float
    temperatures: list[float]


def assess_bills(table: Table, weather: Table | None, question: Question) -> Assessment:
    """Answer from bills. Raises Refusal, with a line where there is one, when the files cannot be read."""
    fine = _step_days(read_stamps(table, question.time, question.zone)) <= 1.0
    rows, findings = (_months if fine else _rows)(table, weather, question)
    baseline = _bills(BilledBaseline, rows, question.baseline, question)
    model = fit_billing(baseline)
    findings += [*billing_sufficiency(baseline), *billing_findings(model)]
    savings = None
    rules: tuple[RuleOutcome, ...] = ()
    if question.reporting:
        reporting = _bills(BilledReporting, rows, question.reporting, question)
        savings = estimate_billing_savings(model, reporting, question.confidence, events=question.events)
        rules = french_rules(rows_of_bills(baseline), rows_of_bills(reporting))
        findings += savings.findings
    days = int(baseline.lengths[baseline.complete].sum())
    return Assessment("billing", question.baseline, days, model, savings, question.reporting, findings, rules=rules)


def _months(table: Table, weather: Table | None, question: Question) -> tuple[list[_Row], list[Finding]]:
    """Return what bills of calendar months would have said of a file of days or hours.

    Only complete days are summed: a month with a gap is two bills, and the days of the gap leave both sides.
    """
    energy, temperature, calendars = columns_of(table, weather, question)
    rows: list[_Row] = []
    for period in question.periods:
        days = period_of(BaselineData, energy, temperature, period, question)
        known = zip(days.days, days.kwh.tolist(), days.temperature_c.tolist(), days.complete.tolist(), strict=True)
        for day, kwh, celsius in ((day, kwh, celsius) for day, kwh, celsius, complete in known if complete):
            last = rows[-1] if rows else None
            if last is not None and last.end == day - DAY and last.end.month == day.month:
                rows[-1] = _Row(last.start, day, last.kwh + kwh, [*last.temperatures, celsius])
            else:
                rows.append(_Row(day, day, kwh, [celsius]))
    told = Finding(
        "bills_of_days",
        N_("Le fichier donne des jours ou des heures : ils sont additionnés par mois, comme sur des factures."),
    )
    return rows, [*energy.findings, *temperature.findings, *calendars.findings, told]


def _bills(kind: type[Bills], rows: Sequence[_Row], period: Period, question: Question) -> Bills:
    """Return the bills that lie wholly in the period. Raises Refusal when there are none."""
    kept = [row for row in rows if period.start <= row.start and row.end <= period.end]
    if not kept:
        raise refuse(
            None,
            f"Aucune facture de {question.file.name} ne tient entière du {period.start} au {period.end} ; vérifiez les "
            "dates demandées.",
        )
    return kind.of(
        [(row.start, row.end) for row in kept],
        [row.kwh for row in kept],
        [row.temperatures for row in kept],
        start=period.start,
        end=period.end,
    )


def _rows(table: Table, weather: Table | None, question: Question) -> tuple[list[_Row], list[Finding]]:
    """Return the bills of the file in order, and what was noticed. Raises Refusal for bills that overlap."""
    around = Period(question.whole.start - BEFORE, question.whole.end)
    names = [question.energy] if weather else [question.energy, question.temperature]
    columns = read_columns(table, question.time, names, question.zone, [around])
    ends = columns[0].stamps.days
    if ends is None:
        raise refuse(table.lines[0], f"« {question.time} » doit donner le dernier jour de chaque facture, sans heure.")
    starts = _starts_told(table, question) if question.period_start else _starts_inferred(ends)
    by_day = _by_day(weather, question) if weather else None
    findings = [finding for column in columns for finding in column.findings]
    rows: list[_Row] = []
    unknown = []
    for i in sorted(range(len(ends)), key=ends.__getitem__):
        start, end = starts.get(ends[i]), ends[i]
        if start is None:
            unknown.append(end)
            continue
        if end < start or (rows and start <= rows[-1].end):
            raise refuse(
                None,
                f"La facture du {start} au {end} finit avant de commencer ou en recouvre une autre ; corrigez ses "
                "dates, ou choisissez les lignes avec --where.",
            )
        days = [start + n * DAY for n in range((end - start).days + 1)]
        # A mean kW is 24 kWh a day.
        per_day = UNITS[question.unit] * (24.0 if question.unit == "kW" else 1.0)
        factor = per_day * (len(days) if question.per_day or question.unit == "kW" else 1)
        known = [float(columns[1].values[i])] if by_day is None else [by_day.get(day, np.nan) for day in days]
        rows.append(_Row(start, end, float(columns[0].values[i]) * factor, known))
    if unknown:
        findings.append(
            Finding(
                "bill_start_unknown",
                N_(
                    "Factures dont le premier jour n'est pas connu, laissées de côté, finissant le : %(ends)s ; "
                    "donnez-le par --period-start."
                ),
                {"ends": unknown[:5]},
            )
        )
    return rows, findings


def _by_day(weather: Table, question: Question) -> Mapping[dt.date, float]:
    """Return the daily temperatures of a weather file."""
    time = time_column(question.time, weather)
    (column,) = read_columns(weather, time, (question.temperature,), question.zone, [question.whole])
    return temperature_by_day(column, question.zone, question.whole)


def _starts_told(table: Table, question: Question) -> dict[dt.date, dt.date]:
    """Return the first day of each bill by its last, from the column --period-start."""
    pairs = [read_stamps(table, name, question.zone).days for name in (question.time, question.period_start or "")]
    if pairs[0] is None or pairs[1] is None:
        raise refuse(table.lines[0], f"« {question.period_start} » doit donner des jours, sans heure.")
    return dict(zip(pairs[0], pairs[1], strict=True))


def _starts_inferred(ends: Sequence[dt.date]) -> dict[dt.date, dt.date]:
    """Return the first day of each bill by its last.

    Bills that all end with a month are of whole months, as many as usual between two of them. Others begin the day
    after the one before; after a step much longer than usual a bill is missing and the beginning is not known.
    """
    ordered = sorted(set(ends))
    steps = [(later - first).days for first, later in pairwise(ordered)]
    if all((end + DAY).day == 1 for end in ordered):
        months = round(float(np.median(steps)) / 30.4375) if steps else 1
        return {end: _months_before(end, max(months, 1)) for end in ordered}
    longest = LONGER * float(np.median(steps)) if steps else 0.0
    return {later: first + DAY for first, later in pairwise(ordered) if (later - first).days <= longest}


def _months_before(end: dt.date, months: int) -> dt.date:
    """Return the first day of the `months` months that end with `end`."""
    number = end.year * 12 + end.month - months
    return dt.date(number // 12, number % 12 + 1, 1)
