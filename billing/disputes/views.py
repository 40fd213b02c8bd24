"""Pages of a dispute: file it with its documents, answer, name an expert, decide, read what was said when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from wtforms import MultipleFileField, SelectMultipleField
from wtforms.validators import InputRequired

from billing.settlements.disputes import (
    Evidence,
    add_document,
    answer,
    decide,
    dispute,
    last_day_to_dispute,
    name_expert,
)
from billing.settlements.models import DisputeStep, Settlement
from foundation.actors import Role
from foundation.forms import MISSING, EntryForm, choice_field, file_field, prose_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission
from foundation.uploads import pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request

    from billing.settlements.disputes import Party

HEAVIEST = 20 * 2**20
STEPS = {
    "filed": N_("contesté"),
    "added": N_("pièce ajoutée"),
    "answered": N_("réponse de la SPL"),
    "expert": N_("expert indépendant nommé"),
    "decided": N_("décision"),
}
OUTCOMES = {
    "maintained": N_("le décompte est maintenu"),
    "corrected": N_("un nouveau rapport le corrige"),
}
PARTIES = {"spl": N_("la SPL"), "shareholder": N_("la collectivité")}


class DisputeForm(EntryForm):
    """Which lines, why, and what shows it."""

    lines = SelectMultipleField(
        N_("Lignes contestées"),
        [InputRequired(MISSING)],
        description=N_("Ce que vous ne contestez pas reste dû : un nouveau décompte le reprend aussitôt."),
    )
    reason = prose_field(N_("Pourquoi ?"), help_text=N_("Ce qui ne va pas, et comment vous le savez."))
    evidence = MultipleFileField(
        N_("Pièces justificatives"), description=N_("Photos, factures, courriers ; 20 Mo chacune au plus.")
    )


class DocumentForm(EntryForm):
    """One more document."""

    document = file_field(N_("Pièce"), help_text=N_("20 Mo au plus."))


class AnswerForm(EntryForm):
    """What becomes of the figures, and why."""

    outcome = choice_field(N_("Suite"))
    text = prose_field(N_("Explication"))


class ExpertForm(EntryForm):
    """Who is to look at it."""

    expert = text_field(N_("Expert indépendant"), help_text=N_("Son nom et son bureau."))


def _party(request: Request) -> Party:
    return "shareholder" if request.actor.role is Role.SHAREHOLDER else "spl"


def _evidence(files: Sequence[Any]) -> list[Evidence]:
    return [Evidence(*piece) for piece in pieces_of(files, field="evidence", heaviest=HEAVIEST)]


def _answer(
    request: Request, form: EntryForm, act: Callable[[Settlement], object], **page: Any
) -> dict[str, Any] | Response:
    """Do `act` on the settlement where the form was sent and holds, and show it again; else show the form."""
    _ = request.language.translate
    shown = found(request, Settlement)
    address = request.route_path("settlement", id=shown.id)
    if request.method == "POST" and submit(request, form, lambda: act(shown)):
        return HTTPSeeOther(address)
    crumbs = [
        (_("Contrats"), request.route_path("agreements")),
        (shown.agreement.number, request.route_path("agreement", id=shown.agreement_id)),
        (_("Décompte"), address),
    ]
    return {"form": form, "crumbs": crumbs, **page}


def file_dispute(request: Request) -> dict[str, Any] | Response:
    """Dispute lines of a settlement."""
    _ = request.language.translate
    form = DisputeForm(request.POST)
    settlement = found(request, Settlement)
    form.lines.choices = [
        (str(line.id), f"{line.label} · {request.language.euros(line.amount)}") for line in settlement.lines
    ]

    def act(shown: Settlement) -> Settlement:
        chosen = set(form.lines.data or ())
        return dispute(
            request.dbsession,
            shown,
            lines=[line for line in shown.lines if str(line.id) in chosen],
            reason=form.reason.data,
            by=request.actor.name,
            today=request.today,
            evidence=_evidence(form.evidence.data or ()),
        )

    until = request.language.date(last_day_to_dispute(settlement))
    return _answer(
        request,
        form,
        act,
        title=_("Que contestez-vous ?"),
        intro=_("Vous avez jusqu'au {day}.").format(day=until),
        submit=_("Contester ces lignes"),
        files=True,
    )


def new_document(request: Request) -> dict[str, Any] | Response:
    """Add a document to an open dispute."""
    _ = request.language.translate
    form = DocumentForm(request.POST)

    def act(shown: Settlement) -> DisputeStep:
        [document] = _evidence([form.document.data])
        return add_document(
            request.dbsession,
            shown,
            document=document,
            party=_party(request),
            by=request.actor.name,
            today=request.today,
        )

    return _answer(request, form, act, title=_("Ajouter une pièce"), submit=_("Ajouter la pièce"), files=True)


def new_answer(request: Request) -> dict[str, Any] | Response:
    """Answer for the SPL."""
    return _said(request, answer, "text", N_("Que répond la SPL ?"), N_("Envoyer la réponse"))


def new_decision(request: Request) -> dict[str, Any] | Response:
    """Close a dispute."""
    return _said(request, decide, "decision", N_("Comment la contestation est-elle tranchée ?"), N_("Trancher"))


def _said(request: Request, verb: Callable[..., object], word: str, title: str, button: str) -> Any:
    _ = request.language.translate
    form = AnswerForm(request.POST)
    form.outcome.choices = {code: _(text) for code, text in OUTCOMES.items()}

    def act(shown: Settlement) -> object:
        said = {word: form.text.data}
        return verb(
            request.dbsession, shown, outcome=form.outcome.data, by=request.actor.name, today=request.today, **said
        )

    intro = _(
        "S'il faut corriger, établissez d'abord le nouveau rapport ; le complément de décompte s'appuiera sur lui."
    )
    return _answer(request, form, act, title=_(title), intro=intro, submit=_(button))


def new_expert(request: Request) -> dict[str, Any] | Response:
    """Name an independent expert."""
    _ = request.language.translate
    form = ExpertForm(request.POST)

    def act(shown: Settlement) -> DisputeStep:
        return name_expert(
            request.dbsession,
            shown,
            expert=form.expert.data,
            party=_party(request),
            by=request.actor.name,
            today=request.today,
        )

    return _answer(request, form, act, title=_("Qui regarde d'un œil neuf ?"), submit=_("Nommer l'expert"))


def document_file(request: Request) -> Response:
    """Serve a document as it was deposited, to be saved and never run."""
    kept = found(request, DisputeStep).attachment
    if kept is None:
        raise HTTPNotFound
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", kept.name)
    return Response(
        body=kept.content,
        content_type="application/octet-stream",
        content_disposition=f'attachment; filename="{name}"',
    )


def dispute_of(request: Request, settlement: Settlement) -> Mapping[str, Any] | None:
    """Return what was said in the dispute of `settlement`, or by when it may be disputed; None where neither is so."""
    open_to_dispute = settlement.state in {"proposed", "reviewed"} and settlement.kind != "buy_out"
    if settlement.dispute is None and not open_to_dispute:
        return None
    kinds = {step.kind for step in settlement.dispute_steps}
    last = last_day_to_dispute(settlement)
    return {
        "settlement": settlement,
        "steps": settlement.dispute_steps,
        "kinds": kinds,
        "open": settlement.dispute is not None and settlement.dispute["decided_on"] is None,
        "lines": [
            line
            for line in settlement.lines
            if settlement.dispute and [line.year, line.boundary_id, line.energy] in settlement.dispute["lines"]
        ],
        "last": last,
        "in_time": request.today <= last,
        "today": request.today,
        "words": STEPS,
        "outcomes": OUTCOMES,
        "parties": PARTIES,
    }


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    see, say, bill = Permission.SEE_BILLING, Permission.ACCEPT_SETTLEMENTS, Permission.BILL
    place = f"/settlements/{NUMBER}"
    for route, pattern, view, permission in (
        ("dispute_new", f"{place}/dispute", file_dispute, say),
        ("dispute_document", f"{place}/dispute/documents/new", new_document, say),
        ("dispute_answer", f"{place}/dispute/answer", new_answer, bill),
        ("dispute_expert", f"{place}/dispute/expert", new_expert, say),
        ("dispute_decide", f"{place}/dispute/decision", new_decision, bill),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=FORM, permission=permission, request_method=("GET", "POST"))
    config.add_route("dispute_file", f"/dispute-steps/{NUMBER}/file")
    config.add_view(document_file, route_name="dispute_file", permission=see, request_method="GET")
    config.add_fragment(
        Fragment("settlement", "dispute", 30, see, "billing.disputes:templates/settlement_dispute.jinja2", dispute_of)
    )
