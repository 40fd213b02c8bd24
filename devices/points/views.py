"""Pages of metering points: what each last said, who pays it, what it may draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.parties.models import Shareholder
from contracts.sites.models import Building
from devices.ingest.latest import latest_readings, latest_values
from devices.points.kinds import AMBIENT, KINDS, kind_of
from devices.points.models import BoundaryBuilding, BoundaryTerm, MeasurementBoundary, MeteringPoint
from devices.points.payers import Contract, hindrances
from devices.points.payments import UNITS, payments_of, set_payment, subscribe_power
from devices.points.register import register_point
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    AMBIENT: N_("ambiance"),
}
CONTRACT_WORDS = {
    Contract.SUPPLY: N_("fourniture, payée au kWh"),
    Contract.FIXED_PRICE: N_("chaleur à prix fixe"),
    Contract.PROFIT_SHARE: N_("exploitation avec intéressement"),
    Contract.RECHARGED: N_("payée puis refacturée à un occupant"),
}


class PointForm(EntryForm):
    """Where one energy of a building is counted."""

    name = text_field(N_("Nom du point"), help_text=N_("Par exemple : compteur général, chaufferie."))
    energy = choice_field(N_("Ce qu'il compte"))
    identifier = text_field(
        N_("PRM ou PCE"), required=False, help_text=N_("14 chiffres, sur la facture du fournisseur.")
    )


class PaymentForm(EntryForm):
    """Who pays the energy of a point, under which contract."""

    contract = choice_field(N_("Contrat"))
    payer_id = choice_field(N_("Qui paie"), required=False)
    payer_name = text_field(
        N_("Ou, si ce n'est pas un actionnaire"), required=False, help_text=N_("Une association, un occupant…")
    )
    supplier = text_field(N_("Fournisseur ou exploitant"), required=False)
    reference = text_field(N_("Numéro du contrat"), required=False)
    start = day_field(N_("Premier jour"), help_text=N_("Ce qui valait jusque-là finit la veille."))
    end = day_field(
        N_("Fin"), required=False, help_text=N_("Premier jour où il ne vaut plus ; vide : jusqu'à nouvel ordre.")
    )


class PowerForm(EntryForm):
    """What a point may draw."""

    power = number_field(N_("Puissance souscrite"))
    unit = choice_field(N_("Unité"))
    start = day_field(N_("Premier jour"), help_text=N_("Ce qui valait jusque-là finit la veille."))


def building_crumbs(request: Request, building: Building) -> list[tuple[str, str]]:
    """Return the way to a building's page."""
    return [
        (request.language.translate(N_("Bâtiments")), request.route_path("sites")),
        (building.name, request.route_path("building", id=building.id)),
    ]


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
    """Show one: which device serves it, what was last heard, who pays it and whether a saving reaches them."""
    where = found(request, MeteringPoint)
    values = latest_values(request.dbsession, [where.id], request.now) if where.building else []
    latest = latest_readings(request.dbsession, [where.id], request.now).get(where.id)
    terms = request.dbsession.scalars(select(BoundaryTerm).where(BoundaryTerm.point_id == where.id))
    kind = KINDS[kind_of(where.energy, where.direction)]
    return {
        "point": where,
        "latest": latest,
        "values": values,
        "kind": kind.words,
        "paid": _paid(request, where) if where.direction == "import" else None,
        "contracts": CONTRACT_WORDS,
        "terms": [term for term in terms if not term.period.isempty],
        # A neighbour's point, of which the reader is billed a part, shows what it counts and no more.
        "fragments": fragments(request, "point", where) if where.building else [],
        "crumbs": building_crumbs(request, where.building) if where.building else [],
    }


def _paid(request: Request, where: MeteringPoint) -> Mapping[str, Any] | None:
    """Return who pays `where`, and what keeps a saving of the coming year from them; None for who may not know."""
    if not request.has_permission(Permission.SEE_CONTRACTS):
        return None
    today = request.today
    in_a_year = today.replace(year=today.year + 1, day=min(today.day, 28))
    hindered = hindrances(where.name, payments_of(where), today, in_a_year)
    return {"payments": where.payments, "hindered": hindered}


def new_point(request: Request) -> dict[str, Any] | Response:
    """Add a point to a building."""
    _ = request.language.translate
    building = found(request, Building)
    form = PointForm(request.POST)
    form.energy.choices = {code: _(kind.words) for code, kind in KINDS.items()}

    def act() -> MeteringPoint:
        kind = KINDS[form.energy.data]
        return register_point(
            request.dbsession,
            building,
            name=form.name.data,
            energy=kind.energy,
            direction=kind.direction,
            identifier=form.identifier.data or None,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("point", id=created.id))
    return {
        "title": _("Nouveau point de mesure"),
        "crumbs": building_crumbs(request, building),
        "form": form,
        "submit": _("Enregistrer le point"),
    }


def new_payment(request: Request) -> dict[str, Any] | Response:
    """Say who pays a point, from a day on."""
    _ = request.language.translate
    where = found(request, MeteringPoint)
    form = PaymentForm(request.POST)
    form.contract.choices = {code.value: _(words) for code, words in CONTRACT_WORDS.items()}
    towns = request.dbsession.scalars(select(Shareholder).order_by(Shareholder.name))
    form.payer_id.choices = {"": _("pas un actionnaire")} | {str(town.id): town.name for town in towns}

    def act() -> object:
        told = {name: value for name, value in form.data.items() if name != "payer_id"}
        chosen = form.payer_id.data
        payer = request.dbsession.get_one(Shareholder, int(chosen)) if chosen else None
        return set_payment(request.dbsession, where, payer=payer, **told)

    address = request.route_path("point", id=where.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    crumbs = [*building_crumbs(request, where.building), (where.name, address)]
    return {"title": _("Qui paie ce point ?"), "crumbs": crumbs, "form": form, "submit": _("Enregistrer")}


def new_power(request: Request) -> dict[str, Any] | Response:
    """Say what a point may draw, from a day on."""
    _ = request.language.translate
    where = found(request, MeteringPoint)
    form = PowerForm(request.POST)
    form.unit.choices = {unit: unit for unit in UNITS}
    address = request.route_path("point", id=where.id)
    if request.method == "POST" and submit(
        request, form, lambda: subscribe_power(request.dbsession, where, **form.data)
    ):
        return HTTPSeeOther(address)
    crumbs = [*building_crumbs(request, where.building), (where.name, address)]
    return {"title": _("Puissance souscrite"), "crumbs": crumbs, "form": form, "submit": _("Enregistrer")}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "devices.points:templates/"
    see, manage, both = Permission.SEE_MEASUREMENTS, Permission.MANAGE_MEASUREMENTS, ("GET", "POST")
    for route, pattern, view, renderer, permission, methods in (
        ("point_new", f"/buildings/{NUMBER}/points/new", new_point, FORM, manage, both),
        ("point", f"/points/{NUMBER}", point, here + "point.jinja2", see, "GET"),
        ("payment_new", f"/points/{NUMBER}/payments/new", new_payment, FORM, manage, both),
        ("power_new", f"/points/{NUMBER}/powers/new", new_power, FORM, manage, both),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("building", "points", 40, see, here + "building_points.jinja2", points_of_building))
    config.include("devices.points.boundaries.views")
    config.include("devices.points.lists.views")
