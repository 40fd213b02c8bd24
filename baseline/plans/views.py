"""Pages of measurement plans: draft, assess, freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from baseline.fitting.findings import described
from baseline.fitting.kinds import kind_of, model_from_json
from baseline.plans.forms import comfort_of, plan_form
from baseline.plans.grading import grade_of
from baseline.plans.headings import HEADINGS
from baseline.plans.models import MeasurementPlan
from baseline.plans.register import (
    Assessment,
    Choices,
    assess,
    draft_plan,
    freeze,
    plan_document,
)
from baseline.plans.signing.forms import DepositForm, signature_form
from baseline.plans.words import HOT_WATER, INTERVALS, MODEL_KINDS, WINDOW_RULES
from baseline.weather.models import Station
from devices.points.models import BoundaryBuilding, MeasurementBoundary
from devices.points.views import building_crumbs
from foundation.canonical import canonical_json
from foundation.files import json_file
from foundation.forms import (
    EntryForm,
    submit,
)
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, named
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response
    from sqlalchemy import Select

    from contracts.sites.models import Building


STATES = {
    "draft": (N_("brouillon"), "plain"),
    "frozen": (N_("figé"), "busy"),
    "signed": (N_("signé"), "good"),
    "superseded": (N_("remplacé"), "plain"),
}
"""Each state with its word and its tone."""


def plan_crumbs(request: Request, plan: MeasurementPlan) -> list[tuple[str, str]]:
    """Return the way to a plan's page."""
    boundary = plan.boundary
    return [
        *(building_crumbs(request, boundary.buildings[0]) if boundary.buildings else []),
        (boundary.name, request.route_path("boundary", id=boundary.id)),
    ]


def new_plan(request: Request) -> dict[str, Any] | Response:
    """Draft a plan of the boundary `?boundary=` names."""
    _ = request.language.translate
    boundary = named(request, MeasurementBoundary, "boundary")
    replaced = named(request, MeasurementPlan, "replaces") if request.GET.get("replaces") else None
    form = plan_form(request.dbsession, boundary, replaced, posted=request.POST, language=request.language)

    def act() -> MeasurementPlan:
        return draft_plan(
            request.dbsession,
            boundary=boundary,
            station=request.dbsession.get_one(Station, int(form.station_id.data)),
            baseline_start=form.baseline_start.data,
            baseline_end=form.baseline_end.data,
            reporting_starts_on=form.reporting_starts_on.data,
            confidence_level=float(form.confidence_level.data),
            interval=form.interval.data,
            hot_water=form.hot_water.data or None,
            comfort=comfort_of(request.dbsession, form),
            choices=Choices(
                form.model_kind.data,
                form.school_zone.data or None,
                form.window_rule.data,
                form.least_completeness.data,
                most_cv_rmse=form.most_cv_rmse.data,
                expected_saving=form.expected_saving.data,
            ),
            headings={name: (form[name].data or "").strip() for name in HEADINGS},
            supersedes=replaced,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("plan", id=created.id))
    return {
        "title": _("Nouveau plan de mesure"),
        "crumbs": [(boundary.name, request.route_path("boundary", id=boundary.id))],
        "form": form,
        "submit": _("Préparer le plan"),
    }


def plan(request: Request) -> dict[str, Any]:
    """Show one: the frozen model, or what it would be if it were frozen now."""
    return plan_page(request, found(request, MeasurementPlan))


def plan_page(request: Request, shown: MeasurementPlan, refused: EntryForm | None = None) -> dict[str, Any]:
    """Return what the page of a plan shows, with the form that was `refused`."""
    assessment: Assessment | None = None
    if shown.state == "draft":
        assessment = assess(request.dbsession, shown)
        model, findings = assessment.model, [finding.to_json() for finding in assessment.findings]
    else:
        model, findings = model_from_json(shown.model or {}), shown.findings or []
    return {
        "plan": shown,
        "model": model,
        "findings": findings,
        "fragments": fragments(request, "plan", (shown, model)),
        "states": STATES,
        "hot_water": HOT_WATER,
        "freeze_form": refused or EntryForm(),
        "deposit_form": DepositForm(request.POST),
        "headings": HEADINGS,
        "kinds": MODEL_KINDS,
        "rules": WINDOW_RULES,
        "intervals": INTERVALS,
        "kind": kind_of(model) if model else None,
        "grade": grade_of(shown, model, assessment.findings if assessment else ()) if model else None,
        # A source names percents: `_` of a template would take them for places to fill.
        "translated": request.language.translate,
        "described": lambda one: described(one, request.language.translate, request.language.code),
        "sign_form": signature_form(request.dbsession, shown, request.POST),
        "crumbs": plan_crumbs(request, shown),
    }


def freeze_plan(request: Request) -> dict[str, Any] | Response:
    """Freeze the model for good."""
    drafted = found(request, MeasurementPlan)
    form = EntryForm(request.POST)
    if submit(request, form, lambda: freeze(request.dbsession, drafted, by=request.actor.name, now=request.now)):
        return HTTPSeeOther(request.route_path("plan", id=drafted.id))
    return plan_page(request, drafted, form)


def plans_of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the plans that cover `building`; None without one."""
    plans = request.dbsession.scalars(plans_covering(building.id)).all()
    return {"plans": plans, "states": STATES} if plans else None


def plans_covering(building_id: int) -> Select[MeasurementPlan]:
    """Return the plans of the boundaries that cover a building, the one in force last."""
    return (
        select(MeasurementPlan)
        .join(BoundaryBuilding, BoundaryBuilding.boundary_id == MeasurementPlan.boundary_id)
        .where(BoundaryBuilding.building_id == building_id)
        .order_by(MeasurementPlan.state == "signed", MeasurementPlan.id)
    )


def plan_file(request: Request) -> Response:
    """Serve the frozen plan, coefficients and all, byte for byte what its SHA-256 was taken of."""
    shown = found(request, MeasurementPlan)
    if shown.sha256 is None:
        raise HTTPNotFound
    return json_file(f"plan-{shown.id}.json", canonical_json(plan_document(shown)))


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "baseline.plans:templates/"
    see, manage = Permission.SEE_SAVINGS, Permission.MANAGE_SAVINGS
    for route, pattern, view, renderer, permission, methods in (
        ("plan_new", "/plans/new", new_plan, FORM, manage, ("GET", "POST")),
        ("plan", f"/plans/{NUMBER}", plan, here + "plan.jinja2", see, "GET"),
        ("plan_file", f"/plans/{NUMBER}.json", plan_file, None, see, "GET"),
        ("plan_freeze", f"/plans/{NUMBER}/freeze", freeze_plan, here + "plan.jinja2", manage, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("building", "plans", 45, see, here + "building_plans.jinja2", plans_of_building))
    config.include("baseline.plans.signing.views")
