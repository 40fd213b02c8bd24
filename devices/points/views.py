"""Pages of metering points, with what each last said, and of measurement boundaries."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.sites.models import Building
from devices.ingest.latest import latest_readings
from devices.points.boundaries import register_boundary
from devices.points.kinds import ENERGIES
from devices.points.models import BoundaryBuilding, MeasurementBoundary, MeteringPoint
from devices.points.register import register_point
from foundation.errors import Refusal
from foundation.forms import DecimalEntry, EntryForm, choice_field, day_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, named
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


ENERGY_WORDS = {
    "electricity": N_("électricité"),
    "gas": N_("gaz"),
    "heat": N_("chaleur"),
    "water": N_("eau"),
    "photovoltaic": N_("photovoltaïque"),
    "solar_thermal": N_("solaire thermique"),
}


class PointForm(EntryForm):
    """Where one energy of a building is counted."""

    name = text_field(N_("Nom du point"), help_text=N_("Par exemple : compteur général, chaufferie."))
    energy = choice_field(N_("Énergie"))
    identifier = text_field(
        N_("PRM ou PCE"), required=False, help_text=N_("14 chiffres, sur la facture du fournisseur.")
    )


class BoundaryForm(EntryForm):
    """A sum of points, each with its coefficient."""

    name = text_field(N_("Nom du périmètre"), help_text=N_("Par exemple : école de Kermelo, électricité."))
    energy = choice_field(N_("Énergie"))
    start = day_field(N_("Premier jour"))


def building_crumbs(request: Request, building: Building) -> list[tuple[str, str]]:
    """Return the way to a building's page."""
    return [
        (request.language.translate(N_("Bâtiments")), request.route_path("sites")),
        (building.name, request.route_path("building", id=building.id)),
    ]


def energy_choices(request: Request) -> dict[str, str]:
    """Return the energies to choose from, in the reader's language."""
    return {code: request.language.translate(ENERGY_WORDS[code]) for code in ENERGIES}


def points_of_building(request: Request, building: Building) -> Mapping[str, Any]:
    """Return the points of `building` with what was last heard of each, and the boundaries that cover it."""
    points = request.dbsession.scalars(
        select(MeteringPoint).where(MeteringPoint.building_id == building.id).order_by(MeteringPoint.id)
    ).all()
    boundaries = request.dbsession.scalars(
        select(MeasurementBoundary)
        .join(BoundaryBuilding)
        .where(BoundaryBuilding.building_id == building.id)
        .order_by(MeasurementBoundary.id)
    ).all()
    latest = latest_readings(request.dbsession, [point.id for point in points], request.now)
    return {"points": points, "boundaries": boundaries, "latest": latest}


def point(request: Request) -> dict[str, Any]:
    """Show one: which device serves it, what was last heard."""
    where = found(request, MeteringPoint)
    latest = latest_readings(request.dbsession, [where.id], request.now).get(where.id)
    return {
        "point": where,
        "latest": latest,
        "fragments": fragments(request, "point", where),
        "crumbs": building_crumbs(request, where.building),
    }


def new_point(request: Request) -> dict[str, Any] | Response:
    """Register a point of a building."""
    _ = request.language.translate
    building = found(request, Building)
    form = PointForm(request.POST)
    form.energy.choices = energy_choices(request)
    if request.method == "POST":
        values = {**form.data, "identifier": form.identifier.data or None}
        created = submit(request, form, lambda: register_point(request.dbsession, building, **values))
        if created:
            return HTTPSeeOther(request.route_path("point", id=created.id))
    return {
        "title": _("Nouveau point de mesure"),
        "crumbs": building_crumbs(request, building),
        "form": form,
        "submit": _("Enregistrer le point"),
    }


def new_boundary(request: Request) -> dict[str, Any] | Response:
    """Sum points of a site into a boundary; `?building=` says on which page the reader was."""
    _ = request.language.translate
    building = named(request, Building, "building")
    points = request.dbsession.scalars(
        select(MeteringPoint)
        .join(Building)
        .where(Building.site_id == building.site_id)
        .order_by(Building.name, MeteringPoint.id)
    ).all()
    form = BoundaryForm(request.POST)
    form.energy.choices = energy_choices(request)

    def act() -> MeasurementBoundary:
        # Nothing typed is the common case: every point of the building that counts this energy.
        mine = [one for one in points if one.building_id == building.id and one.energy == form.energy.data]
        terms = _terms(request.POST, points) or [(one, Decimal(1)) for one in mine]
        buildings = sorted({term[0].building for term in terms} | {building}, key=lambda one: one.id)
        return register_boundary(
            request.dbsession,
            name=form.name.data,
            energy=form.energy.data,
            buildings=buildings,
            terms=terms,
            start=form.start.data,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("boundary", id=created.id))
    return {
        "form": form,
        "building": building,
        "points": points,
        "typed": request.POST,
        "crumbs": building_crumbs(request, building),
    }


def _terms(typed: Mapping[str, str], points: Sequence[MeteringPoint]) -> list[tuple[MeteringPoint, Decimal]]:
    """Return the points that were given a coefficient (fields `coefficient-ID`), each with it."""
    terms = []
    for one in points:
        written = typed.get(f"coefficient-{one.id}", "")
        if isinstance(written, str) and written.strip():
            try:
                terms.append((one, DecimalEntry.read(written)))
            except ValueError:
                sentence = f"Le coefficient de « {one.name} » n'est pas un nombre ; écrivez par exemple 1, -1 ou 0,35."
                raise Refusal(sentence, field="terms") from None
    return terms


def boundary(request: Request) -> dict[str, Any]:
    """Show one: what it counts, which buildings it covers."""
    whole = found(request, MeasurementBoundary)
    crumbs = building_crumbs(request, whole.buildings[0]) if whole.buildings else []
    return {"boundary": whole, "crumbs": crumbs, "fragments": fragments(request, "boundary", whole)}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "devices.points:templates/"
    see, manage = Permission.SEE_MEASUREMENTS, Permission.MANAGE_MEASUREMENTS
    for route, pattern, view, renderer, permission, methods in (
        ("point_new", f"/buildings/{NUMBER}/points/new", new_point, FORM, manage, ("GET", "POST")),
        ("point", f"/points/{NUMBER}", point, here + "point.jinja2", see, "GET"),
        ("boundary_new", "/boundaries/new", new_boundary, here + "boundary_new.jinja2", manage, ("GET", "POST")),
        ("boundary", f"/boundaries/{NUMBER}", boundary, here + "boundary.jinja2", see, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("building", "points", 40, see, here + "building_points.jinja2", points_of_building))
