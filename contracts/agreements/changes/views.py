"""Pages of what changes a signed agreement: amendments, suspensions, its end; a shareholder that leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.agreements.amendments import draft_amendment, set_amendment_terms, sign_amendment
from contracts.agreements.clauses import ClausesForm, clauses_form, filled, preset, terms_of
from contracts.agreements.departures import complete, leave
from contracts.agreements.models import Agreement, Amendment, Suspension
from contracts.agreements.register import add_price
from contracts.agreements.suspensions import end_agreement, resume, suspend
from contracts.agreements.terms.codec import from_json
from contracts.agreements.terms.meaning import meanings
from contracts.agreements.versions import terms_in_force
from contracts.agreements.views import PriceForm, SignatureForm, presets_of, signed_facts
from contracts.parties.models import Departure, DepartureTask, Shareholder
from contracts.prices.energies import ENERGY_NAMES
from contracts.sites.models import Building, Holding
from foundation.forms import EntryForm, choice_field, day_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

TASKS = {
    "settlement": N_("Décompte de sortie"),
    "sensors": N_("Capteurs rachetés ou déposés"),
    "keys": N_("Clés et badges rendus"),
    "data": N_("Données remises"),
    "capital": N_("Actions cédées"),
}
"""What a departure leaves to do."""


class AmendmentForm(EntryForm):
    """What changes, and from when."""

    title = text_field(N_("Ce que l'avenant change"))
    effective_on = day_field(
        N_("Prend effet le"), help_text=N_("De nouvelles clauses commencent avec une année de l'accord.")
    )
    ends_on = day_field(N_("Nouvelle fin de l'accord"), required=False, help_text=N_("Vide : la durée ne change pas."))
    withdrawn = choice_field(N_("Périmètre qui sort de l'accord"), required=False)


class SuspensionForm(EntryForm):
    """What is suspended, from when to when, why."""

    building_id = choice_field(N_("Bâtiment"), required=False)
    start = day_field(N_("Premier jour"))
    end = day_field(N_("Fin"), help_text=N_("Le premier jour qui compte de nouveau."))
    reason = text_field(N_("Pourquoi"), help_text=N_("Par exemple : école fermée pour travaux. Le décompte l'écrira."))
    extends_term = choice_field(N_("Durée de l'accord"))


class DayForm(EntryForm):
    """A day."""

    on = day_field(N_("Fin"), help_text=N_("Le premier jour qui compte de nouveau."))


class EndForm(EntryForm):
    """From when nothing is owed, and why."""

    on = day_field(N_("Premier jour sans accord"))
    reason = text_field(N_("Pourquoi"))


class LeaveForm(EntryForm):
    """From when it is no shareholder, and why."""

    on = day_field(N_("Premier jour où elle n'est plus actionnaire"))
    reason = text_field(N_("Pourquoi"))


class TaskForm(EntryForm):
    """When it was done, and how."""

    on = day_field(N_("Fait le"))
    note = text_field(N_("Remarque"), required=False)


def _crumbs(request: Request, agreement: Agreement) -> list[tuple[str, str]]:
    return [
        (request.language.translate(N_("Contrats")), request.route_path("agreements")),
        (agreement.number, request.route_path("agreement", id=agreement.id)),
    ]


def _amendment_crumbs(request: Request, amendment: Amendment) -> list[tuple[str, str]]:
    name = request.language.translate(N_("Avenant {number}")).format(number=amendment.number)
    return [*_crumbs(request, amendment.agreement), (name, request.route_path("amendment", id=amendment.id))]


def _answer(
    request: Request,
    form: EntryForm,
    act: Callable[[], Any],
    address: Callable[[Any], str],
    **page: Any,
) -> dict[str, Any] | Response:
    """Do `act` where the form was sent and holds, and go on to the address of its result; else show the form."""
    if request.method == "POST":
        result = submit(request, form, act)
        if result:
            return HTTPSeeOther(address(result))
    return {"form": form, **page}


def new_amendment(request: Request) -> dict[str, Any] | Response:
    """Draft an amendment."""
    _ = request.language.translate
    accord = found(request, Agreement)
    form = AmendmentForm(request.POST)
    names = {str(row.boundary_id): row.boundary for row in accord.coverages}
    form.withdrawn.choices = {"": _("aucun"), **names}

    def act() -> Amendment:
        return draft_amendment(
            request.dbsession,
            accord,
            title=form.title.data,
            effective_on=form.effective_on.data,
            ends_on=form.ends_on.data,
            withdrawn=[int(form.withdrawn.data)] if form.withdrawn.data else [],
        )

    return _answer(
        request,
        form,
        act,
        lambda made: request.route_path("amendment", id=made.id),
        title=_("Nouvel avenant"),
        crumbs=_crumbs(request, accord),
        intro=_("Clauses, prix et annexes s'y ajoutent ensuite ; signé, il ne change plus."),
        submit=_("Préparer l'avenant"),
    )


def amendment(request: Request) -> dict[str, Any]:
    """Show one: what it changes, who signed it."""
    shown = found(request, Amendment)
    sentences = meanings(from_json(shown.terms)) if shown.terms is not None else []
    return {
        "amendment": shown,
        "meanings": [one.sentence(request.language) for one in sentences],
        "withdrawn": [row.boundary for row in shown.agreement.coverages if row.boundary_id in shown.withdrawn],
        "annexes": [one for one in shown.agreement.annexes if one.amendment_id == shown.id],
        "crumbs": _crumbs(request, shown.agreement),
    }


def amendment_terms(request: Request) -> dict[str, Any] | Response:
    """Give a draft amendment new clauses, starting from those in force."""
    _ = request.language.translate
    shown = found(request, Amendment)
    chosen = request.GET.get("preset")
    before = from_json(shown.terms) if shown.terms else terms_in_force(shown.agreement, shown.effective_on)
    values = preset(chosen) if chosen else filled(before)
    form = clauses_form(ClausesForm(request.POST, data=values), _)
    return _answer(
        request,
        form,
        lambda: set_amendment_terms(request.dbsession, shown, terms_of(form)),
        lambda made: request.route_path("amendment", id=made.id),
        title=_("Quelles nouvelles clauses ?"),
        crumbs=_amendment_crumbs(request, shown),
        presets=presets_of(request),
        submit=_("Enregistrer les clauses"),
    )


def amendment_price(request: Request) -> dict[str, Any] | Response:
    """Give a draft amendment a new price."""
    _ = request.language.translate
    shown = found(request, Amendment)
    form = PriceForm(request.POST)
    form.energy.choices = {code: _(word) for code, word in ENERGY_NAMES.items()}
    return _answer(
        request,
        form,
        lambda: add_price(request.dbsession, shown.agreement, amendment=shown, **form.data),
        lambda _made: request.route_path("amendment", id=shown.id),
        title=_("Nouveau prix"),
        crumbs=_amendment_crumbs(request, shown),
        submit=_("Ajouter le prix"),
    )


def amendment_signature(request: Request) -> dict[str, Any] | Response:
    """Sign an amendment."""
    _ = request.language.translate
    shown = found(request, Amendment)
    form = SignatureForm(request.POST)
    return _answer(
        request,
        form,
        lambda: sign_amendment(request.dbsession, shown, **signed_facts(form), today=request.today),
        lambda made: request.route_path("agreement", id=made.agreement_id),
        title=_("Signer l'avenant"),
        crumbs=_amendment_crumbs(request, shown),
        intro=_("Signé, il est en vigueur depuis son jour ; ce qui fut réglé avant reste."),
        submit=_("Enregistrer la signature"),
        files=True,
    )


def new_suspension(request: Request) -> dict[str, Any] | Response:
    """Suspend an agreement or a building of it."""
    _ = request.language.translate
    accord = found(request, Agreement)
    form = SuspensionForm(request.POST)
    buildings = request.dbsession.scalars(
        select(Building)
        .where(Building.holdings.any(Holding.shareholder_id == accord.shareholder_id))
        .order_by(Building.name, Building.id)
    ).all()
    form.building_id.choices = {
        "": _("tout l'accord"),
        **{str(one.id): f"{one.name}, {one.site.name}" for one in buildings},
    }
    form.extends_term.choices = {"no": _("inchangée"), "yes": _("prolongée d'autant de jours")}

    def act() -> Suspension:
        chosen = form.building_id.data
        return suspend(
            request.dbsession,
            accord,
            start=form.start.data,
            end=form.end.data,
            reason=form.reason.data,
            extends_term=form.extends_term.data == "yes",
            by=request.actor.name,
            today=request.today,
            building=request.dbsession.get_one(Building, int(chosen)) if chosen else None,
        )

    return _answer(
        request,
        form,
        act,
        lambda _made: request.route_path("agreement", id=accord.id),
        title=_("Suspendre l'accord"),
        crumbs=_crumbs(request, accord),
        intro=_("Ces jours n'économisent rien et ne doivent rien ; le décompte les nomme."),
        submit=_("Enregistrer la suspension"),
    )


def suspension_end(request: Request) -> dict[str, Any] | Response:
    """Say when a suspension really ended."""
    _ = request.language.translate
    shown = found(request, Suspension)
    form = DayForm(request.POST, data={"on": shown.period.upper})
    return _answer(
        request,
        form,
        lambda: resume(request.dbsession, shown, on=form.on.data),
        lambda _made: request.route_path("agreement", id=shown.agreement_id),
        title=_("Quand finit la suspension ?"),
        crumbs=_crumbs(request, shown.agreement),
        submit=_("Enregistrer la fin"),
    )


def agreement_end(request: Request) -> dict[str, Any] | Response:
    """End an agreement before its term."""
    _ = request.language.translate
    accord = found(request, Agreement)
    form = EndForm(request.POST)
    return _answer(
        request,
        form,
        lambda: end_agreement(request.dbsession, accord, on=form.on.data, reason=form.reason.data),
        lambda _made: request.route_path("agreement", id=accord.id),
        title=_("Mettre fin à l'accord"),
        crumbs=_crumbs(request, accord),
        intro=_("Rien n'est dû à partir de ce jour ; ce qui précède reste à régler."),
        submit=_("Mettre fin"),
    )


def shareholder_leaves(request: Request) -> dict[str, Any] | Response:
    """Let a shareholder leave the SPL."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = LeaveForm(request.POST)
    address = request.route_path("shareholder", id=owner.id)
    return _answer(
        request,
        form,
        lambda: leave(request.dbsession, owner, on=form.on.data, reason=form.reason.data),
        lambda _made: address,
        title=_("Sortir de la SPL"),
        crumbs=[(_("Collectivités"), request.route_path("shareholders")), (owner.name, address)],
        intro=_("Ses accords finissent ce jour-là, sans rien devoir ensuite ; une liste dit ce qui reste à faire."),
        submit=_("Enregistrer la sortie"),
    )


def task_done(request: Request) -> dict[str, Any] | Response:
    """Say that a task of a departure is done."""
    _ = request.language.translate
    task = found(request, DepartureTask)
    owner = task.departure.shareholder
    form = TaskForm(request.POST, data={"on": request.today})
    address = request.route_path("shareholder", id=owner.id)
    return _answer(
        request,
        form,
        lambda: complete(request.dbsession, task, on=form.on.data, note=form.note.data or ""),
        lambda _made: address,
        title=_(TASKS[task.code]),
        crumbs=[(_("Collectivités"), request.route_path("shareholders")), (owner.name, address)],
        submit=_("C'est fait"),
    )


def changes_of(request: Request, agreement: Agreement) -> Mapping[str, Any] | None:
    """Return what changed `agreement` since it was signed; None while it is a draft."""
    _ = request
    return None if agreement.state == "draft" else {"agreement": agreement}


def departure_of(request: Request, shareholder: Shareholder) -> Mapping[str, Any] | None:
    """Return the departure of `shareholder`, or the way to one for who manages contracts."""
    departure = request.dbsession.scalar(select(Departure).where(Departure.shareholder_id == shareholder.id))
    if departure is None and not request.has_permission(Permission.MANAGE_CONTRACTS):
        return None
    return {"departure": departure, "shareholder": shareholder, "tasks": TASKS, "today": request.today}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "contracts.agreements.changes:templates/"
    clauses = "contracts.agreements:templates/clauses.jinja2"
    see, manage = Permission.SEE_CONTRACTS, Permission.MANAGE_CONTRACTS
    agreement, one = f"/agreements/{NUMBER}", f"/amendments/{NUMBER}"
    for route, pattern, view, renderer in (
        ("amendment_new", f"{agreement}/amendments/new", new_amendment, FORM),
        ("amendment_terms", f"{one}/terms", amendment_terms, clauses),
        ("amendment_price", f"{one}/prices/new", amendment_price, FORM),
        ("amendment_sign", f"{one}/sign", amendment_signature, FORM),
        ("suspension_new", f"{agreement}/suspensions/new", new_suspension, FORM),
        ("suspension_end", f"/suspensions/{NUMBER}/end", suspension_end, FORM),
        ("agreement_end", f"{agreement}/end", agreement_end, FORM),
        ("shareholder_leave", f"/shareholders/{NUMBER}/leave", shareholder_leaves, FORM),
        ("departure_task", f"/departure-tasks/{NUMBER}", task_done, FORM),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=manage, request_method=("GET", "POST"))
    config.add_route("amendment", one)
    config.add_view(
        amendment, route_name="amendment", renderer=here + "amendment.jinja2", permission=see, request_method="GET"
    )
    config.add_fragment(Fragment("agreement", "changes", 5, see, here + "agreement_changes.jinja2", changes_of))
    config.add_fragment(
        Fragment("shareholder", "departure", 90, see, here + "shareholder_departure.jinja2", departure_of)
    )
