"""Make savings reports: the measured days of a plan's boundary against its frozen baseline."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from baseline.comparison import compare, keep_measured, measure
from baseline.events.register import model_ends, standing
from baseline.events.rules import reckon
from baseline.events.suggestions import note_suggestions
from baseline.events.told import told
from baseline.fitting.kinds import daily_of, kind_of
from baseline.measured_days import reporting_data
from baseline.plans.findings import plan_findings
from baseline.reports.analysis import analysis_of
from baseline.reports.chains import chain_findings, demand_one_chain, widened
from baseline.reports.findings import held, thin_months, too_cold
from baseline.reports.model import model_of
from baseline.reports.models import ReportDay, SavingsReport
from baseline.reports.production import production_seen
from baseline.reports.told import event_findings, frozen_events
from baseline.reports.withheld import NOTHING, avoided_by, withhold_cold, withhold_thin
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from foundation.money import kwh
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.comparison import Measured
    from baseline.events.models import NonRoutineEvent
    from baseline.events.rules import Told
    from baseline.fitting import SavingsEstimate
    from baseline.fitting.kinds import Model
    from baseline.measured_days import MeasuredDay
    from baseline.plans.models import MeasurementPlan

DAY = dt.timedelta(days=1)


def make_report(
    session: Session, plan: MeasurementPlan, *, start: dt.date, end: dt.date, now: dt.datetime, today: dt.date
) -> SavingsReport:
    """Report the avoided energy of local days [start, end); from the same inputs the report there is, is returned.

    Days on which a side is missing leave both sides, and their reason is kept (truth 2). Agreed events are adjusted
    for; while others wait, the lowest saving counts and the difference is held (truth 5). What the machine notices
    beside them is kept as suggestions.
    """
    _demand_period(plan, start, end, today)
    _demand_model(session, plan, start, end)
    model, vacations, unknown = model_of(plan, start, end)
    measured_all = measure(session, plan.boundary, plan.station, kind_of(model), start=start, end=end)
    days = measured_all.days
    known = told(session, plan.boundary, start, end)
    outcome = reckon([one for _, one in known], lambda chosen: _estimate(plan, model, measured_all, chosen))
    payable = outcome.payable.savings
    if not payable.days_counted or plan.interval not in outcome.half_widths:
        raise Refusal(
            "Aucun jour du {start} au {last} n'a une énergie et une température pour « {boundary} » ; vérifiez les"
            " capteurs et la station.",
            start=f"{start:%d/%m/%Y}",
            last=f"{end - DAY:%d/%m/%Y}",
            boundary=plan.boundary.name,
        )
    rows = _rows(days, payable)
    cold, withheld = withhold_cold(session, plan, rows)
    thin, unproven = withhold_thin(plan.least_completeness, rows, start, end)
    adjusted = sum((row.adjusted_baseline_kwh or NOTHING for row in rows), NOTHING)
    measured = sum((row.measured_kwh or NOTHING for row in rows), NOTHING)
    joined = demand_one_chain(session, plan, start, end, adjusted=adjusted, measured=measured)
    half_widths = {name: widened(kwh(width), joined) for name, width in outcome.half_widths.items()}
    avoided = adjusted - measured
    # What thin months avoided does not wait for anybody's word: it is not proven.
    waiting = max(avoided_by(_rows(days, outcome.highest.savings)) - avoided - withheld - unproven, NOTHING)
    events = [event for event, _ in known]
    report = SavingsReport(
        plan=plan,
        period=Range(start, end),
        adjusted_baseline_kwh=adjusted,
        measured_kwh=measured,
        avoided_energy_kwh=avoided,
        avoided_low_kwh=avoided - half_widths[plan.interval],
        avoided_high_kwh=avoided + half_widths[plan.interval],
        confidence_level=plan.confidence_level,
        intervals={
            name: {"low": str(avoided - width), "high": str(avoided + width)} for name, width in half_widths.items()
        },
        days_counted=sum(row.counted for row in rows),
        days_expected=payable.days_expected,
        events=frozen_events(events, outcome),
        unadjusted_avoided_kwh=avoided_by(_rows(days, outcome.unadjusted)),
        adjusted_avoided_kwh=avoided_by(_rows(days, outcome.adjusted.savings)),
        held_kwh=waiting + withheld,
        analysis=analysis_of(session, plan, model, measured_all, payable=outcome.payable, rows=rows)
        | vacations
        | ({"chains": [one.as_data() for one in joined]} if joined else {}),
        findings=[
            finding.to_json()
            for finding in (
                *payable.findings,
                *unknown,
                *plan_findings(
                    baseline=bounds(plan.baseline_period),
                    reporting_starts_on=plan.reporting_starts_on,
                    signed_on=plan.signed_on,
                    energy=plan.boundary.energy,
                    hot_water=plan.hot_water,
                ),
                *production_seen(session, plan.boundary, days, start, end),
                *event_findings(plan.boundary, events, _open_switches(session, plan), outcome.refused, end),
                *chain_findings(joined),
                *held(waiting, [one.id for one in events if one.state == "proposed"]),
                *([too_cold(cold, plan.comfort_minimum_c, withheld)] if cold and plan.comfort_minimum_c else []),
                *([thin_months(thin, plan.least_completeness, unproven)] if thin and plan.least_completeness else []),
            )
        ],
        inputs=keep_measured(session, plan.boundary, plan.station, measured_all),
        made_at=now,
        days=rows,
    )
    report.sha256 = canonical_sha256(report_document(report))
    same = session.scalar(
        select(SavingsReport).where(SavingsReport.plan_id == plan.id, SavingsReport.sha256 == report.sha256)
    )
    if same is not None:
        return same
    session.add(report)
    session.flush()
    if kind_of(model) != "billing":
        # Bills know no weekdays: against them every weekend would stand out.
        seen = reporting_data(days, start, end)
        note_suggestions(session, plan, daily_of(model), seen, told=[one for _, one in known], today=today)
    return report


def _estimate(plan: MeasurementPlan, model: Model, measured: Measured, chosen: Sequence[Told]) -> SavingsEstimate:
    """Return the saving with the `chosen` events told; days their sub-meters say nothing of leave both sides."""
    silent = frozenset(dt.date.fromordinal(day) for one in chosen for day in one.unmeasured)
    events = [one.event for one in chosen if one.event is not None]
    estimate = compare(model, measured, plan.confidence_level, events=events, silent=silent)
    if events and not estimate.days_counted:
        raise Refusal("Les événements ne laissent aucun jour à compter ; donnez plutôt leurs kWh.")
    return estimate


def _open_switches(session: Session, plan: MeasurementPlan) -> list[NonRoutineEvent]:
    return [one for one in standing(session, plan.boundary_id) if one.kind == "fuel" and one.state == "proposed"]


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
    document = {
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
                *([_places(day.event_kwh, 3)] if day.event_kwh else []),
            ]
            for day in report.days
        ],
    }
    if report.events or report.held_kwh:
        # Reports made before there were events keep the hash they were sealed with.
        document |= {
            "events": report.events,
            "unadjusted_avoided_kwh": _places(report.unadjusted_avoided_kwh, 3),
            "adjusted_avoided_kwh": _places(report.adjusted_avoided_kwh, 3),
            "held_kwh": _places(report.held_kwh, 3),
        }
    if report.analysis:
        document["analysis"] = report.analysis
    return document


def _places(number: Decimal | None, places: int) -> str | None:
    return None if number is None else f"{number:.{places}f}"


def _demand_period(plan: MeasurementPlan, start: dt.date, end: dt.date, today: dt.date) -> None:
    if plan.state not in {"frozen", "signed"}:
        raise Refusal("Ce plan n'est pas figé : sans référence figée, aucune économie ne se prouve. Figez-le d'abord.")
    if end <= start:
        raise Refusal(
            "La période finit ({end:%d/%m/%Y}) avant d'avoir commencé ({start:%d/%m/%Y}).",
            field="end",
            end=end,
            start=start,
        )
    if start < plan.reporting_starts_on:
        raise Refusal(
            "Le suivi de ce plan commence le {reporting_starts_on:%d/%m/%Y} ; choisissez une période qui ne "
            "commence pas avant.",
            field="start",
            reporting_starts_on=plan.reporting_starts_on,
        )
    if end > today:
        raise Refusal(
            "La période n'est pas finie : elle court jusqu'au {last:%d/%m/%Y} inclus ; attendez qu'elle soit "
            "entièrement mesurée.",
            field="end",
            last=end - DAY,
        )


def _demand_model(session: Session, plan: MeasurementPlan, start: dt.date, end: dt.date) -> None:
    """Refuse days after an agreed change of fuel: the model says nothing of them."""
    ends = model_ends(session, plan.boundary_id)
    if ends is None or end <= ends:
        return
    if start >= ends:
        raise Refusal(
            "Ce plan ne vaut plus depuis le {day} : l'énergie a changé. Comparez ensuite les énergies en euros, et"
            " préparez un nouveau plan.",
            field="start",
            day=f"{ends:%d/%m/%Y}",
        )
    raise Refusal(
        "L'énergie a changé le {day} : le modèle finit la veille. Demandez un rapport qui finit le {day} exclu.",
        field="end",
        day=f"{ends:%d/%m/%Y}",
    )


def _rows(days: Sequence[MeasuredDay], estimate: SavingsEstimate) -> list[ReportDay]:
    """Return the days of the report; kWh become Decimal here, once, day by day, and totals are their sums."""
    events = estimate.event_kwh if estimate.event_kwh is not None else [0.0] * len(estimate.days)
    columns = (estimate.adjusted_baseline_kwh, estimate.counted, estimate.reasons, events)
    by_day = dict(zip(estimate.days, zip(*columns, strict=True), strict=True))
    rows = []
    for source in days:
        # A day nothing was measured on is not among the hours of an hourly model.
        adjusted, counted, reason, event = by_day.get(source.day, (math.nan, False, "missing_energy", 0.0))
        event_kwh = kwh(event) if counted else NOTHING
        rows.append(
            ReportDay(
                day=source.day,
                temperature_c=source.celsius,
                measured_kwh=None if source.kwh is None or not counted else kwh(source.kwh) - event_kwh,
                adjusted_baseline_kwh=None if not counted or math.isnan(adjusted) else kwh(adjusted),
                counted=bool(counted),
                reason=reason,
                event_kwh=event_kwh,
            )
        )
    return rows
