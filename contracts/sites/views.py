"""Pages of sites, buildings and who holds them; a building's page is made of every floor's fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from contracts.parties.models import Shareholder
from contracts.sites.models import Building, Holding, Site
from contracts.sites.register import hold, register_building, register_site
from contracts.sites.transfers import merge, sell, transfer
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


class SiteForm(EntryForm):
    """A place with one address and one time zone."""

    name = text_field(N_("Nom du site"))
    street = text_field(N_("Adresse"), required=False)
    postcode = text_field(N_("Code postal"), required=False)
    city = text_field(N_("Commune"))
    timezone = text_field(
        N_("Fuseau horaire"), default="Europe/Paris", help_text=N_("Il dit quand un jour commence sur ce site.")
    )
    latitude = number_field(N_("Latitude"), required=False)
    longitude = number_field(N_("Longitude"), required=False)
    altitude_m = number_field(
        N_("Altitude, m"), required=False, help_text=N_("Avec les coordonnées, elle désigne la station météo.")
    )


class BuildingForm(EntryForm):
    """A building of a site."""

    name = text_field(N_("Nom du bâtiment"))
    use = text_field(N_("Usage"), help_text=N_("Par exemple : école élémentaire, mairie, gymnase."))
    floor_area_m2 = number_field(N_("Surface, m²"), required=False)


ORIGINS = {"sale": N_("vente"), "merger": N_("fusion"), "transfer": N_("transfert de compétence")}
"""How a holding began, where it was not only declared."""


class PassingForm(EntryForm):
    """To whom, from when, by which act."""

    to_id = choice_field(N_("À qui ?"))
    on = day_field(N_("Premier jour du nouveau détenteur"))
    act = text_field(N_("Acte"), help_text=N_("Acte notarié, arrêté ou délibération : numéro et date."))


class HoldingForm(EntryForm):
    """Who holds a building, from when to when."""

    shareholder_id = choice_field(N_("Collectivité"))
    start = day_field(N_("Premier jour"))
    end = day_field(
        N_("Fin"),
        required=False,
        help_text=N_("Le premier jour où elle ne le détient plus ; laissez vide s'il n'y en a pas."),
    )


def _crumbs(request: Request, site: Site | None = None) -> list[tuple[str, str]]:
    places = [(request.language.translate(N_("Bâtiments")), request.route_path("sites"))]
    return places if site is None else [*places, (site.name, request.route_path("site", id=site.id))]


def sites(request: Request) -> dict[str, Any]:
    """List the sites with their buildings."""
    query = select(Site).options(selectinload(Site.buildings)).order_by(Site.city, Site.name)
    return {"page": page_of(request, query), "fragments": fragments(request, "sites", None)}


def site(request: Request) -> dict[str, Any]:
    """Show one."""
    place = found(request, Site)
    return {"site": place, "crumbs": _crumbs(request)}


def new_site(request: Request) -> dict[str, Any] | Response:
    """Register a site."""
    _ = request.language.translate
    form = SiteForm(request.POST)
    if request.method == "POST":
        created = submit(request, form, lambda: register_site(request.dbsession, **form.data))
        if created:
            return HTTPSeeOther(request.route_path("site", id=created.id))
    return {"title": _("Nouveau site"), "crumbs": _crumbs(request), "form": form, "submit": _("Enregistrer le site")}


def new_building(request: Request) -> dict[str, Any] | Response:
    """Register a building of a site."""
    _ = request.language.translate
    place = found(request, Site)
    form = BuildingForm(request.POST)
    if request.method == "POST":
        created = submit(request, form, lambda: register_building(request.dbsession, place, **form.data))
        if created:
            return HTTPSeeOther(request.route_path("building", id=created.id))
    return {
        "title": _("Nouveau bâtiment"),
        "crumbs": _crumbs(request, place),
        "form": form,
        "submit": _("Enregistrer le bâtiment"),
    }


def new_holding(request: Request) -> dict[str, Any] | Response:
    """Say who holds a building."""
    _ = request.language.translate
    house = found(request, Building)
    form = HoldingForm(request.POST)
    owners = request.dbsession.scalars(select(Shareholder).order_by(Shareholder.name)).all()
    form.shareholder_id.choices = {str(owner.id): owner.name for owner in owners}
    address = request.route_path("building", id=house.id)

    def act() -> Holding:
        owner = request.dbsession.get_one(Shareholder, int(form.shareholder_id.data))
        return hold(request.dbsession, house, owner, start=form.start.data, end=form.end.data)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Qui détient ce bâtiment ?"),
        "crumbs": [*_crumbs(request, house.site), (house.name, address)],
        "form": form,
        "submit": _("Enregistrer la détention"),
    }


def _heirs(request: Request, form: PassingForm, but: int | None = None) -> None:
    owners = request.dbsession.scalars(select(Shareholder).order_by(Shareholder.name)).all()
    form.to_id.choices = {str(owner.id): owner.name for owner in owners if owner.id != but}


def sale(request: Request) -> dict[str, Any] | Response:
    """Sell a building."""
    _ = request.language.translate
    house = found(request, Building)
    form = PassingForm(request.POST)
    _heirs(request, form)
    address = request.route_path("building", id=house.id)

    def act() -> Holding:
        buyer = request.dbsession.get_one(Shareholder, int(form.to_id.data))
        return sell(request.dbsession, house, buyer, on=form.on.data, act=form.act.data)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Vendre ce bâtiment"),
        "crumbs": [*_crumbs(request, house.site), (house.name, address)],
        "intro": _("Chacun garde la période où il le détenait, et ne voit que la sienne."),
        "form": form,
        "submit": _("Enregistrer la vente"),
    }


def _passing(
    request: Request, title: str, button: str, act: Callable[[Shareholder, PassingForm, Shareholder], object]
) -> dict[str, Any] | Response:
    """Show the form by which what a shareholder holds goes to another one, or do it."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = PassingForm(request.POST)
    _heirs(request, form, but=owner.id)
    address = request.route_path("shareholder", id=owner.id)

    def passed() -> object:
        return act(owner, form, request.dbsession.get_one(Shareholder, int(form.to_id.data)))

    if request.method == "POST" and submit(request, form, passed):
        return HTTPSeeOther(address)
    return {
        "title": title,
        "crumbs": [(_("Collectivités"), request.route_path("shareholders")), (owner.name, address)],
        "form": form,
        "submit": button,
    }


def merger(request: Request) -> dict[str, Any] | Response:
    """Merge a commune into another."""
    _ = request.language.translate
    return _passing(
        request,
        _("Fusionner avec une autre commune"),
        _("Enregistrer la fusion"),
        lambda owner, form, to: merge(request.dbsession, owner, to, on=form.on.data, act=form.act.data),
    )


def competence(request: Request) -> dict[str, Any] | Response:
    """Transfer what a shareholder holds, or the building the address names, to an intercommunality."""
    _ = request.language.translate
    asked = request.GET.get("building", "")

    def act(owner: Shareholder, form: PassingForm, to: Shareholder) -> object:
        held = request.dbsession.scalars(select(Holding.building_id).where(Holding.shareholder_id == owner.id)).all()
        chosen = [one for one in held if not asked or str(one) == asked]
        return transfer(request.dbsession, owner, to, chosen, on=form.on.data, act=form.act.data)

    return _passing(request, _("Transférer à une intercommunalité"), _("Enregistrer le transfert"), act)


def holdings_of(request: Request, shareholder: Shareholder) -> Mapping[str, Any]:
    """Return what `shareholder` holds or held."""
    query = select(Holding).join(Building).where(Holding.shareholder_id == shareholder.id)
    rows = request.dbsession.scalars(query.order_by(Building.name, Holding.id)).all()
    return {"holdings": rows, "shareholder": shareholder, "origins": ORIGINS}


def building(request: Request) -> dict[str, Any]:
    """Show one, with what each floor has to say about it."""
    house = found(request, Building)
    return {
        "building": house,
        "origins": ORIGINS,
        "fragments": fragments(request, "building", house),
        "crumbs": _crumbs(request, house.site),
    }


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here = "contracts.sites:templates/"
    see, manage = Permission.SEE_SITES, Permission.MANAGE_CONTRACTS
    for route, pattern, view, renderer, permission, methods in (
        ("sites", "/sites", sites, here + "sites.jinja2", see, "GET"),
        ("site_new", "/sites/new", new_site, FORM, manage, ("GET", "POST")),
        ("site", f"/sites/{NUMBER}", site, here + "site.jinja2", see, "GET"),
        ("building_new", f"/sites/{NUMBER}/buildings/new", new_building, FORM, manage, ("GET", "POST")),
        ("building", f"/buildings/{NUMBER}", building, here + "building.jinja2", see, "GET"),
        ("building_sale", f"/buildings/{NUMBER}/sale", sale, FORM, manage, ("GET", "POST")),
        ("shareholder_merger", f"/shareholders/{NUMBER}/merger", merger, FORM, manage, ("GET", "POST")),
        ("shareholder_transfer", f"/shareholders/{NUMBER}/transfer", competence, FORM, manage, ("GET", "POST")),
        ("holding_new", f"/buildings/{NUMBER}/holdings/new", new_holding, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("shareholder", "holdings", 10, see, here + "shareholder_holdings.jinja2", holdings_of))
