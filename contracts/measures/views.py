"""Pages of measures: what was done in a building, who paid, which agreement shares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.agreements.models import Agreement
from contracts.measures.models import Measure
from contracts.measures.register import add_grant, record_measure, share_measure
from contracts.sites.models import Building
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

PAYERS = {
    "spl": N_("la SPL"),
    "shareholder": N_("la collectivité"),
    "operator": N_("un exploitant"),
    "other": N_("un tiers"),
}
GRANTS = {"grant": N_("subvention"), "cee": N_("certificats d'économies d'énergie")}


class MeasureForm(EntryForm):
    """What was done, when, and who paid."""

    title = text_field(N_("Ce qui a été fait"), help_text=N_("Par exemple : régulation du chauffage, éclairage LED."))
    done_on = day_field(N_("Fait le"))
    paid_by = choice_field(N_("Payé par"))
    payer = text_field(N_("Nom de qui a payé"), required=False, help_text=N_("Si c'est un exploitant ou un tiers."))
    cost = number_field(N_("Coût, € HT"), required=False)
    shared_with = text_field(
        N_("Déjà partagé avec"), required=False, help_text=N_("L'exploitant dont le contrat partage cette économie.")
    )


class GrantForm(EntryForm):
    """What it received."""

    kind = choice_field(N_("Nature"))
    source = text_field(N_("Origine"), help_text=N_("Qui l'a donnée, ou le numéro des certificats."))
    amount = number_field(N_("Montant, €"))
    kwh_cumac = number_field(N_("kWh cumac"), required=False, help_text=N_("Pour des certificats seulement."))


class SharingForm(EntryForm):
    """Which agreement shares it."""

    agreement_id = choice_field(N_("Accord"))
    clause = text_field(
        N_("Clause expresse"), required=False, help_text=N_("Demandée si la SPL n'a pas apporté cette mesure.")
    )


def _page(request: Request, building: Building, **page: Any) -> dict[str, Any]:
    _ = request.language.translate
    place = (building.name, request.route_path("building", id=building.id))
    return {"crumbs": [(_("Bâtiments"), request.route_path("sites")), place], **page}


def new_measure(request: Request) -> dict[str, Any] | Response:
    """Record a measure of a building."""
    _ = request.language.translate
    house = found(request, Building)
    form = MeasureForm(request.POST)
    form.paid_by.choices = {code: _(word) for code, word in PAYERS.items()}
    if request.method == "POST" and submit(
        request, form, lambda: record_measure(request.dbsession, house, **form.data)
    ):
        return HTTPSeeOther(request.route_path("building", id=house.id))
    return _page(request, house, title=_("Qu'a-t-on fait ?"), form=form, submit=_("Enregistrer la mesure"))


def new_grant(request: Request) -> dict[str, Any] | Response:
    """Record what a measure received."""
    _ = request.language.translate
    measure = found(request, Measure)
    form = GrantForm(request.POST)
    form.kind.choices = {code: _(word) for code, word in GRANTS.items()}
    if request.method == "POST" and submit(request, form, lambda: add_grant(request.dbsession, measure, **form.data)):
        return HTTPSeeOther(request.route_path("building", id=measure.building_id))
    return _page(request, measure.building, title=_("Nouvelle aide"), form=form, submit=_("Enregistrer l'aide"))


def new_sharing(request: Request) -> dict[str, Any] | Response:
    """Let an agreement share a measure."""
    _ = request.language.translate
    measure = found(request, Measure)
    form = SharingForm(request.POST)
    agreements = request.dbsession.scalars(
        select(Agreement).where(Agreement.shareholder_id == measure.shareholder_id).order_by(Agreement.number)
    ).all()
    form.agreement_id.choices = {str(one.id): f"{one.number} — {one.title}" for one in agreements}

    def act() -> object:
        accord = request.dbsession.get_one(Agreement, int(form.agreement_id.data))
        return share_measure(request.dbsession, measure, accord, clause=form.clause.data or "")

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("building", id=measure.building_id))
    return _page(request, measure.building, title=_("Quel accord la partage ?"), form=form, submit=_("Partager"))


def measures_of_building(request: Request, building: Building) -> Mapping[str, Any]:
    """Return what was done in `building`."""
    rows = request.dbsession.scalars(
        select(Measure).where(Measure.building_id == building.id).order_by(Measure.done_on, Measure.id)
    ).all()
    return {"measures": rows, "building": building, "payers": PAYERS, "grants": GRANTS}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    see, manage = Permission.SEE_CONTRACTS, Permission.MANAGE_CONTRACTS
    for route, pattern, view in (
        ("measure_new", f"/buildings/{NUMBER}/measures/new", new_measure),
        ("grant_new", f"/measures/{NUMBER}/grants/new", new_grant),
        ("sharing_new", f"/measures/{NUMBER}/sharing", new_sharing),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=FORM, permission=manage, request_method=("GET", "POST"))
    template = "contracts.measures:templates/building_measures.jinja2"
    config.add_fragment(Fragment("building", "measures", 60, see, template, measures_of_building))
