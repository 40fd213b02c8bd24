"""Pages of the SPL itself, its shareholders and their budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.parties.capital import acquire, capital_on, cede
from contracts.parties.models import Budget, Company, Shareholder
from contracts.parties.register import add_budget, commit_funds, edit_budget, register_shareholder, set_company
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
    "department": N_("département"),
    "region": N_("région"),
    "other_public": N_("autre organisme public"),
}
BUDGET_KINDS = {
    "main": N_("budget principal"),
    "annex": N_("budget annexe"),
    "ccas": N_("CCAS ou CIAS"),
    "regie": N_("régie"),
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
    service_code_required = choice_field(N_("Chorus Pro exige le code service"), required=False)
    commitment_required = choice_field(N_("Chorus Pro exige l'engagement"), required=False)
    kind = choice_field(N_("Nature du budget"), required=False)
    legal_personality = choice_field(
        N_("Personnalité morale propre"),
        required=False,
        help_text=N_("Oui pour un CCAS ou une régie personnalisée : c'est lui, alors, qui doit être actionnaire."),
    )
    nomenclature = text_field(N_("Nomenclature"), default="M57", required=False)
    suggested_function = text_field(N_("Fonction proposée"), required=False)
    suggested_account = text_field(N_("Compte proposé"), required=False)
    vat_recovery = number_field(
        N_("TVA récupérée sur l'énergie"),
        default=Decimal(0),
        help_text=N_("Un coefficient de 0 (rien) à 1 (toute la TVA)."),
    )


class CommitmentForm(EntryForm):
    """What a budget committed for a year."""

    year = number_field(N_("Année budgétaire"))
    number = text_field(N_("Numéro d'engagement"))
    amount = number_field(N_("Montant, € TTC"))
    expires_on = day_field(N_("Dernier jour pour facturer"), required=False)


class CapitalForm(EntryForm):
    """What a shareholder owns, from when."""

    amount = number_field(N_("Part du capital de la SPL, €"))
    start = day_field(N_("Depuis le"))
    act = text_field(N_("Acte"), required=False, help_text=N_("Statuts, augmentation de capital : numéro et date."))


class CessionForm(EntryForm):
    """What a shareholder sells of the capital, to whom, from when."""

    buyer_id = choice_field(N_("À qui ?"))
    amount = number_field(N_("Montant cédé, €"))
    on = day_field(N_("Premier jour du nouveau détenteur"))
    act = text_field(N_("Acte"), required=False)


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
    second_review_above = number_field(
        N_("Relecture par une deuxième personne au-delà de, € HT"),
        default=Decimal(10_000),
        help_text=N_("Un décompte d'un montant plus élevé est relu par une autre personne que celle qui l'a proposé."),
    )


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
    form = _budget_form(request, BudgetForm(request.POST))
    address = request.route_path("shareholder", id=owner.id)
    if request.method == "POST" and submit(
        request, form, lambda: add_budget(request.dbsession, owner, **_budget_facts(form))
    ):
        return HTTPSeeOther(address)
    return {
        "title": _("Nouveau budget"),
        "crumbs": [*_crumbs(request), (owner.name, address)],
        "form": form,
        "submit": _("Ajouter le budget"),
    }


FLAGS = ("legal_personality", "service_code_required", "commitment_required")


def _budget_form(request: Request, form: Any) -> Any:
    _ = request.language.translate
    form.kind.choices = {code: _(word) for code, word in BUDGET_KINDS.items()}
    for flag in FLAGS:
        form[flag].choices = {"": _("non"), "yes": _("oui")}
    return form


def _budget_facts(form: EntryForm) -> dict[str, Any]:
    """Return what a valid form says; text left out is no text."""
    told = {name: value or "" if isinstance(value, str | None) else value for name, value in form.data.items()}
    return {**told, **{flag: told[flag] == "yes" for flag in FLAGS}}


def change_budget(request: Request) -> dict[str, Any] | Response:
    """Change what is known of a budget."""
    _ = request.language.translate
    budget = found(request, Budget)
    known = {name: getattr(budget, name) for name in BudgetForm().data}
    known |= {flag: "yes" if known[flag] else "" for flag in FLAGS}
    form = _budget_form(request, BudgetForm(request.POST, data=known))
    del form.siret
    address = request.route_path("shareholder", id=budget.shareholder_id)
    if request.method == "POST" and submit(
        request, form, lambda: edit_budget(request.dbsession, budget, **_budget_facts(form))
    ):
        return HTTPSeeOther(address)
    return {
        "title": budget.name,
        "crumbs": [*_crumbs(request), (budget.shareholder.name, address)],
        "form": form,
        "submit": _("Enregistrer"),
    }


def new_commitment(request: Request) -> dict[str, Any] | Response:
    """Record what a budget committed for a year."""
    _ = request.language.translate
    budget = found(request, Budget)
    form = CommitmentForm(request.POST, data={"year": Decimal(request.today.year)})
    address = request.route_path("shareholder", id=budget.shareholder_id)

    def act() -> object:
        return commit_funds(request.dbsession, budget, **{**form.data, "year": int(form.year.data)})

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Nouvel engagement"),
        "crumbs": [*_crumbs(request), (budget.shareholder.name, address)],
        "form": form,
        "submit": _("Enregistrer l'engagement"),
    }


def capital(request: Request) -> dict[str, Any]:
    """Show who owns the SPL today, and what is missing of it."""
    return {"capital": capital_on(request.dbsession, request.today), "crumbs": _crumbs(request)}


def new_capital(request: Request) -> dict[str, Any] | Response:
    """Say what a shareholder owns from a day on."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = CapitalForm(request.POST)
    if request.method == "POST" and submit(
        request,
        form,
        lambda: acquire(
            request.dbsession, owner, amount=form.amount.data, start=form.start.data, act=form.act.data or ""
        ),
    ):
        return HTTPSeeOther(request.route_path("capital"))
    return {
        "title": _("Quelle part du capital ?"),
        "crumbs": [*_crumbs(request), (owner.name, request.route_path("shareholder", id=owner.id))],
        "form": form,
        "submit": _("Enregistrer la part"),
    }


def capital_cession(request: Request) -> dict[str, Any] | Response:
    """Sell capital to another shareholder."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = CessionForm(request.POST)
    others = request.dbsession.scalars(select(Shareholder).where(Shareholder.id != owner.id).order_by(Shareholder.name))
    form.buyer_id.choices = {str(one.id): one.name for one in others}

    def act() -> bool:
        buyer = request.dbsession.get_one(Shareholder, int(form.buyer_id.data))
        cede(request.dbsession, owner, buyer, amount=form.amount.data, on=form.on.data, act=form.act.data or "")
        return True

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("capital"))
    return {
        "title": _("Céder du capital"),
        "crumbs": [*_crumbs(request), (owner.name, request.route_path("shareholder", id=owner.id))],
        "form": form,
        "submit": _("Enregistrer la cession"),
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
        ("budget", f"/budgets/{NUMBER}", change_budget, FORM, manage, ("GET", "POST")),
        ("commitment_new", f"/budgets/{NUMBER}/commitments/new", new_commitment, FORM, manage, ("GET", "POST")),
        ("capital", "/capital", capital, here + "capital.jinja2", manage, "GET"),
        ("capital_new", f"/shareholders/{NUMBER}/capital/new", new_capital, FORM, manage, ("GET", "POST")),
        ("capital_cede", f"/shareholders/{NUMBER}/capital/cede", capital_cession, FORM, manage, ("GET", "POST")),
        ("company", "/company", company, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
