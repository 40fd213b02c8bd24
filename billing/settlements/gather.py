"""From the database to the values a settlement is computed from: reports, prices, what was billed, how years closed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from baseline.events.register import model_ends
from baseline.plans.models import MeasurementPlan
from baseline.reports.acceptances import unaccepted
from baseline.reports.models import ReportDay, SavingsReport
from baseline.reports.register import newest_report
from billing.settlements.data import LineKey, Measured, Settled, Suspended, YearToDate
from billing.settlements.models import Settlement, SettlementLine
from contracts.agreements.coverage import covered_until
from contracts.agreements.terms.year import ResultKey
from contracts.agreements.versions import prices_in_force, terms_in_force
from contracts.prices.rules import Schedule
from devices.points.models import BoundaryBuilding
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement
    from contracts.agreements.years import YearOfContract

BINDING = ("accepted", "invoiced")
"""States in which a settlement counts as billed."""


@dataclass(frozen=True)
class Gathered:
    """The contract years to date, and the report each line rests on."""

    years: list[YearToDate]
    reports: Mapping[LineKey, SavingsReport]


def gather(session: Session, agreement: Agreement, years: Sequence[YearOfContract], to: dt.date) -> Gathered:
    """Return contract `years`, the last one until `to`; refuse a signed plan that has no report of one of them."""
    plans = session.scalars(
        select(MeasurementPlan)
        .where(MeasurementPlan.agreement_id == agreement.id, MeasurementPlan.state == "signed")
        .order_by(MeasurementPlan.id)
    ).all()
    if not plans:
        raise Refusal(
            "L'accord {number} n'a pas de plan de mesure signé ; signez ses plans avant de régler une période.",
            number=agreement.number,
        )
    left = covered_until(agreement)
    reports = {
        LineKey(year.number, plan.boundary_id, plan.boundary.energy): report
        for year in years
        for plan in plans
        if (report := _report(session, plan, year.start, min(year.end, to, left.get(plan.boundary_id, to)))) is not None
    }
    days = _days(session, [report.id for report in reports.values()])
    billed = _billed(session, agreement)
    settled = _settled(session, agreement)
    suspended = _suspended(session, agreement, [plan.boundary_id for plan in plans])
    gathered = [
        YearToDate(
            number=year.number,
            start=year.start,
            end=year.end,
            to=min(year.end, to),
            # The version in force when the year begins: new terms begin with a contract year.
            terms=terms_in_force(agreement, year.start),
            measured=tuple(
                _measured(report, days[report.id], suspended[report.plan.boundary_id])
                for key, report in reports.items()
                if key.year == year.number
            ),
            billed=billed.get(year.number, {}),
            settled=settled.get(year.number),
        )
        for year in years
    ]
    for earlier in gathered[:-1]:
        if earlier.measured and earlier.settled is None:
            raise Refusal(
                "L'année {number} de l'accord n'est pas réglée jusqu'à sa fin ({end:%d/%m/%Y} exclu) ; réglez-la "
                "d'abord.",
                field="start",
                number=earlier.number,
                end=earlier.end,
            )
    return Gathered(gathered, reports)


def schedules(agreement: Agreement) -> dict[str, Schedule]:
    """Return the price schedule of each energy of `agreement`."""
    return {energy: Schedule(energy, tuple(prices)) for energy, prices in prices_in_force(agreement).items()}


def _suspended(session: Session, agreement: Agreement, boundaries: list[int]) -> dict[int, list[Suspended]]:
    """Return the suspensions of each boundary: those of the whole agreement, and of any building it covers."""
    buildings: dict[int, set[int]] = defaultdict(set)
    for boundary, building in session.execute(
        select(BoundaryBuilding.boundary_id, BoundaryBuilding.building_id).where(
            BoundaryBuilding.boundary_id.in_(boundaries)
        )
    ):
        buildings[boundary].add(building)
    found: dict[int, list[Suspended]] = defaultdict(list)
    for boundary in boundaries:
        for one in agreement.suspensions:
            if one.building_id is None or one.building_id in buildings[boundary]:
                found[boundary].append(Suspended(*bounds(one.period), one.reason))
    return found


def _report(session: Session, plan: MeasurementPlan, start: dt.date, end: dt.date) -> SavingsReport | None:
    """Return the newest report of `plan` from the later of `start` and its first reporting day to `end`."""
    start = max(start, plan.reporting_starts_on)
    # An agreed change of fuel ends the model: what follows has no baseline, and nothing is shared of it.
    end = min(end, model_ends(session, plan.boundary_id) or end)
    if start >= end:
        return None
    report = newest_report(session, plan, start, end)
    if report is None:
        raise Refusal(
            "« {name} » n'a pas de rapport d'économies du {start:%d/%m/%Y} au {end:%d/%m/%Y} exclu ; "
            "établissez-le, puis proposez le décompte.",
            field="end",
            name=plan.boundary.name,
            start=start,
            end=end,
        )
    if blocking := unaccepted(session, report):
        raise Refusal(
            "« {boundary} » ne peut pas être réglé : un constat attend l'accord des deux parties. {finding}"
            " Acceptez-le depuis la page du rapport {report}.",
            field="end",
            boundary=plan.boundary.name,
            finding=blocking[0].finding["description"],
            report=report.id,
        )
    return report


def _days(session: Session, reports: list[int]) -> Mapping[int, list[tuple[dt.date, Decimal, Decimal]]]:
    """Return of each report its counted days: day, adjusted baseline, avoided energy."""
    days: dict[int, list[tuple[dt.date, Decimal, Decimal]]] = defaultdict(list)
    rows = session.execute(
        select(ReportDay.report_id, ReportDay.day, ReportDay.adjusted_baseline_kwh, ReportDay.measured_kwh).where(
            ReportDay.report_id.in_(reports), ReportDay.counted
        )
    )
    for report, day, baseline, measured in rows:
        if baseline is None or measured is None:
            raise ValueError("a day that counts has both sides")
        days[report].append((day, baseline, baseline - measured))
    return days


def _measured(
    report: SavingsReport, days: list[tuple[dt.date, Decimal, Decimal]], suspended: list[Suspended]
) -> Measured:
    """Return what `report` measured but for `suspended` days.

    Refuses one whose days do not add up to its totals (kWh are conserved).
    """
    boundary = report.plan.boundary
    avoided = {day: energy for day, _, energy in days}
    if sum(avoided.values(), Decimal(0)) != report.avoided_energy_kwh:
        raise Refusal(
            "Le rapport d'économies de « {name} » ne donne pas la somme de ses jours ; signalez-le et "
            "établissez-en un nouveau.",
            name=boundary.name,
        )
    start, end = bounds(report.period)
    within = tuple(
        Suspended(max(one.start, start), min(one.end, end), one.reason)
        for one in suspended
        if one.start < end and start < one.end
    )
    counted = [row for row in days if not any(one.has(row[0]) for one in within)]
    return Measured(
        boundary_id=boundary.id,
        boundary=boundary.name,
        energy=boundary.energy,
        baseline_kwh={day: energy for day, energy, _ in counted},
        avoided_kwh={day: energy for day, _, energy in counted},
        half_width_kwh=report.avoided_energy_kwh - report.avoided_low_kwh,
        confidence=Fraction(str(report.confidence_level)),
        days_expected=report.days_expected,
        suspended=within,
    )


def _billed(session: Session, agreement: Agreement) -> dict[int, dict[ResultKey, Decimal]]:
    """Return what accepted settlements asked for, by contract year, boundary and energy."""
    billed: dict[int, dict[ResultKey, Decimal]] = defaultdict(dict)
    rows = session.execute(
        select(SettlementLine.year, SettlementLine.boundary_id, SettlementLine.energy, func.sum(SettlementLine.amount))
        .join(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.state.in_(BINDING))
        .group_by(SettlementLine.year, SettlementLine.boundary_id, SettlementLine.energy)
    )
    for year, boundary, energy, amount in rows:
        billed[year][ResultKey(boundary, energy)] = amount
    return billed


def _settled(session: Session, agreement: Agreement) -> dict[int, Settled]:
    """Return how each closed year was settled: by the settlement that ended with it, and by the last one since."""
    settled: dict[int, Settled] = {}
    settlements = session.scalars(
        select(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.state.in_(BINDING))
        .order_by(Settlement.period, Settlement.id)
    )
    for settlement in settlements:
        _, end = bounds(settlement.period)
        _, year_end = bounds(settlement.contract_year)
        for recognised in settlement.evaluation["years"]:
            number, fee, carried = recognised["number"], Decimal(recognised["fee"]), Decimal(recognised["carried"])
            before = settled.get(number)
            if before is not None:
                settled[number] = Settled(before.on, before.closing_fee, fee, carried)
            elif settlement.accepted_on is not None and number == settlement.contract_year_number and end == year_end:
                settled[number] = Settled(settlement.accepted_on, fee, fee, carried)
    return settled
