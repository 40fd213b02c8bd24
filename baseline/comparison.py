"""What was measured over a period, as each kind of model takes it: fitted on, compared with, kept and read again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from baseline.fitting import (
    BaselineHours,
    ReportingHours,
    billing_findings,
    billing_sufficiency,
    fit_billing,
    fit_daily,
    fit_hourly,
    model_findings,
    sufficiency,
)
from baseline.fitting.findings import Finding
from baseline.fitting.kinds import baseline_of_days, estimate
from baseline.measured_bills import MeasuredBill, bill_from_data, billed_baseline, measured_bills
from baseline.measured_days import (
    MeasuredDay,
    baseline_data,
    day_from_data,
    keep_inputs,
    measured_days,
    reporting_data,
)
from baseline.measured_hours import MeasuredHours, measured_hours
from foundation.attachments.store import keep
from foundation.canonical import canonical_json
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from baseline.fitting import BillingModel, Event, SavingsEstimate
    from baseline.fitting.kinds import Kind, Model
    from baseline.weather.models import Station
    from devices.points.models import MeasurementBoundary

SHORTEST_BASELINE_DAYS = 30
BESIDE = ("paired_hours", "bills")
"""What is kept beside the days where a model stands on it, under the hash "…_sha256" of the inputs."""


@dataclass(frozen=True)
class Measured:
    """Local days [start, end): always by day; by hour for an hourly model, by bill for a baseline of bills."""

    start: dt.date
    end: dt.date
    days: Sequence[MeasuredDay]
    hours: MeasuredHours | None = None
    bills: Sequence[MeasuredBill] | None = None

    def without(self, silent: frozenset[dt.date]) -> Measured:
        """Return the period with the days `silent` taken for not measured."""
        days = [replace(day, kwh=None, hours=0) if day.day in silent else day for day in self.days]
        return replace(self, days=days, hours=self.hours.without(silent) if self.hours else None)


def measure_baseline(
    session: Session, boundary: MeasurementBoundary, station: Station, kind: Kind, *, start: dt.date, end: dt.date
) -> Measured:
    """Return what a model of `kind` is fitted on."""
    measured = measure(session, boundary, station, kind, start=start, end=end)
    if kind != "billing":
        return measured
    return replace(measured, bills=measured_bills(session, boundary, start, end))


def measure(
    session: Session, boundary: MeasurementBoundary, station: Station, kind: Kind, *, start: dt.date, end: dt.date
) -> Measured:
    """Return what is compared with a model of `kind`: hours for an hourly one, else days."""
    if kind != "hourly":
        return Measured(start, end, measured_days(session, boundary, station, start, end))
    hours = measured_hours(session, boundary, station, start, end)
    return Measured(start, end, hours.days(), hours)


def keep_measured(
    session: Session, boundary: MeasurementBoundary, station: Station, measured: Measured
) -> dict[str, object]:
    """Keep what was measured as originals under their hashes, and return those with the counts."""
    kept = keep_inputs(session, boundary, station, measured.days, start=measured.start, end=measured.end)
    contents = (
        measured.hours.as_data() if measured.hours is not None else None,
        [bill.as_data() for bill in measured.bills] if measured.bills is not None else None,
    )
    for name, content in zip(BESIDE, contents, strict=True):
        if content is not None:
            original = keep(session, canonical_json(content), name=f"{name}.json", media_type="application/json")
            kept[f"{name}_sha256"] = original.sha256
    return kept


def measured_again(pack: Mapping[str, Any], start: dt.date, end: dt.date) -> Measured:
    """Return what `keep_measured` kept, read from an evidence pack's entry of a plan or a report."""
    hours, bills = pack.get("paired_hours"), pack.get("bills")
    return Measured(
        start,
        end,
        [day_from_data(row) for row in pack["days"]],
        None if hours is None else MeasuredHours.from_data(hours),
        None if bills is None else [bill_from_data(row) for row in bills],
    )


def fit(
    kind: Kind, measured: Measured, *, holidays: frozenset[dt.date], vacations: frozenset[dt.date]
) -> tuple[Model | None, list[Finding]]:
    """Return the model of `kind` and every finding; no model where too little was measured to fit one."""
    start, end = measured.start, measured.end
    if kind == "billing":
        return _fit_bills(measured)
    if kind == "hourly" and measured.hours is not None:
        hours = measured.hours.as_kind(BaselineHours)
        findings = list(sufficiency(hours.daily))
        if int(hours.daily.complete.sum()) < SHORTEST_BASELINE_DAYS:
            return None, findings
        hourly = fit_hourly(hours, holidays=holidays, vacations=vacations)
        return hourly, [*findings, *model_findings(hourly.daily)]
    data = baseline_data(measured.days, start, end)
    findings = list(sufficiency(data))
    if int(data.complete.sum()) < SHORTEST_BASELINE_DAYS:
        return None, findings
    daily = fit_daily(data, holidays=holidays, vacations=vacations)
    return daily, [*findings, *model_findings(daily)]


def _fit_bills(measured: Measured) -> tuple[BillingModel | None, list[Finding]]:
    bills = measured.bills or []
    data = billed_baseline(bills, measured.days, measured.start, measured.end)
    findings = list(billing_sufficiency(data))
    if not data.complete.any():
        return None, findings
    model = fit_billing(data)
    guessed = sum(bill.estimated for bill in bills)
    if guessed:
        findings.append(
            Finding(
                "bills_estimated",
                N_(
                    "Factures estimées par le fournisseur : %(bills)s ; leur énergie se corrige sur une facture"
                    " suivante, la référence en est moins sûre."
                ),
                {"bills": guessed},
            )
        )
    return model, [*findings, *billing_findings(model)]


def compare(
    model: Model,
    measured: Measured,
    confidence: float,
    *,
    events: Sequence[Event] = (),
    silent: frozenset[dt.date] = frozenset(),
) -> SavingsEstimate:
    """Compare `measured` with `model`; the days `silent` leave both sides."""
    return estimate(model, _reporting(measured.without(silent)), confidence, events=events)


def baseline_by_day(model: Model, measured: Measured) -> dict[dt.date, float]:
    """Return the adjusted baseline of each day's hours that have both sides, kWh."""
    reporting = _reporting(measured)
    days = reporting.daily.days if isinstance(reporting, ReportingHours) else reporting.days
    return dict(zip(days, baseline_of_days(model, reporting).tolist(), strict=True))


def _reporting(measured: Measured) -> Any:
    if measured.hours is not None:
        return measured.hours.as_kind(ReportingHours)
    return reporting_data(measured.days, measured.start, measured.end)
