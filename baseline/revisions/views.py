"""The page that says what was revised since, and its line on the plan's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baseline.plans.models import MeasurementPlan
from baseline.plans.views import plan_crumbs
from baseline.revisions.differences import differences
from foundation.pages import NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request


def revised(request: Request) -> dict[str, Any]:
    """Show, for the plan and each report, the days that were revised."""
    plan = found(request, MeasurementPlan)
    _ = request.language.translate
    return {
        "plan": plan,
        "differences": differences(request.dbsession, plan),
        "crumbs": [*plan_crumbs(request, plan), (_("Plan de mesure"), request.route_path("plan", id=plan.id))],
    }


def revised_of_plan(request: Request, row: tuple[MeasurementPlan, Any]) -> Mapping[str, Any] | None:
    """Return how many days were revised since; None for a draft."""
    plan, _model = row
    if plan.frozen_at is None:
        return None
    return {"plan": plan, "days": sum(len(one.days) for one in differences(request.dbsession, plan))}


def includeme(config: Configurator) -> None:
    """Register the page and the fragment."""
    here = "baseline.revisions:templates/"
    see = Permission.SEE_SAVINGS
    config.add_route("plan_weather", f"/plans/{NUMBER}/weather")
    config.add_view(
        revised, route_name="plan_weather", renderer=here + "revised.jinja2", permission=see, request_method="GET"
    )
    config.add_fragment(Fragment("plan", "weather", 30, see, here + "plan_weather.jinja2", revised_of_plan))
