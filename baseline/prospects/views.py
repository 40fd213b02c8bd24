"""The page of all boundaries: where a saving would be proven, and the button that asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select

from baseline.prospects.register import CONFIDENCE, RUN, jobs_of, last_run
from baseline.weather.models import Station
from devices.points.models import MeasurementBoundary
from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

TARGETS = (5, 10, 15, 20, 30)
"""Savings hoped for, percent."""
USUAL = 15


def prospects(request: Request) -> dict[str, Any] | Response:
    """Show what the last run found for the saving `?target=`; ask for a new run."""
    session = request.dbsession
    if request.method == "POST":
        return _asked(request)
    asked = request.GET.get("target", "")
    target = int(asked) if asked in {str(one) for one in TARGETS} else USUAL
    run = last_run(session)
    return {
        "run": run,
        "target": target,
        "targets": TARGETS,
        "provable": [] if run is None else [one for one in run.prospects if one.provable(target / 100)],
        "boundaries": session.scalar(select(func.count()).select_from(MeasurementBoundary)),
        "stations": session.scalar(select(func.count()).select_from(Station)),
        "confidence": CONFIDENCE,
    }


def _asked(request: Request) -> Response:
    jobs = jobs_of(request.dbsession, today=request.today)
    title = request.language.translate(N_("Où une économie se prouverait-elle ? {number} sur {count}"))
    for number, items in enumerate(jobs, start=1):
        request.ask(RUN, title.format(number=number, count=len(jobs)), items)
    return HTTPSeeOther(request.route_path("prospects"))


def includeme(config: Configurator) -> None:
    """Register the page: the SPL's, who sees all buildings."""
    config.add_route("prospects", "/prospects")
    config.add_view(
        prospects,
        route_name="prospects",
        renderer="baseline.prospects:templates/prospects.jinja2",
        permission=Permission.MANAGE_SAVINGS,
        request_method=("GET", "POST"),
    )
