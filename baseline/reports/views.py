"""Pages of savings reports: ask for one, read it, and what a building saved."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from baseline.events.views import ReasonForm, speaker_of
from baseline.events.words import KIND_WORDS, PARTY_WORDS
from baseline.events.words import STATES as EVENT_STATES
from baseline.fitting import described
from baseline.fitting.kinds import model_from_json
from baseline.plans.models import MeasurementPlan
from baseline.plans.views import plan_crumbs, plans_covering
from baseline.reports.acceptances import accept_finding, standing_of_plan, standing_of_report
from baseline.reports.drawn import calendar_chart, carpet_chart, cusum_chart, measured_chart
from baseline.reports.findings import TO_ACCEPT
from baseline.reports.models import SavingsReport
from baseline.reports.register import newest_report
from baseline.reports.signature import signature_of
from devices.points.models import BoundaryBuilding
from devices.reconciliation.words import VERDICTS
from foundation.errors import Refusal
from foundation.files import csv_file
from foundation.forms import EntryForm, day_field, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, named, page_of
from foundation.permissions import Permission
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from baseline.fitting.kinds import Model
    from baseline.reports.models import FindingAcceptance
    from contracts.sites.models import Building
    from foundation.jobs.models import Job
    from foundation.look.language import Language


MAKE = "baseline.make_report"


class ReportForm(EntryForm):
    """Which period to report on."""

    start = day_field(N_("Premier jour"))
    end = day_field(N_("Fin"), help_text=N_("Le premier jour qui n'en fait plus partie."))


def reports(request: Request) -> dict[str, Any]:
    """List the reports, the latest first."""
    return {"page": page_of(request, select(SavingsReport).order_by(SavingsReport.id.desc()))}


def new_report(request: Request) -> dict[str, Any] | Response:
    """Ask the worker for a report of a plan."""
    _ = request.language.translate
    plan = found(request, MeasurementPlan)
    form = ReportForm(request.POST)

    def act() -> Job:
        start, end = form.start.data, form.end.data
        if end <= start:
            raise Refusal("La période finit avant d'avoir commencé ; corrigez les dates.", field="end")
        title = _("Rapport d'économies : {boundary}").format(boundary=plan.boundary.name)
        params = {"plan_id": plan.id, "start": start.isoformat(), "end": end.isoformat()}
        job: Job = request.ask(MAKE, title, {f"plan-{plan.id}": params})
        return job

    if request.method == "POST":
        job = submit(request, form, act)
        if job:
            return HTTPSeeOther(request.route_path("job", id=job.id))
    return {
        "title": _("Nouveau rapport d'économies"),
        "crumbs": [*plan_crumbs(request, plan), (_("Plan de mesure"), request.route_path("plan", id=plan.id))],
        "form": form,
        "submit": _("Calculer le rapport"),
    }


def report(request: Request) -> dict[str, Any]:
    """Show one: the answer, measured against baseline, the cumulative sum, the days."""
    shown = found(request, SavingsReport)
    session = request.dbsession
    newest = newest_report(session, shown.plan, *bounds(shown.period))
    return _accepting(request) | {
        "report": shown,
        "fragments": fragments(request, "report", shown),
        "kinds": KIND_WORDS,
        "states": EVENT_STATES,
        "periods": {one["id"]: _period_of(one) for one in shown.events},
        "standing": standing_of_report(session, shown),
        "to_accept": TO_ACCEPT,
        "month_name": lambda month: request.language.month(dt.date.fromisoformat(f"{month}-01")),
        "days_of": lambda one: words_of_period(one, request.language),
        "newer": newest.id if newest is not None and newest.id != shown.id else None,
        "measured": measured_chart(shown, request.language),
        "cumulated": cusum_chart(shown, request.language),
        "calendar": calendar_chart(shown, request.language),
        "carpet": carpet_chart(session, shown, request.language),
        "verdicts": VERDICTS,
        "crumbs": [(request.language.translate(N_("Rapports")), request.route_path("reports"))],
    }


def words_of_period(one: Mapping[str, Any], language: Language) -> str:
    """Return "1 janv. 2023 – 31 déc. 2023" for a window [start, end) as an analysis keeps it."""
    start, end = (dt.date.fromisoformat(one[name]) for name in ("start", "end"))
    return f"{language.short_date(start)} – {language.short_date(end - dt.timedelta(days=1))}"


def _period_of(event: Mapping[str, Any]) -> Range[dt.date]:
    return Range(dt.date.fromisoformat(event["start"]), dt.date.fromisoformat(event["end"]) if event["end"] else None)


def _accepting(request: Request) -> dict[str, Any]:
    """Return what a list of findings to accept needs beside them."""
    language = request.language
    return {
        "accept_form": ReasonForm(),
        "party": speaker_of(request).party,
        "parties": PARTY_WORDS,
        "described": lambda finding: described(finding, language.translate, language.code),
    }


def accept(request: Request) -> dict[str, Any] | Response:
    """Accept, for the reader's party, the finding `?code=&about=` of a plan, read in `?report=` or on the plan."""
    _ = request.language.translate
    plan = found(request, MeasurementPlan)
    read_in = named(request, SavingsReport, "report") if request.GET.get("report") else None
    if read_in is not None and read_in.plan_id != plan.id:
        raise HTTPNotFound
    form = ReasonForm(request.POST)
    address = request.route_path("plan", id=plan.id) if read_in is None else request.route_path("report", id=read_in.id)

    def act() -> FindingAcceptance:
        return accept_finding(
            request.dbsession,
            plan,
            code=request.GET.get("code", ""),
            about=request.GET.get("about", ""),
            speaker=speaker_of(request),
            reason=form.reason.data,
            today=request.today,
            report=read_in,
        )

    if submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Accepter un constat"),
        "crumbs": [(plan.boundary.name, address)],
        "form": form,
        "submit": _("Accepter"),
    }


def acceptances_of_plan(request: Request, assessed: tuple[MeasurementPlan, Model | None]) -> Mapping[str, Any] | None:
    """Return what both parties have to accept of a plan that is frozen; None where there is nothing, or for a draft."""
    plan = assessed[0]
    standing = [] if plan.state == "draft" else standing_of_plan(request.dbsession, plan)
    return _accepting(request) | {"standing": standing} if standing else None


def report_days(request: Request) -> Response:
    """Serve the days a report counts, as it counts them: their sums are its totals."""
    shown = found(request, SavingsReport)
    return csv_file(
        f"rapport-{shown.id}.csv",
        ("day", "temperature_c", "measured_kwh", "adjusted_baseline_kwh", "counted", "reason", "event_kwh"),
        (
            (
                day.day,
                day.temperature_c,
                day.measured_kwh,
                day.adjusted_baseline_kwh,
                int(day.counted),
                day.reason,
                day.event_kwh,
            )
            for day in shown.days
        ),
    )


def savings_of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the latest report of each plan that covers `building`, drawn; None where there is none."""
    mine = (
        select(func.max(SavingsReport.id))
        .join(MeasurementPlan)
        .join(BoundaryBuilding, BoundaryBuilding.boundary_id == MeasurementPlan.boundary_id)
        .where(BoundaryBuilding.building_id == building.id)
        .group_by(MeasurementPlan.boundary_id)
    )
    latest = request.dbsession.scalars(
        select(SavingsReport).where(SavingsReport.id.in_(mine)).order_by(SavingsReport.avoided_energy_kwh.desc())
    ).all()
    return {"reports": [(one, measured_chart(one, request.language)) for one in latest]} if latest else None


def signature_of_plan(request: Request, assessed: tuple[MeasurementPlan, Model | None]) -> Mapping[str, Any] | None:
    """Return the energy signature of a plan with the model it has or would have; None where it has none."""
    plan, model = assessed
    return {"signature": signature_of(request.dbsession, plan, model, request.language)} if model else None


def report_form(_request: Request, assessed: tuple[MeasurementPlan, Model | None]) -> Mapping[str, Any] | None:
    """Return the form that asks for a report of a plan that is frozen; None for a draft."""
    return None if assessed[0].state == "draft" else {"form": ReportForm()}


def signatures_of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the energy signature of each plan in force; None without one."""
    plans = {plan.boundary_id: plan for plan in request.dbsession.scalars(plans_covering(building.id)) if plan.model}
    charts = [
        (plan, signature_of(request.dbsession, plan, model_from_json(plan.model), request.language))
        for plan in plans.values()
        if plan.model
    ]
    return {"signatures": charts} if charts else None


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "baseline.reports:templates/"
    see, manage = Permission.SEE_SAVINGS, Permission.MANAGE_SAVINGS
    for route, pattern, view, renderer, permission, methods in (
        ("reports", "/reports", reports, here + "reports.jinja2", see, "GET"),
        ("report_new", f"/plans/{NUMBER}/reports", new_report, FORM, manage, ("GET", "POST")),
        ("report", f"/reports/{NUMBER}", report, here + "report.jinja2", see, "GET"),
        ("finding_accept", f"/plans/{NUMBER}/findings", accept, FORM, Permission.DECIDE_EVENTS, "POST"),
        ("report_days", f"/reports/{NUMBER}.csv", report_days, None, see, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("building", "savings", 10, see, here + "building_savings.jinja2", savings_of_building))
    signatures = here + "building_signatures.jinja2"
    config.add_fragment(Fragment("building", "signature", 20, see, signatures, signatures_of_building))
    config.add_fragment(Fragment("plan", "signature", 10, see, here + "plan_signature.jinja2", signature_of_plan))
    acceptances = here + "plan_acceptances.jinja2"
    config.add_fragment(Fragment("plan", "acceptances", 5, see, acceptances, acceptances_of_plan))
    config.add_fragment(Fragment("plan", "report", 20, manage, here + "plan_report.jinja2", report_form))
