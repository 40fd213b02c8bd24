"""Pages of agreements: draft, prices, signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.agreements.bases import BASES
from contracts.agreements.clauses import PRESET_NAMES, ClausesForm, clauses_form, filled, preset, terms_of
from contracts.agreements.models import Agreement
from contracts.agreements.register import add_price, draft_agreement, set_terms, sign
from contracts.agreements.signatures import HEAVIEST, Document
from contracts.agreements.terms.codec import from_json
from contracts.agreements.terms.findings import findings
from contracts.agreements.terms.meaning import meanings, worked_example
from contracts.agreements.versions import term_in_force, terms_in_force
from contracts.parties.models import Budget, Shareholder
from contracts.prices.energies import ENERGY_NAMES
from foundation.forms import EntryForm, choice_field, day_field, file_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, page_of
from foundation.permissions import Permission
from foundation.uploads import accepted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from contracts.agreements.terms.data import Terms


STATES = {
    "draft": (N_("brouillon"), "plain"),
    "signed": (N_("signé"), "good"),
    "amended": (N_("amendé"), "good"),
    "ended": (N_("terminé"), "plain"),
}
"""Each state with its word and its tone."""


class AgreementForm(ClausesForm):
    """Who shares which part of what is saved, from when to when."""

    number = text_field(N_("Numéro"))
    title = text_field(N_("Titre"))
    shareholder_id = choice_field(N_("Collectivité"))
    budget_id = choice_field(N_("Qui paie ?"))
    starts_on = day_field(N_("Premier jour"))
    ends_on = day_field(N_("Fin"), help_text=N_("Le premier jour qui n'en fait plus partie."))

    basis = choice_field(
        N_("Base légale"),
        required=False,
        help_text=N_("Elle figure sur chaque document et ne change plus une fois signée."),
    )

    FIRST = ("number", "title", "shareholder_id", "budget_id", "basis", "starts_on", "ends_on")

    def __iter__(self) -> Iterator[Any]:
        """Yield who, what and when first, then the clauses."""
        yield from (self[name] for name in self.FIRST)
        yield from (field for field in super().__iter__() if field.name not in self.FIRST)


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
    transmitted_on = day_field(
        N_("Reçue par la préfecture le"), help_text=N_("Avant, la délibération ne peut pas être exécutée.")
    )
    signatory = text_field(N_("Signataire"))
    delegation = text_field(
        N_("Délégation du signataire"), help_text=N_("L'acte qui lui donne le pouvoir de signer : numéro et date.")
    )
    document = file_field(
        N_("Document signé"), help_text=N_("Le fichier signé par les deux parties ; il reste tel quel.")
    )


def signed_facts(form: SignatureForm) -> dict[str, Any]:
    """Return what a valid form says of a signature."""
    sent = form.document.data
    piece = accepted(sent.file.read(HEAVIEST + 1), sent.filename, field="document", heaviest=HEAVIEST)
    return {
        **form.data,
        "document": Document(piece.content, piece.name, piece.media_type),
    }


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
    terms = terms_in_force(accord, request.today)
    return {
        "agreement": accord,
        "term": term_in_force(accord),
        **_meaning(request, terms),
        "states": STATES,
        "fragments": fragments(request, "agreement", accord),
        "crumbs": _crumbs(request),
    }


def _meaning(request: Request, terms: Terms) -> dict[str, Any]:
    """Return what `terms` mean, in sentences, with an example and the remarks they deserve."""
    example = worked_example(terms)
    return {
        "meanings": [one.sentence(request.language) for one in meanings(terms)],
        "example": [one.sentence(request.language) for one in example.steps],
        "example_fee": example.fee,
        "remarks": [request.language.translate(one.description) for one in findings(terms)],
    }


def presets_of(request: Request) -> list[tuple[str, str]]:
    """Return the terms to start from: name and address."""
    _ = request.language.translate
    return [(_(name), request.current_route_path(_query={"preset": code})) for code, name in PRESET_NAMES.items()]


def edit_terms(request: Request) -> dict[str, Any] | Response:
    """Change the sharing terms of a draft, clause by clause."""
    _ = request.language.translate
    accord = found(request, Agreement)
    chosen = request.GET.get("preset")
    values = preset(chosen) if chosen else filled(from_json(accord.terms))
    form = clauses_form(ClausesForm(request.POST, data=values), _)
    if request.method == "POST" and submit(request, form, lambda: set_terms(request.dbsession, accord, terms_of(form))):
        return HTTPSeeOther(request.route_path("agreement", id=accord.id))
    return {
        "title": _("Comment se partagent les économies ?"),
        "crumbs": _crumbs(request, accord),
        "presets": presets_of(request),
        "form": form,
        "submit": _("Enregistrer les clauses"),
    }


def new_agreement(request: Request) -> dict[str, Any] | Response:
    """Draft one."""
    _ = request.language.translate
    form = AgreementForm(request.POST, data=preset(request.GET.get("preset", "")))
    clauses_form(form, _)
    budgets = request.dbsession.scalars(
        select(Budget).join(Budget.shareholder).order_by(Shareholder.name, Budget.name)
    ).all()
    owners = {one.shareholder.id: one.shareholder.name for one in budgets}
    form.shareholder_id.choices = {str(number): name for number, name in owners.items()}
    form.basis.choices = {code: _(one.word) for code, one in BASES.items()}
    form.budget_id.choices = {str(one.id): f"{one.shareholder.name} — {one.name} ({one.siret})" for one in budgets}

    def act() -> Agreement:
        return draft_agreement(
            request.dbsession,
            number=form.number.data,
            title=form.title.data,
            shareholder=request.dbsession.get_one(Shareholder, int(form.shareholder_id.data)),
            budget=request.dbsession.get_one(Budget, int(form.budget_id.data)),
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            terms=terms_of(form),
            legal_basis=BASES[form.basis.data or "service"].text,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("agreement", id=created.id))
    return {
        "title": _("Nouvel accord"),
        "crumbs": _crumbs(request),
        "presets": presets_of(request),
        "form": form,
        "submit": _("Préparer l'accord"),
    }


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
        return sign(request.dbsession, accord, **signed_facts(form), today=request.today)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("agreement", id=accord.id))
    return {
        "title": _("Signer l'accord"),
        "crumbs": _crumbs(request, accord),
        "intro": _("Signé, l'accord ne change plus que par avenant."),
        "form": form,
        "submit": _("Enregistrer la signature"),
        "files": True,
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
    clauses = here + "clauses.jinja2"
    see, manage = Permission.SEE_CONTRACTS, Permission.MANAGE_CONTRACTS
    for route, pattern, view, renderer, permission, methods in (
        ("agreements", "/agreements", agreements, here + "agreements.jinja2", see, "GET"),
        ("agreement_new", "/agreements/new", new_agreement, clauses, manage, ("GET", "POST")),
        ("agreement", f"/agreements/{NUMBER}", agreement, here + "agreement.jinja2", see, "GET"),
        ("agreement_terms", f"/agreements/{NUMBER}/terms", edit_terms, clauses, manage, ("GET", "POST")),
        ("price_new", f"/agreements/{NUMBER}/prices/new", new_price, FORM, manage, ("GET", "POST")),
        ("agreement_sign", f"/agreements/{NUMBER}/sign", signature, FORM, manage, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(
        Fragment("building", "agreements", 50, see, here + "building_agreements.jinja2", agreements_of_building)
    )
