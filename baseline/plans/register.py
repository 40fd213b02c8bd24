"""Draft a measurement plan, assess it, freeze it, sign it as an annex of an agreement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import Range

from baseline.calendars import school_holidays, school_unknown
from baseline.comparison import Measured, fit, keep_measured, measure_baseline
from baseline.measured_days import public_holidays
from baseline.plans.findings import plan_findings
from baseline.plans.models import MeasurementPlan
from baseline.plans.reference import reference_weather
from baseline.plans.windows import latest_window
from contracts.agreements.coverage import cover
from contracts.agreements.models import Amendment, Annex
from contracts.agreements.versions import term_in_force
from devices.points.models import MeasurementBoundary
from devices.points.payments import hindrances_of
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.fitting import Finding
    from baseline.fitting.kinds import Kind, Model
    from baseline.measured_days import MeasuredDay
    from baseline.weather.models import Station
    from contracts.agreements.models import Agreement
    from devices.points.models import MeteringPoint

ONE_DAY = dt.timedelta(days=1)
AHEAD = dt.timedelta(days=20 * 365)
"""Longer than any agreement runs after its baseline."""


@dataclass(frozen=True)
class Assessment:
    """What a plan would be if it were frozen now: the model, or why there is none, and every finding."""

    model: Model | None
    findings: tuple[Finding, ...]
    measured: Measured

    @property
    def days(self) -> Sequence[MeasuredDay]:
        """Return the days of the baseline."""
        return self.measured.days

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """Return the findings that forbid to freeze."""
        return tuple(finding for finding in self.findings if finding.blocking)


class Comfort(NamedTuple):
    """The indoor temperature promised: measured where, at least how much, in which local hours of working days."""

    point: MeteringPoint
    minimum_c: Decimal
    occupied: tuple[int, int]


class Choices(NamedTuple):
    """How the model is found, fixed before anybody sees a figure."""

    kind: str = "daily"
    """auto, daily, hourly or billing."""
    school_zone: str | None = None
    window_rule: str | None = None
    least_completeness: Decimal | None = None
    most_cv_rmse: Decimal | None = None
    expected_saving: Decimal | None = None


DAILY = Choices()


def draft_plan(
    session: Session,
    *,
    boundary: MeasurementBoundary,
    station: Station,
    baseline_start: dt.date | None,
    baseline_end: dt.date,
    reporting_starts_on: dt.date,
    confidence_level: float = 0.9,
    interval: str = "g14",
    hot_water: str | None = None,
    comfort: Comfort | None = None,
    choices: Choices = DAILY,
    headings: dict[str, str] | None = None,
    supersedes: MeasurementPlan | None = None,
) -> MeasurementPlan:
    """Draft a plan on local days [baseline_start, baseline_end), savings counting from `reporting_starts_on`.

    With the window rule "latest" the baseline is the last twelve whole months before `baseline_end`, the day the works
    begin, whatever `baseline_start` says.
    """
    if choices.window_rule == "latest":
        baseline_start, baseline_end = latest_window(baseline_end)
    if baseline_start is None:
        raise Refusal("Dites quel est le premier jour de la référence.", field="baseline_start")
    if baseline_end <= baseline_start:
        raise Refusal(
            "La période de référence finit ({baseline_end:%d/%m/%Y}) avant d'avoir commencé "
            "({baseline_start:%d/%m/%Y}) ; corrigez les dates.",
            field="baseline_end",
            baseline_end=baseline_end,
            baseline_start=baseline_start,
        )
    if reporting_starts_on < baseline_end:
        raise Refusal(
            "Le suivi commence le {reporting_starts_on:%d/%m/%Y}, pendant la période de référence ; il doit "
            "commencer après elle, une fois les travaux finis.",
            field="reporting_starts_on",
            reporting_starts_on=reporting_starts_on,
        )
    if not 0.5 <= confidence_level < 1:
        raise Refusal(
            "Le niveau de confiance est une fraction entre 0,5 et 1, par exemple 0,9.", field="confidence_level"
        )
    _demand_fractions(choices)
    if supersedes is not None and (supersedes.boundary_id != boundary.id or supersedes.state != "signed"):
        raise Refusal("Une nouvelle version remplace le plan signé du même périmètre.", field="supersedes_id")
    plan = MeasurementPlan(
        boundary=boundary,
        station=station,
        baseline_period=Range(baseline_start, baseline_end),
        reporting_starts_on=reporting_starts_on,
        confidence_level=confidence_level,
        interval=interval,
        hot_water=hot_water,
        model_kind=choices.kind,
        school_zone=choices.school_zone,
        window_rule=choices.window_rule,
        least_completeness=choices.least_completeness,
        most_cv_rmse=choices.most_cv_rmse,
        expected_saving=choices.expected_saving,
        headings={name: text for name, text in (headings or {}).items() if text} or None,
        supersedes=supersedes,
        state="draft",
    )
    if comfort is not None:
        plan.comfort_point_id = comfort.point.id
        plan.comfort_minimum_c = comfort.minimum_c
        plan.occupied_from, plan.occupied_until = comfort.occupied
    session.add(plan)
    session.flush()
    return plan


def _demand_fractions(choices: Choices) -> None:
    """Refuse percent where fractions are meant."""
    if choices.least_completeness is not None and not 0 < choices.least_completeness <= 1:
        raise Refusal(
            "La part de jours complets d'un mois est une fraction entre 0 et 1, par exemple 0,9.",
            field="least_completeness",
        )
    if choices.expected_saving is not None and not 0 < choices.expected_saving < 1:
        raise Refusal("L'économie attendue est une fraction entre 0 et 1, par exemple 0,15.", field="expected_saving")
    if choices.most_cv_rmse is not None and not 0 < choices.most_cv_rmse < 1:
        raise Refusal("Le CV(RMSE) admis est une fraction entre 0 et 1, par exemple 0,25.", field="most_cv_rmse")


def assess(session: Session, plan: MeasurementPlan) -> Assessment:
    """Fit the model of `plan` on what is measured today and say what is wrong with it; stores nothing.

    `auto` is the daily model where the days carry one, else that of the bills where those do, else the daily one with
    what speaks against it. An hourly model is only ever asked for: it settles prices by time slot.
    """
    if plan.model_kind != "auto":
        return _assess(session, plan, cast("Kind", plan.model_kind))
    daily = _assess(session, plan, "daily")
    if daily.model is not None and not daily.blocking:
        return daily
    try:
        billed = _assess(session, plan, "billing")
    except Refusal:
        return daily
    return billed if billed.model is not None and not billed.blocking else daily


def _assess(session: Session, plan: MeasurementPlan, kind: Kind) -> Assessment:
    start, end = bounds(plan.baseline_period)
    measured = measure_baseline(session, plan.boundary, plan.station, kind, start=start, end=end)
    # The frozen model carries the holidays of the years it will be asked about.
    holidays = public_holidays(plan.boundary, start, end + AHEAD)
    vacations, told = _vacations(plan, start, end)
    model, findings = fit(kind, measured, holidays=holidays, vacations=vacations)
    return Assessment(model, (*findings, *told, *_to_accept(plan)), measured)


def _vacations(plan: MeasurementPlan, start: dt.date, end: dt.date) -> tuple[frozenset[dt.date], list[Finding]]:
    """Return the school holidays the model is told, as far ahead as they are known; none of a baseline half known.

    With the vacations of one year only, a model would see schooldays in the other's vacations.
    """
    if plan.school_zone is None:
        return frozenset(), []
    years = range(start.year, (end + AHEAD).year + 1)
    vacations, unknown = school_holidays(plan.school_zone, years)
    missing = [year for year in unknown if year <= (end - ONE_DAY).year]
    if missing:
        return frozenset(), [school_unknown(plan.school_zone, missing)]
    return vacations, []


def _to_accept(plan: MeasurementPlan) -> list[Finding]:
    return list(
        plan_findings(
            baseline=bounds(plan.baseline_period),
            reporting_starts_on=plan.reporting_starts_on,
            signed_on=plan.signed_on,
            energy=plan.boundary.energy,
            hot_water=plan.hot_water,
        )
    )


def freeze(session: Session, plan: MeasurementPlan, *, by: str, now: dt.datetime) -> MeasurementPlan:
    """Freeze the model of `plan` for good; a blocking finding refuses."""
    session.refresh(plan, with_for_update=True)
    if plan.state != "draft":
        raise Refusal("Ce plan est déjà figé : il ne change plus. Pour en changer, préparez un nouveau plan.")
    assessment = assess(session, plan)
    if assessment.blocking or assessment.model is None:
        reasons = " ".join(finding.description for finding in assessment.blocking)
        raise Refusal(
            "Ce plan ne peut pas être figé. {reasons}", reasons=reasons or "Il y a trop peu de jours complets."
        )
    plan.model = assessment.model.to_json()
    plan.findings = [finding.to_json() for finding in assessment.findings]
    plan.inputs = keep_measured(session, plan.boundary, plan.station, assessment.measured)
    plan.reference_weather = reference_weather(session, plan)
    plan.frozen_at = now
    plan.frozen_by = by
    plan.sha256 = canonical_sha256(plan_document(plan))
    plan.state = "frozen"
    session.flush()
    return plan


def plan_document(plan: MeasurementPlan) -> dict[str, Any]:
    """Return what is frozen, as the data whose hash the agreement's annex quotes."""
    document = {
        "boundary": {
            "name": plan.boundary.name,
            "energy": plan.boundary.energy,
            "buildings": [f"{building.site.name} / {building.name}" for building in plan.boundary.buildings],
            "terms": [
                {
                    "point": term.point.name,
                    "identifier": term.point.identifier,
                    "coefficient": term.numerator.normalize() if term.divisor == 1 else term.share.written,
                }
                for term in plan.boundary.terms
                # What the boundary counts from a later day on is no part of what was signed.
                if term.period.lower is not None and term.period.lower < plan.reporting_starts_on
            ],
        },
        "station": plan.station.code,
        "baseline_period": [plan.baseline_period.lower, plan.baseline_period.upper],
        "reporting_starts_on": plan.reporting_starts_on,
        "confidence_level": str(plan.confidence_level),
        "interval": plan.interval,
        "model": plan.model,
        "inputs": plan.inputs,
    }
    # What a plan does not say is not in its hash: plans frozen before it could be said keep theirs.
    if plan.hot_water is not None:
        document["hot_water"] = plan.hot_water
    if plan.comfort_point_id is not None:
        document["comfort"] = {
            "point": plan.comfort_point.name if plan.comfort_point else None,
            "minimum_c": f"{plan.comfort_minimum_c:.1f}",
            "occupied_hours": [plan.occupied_from, plan.occupied_until],
        }
    return document | _said_beside(plan)


def _said_beside(plan: MeasurementPlan) -> dict[str, Any]:
    """Return what plans say since they may: only what is said, so that older ones keep their hash."""
    said: dict[str, Any] = {
        "model_kind": plan.model_kind if plan.model_kind != "daily" else None,
        "school_zone": plan.school_zone,
        "window_rule": plan.window_rule,
        "least_completeness": None if plan.least_completeness is None else f"{plan.least_completeness:.3f}",
        "most_cv_rmse": None if plan.most_cv_rmse is None else f"{plan.most_cv_rmse:.3f}",
        "expected_saving": None if plan.expected_saving is None else f"{plan.expected_saving:.3f}",
        "headings": plan.headings,
        "reference_weather": plan.reference_weather,
        "supersedes": plan.supersedes.sha256 if plan.supersedes else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def sign(session: Session, plan: MeasurementPlan, *, agreement: Agreement, signed_on: dt.date) -> MeasurementPlan:
    """Make `plan` the signed plan of `agreement`, which must be signed and quote its hash as an annex."""
    # One signature at a time for a boundary: it has one plan in force.
    session.execute(select(MeasurementBoundary.id).where(MeasurementBoundary.id == plan.boundary_id).with_for_update())
    session.refresh(plan, with_for_update=True)
    if plan.state != "frozen":
        raise Refusal("Seul un plan figé peut être signé ; figez-le d'abord.")
    if agreement.state not in {"signed", "amended"}:
        raise Refusal(
            "L'accord {number} n'est pas signé ; signez-le d'abord, ce plan en annexe.", number=agreement.number
        )
    quoted = session.scalar(
        select(Annex.id)
        .outerjoin(Amendment, Amendment.id == Annex.amendment_id)
        .where(
            Annex.agreement_id == agreement.id,
            Annex.sha256 == plan.sha256,
            or_(Annex.amendment_id.is_(None), Amendment.state == "signed"),
        )
    )
    if quoted is None:
        raise Refusal(
            "L'accord {number} ne cite pas ce plan en annexe ; ajoutez-le par avenant.", number=agreement.number
        )
    other = session.scalar(
        select(MeasurementPlan).where(
            MeasurementPlan.boundary_id == plan.boundary_id, MeasurementPlan.state == "signed"
        )
    )
    if other is not None and other.id != plan.supersedes_id:
        raise Refusal(
            "« {boundary} » a déjà un plan signé ; préparez-en une nouvelle version, qui le nomme.",
            boundary=plan.boundary.name,
        )
    _demand_reach(session, plan, agreement)
    if other is not None:
        other.state = "superseded"
        session.flush()
    if other is None or other.agreement_id != agreement.id:
        boundary, start = plan.boundary, plan.reporting_starts_on
        cover(session, agreement, boundary_id=boundary.id, boundary=boundary.name, start=start)
    plan.state = "signed"
    plan.agreement = agreement
    plan.signed_on = signed_on
    session.flush()
    return plan


def _demand_reach(session: Session, plan: MeasurementPlan, agreement: Agreement) -> None:
    """Refuse a boundary whose saving is known not to reach who pays, or to be shared with another operator (truth 7).

    Where nobody was said to pay, the page of the point asks; it is no reason to refuse.
    """
    start, end = bounds(term_in_force(agreement))
    start = max(start, plan.reporting_starts_on)
    if start >= end:
        return
    for one in hindrances_of(session, plan.boundary, start, end, shareholder=agreement.shareholder_id):
        if one.code != "unknown":
            raise Refusal(one.sentence)
