"""The first page, the settings, and the pages of long work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from contracts.parties.models import Shareholder
from contracts.sites.models import Building
from devices.points.models import MeteringPoint
from fleet.overview.today import (
    invoiced,
    invoices_waiting,
    latest_invoices,
    letters_waiting,
    point_counts,
    points_now,
    savings_known,
    settlements_waiting,
)
from foundation.jobs.models import Job
from foundation.messages import N_
from foundation.pages import NUMBER, found, fragments, page_of
from foundation.permissions import Permission, allows

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request


JOB_STATES = {
    "queued": (N_("en attente"), "busy"),
    "running": (N_("en cours"), "busy"),
    "done": (N_("fini"), "good"),
    "failed": (N_("fini, avec des refus"), "bad"),
    "cancelled": (N_("annulé"), "plain"),
}
"""Each state with its word and its tone."""
ITEM_STATES = {
    "queued": (N_("en attente"), "busy"),
    "done": (N_("fait"), "good"),
    "failed": (N_("refusé"), "bad"),
}
RESULTS = {
    "report_id": ("report", N_("lire le rapport")),
    "invoice_id": ("invoice", N_("voir la facture")),
    "plan_id": ("plan", N_("voir le plan")),
    "study_id": ("study_file", N_("lire l'étude")),
    "simulation_id": ("simulation_file", N_("lire la simulation")),
}
"""Where an item's result leads: key of the result, route, words."""
MOST_POINTS = 200
"""Points the first page lists; where there are more, it counts them and leads to the sheet."""
POINT_STATES = ("silent", "waiting", "bare", "heard")


def home(request: Request) -> dict[str, Any]:
    """Show what happens today, as far as the reader's role goes."""
    session, role = request.dbsession, request.actor.role
    number = session.scalar(select(func.count()).select_from(MeteringPoint)) or 0
    points = points_now(session, request.now, request.today) if number <= MOST_POINTS else None
    asked = request.GET.get("state", "")
    page: dict[str, Any] = {
        "asked": asked if asked in POINT_STATES else "",
        "n_points": number,
        "buildings": session.scalar(select(func.count()).select_from(Building)),
        "shareholders": session.scalar(select(func.count()).select_from(Shareholder)),
        "fragments": fragments(request, "home", None),
    }
    if points is None:
        page |= {"points": None, "counts": point_counts(session, request.now)}
    else:
        page["points"] = [one for one in points if one.state == asked] if page["asked"] else points
        page["counts"] = {state: sum(one.state == state for one in points) for state in POINT_STATES}
    if allows(role, Permission.SEE_SAVINGS):
        page["savings"] = savings_known(session)
    if allows(role, Permission.SEE_BILLING):
        page |= {
            "settlements": settlements_waiting(session),
            "latest_invoices": latest_invoices(session),
            "invoiced": invoiced(session),
        }
    if allows(role, Permission.BILL):
        page["invoices"] = invoices_waiting(session)
    if allows(role, Permission.MANAGE_MEASUREMENTS):
        page["letters"] = letters_waiting(session)
    return page


def settings(_request: Request) -> dict[str, Any]:
    """Show where the SPL, weather, work and messages are looked after."""
    return {}


def jobs(request: Request) -> dict[str, Any]:
    """List long work, the latest first."""
    return {"page": page_of(request, select(Job).order_by(Job.id.desc())), "states": JOB_STATES}


def job(request: Request) -> dict[str, Any]:
    """Show one and each of its items; the part that changes renews itself until it has ended."""
    work = found(request, Job)
    return {
        "job": work,
        "ended": sum(item.state != "queued" for item in work.items),
        "states": JOB_STATES,
        "item_states": ITEM_STATES,
        "results": RESULTS,
    }


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here, see = "fleet.overview:templates/", Permission.SEE_JOBS
    for route, pattern, view, template, permission in (
        ("home", "/", home, "home", Permission.STAY_SIGNED_IN),
        ("settings", "/settings", settings, "settings", see),
        ("jobs", "/jobs", jobs, "jobs", see),
        ("job", f"/jobs/{NUMBER}", job, "job", see),
        ("job_progress", f"/jobs/{NUMBER}/progress", job, "job_progress", see),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view, route_name=route, renderer=f"{here}{template}.jinja2", permission=permission, request_method="GET"
        )
