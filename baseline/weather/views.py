"""Pages of weather stations and the files that feed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select

from baseline.weather.models import Station, Temperature, WeatherImport
from baseline.weather.register import import_csv, register_station
from foundation.attachments.models import Attachment
from foundation.forms import EntryForm, file_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


class StationForm(EntryForm):
    """A weather station."""

    code = text_field(N_("Code de la station"), help_text=N_("Celui de Météo-France, huit chiffres."))
    name = text_field(N_("Nom"))
    latitude = number_field(N_("Latitude"), required=False)
    longitude = number_field(N_("Longitude"), required=False)


class ImportForm(EntryForm):
    """A file of hourly temperatures."""

    file = file_field(N_("Fichier CSV"), help_text=N_("Une ligne par heure, datée du début de l'heure."))
    time_column = text_field(N_("Colonne de la date"))
    temperature_column = text_field(N_("Colonne de la température"), help_text=N_("En degrés Celsius."))
    timezone = text_field(N_("Fuseau horaire des dates"), default="UTC")


def _crumbs(request: Request) -> list[tuple[str, str]]:
    _ = request.language.translate
    return [(_("Réglages"), request.route_path("settings")), (_("Météo"), request.route_path("weather"))]


def stations(request: Request) -> dict[str, Any]:
    """List the stations and until when each is known."""
    rows = request.dbsession.execute(
        select(Station, func.max(Temperature.hour), func.count(Temperature.hour))
        .outerjoin(Temperature, Temperature.station_id == Station.id)
        .group_by(Station.id)
        .order_by(Station.name)
    ).all()
    return {"stations": rows}


def station(request: Request) -> dict[str, Any]:
    """Show one and its imports."""
    place = found(request, Station)
    imports = request.dbsession.execute(
        select(WeatherImport, Attachment.name)
        .join(Attachment, Attachment.id == WeatherImport.attachment_id)
        .where(WeatherImport.station_id == place.id)
        .order_by(WeatherImport.id.desc())
        .limit(50)
    ).all()
    return {"station": place, "imports": imports, "crumbs": _crumbs(request)}


def new_station(request: Request) -> dict[str, Any] | Response:
    """Register a station."""
    _ = request.language.translate
    form = StationForm(request.POST)
    if request.method == "POST":
        created = submit(request, form, lambda: register_station(request.dbsession, **form.data))
        if created:
            return HTTPSeeOther(request.route_path("station", id=created.id))
    return {
        "title": _("Nouvelle station"),
        "crumbs": _crumbs(request),
        "form": form,
        "submit": _("Enregistrer la station"),
    }


def new_import(request: Request) -> dict[str, Any] | Response:
    """Import a file of temperatures, all of it or nothing."""
    _ = request.language.translate
    place = found(request, Station)
    form = ImportForm(request.POST)
    address = request.route_path("station", id=place.id)

    def act() -> WeatherImport:
        sent = form.file.data
        return import_csv(
            request.dbsession,
            place,
            sent.file.read(),
            name=sent.filename,
            time_column=form.time_column.data,
            temperature_column=form.temperature_column.data,
            timezone=form.timezone.data,
            imported_by=request.actor.name,
            now=request.now,
        )

    if request.method == "POST":
        done = submit(request, form, act)
        if done:
            sentence = _("Fichier importé : {new} heures nouvelles, {changed} changées.")
            count = request.language.number
            request.session.flash(sentence.format(new=count(done.hours_new), changed=count(done.hours_changed)))
            return HTTPSeeOther(address)
    return {
        "title": _("Importer des températures"),
        "crumbs": [*_crumbs(request), (place.name, address)],
        "form": form,
        "submit": _("Importer"),
        "files": True,
    }


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here = "baseline.weather:templates/"
    see, manage = Permission.SEE_SAVINGS, Permission.MANAGE_SAVINGS
    for route, pattern, view, renderer, permission, methods in (
        ("weather", "/weather", stations, here + "stations.jinja2", see, "GET"),
        ("station_new", "/weather/new", new_station, FORM, manage, ("GET", "POST")),
        ("station", f"/weather/{NUMBER}", station, here + "station.jinja2", see, "GET"),
        ("weather_import", f"/weather/{NUMBER}/import", new_import, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
