"""Pages of the SPL itself, its shareholders and their budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.parties.models import Company, Shareholder
from contracts.parties.register import add_budget, register_shareholder, set_company
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, fragments, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


KINDS = {
    "commune": N_("commune"),
    "intercommunality": N_("intercommunalité"),
    "syndicate": N_("syndicat"),
}


class ShareholderForm(EntryForm):
    """A public body that owns a part of the SPL."""

    name = text_field(N_("Nom"))
    kind = choice_field(N_("Nature"))
    siren = text_field("SIREN", help_text=N_("9 chiffres ; l'annuaire des entreprises le donne."))
    insee_code = text_field(N_("Code INSEE"), required=False)
    street = text_field(N_("Adresse"))
    postcode = text_field(N_("Code postal"))
    city = text_field(N_("Commune"))
    email = text_field(N_("Adresse électronique"), required=False)
    capital = number_field(N_("Part du capital de la SPL, €"), required=False)
    since = day_field(N_("Actionnaire depuis le"), required=False)


class BudgetForm(EntryForm):
    """Who pays: invoices are addressed to a budget."""

    name = text_field(N_("Nom du budget"), default="Budget principal")
    siret = text_field("SIRET", help_text=N_("14 chiffres : le SIREN de la collectivité, puis l'établissement."))
    service_code = text_field(N_("Code service"), required=False, help_text=N_("S'il est demandé dans Chorus Pro."))
    commitment_number = text_field(N_("Numéro d'engagement"), required=False)


class CompanyForm(EntryForm):
    """The seller every document names."""

    name = text_field(N_("Nom de la SPL"))
    share_capital = number_field(N_("Capital social, €"))
    siret = text_field("SIRET")
    trade_register = text_field(N_("Immatriculation"), help_text=N_("Par exemple : RCS Lorient 123 456 782."))
    street = text_field(N_("Adresse"))
    postcode = text_field(N_("Code postal"))
    city = text_field(N_("Commune"))
    email = text_field(N_("Adresse électronique"))
    phone = text_field(N_("Téléphone"), required=False)
    iban = text_field("IBAN")
    bic = text_field("BIC")


def _crumbs(request: Request) -> list[tuple[str, str]]:
    return [(request.language.translate(N_("Collectivités")), request.route_path("shareholders"))]


def shareholders(request: Request) -> dict[str, Any]:
    """List those the reader sees."""
    return {"page": page_of(request, select(Shareholder).order_by(Shareholder.name))}


def shareholder(request: Request) -> dict[str, Any]:
    """Show one: its budgets, and what the rooms above say about it."""
    owner = found(request, Shareholder)
    return {
        "shareholder": owner,
        "fragments": fragments(request, "shareholder", owner),
        "crumbs": _crumbs(request),
    }


def new_shareholder(request: Request) -> dict[str, Any] | Response:
    """Register one."""
    _ = request.language.translate
    form = ShareholderForm(request.POST)
    form.kind.choices = {code: _(word) for code, word in KINDS.items()}
    if request.method == "POST":
        values = {**form.data, "insee_code": form.insee_code.data or None}
        created = submit(request, form, lambda: register_shareholder(request.dbsession, **values))
        if created:
            return HTTPSeeOther(request.route_path("shareholder", id=created.id))
    return {
        "title": _("Nouvelle collectivité"),
        "crumbs": _crumbs(request),
        "form": form,
        "submit": _("Enregistrer la collectivité"),
    }


def new_budget(request: Request) -> dict[str, Any] | Response:
    """Add a budget to a shareholder."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = BudgetForm(request.POST)
    address = request.route_path("shareholder", id=owner.id)
    if request.method == "POST" and submit(request, form, lambda: add_budget(request.dbsession, owner, **form.data)):
        return HTTPSeeOther(address)
    return {
        "title": _("Nouveau budget"),
        "crumbs": [*_crumbs(request), (owner.name, address)],
        "form": form,
        "submit": _("Ajouter le budget"),
    }


def company(request: Request) -> dict[str, Any] | Response:
    """Say who the SPL is."""
    _ = request.language.translate
    form = CompanyForm(request.POST, request.dbsession.get(Company, 1))
    if request.method == "POST" and submit(request, form, lambda: set_company(request.dbsession, **form.data)):
        request.session.flash(_("Les coordonnées de la SPL sont enregistrées."))
        return HTTPSeeOther(request.route_path("company"))
    return {
        "title": _("La SPL"),
        "crumbs": [(_("Réglages"), request.route_path("settings"))],
        "intro": _("Ces coordonnées figurent sur toutes les factures."),
        "form": form,
        "submit": _("Enregistrer"),
    }


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here = "contracts.parties:templates/"
    see, manage = Permission.SEE_CONTRACTS, Permission.MANAGE_CONTRACTS
    for route, pattern, view, renderer, permission, methods in (
        ("shareholders", "/shareholders", shareholders, here + "shareholders.jinja2", see, "GET"),
        ("shareholder_new", "/shareholders/new", new_shareholder, FORM, manage, ("GET", "POST")),
        ("shareholder", f"/shareholders/{NUMBER}", shareholder, here + "shareholder.jinja2", see, "GET"),
        ("budget_new", f"/shareholders/{NUMBER}/budgets/new", new_budget, FORM, manage, ("GET", "POST")),
        ("company", "/company", company, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
