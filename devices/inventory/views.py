"""Pages of the fleet of devices: stock, installation, removal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from contracts.sites.models import Building
from devices.inventory.models import Device, Installation
from devices.inventory.register import install, register_device, remove
from devices.points.models import MeteringPoint
from foundation.forms import EntryForm, at_wall, choice_field, moment_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, fragments, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


STATES = {
    "stocked": (N_("en stock"), "plain"),
    "in_van": (N_("en tournée"), "plain"),
    "installed": (N_("posé"), "good"),
    "commissioned": (N_("en service"), "good"),
    "faulty": (N_("en panne"), "bad"),
    "lost": (N_("perdu"), "bad"),
    "retired": (N_("réformé"), "plain"),
}
"""Each state with its word and its tone."""


class DeviceForm(EntryForm):
    """A device as it comes out of its box."""

    serial = text_field(N_("Numéro de série"), help_text=N_("Celui sous lequel il publie."))
    expected_every = number_field(N_("Une mesure toutes les … minutes"), default=Decimal(60))


class InstallationForm(EntryForm):
    """Which point a device serves, from when on."""

    point_id = choice_field(N_("Point de mesure"))
    at = moment_field(N_("Posé le"), help_text=N_("À l'heure du site."))
    channel = text_field(N_("Voie"), default="index")
    factor = number_field(
        N_("Facteur"),
        default=Decimal(1),
        help_text=N_("Poids d'impulsion × rapport de TC : de l'unité du capteur au kWh."),
    )
    opening_index = number_field(N_("Index relevé à la pose"), required=False)


class RemovalForm(EntryForm):
    """When a device was taken off its point, and what it showed."""

    at = moment_field(N_("Déposé le"), help_text=N_("À l'heure du site."))
    closing_index = number_field(N_("Index relevé à la dépose"), required=False)


def _crumbs(request: Request) -> list[tuple[str, str]]:
    return [(request.language.translate(N_("Parc")), request.route_path("devices"))]


def devices(request: Request) -> dict[str, Any]:
    """List the devices and what each serves."""
    query = select(Device).options(
        selectinload(Device.installations).selectinload(Installation.point).selectinload(MeteringPoint.building)
    )
    return {"page": page_of(request, query.order_by(Device.serial)), "states": STATES}


def device(request: Request) -> dict[str, Any]:
    """Show one and where it has served."""
    shown = found(request, Device)
    parts = fragments(request, "device", shown)
    return {"device": shown, "states": STATES, "fragments": parts, "crumbs": _crumbs(request)}


def new_device(request: Request) -> dict[str, Any] | Response:
    """Take a device into stock."""
    _ = request.language.translate
    form = DeviceForm(request.POST)

    def act() -> Device:
        interval = dt.timedelta(minutes=float(form.expected_every.data))
        return register_device(
            request.dbsession, serial=form.serial.data, expected_every=interval, at=request.now, by=request.actor.name
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("device", id=created.id))
    return {"title": _("Nouveau capteur"), "crumbs": _crumbs(request), "form": form, "submit": _("Mettre en stock")}


def new_installation(request: Request) -> dict[str, Any] | Response:
    """Install a device on a point."""
    _ = request.language.translate
    sensor = found(request, Device)
    form = InstallationForm(request.POST)
    points = request.dbsession.scalars(select(MeteringPoint).join(Building).order_by(Building.name, MeteringPoint.name))
    form.point_id.choices = {str(point.id): f"{point.building.name} — {point.name}" for point in points}

    def act() -> Installation:
        point = request.dbsession.get_one(MeteringPoint, int(form.point_id.data))
        return install(
            request.dbsession,
            sensor,
            point,
            at=at_wall(form.at.data, point.building.site.timezone),
            channel=form.channel.data,
            factor=form.factor.data,
            opening_index=form.opening_index.data,
        )

    address = request.route_path("device", id=sensor.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Poser le capteur"),
        "crumbs": [*_crumbs(request), (sensor.serial, address)],
        "form": form,
        "submit": _("Poser"),
    }


def removal(request: Request) -> dict[str, Any] | Response:
    """Take a device off the point it serves."""
    _ = request.language.translate
    served = found(request, Installation)
    form = RemovalForm(request.POST)

    def act() -> Installation:
        at = at_wall(form.at.data, served.point.building.site.timezone)
        return remove(request.dbsession, served, at=at, closing_index=form.closing_index.data)

    address = request.route_path("device", id=served.device_id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Déposer le capteur"),
        "crumbs": [*_crumbs(request), (served.device.serial, address)],
        "form": form,
        "submit": _("Déposer"),
    }


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here = "devices.inventory:templates/"
    see, change = Permission.SEE_DEVICES, Permission.INSTALL_DEVICES
    for route, pattern, view, renderer, permission, methods in (
        ("devices", "/devices", devices, here + "devices.jinja2", see, "GET"),
        ("device_new", "/devices/new", new_device, FORM, change, ("GET", "POST")),
        ("device", f"/devices/{NUMBER}", device, here + "device.jinja2", see, "GET"),
        ("installation_new", f"/devices/{NUMBER}/installations/new", new_installation, FORM, change, ("GET", "POST")),
        ("installation_end", f"/installations/{NUMBER}/end", removal, FORM, change, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
