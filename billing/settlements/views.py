"""Pages of settlements: propose, read how the amount was found, accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from billing.settlements.models import Settlement
from billing.settlements.register import accept, complement, propose, review
from contracts.agreements.models import Agreement
from contracts.agreements.terms.explanation import Step
from foundation.forms import EntryForm, day_field, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


STATES = {
    "proposed": (N_("proposé"), "busy"),
    "reviewed": (N_("vérifié"), "busy"),
    "disputed": (N_("contesté"), "bad"),
    "accepted": (N_("accepté"), "good"),
    "invoiced": (N_("facturé"), "good"),
}
"""Each state with its word and its tone."""
KINDS = {"savings": "", "complement": N_("complément"), "buy_out": N_("rachat des capteurs")}
OUTCOMES = {
    "invoice": N_("à facturer"),
    "credit_note": N_("à rembourser par un avoir"),
    "nothing": N_("rien n'est dû"),
    "waits": N_("rien n'est dû : à déduire du décompte suivant"),
}


class PeriodForm(EntryForm):
    """Which period to settle."""

    start = day_field(N_("Premier jour"))
    end = day_field(N_("Fin"), help_text=N_("Le premier jour qui n'en fait plus partie."))


def settle(request: Request) -> dict[str, Any] | Response:
    """Propose what an agreement owes for a period."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = PeriodForm(request.POST)

    def act() -> Settlement:
        return propose(
            request.dbsession,
            agreement,
            start=form.start.data,
            end=form.end.data,
            today=request.today,
            by=request.actor,
        )

    if request.method == "POST":
        proposed = submit(request, form, act)
        if proposed:
            return HTTPSeeOther(request.route_path("settlement", id=proposed.id))
    return {
        "title": _("Nouveau décompte"),
        "crumbs": _crumbs(request, agreement),
        "form": form,
        "submit": _("Proposer le décompte"),
    }


def _crumbs(request: Request, agreement: Agreement) -> list[tuple[str, str]]:
    return [
        (request.language.translate(N_("Contrats")), request.route_path("agreements")),
        (agreement.number, request.route_path("agreement", id=agreement.id)),
    ]


def settlement(request: Request) -> dict[str, Any]:
    """Show one: the amount, its lines, every step of the terms."""
    return _page(request, found(request, Settlement), EntryForm())


def _page(request: Request, shown: Settlement, accept_form: EntryForm) -> dict[str, Any]:
    return {
        "settlement": shown,
        "states": STATES,
        "outcomes": OUTCOMES,
        "kinds": KINDS,
        "steps": [Step.from_json(step).sentence(request.language) for step in shown.evaluation["steps"]],
        "accept_form": accept_form,
        "fragments": fragments(request, "settlement", shown),
        "crumbs": _crumbs(request, shown.agreement),
    }


def accept_settlement(request: Request) -> dict[str, Any] | Response:
    """Accept it on behalf of the municipality."""
    proposed = found(request, Settlement)
    form = EntryForm(request.POST)
    if submit(request, form, lambda: accept(request.dbsession, proposed, by=request.actor.name, today=request.today)):
        return HTTPSeeOther(request.route_path("settlement", id=proposed.id))
    return _page(request, proposed, form)


def review_settlement(request: Request) -> dict[str, Any] | Response:
    """Say that one read it."""
    proposed = found(request, Settlement)
    form = EntryForm(request.POST)
    if submit(request, form, lambda: review(request.dbsession, proposed, by=request.actor, today=request.today)):
        return HTTPSeeOther(request.route_path("settlement", id=proposed.id))
    return _page(request, proposed, form)


def complete(request: Request) -> dict[str, Any] | Response:
    """Propose what an agreement owes beyond its settlements."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = EntryForm(request.POST)

    def act() -> Settlement:
        return complement(request.dbsession, agreement, today=request.today, by=request.actor)

    if request.method == "POST":
        proposed = submit(request, form, act)
        if proposed:
            return HTTPSeeOther(request.route_path("settlement", id=proposed.id))
    return {
        "title": _("Complément de décompte"),
        "crumbs": _crumbs(request, agreement),
        "intro": _(
            "Ce qui est dû pour les jours déjà réglés, au-delà de leurs décomptes : données tardives, contestation"
            " tranchée."
        ),
        "form": form,
        "submit": _("Proposer le complément"),
    }


def settlements_of_agreement(request: Request, agreement: Agreement) -> Mapping[str, Any] | None:
    """Return the settlements of `agreement` and, for who bills, the form of the next one; None while it is a draft."""
    if agreement.state == "draft":
        return None
    rows = request.dbsession.scalars(
        select(Settlement).where(Settlement.agreement_id == agreement.id).order_by(Settlement.period, Settlement.id)
    ).all()
    return {"settlements": rows, "states": STATES, "outcomes": OUTCOMES, "kinds": KINDS, "form": PeriodForm()}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "billing.settlements:templates/"
    see, bill = Permission.SEE_BILLING, Permission.BILL
    page = here + "settlement.jinja2"
    for route, pattern, view, renderer, permission, methods in (
        ("settle", f"/agreements/{NUMBER}/settlements", settle, FORM, bill, ("GET", "POST")),
        ("settlement", f"/settlements/{NUMBER}", settlement, page, see, "GET"),
        (
            "settlement_accept",
            f"/settlements/{NUMBER}/accept",
            accept_settlement,
            page,
            Permission.ACCEPT_SETTLEMENTS,
            "POST",
        ),
        ("settlement_review", f"/settlements/{NUMBER}/review", review_settlement, page, bill, "POST"),
        ("settlement_complement", f"/agreements/{NUMBER}/complement", complete, FORM, bill, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(
        Fragment("agreement", "settlements", 20, see, here + "agreement_settlements.jinja2", settlements_of_agreement)
    )
