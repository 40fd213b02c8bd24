"""What an agreement that ended still asks for, on its page: the exit settlement, the sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from billing.exits.register import (
    buy_out_of,
    buy_out_value,
    exit_settlement,
    has_ended,
    propose_buy_out,
    settled_until,
)
from contracts.agreements.models import Agreement
from contracts.agreements.versions import term_in_force
from foundation.errors import Refusal
from foundation.forms import EntryForm, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from billing.settlements.models import Settlement


def last_settlement(request: Request) -> dict[str, Any] | Response:
    """Propose the exit settlement."""
    intro = N_("Le solde des derniers jours de l'accord ; rien n'est dû ensuite.")
    return _proposing(request, exit_settlement, N_("Décompte de sortie"), intro, N_("Proposer le décompte"))


def buy_out(request: Request) -> dict[str, Any] | Response:
    """Propose that the municipality keeps the sensors."""
    intro = N_("La collectivité l'accepte ou le laisse ; accepté, il se facture. Sinon la SPL dépose ses capteurs.")
    return _proposing(request, propose_buy_out, N_("Rachat des capteurs"), intro, N_("Proposer le rachat"))


def _proposing(
    request: Request, verb: Callable[..., Settlement], title: str, intro: str, button: str
) -> dict[str, Any] | Response:
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = EntryForm(request.POST)
    if request.method == "POST":
        made = submit(request, form, lambda: verb(request.dbsession, agreement, today=request.today, by=request.actor))
        if made:
            return HTTPSeeOther(request.route_path("settlement", id=made.id))
    return {
        "title": _(title),
        "crumbs": [
            (_("Contrats"), request.route_path("agreements")),
            (agreement.number, request.route_path("agreement", id=agreement.id)),
        ],
        "intro": _(intro),
        "form": form,
        "submit": _(button),
    }


def exit_of_agreement(request: Request, agreement: Agreement) -> Mapping[str, Any] | None:
    """Return what is left to do for `agreement`; None while it runs."""
    if not has_ended(agreement, request.today):
        return None
    _, end = bounds(term_in_force(agreement))
    settled = settled_until(request.dbsession, agreement)
    try:
        value, refused = buy_out_value(agreement), ""
    except Refusal as refusal:
        value, refused = None, refusal.said_in(request.language.translate)
    return {
        "agreement": agreement,
        "end": end,
        "settled": settled is not None and settled >= end,
        "buy_out": buy_out_of(request.dbsession, agreement),
        "value": value,
        "refused": refused,
    }


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    for route, pattern, view in (
        ("exit_settlement", f"/agreements/{NUMBER}/exit", last_settlement),
        ("buy_out", f"/agreements/{NUMBER}/buy-out", buy_out),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view, route_name=route, renderer=FORM, permission=Permission.BILL, request_method=("GET", "POST")
        )
    template = "billing.exits:templates/agreement_exit.jinja2"
    config.add_fragment(Fragment("agreement", "exit", 15, Permission.SEE_BILLING, template, exit_of_agreement))
