"""Pages of maintenance windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from contracts.sites.models import Site
from devices.alerts.models import MaintenanceWindow
from devices.alerts.register import declare_maintenance, end_maintenance
from devices.inventory.models import Device
from devices.points.models import MeteringPoint
from foundation.errors import Refusal
from foundation.forms import EntryForm, at_wall, moment_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, named, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

SUBJECTS: dict[str, type[Device | MeteringPoint | Site]] = {"device": Device, "point": MeteringPoint, "site": Site}


class WindowForm(EntryForm):
    """From when to when, and why."""

    start = moment_field(N_("Du"), help_text=N_("À l'heure du site."))
    end = moment_field(N_("Au"), help_text=N_("À l'heure du site."))
    reason = text_field(N_("Raison"), help_text=N_("Par exemple : travaux de chaufferie, coupure d'Enedis."))


def windows(request: Request) -> dict[str, Any]:
    """List the windows, those that last or are to come first."""
    query = (
        select(MaintenanceWindow)
        .options(
            selectinload(MaintenanceWindow.device),
            selectinload(MaintenanceWindow.point).selectinload(MeteringPoint.building),
            selectinload(MaintenanceWindow.site),
        )
        .order_by(func.upper(MaintenanceWindow.period).desc(), MaintenanceWindow.id.desc())
    )
    lasting = select(func.count()).where(MaintenanceWindow.period.op("@>")(request.now))
    return {"page": page_of(request, query), "lasting": request.dbsession.scalar(lasting)}


def new_window(request: Request) -> dict[str, Any] | Response:
    """Declare one for the device, the point or the site the address names."""
    _ = request.language.translate
    name = next((name for name in SUBJECTS if name in request.GET), None)
    if name is None:
        raise HTTPNotFound
    subject = named(request, SUBJECTS[name], name)
    zone, title = _place(subject)
    form = WindowForm(request.POST)

    def act() -> MaintenanceWindow:
        return declare_maintenance(
            request.dbsession,
            subject,
            start=at_wall(form.start.data, zone),
            end=at_wall(form.end.data, zone),
            reason=form.reason.data,
            actor=request.actor,
        )

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("maintenance"))
    return {
        "title": _(N_("Maintenance de {name}")).format(name=title),
        "intro": _(N_("Pendant ce temps, rien n'est dit à personne de ce qui manque ; tout reste noté.")),
        "crumbs": [(_(N_("Maintenances")), request.route_path("maintenance"))],
        "form": form,
        "submit": _(N_("Déclarer la maintenance")),
    }


def _place(subject: Device | MeteringPoint | Site) -> tuple[str, str]:
    """Return the time zone a subject lives in and its name."""
    if isinstance(subject, Site):
        return subject.timezone, subject.name
    if isinstance(subject, MeteringPoint):
        return subject.building.site.timezone, f"{subject.building.name} — {subject.name}"
    served = next((one.point for one in reversed(subject.installations)), None)
    return served.building.site.timezone if served else "Europe/Paris", subject.serial


def end_window(request: Request) -> Response:
    """End one now."""
    try:
        end_maintenance(request.dbsession, found(request, MaintenanceWindow), now=request.now)
    except Refusal as refusal:
        request.session.flash(refusal.said_in(request.language.translate))
    return HTTPSeeOther(request.route_path("maintenance"))


def includeme(config: Configurator) -> None:
    """Register the pages."""
    handle = Permission.HANDLE_ALERTS
    here = "devices.alerts.maintenance:templates/windows.jinja2"
    for route, pattern, view, renderer, methods in (
        ("maintenance", "/maintenance", windows, here, "GET"),
        ("maintenance_new", "/maintenance/new", new_window, FORM, ("GET", "POST")),
        ("maintenance_end", f"/maintenance/{NUMBER}/end", end_window, None, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=handle, request_method=methods)
