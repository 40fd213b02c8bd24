"""Pages of weather stations and the files that feed them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select

from baseline.weather.degree_days import UNIFIED_BASE, Method, account
from baseline.weather.extremes import extremes_of, last_day
from baseline.weather.files.recognise import AUTO, KINDS
from baseline.weather.held import held, revisions
from baseline.weather.models import Station, Temperature, WeatherImport, WeatherRequest
from baseline.weather.register import fetch, import_csv, import_file, register_station
from baseline.weather.sensors import observe_sensor, station_of_point
from devices.points.kinds import AMBIENT
from devices.points.models import MeteringPoint
from foundation.attachments.models import Attachment
from foundation.forms import EntryForm, choice_field, day_field, file_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from baseline.weather.degree_days import Account


SOURCES = {
    "meteo_france": N_("Météo-France"),
    "open_meteo": N_("Open-Meteo (réanalyse : une estimation sur une grille, pas une mesure)"),
    "sensor": N_("sonde extérieure de la SPL"),
    "other": N_("autre"),
}
SERVICES = {
    "dpclim": N_("API DPClim de Météo-France"),
    "files": N_("fichiers ouverts de Météo-France"),
    "open_meteo": N_("archive d'Open-Meteo"),
}
METHOD_WORDS = {"costic": N_("méthode professionnelle (COSTIC)"), "meteo": N_("méthode Météo")}
EXTREME_WORDS = {
    "published": N_("minimum et maximum publiés par le service"),
    "hourly": N_("minimum et maximum des températures horaires"),
}
CSV = "csv"
MONTHS_SHOWN = 24
WARMEST_BASE = 40
_BASE = re.compile(r"[0-9]{1,2}([.,][0-9])?")


class StationForm(EntryForm):
    """A weather station."""

    code = text_field(N_("Code de la station"), help_text=N_("Celui de Météo-France, huit chiffres."))
    name = text_field(N_("Nom"))
    source = choice_field(N_("Qui mesure"))
    wmo_code = text_field(
        N_("Numéro OMM"), required=False, help_text=N_("Cinq chiffres, dans les messages SYNOP : 07205 pour Lorient.")
    )
    latitude = number_field(N_("Latitude"), required=False)
    longitude = number_field(N_("Longitude"), required=False)
    altitude_m = number_field(N_("Altitude, m"), required=False, help_text=N_("Le premier fichier la complète."))


class SensorForm(EntryForm):
    """An outdoor sensor that becomes a station."""

    point_id = choice_field(
        N_("Point de mesure"), help_text=N_("Un point d'ambiance dont le capteur est dehors, à l'ombre.")
    )


class FetchForm(EntryForm):
    """Which service is asked each night."""

    fetched_by = choice_field(
        N_("Service"), required=False, help_text=N_("Il n'est interrogé que si son adresse est réglée.")
    )
    fetched_since = day_field(
        N_("À partir du"), required=False, help_text=N_("Seuls les jours qui manquent sont demandés.")
    )


class ImportForm(EntryForm):
    """A file of temperatures."""

    file = file_field(N_("Fichier"), help_text=N_("Comprimé (.gz) ou non."))
    kind = choice_field(N_("Format"))
    time_column = text_field(
        N_("Colonne de la date"),
        required=False,
        help_text=N_("D'un tableau simple : une ligne par heure, datée de son début."),
    )
    temperature_column = text_field(
        N_("Colonne de la température"), required=False, help_text=N_("D'un tableau simple, en degrés Celsius.")
    )
    timezone = text_field(N_("Fuseau horaire des dates"), default="UTC", help_text=N_("D'un tableau simple."))


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
    """Show what is known of one, its degree days, what it was given and what was revised."""
    place = found(request, Station)
    session = request.dbsession
    imports = session.execute(
        select(WeatherImport, Attachment.name)
        .join(Attachment, Attachment.id == WeatherImport.attachment_id)
        .where(WeatherImport.station_id == place.id)
        .order_by(WeatherImport.id.desc())
        .limit(50)
    ).all()
    asked = None
    if place.fetched_by and request.has_permission(Permission.MANAGE_SAVINGS):
        asked = session.scalar(
            select(WeatherRequest)
            .where(WeatherRequest.station_id == place.id)
            .order_by(WeatherRequest.id.desc())
            .limit(1)
        )
    return {
        "station": place,
        "held": held(session, place),
        "degree_days": _degree_days(request, place),
        "imports": imports,
        "asked": asked,
        "revisions": revisions(session, place),
        "sources": SOURCES,
        "services": SERVICES,
        "kinds": {code: kind.words for code, kind in KINDS.items()},
        "methods": METHOD_WORDS,
        "extremes": EXTREME_WORDS,
        "crumbs": _crumbs(request),
    }


def _degree_days(request: Request, place: Station) -> Account | None:
    """Return the last months of degree days, by the base and method the address asks for."""
    written = request.GET.get("base", "")
    base = Decimal(written.replace(",", ".")) if _BASE.fullmatch(written) else UNIFIED_BASE
    method = request.GET.get("method", "")
    last = last_day(request.dbsession, place)
    if last is None:
        return None
    end = last + dt.timedelta(days=1)
    start = (end - dt.timedelta(days=30 * MONTHS_SHOWN)).replace(day=1)
    extremes, days = extremes_of(request.dbsession, place, start, end)
    known = [day for day, both in days.items() if both.known]
    if not known:
        return None
    return account(
        days,
        max(start, min(known).replace(day=1)),
        end,
        base=min(base, Decimal(WARMEST_BASE)),
        method=Method(method) if method in set(Method) else Method.COSTIC,
        extremes=extremes,
    )


def new_station(request: Request) -> dict[str, Any] | Response:
    """Register a station."""
    _ = request.language.translate
    form = StationForm(request.POST)
    form.source.choices = {code: _(word) for code, word in SOURCES.items() if code != "sensor"}
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


def new_sensor(request: Request) -> dict[str, Any] | Response:
    """Make a station of an outdoor sensor."""
    _ = request.language.translate
    form = SensorForm(request.POST)
    points = request.dbsession.scalars(
        select(MeteringPoint).where(
            MeteringPoint.energy == AMBIENT,
            MeteringPoint.id.not_in(select(Station.point_id).where(Station.point_id.is_not(None))),
        )
    )
    form.point_id.choices = {
        str(one.id): f"{one.building.site.name} / {one.building.name} / {one.name}" for one in points
    }

    def act() -> Station:
        point = request.dbsession.get_one(MeteringPoint, int(form.point_id.data))
        created = station_of_point(request.dbsession, point)
        observe_sensor(request.dbsession, created, now=request.now)
        return created

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("station", id=created.id))
    return {
        "title": _("Faire d'une sonde extérieure une station"),
        "crumbs": _crumbs(request),
        "form": form,
        "submit": _("En faire une station"),
    }


def fetch_station(request: Request) -> dict[str, Any] | Response:
    """Say which service is asked each night for the days that miss."""
    _ = request.language.translate
    place = found(request, Station)
    form = FetchForm(request.POST, data={"fetched_by": place.fetched_by or "", "fetched_since": place.fetched_since})
    form.fetched_by.choices = [("", _("aucun")), *((code, _(word)) for code, word in SERVICES.items())]
    address = request.route_path("station", id=place.id)

    def act() -> Station:
        return fetch(request.dbsession, place, service=form.fetched_by.data or None, since=form.fetched_since.data)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Demander les températures chaque nuit"),
        "crumbs": [*_crumbs(request), (place.name, address)],
        "form": form,
        "submit": _("Enregistrer"),
    }


def new_import(request: Request) -> dict[str, Any] | Response:
    """Import a file of temperatures, all of it or nothing."""
    _ = request.language.translate
    place = found(request, Station)
    form = ImportForm(request.POST)
    form.kind.choices = {
        AUTO: _("le reconnaître"),
        **{code: _(kind.words) for code, kind in KINDS.items()},
        CSV: _("tableau simple, dont voici les colonnes"),
    }
    address = request.route_path("station", id=place.id)

    def act() -> WeatherImport:
        sent = form.file.data
        arrived = {"name": sent.filename, "imported_by": request.actor.name, "now": request.now}
        content = sent.file.read()
        if form.kind.data == CSV or (form.kind.data == AUTO and form.time_column.data):
            return import_csv(
                request.dbsession,
                place,
                content,
                time_column=form.time_column.data,
                temperature_column=form.temperature_column.data,
                timezone=form.timezone.data,
                **arrived,
            )
        return import_file(request.dbsession, place, content, kind=form.kind.data, **arrived)

    if request.method == "POST":
        done = submit(request, form, act)
        if done:
            sentence = _("Fichier importé : {new} valeurs nouvelles, {changed} révisées.")
            count = request.language.number
            new, changed = done.hours_new + done.days_new, done.hours_changed + done.days_changed
            request.session.flash(sentence.format(new=count(new), changed=count(changed)))
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
        ("station_sensor", "/weather/sensor", new_sensor, FORM, manage, ("GET", "POST")),
        ("station_fetch", f"/weather/{NUMBER}/fetch", fetch_station, FORM, manage, ("GET", "POST")),
        ("weather_import", f"/weather/{NUMBER}/import", new_import, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
