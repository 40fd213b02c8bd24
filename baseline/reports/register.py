"""Make savings reports: the measured days of a plan's boundary against its frozen baseline."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from baseline.fitting import DailyModel, estimate_savings
from baseline.measured_days import inputs_of, measured_days, reporting_data
from baseline.reports.models import ReportDay, SavingsReport
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from foundation.money import kwh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.fitting import SavingsEstimate
    from baseline.measured_days import MeasuredDay
    from baseline.plans.models import MeasurementPlan

DAY = dt.timedelta(days=1)
NOTHING = Decimal("0.000")


def make_report(
    session: Session, plan: MeasurementPlan, *, start: dt.date, end: dt.date, now: dt.datetime, today: dt.date
) -> SavingsReport:
    """Report the avoided energy of local days [start, end); from the same inputs the report there is, is returned.

    Days on which a side is missing leave both sides, and their reason is kept (truth 2).
    """
    _demand_period(plan, start, end, today)
    days = measured_days(session, plan.boundary, plan.station, start, end)
    model = DailyModel.from_json(plan.model or {})
    estimate = estimate_savings(model, reporting_data(days, start, end), plan.confidence_level)
    interval = estimate.intervals.get(plan.interval)
    if not estimate.days_counted or interval is None:
        raise Refusal(
            f"Aucun jour du {start:%d/%m/%Y} au {end - DAY:%d/%m/%Y} n'a une énergie et une température"
            f" pour « {plan.boundary.name} » ; vérifiez les capteurs et la station."
        )
    rows = _rows(days, estimate)
    adjusted = sum((row.adjusted_baseline_kwh or NOTHING for row in rows), NOTHING)
    measured = sum((row.measured_kwh or NOTHING for row in rows), NOTHING)
    half_width = kwh(interval.half_width)
    report = SavingsReport(
        plan=plan,
        period=Range(start, end),
        adjusted_baseline_kwh=adjusted,
        measured_kwh=measured,
        avoided_energy_kwh=adjusted - measured,
        avoided_low_kwh=adjusted - measured - half_width,
        avoided_high_kwh=adjusted - measured + half_width,
        confidence_level=plan.confidence_level,
        intervals={
            name: {"low": str(kwh(one.low)), "high": str(kwh(one.high))} for name, one in estimate.intervals.items()
        },
        days_counted=estimate.days_counted,
        days_expected=estimate.days_expected,
        findings=[finding.to_json() for finding in estimate.findings],
        inputs=inputs_of(days, plan.station),
        made_at=now,
        days=rows,
    )
    report.sha256 = canonical_sha256(report_document(report))
    with session.no_autoflush:
        same = session.scalar(
            select(SavingsReport).where(SavingsReport.plan_id == plan.id, SavingsReport.sha256 == report.sha256)
        )
    if same is not None:
        session.expunge(report)
        return same
    session.add(report)
    session.flush()
    return report


def newest_report(session: Session, plan: MeasurementPlan, start: dt.date, end: dt.date) -> SavingsReport | None:
    """Return the latest report of `plan` over exactly [start, end), or None."""
    return session.scalar(
        select(SavingsReport)
        .where(SavingsReport.plan_id == plan.id, SavingsReport.period == Range(start, end))
        .order_by(SavingsReport.id.desc())
        .limit(1)
    )


def report_document(report: SavingsReport) -> dict[str, Any]:
    """Return what a report says, as the data whose hash settlements and invoices quote.

    Energies with three places, temperatures with four, as the database keeps them.
    """
    return {
        "plan_sha256": report.plan.sha256,
        "period": [report.period.lower, report.period.upper],
        "adjusted_baseline_kwh": f"{report.adjusted_baseline_kwh:.3f}",
        "measured_kwh": f"{report.measured_kwh:.3f}",
        "avoided_energy_kwh": f"{report.avoided_energy_kwh:.3f}",
        "avoided_low_kwh": f"{report.avoided_low_kwh:.3f}",
        "avoided_high_kwh": f"{report.avoided_high_kwh:.3f}",
        "confidence_level": str(report.confidence_level),
        "intervals": report.intervals,
        "inputs": report.inputs,
        "days": [
            [
                day.day,
                _places(day.temperature_c, 4),
                _places(day.measured_kwh, 3),
                _places(day.adjusted_baseline_kwh, 3),
                day.counted,
                day.reason,
            ]
            for day in report.days
        ],
    }


def _places(number: Decimal | None, places: int) -> str | None:
    return None if number is None else f"{number:.{places}f}"


def _demand_period(plan: MeasurementPlan, start: dt.date, end: dt.date, today: dt.date) -> None:
    if plan.state not in {"frozen", "signed"}:
        raise Refusal("Ce plan n'est pas figé : sans référence figée, aucune économie ne se prouve. Figez-le d'abord.")
    if end <= start:
        raise Refusal(f"La période finit ({end:%d/%m/%Y}) avant d'avoir commencé ({start:%d/%m/%Y}).", field="end")
    if start < plan.reporting_starts_on:
        raise Refusal(
            f"Le suivi de ce plan commence le {plan.reporting_starts_on:%d/%m/%Y} ; choisissez une période qui ne"
            " commence pas avant.",
            field="start",
        )
    if end > today:
        raise Refusal(
            f"La période n'est pas finie : elle court jusqu'au {end - DAY:%d/%m/%Y} inclus ;"
            " attendez qu'elle soit entièrement mesurée.",
            field="end",
        )


def _rows(days: Sequence[MeasuredDay], estimate: SavingsEstimate) -> list[ReportDay]:
    """Return the days of the report; kWh become Decimal here, once, day by day, and totals are their sums."""
    by_day = {day.day: day for day in days}
    rows = []
    for day, adjusted, counted, reason in zip(
        estimate.days, estimate.adjusted_baseline_kwh, estimate.counted, estimate.reasons, strict=True
    ):
        source = by_day[day]
        measured = source.kwh if counted else None
        rows.append(
            ReportDay(
                day=day,
                temperature_c=source.celsius,
                measured_kwh=None if measured is None else kwh(measured),
                adjusted_baseline_kwh=None if not counted or math.isnan(adjusted) else kwh(adjusted),
                counted=bool(counted),
                reason=reason,
            )
        )
    return rows
