"""Pages of agreements: draft, prices, signature."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.agreements.models import Agreement
from contracts.agreements.register import add_price, draft_agreement, sign
from contracts.agreements.terms.codec import from_json
from contracts.agreements.terms.data import Hurdle, Share, Terms
from contracts.parties.models import Budget, Shareholder
from contracts.prices.energies import ENERGY_NAMES
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


STATES = {
    "draft": (N_("brouillon"), "plain"),
    "signed": (N_("signé"), "good"),
    "amended": (N_("amendé"), "good"),
    "ended": (N_("terminé"), "plain"),
}
"""Each state with its word and its tone."""


class AgreementForm(EntryForm):
    """Who shares which part of what is saved, from when to when."""

    number = text_field(N_("Numéro"))
    title = text_field(N_("Titre"))
    shareholder_id = choice_field(N_("Collectivité"))
    budget_id = choice_field(N_("Qui paie ?"))
    starts_on = day_field(N_("Premier jour"))
    ends_on = day_field(N_("Fin"), help_text=N_("Le premier jour qui n'en fait plus partie."))
    share = number_field(N_("Part de la SPL"), help_text=N_("Une fraction : 0,5 pour la moitié de ce qui est évité."))
    neutral_band = number_field(
        N_("Zone neutre"), required=False, help_text=N_("Une fraction de la référence : en dessous, rien n'est retenu.")
    )
    yearly_cap = number_field(N_("Plafond annuel, € HT"), required=False)
    confidence = number_field(N_("Niveau de confiance"), default=Decimal("0.9"))


class PriceForm(EntryForm):
    """What a kWh costs the payer."""

    energy = choice_field(N_("Énergie"))
    start = day_field(N_("Premier jour"))
    end = day_field(
        N_("Fin"), required=False, help_text=N_("Le premier jour où ce prix ne vaut plus ; vide s'il n'y en a pas.")
    )
    price = number_field(N_("Prix, € HT par kWh"), help_text=N_("La part variable seulement."))
    source = text_field(N_("Source"), required=False, help_text=N_("Par exemple le contrat du fournisseur."))


class SignatureForm(EntryForm):
    """What makes an agreement binding: the council's vote, then the signature."""

    signed_on = day_field(N_("Signé le"))
    deliberation_number = text_field(N_("Numéro de la délibération"))
    deliberation_date = day_field(N_("Date de la délibération"))
    signatory = text_field(N_("Signataire"))


def _crumbs(request: Request, agreement: Agreement | None = None) -> list[tuple[str, str]]:
    places = [(request.language.translate(N_("Contrats")), request.route_path("agreements"))]
    if agreement is None:
        return places
    return [*places, (agreement.number, request.route_path("agreement", id=agreement.id))]


def agreements(request: Request) -> dict[str, Any]:
    """List the agreements."""
    return {"page": page_of(request, select(Agreement).order_by(Agreement.number)), "states": STATES}


def agreement(request: Request) -> dict[str, Any]:
    """Show one, with what the floors above say about it."""
    accord = found(request, Agreement)
    return {
        "agreement": accord,
        "terms": from_json(accord.terms),
        "states": STATES,
        "fragments": fragments(request, "agreement", accord),
        "crumbs": _crumbs(request),
    }


def new_agreement(request: Request) -> dict[str, Any] | Response:
    """Draft one."""
    _ = request.language.translate
    form = AgreementForm(request.POST)
    budgets = request.dbsession.scalars(
        select(Budget).join(Budget.shareholder).order_by(Shareholder.name, Budget.name)
    ).all()
    owners = {one.shareholder.id: one.shareholder.name for one in budgets}
    form.shareholder_id.choices = {str(number): name for number, name in owners.items()}
    form.budget_id.choices = {str(one.id): f"{one.shareholder.name} — {one.name} ({one.siret})" for one in budgets}

    def act() -> Agreement:
        band = form.neutral_band.data
        terms = Terms(
            shares=(Share(Fraction(form.share.data)),),
            confidence=Fraction(form.confidence.data),
            neutral_band=None if band is None else Hurdle(Fraction(band)),
            yearly_cap=form.yearly_cap.data,
        )
        return draft_agreement(
            request.dbsession,
            number=form.number.data,
            title=form.title.data,
            shareholder=request.dbsession.get_one(Shareholder, int(form.shareholder_id.data)),
            budget=request.dbsession.get_one(Budget, int(form.budget_id.data)),
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            terms=terms,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("agreement", id=created.id))
    return {"title": _("Nouvel accord"), "crumbs": _crumbs(request), "form": form, "submit": _("Préparer l'accord")}


def new_price(request: Request) -> dict[str, Any] | Response:
    """Say what a kWh costs."""
    _ = request.language.translate
    accord = found(request, Agreement)
    form = PriceForm(request.POST)
    form.energy.choices = {code: _(word) for code, word in ENERGY_NAMES.items()}

    def act() -> object:
        return add_price(request.dbsession, accord, **form.data)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("agreement", id=accord.id))
    return {
        "title": _("Nouveau prix"),
        "crumbs": _crumbs(request, accord),
        "form": form,
        "submit": _("Ajouter le prix"),
    }


def signature(request: Request) -> dict[str, Any] | Response:
    """Sign a draft."""
    _ = request.language.translate
    accord = found(request, Agreement)
    form = SignatureForm(request.POST)

    def act() -> Agreement:
        return sign(request.dbsession, accord, **form.data, today=request.today)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("agreement", id=accord.id))
    return {
        "title": _("Signer l'accord"),
        "crumbs": _crumbs(request, accord),
        "intro": _("Signé, l'accord ne change plus que par avenant."),
        "form": form,
        "submit": _("Enregistrer la signature"),
    }


def agreements_of_building(request: Request, building: Any) -> Mapping[str, Any] | None:
    """Return the agreements of whoever holds `building`; None where there is none."""
    owners = [holding.shareholder_id for holding in building.holdings]
    rows = request.dbsession.scalars(
        select(Agreement).where(Agreement.shareholder_id.in_(owners)).order_by(Agreement.number)
    ).all()
    return {"agreements": rows, "states": STATES} if rows else None


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "contracts.agreements:templates/"
    see, manage = Permission.SEE_CONTRACTS, Permission.MANAGE_CONTRACTS
    for route, pattern, view, renderer, permission, methods in (
        ("agreements", "/agreements", agreements, here + "agreements.jinja2", see, "GET"),
        ("agreement_new", "/agreements/new", new_agreement, FORM, manage, ("GET", "POST")),
        ("agreement", f"/agreements/{NUMBER}", agreement, here + "agreement.jinja2", see, "GET"),
        ("price_new", f"/agreements/{NUMBER}/prices/new", new_price, FORM, manage, ("GET", "POST")),
        ("agreement_sign", f"/agreements/{NUMBER}/sign", signature, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(
        Fragment("building", "agreements", 50, see, here + "building_agreements.jinja2", agreements_of_building)
    )
