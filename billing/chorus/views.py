"""Pages of Chorus Pro: what is to be deposited, what became of each document, whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing.chorus.jobs import STEP
from billing.chorus.models import Deposit
from billing.chorus.register import (
    deposit_of,
    needing_somebody,
    note_by_hand,
    note_status,
    numbers_of,
    to_deposit,
    want,
)
from billing.chorus.rules import PAID, REJECTED, STATUSES, STEPS, advice, status_of
from billing.invoices.models import Invoice
from billing.receivables.register import allocate, receive
from billing.receivables.standing import free, standings
from contracts.parties.models import Shareholder
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from billing.receivables.models import Payment

PARIS = ZoneInfo("Europe/Paris")
STATES = {
    "wanted": (N_("à envoyer"), "busy"),
    "deposited": (N_("déposée, compte rendu attendu"), "busy"),
    "refused": (N_("refusée à l'entrée"), "bad"),
}
"""Words and tones before a document has a status of the portal's."""
LOST = N_(
    "Une demande est partie et sa réponse n'est pas connue : Chorus Pro est interrogé avant tout nouvel envoi, pour que"
    " le document n'y soit jamais deux fois."
)
REFUSED = N_(
    "Le fichier n'est pas entré dans Chorus Pro. Si la cause est levée (droits, structure), déposez-le à nouveau ; si"
    " le document est en cause, annulez-le par un avoir et refaites-le."
)


def said_of(deposit: Deposit | None) -> dict[str, Any]:
    """Return the word, the tone, the station reached and what is to be done of a document."""
    if deposit is None:
        return {"word": N_("pas encore déposée"), "tone": "plain", "reached": 0, "todo": "", "hint": "", "day": None}
    if deposit.state == "integrated":
        status = status_of(deposit.status)
        word, tone, reached, todo = status.word, status.tone, max(status.reached, 1), status.next_step
    else:
        word, tone = STATES[deposit.state]
        reached = 1 if deposit.state == "deposited" else 0
        todo = REFUSED if deposit.state == "refused" else LOST if deposit.uncertain else ""
    at = deposit.status_at
    return {
        "word": word,
        "tone": tone,
        "reached": reached,
        "todo": todo,
        "hint": advice(deposit.comment) if deposit.state == "refused" or deposit.status == REJECTED else "",
        "day": at.astimezone(PARIS).date() if at else deposit.deposited_on,
    }


def _is_on(request: Request) -> bool:
    return bool(request.registry["settings"].chorus_api_url)


def chorus(request: Request) -> dict[str, Any]:
    """Show what became of every document the reader sees."""
    page = page_of(
        request,
        select(Deposit).options(selectinload(Deposit.invoice)).order_by(Deposit.asked_at.desc(), Deposit.id.desc()),
    )
    may_bill = request.has_permission(Permission.BILL)
    acting = needing_somebody(request.dbsession) if may_bill else []
    waiting = to_deposit(request.dbsession) if may_bill else []
    shown = [*page.rows, *acting]
    return {
        "page": page,
        "acting": acting,
        "waiting": waiting,
        "said": {one.id: said_of(one) for one in shown},
        "names": _names(request, [one.invoice for one in shown] + list(waiting)),
        "on": _is_on(request),
        "crumbs": _crumbs(request),
    }


def _names(request: Request, invoices: Sequence[Invoice]) -> dict[int, str]:
    owners = {one.shareholder_id for one in invoices}
    rows = request.dbsession.scalars(select(Shareholder).where(Shareholder.id.in_(owners)))
    return {one.id: one.name for one in rows}


def _crumbs(request: Request) -> list[tuple[str, str]]:
    return [(request.language.translate(N_("Factures")), request.route_path("invoices"))]


def _send(request: Request, invoices: Sequence[Invoice]) -> int:
    """Ask for the deposit of `invoices` and return the number of the job."""
    settings = request.registry["settings"]
    if not settings.chorus_api_url:
        raise Refusal("Chorus Pro n'est pas réglé sur ce serveur : déposez à la main et notez le flux.")
    deposits = [
        want(request.dbsession, one, api_url=settings.chorus_api_url, by=request.actor.name, now=request.now)
        for one in invoices
    ]
    title = request.language.translate(N_("Dépôt dans Chorus Pro"))
    job_id: int = request.ask(STEP, title, numbers_of(deposits)).id
    return job_id


def deposit_all(request: Request) -> Response:
    """Deposit everything that is to be."""
    form = EntryForm(request.POST)
    waiting = to_deposit(request.dbsession)
    job = submit(request, form, lambda: _send(request, waiting)) if waiting else None
    if job:
        return HTTPSeeOther(request.route_path("job", id=job))
    request.session.flash(form.refusal or request.language.translate(N_("Il n'y a rien à déposer.")))
    return HTTPSeeOther(request.route_path("chorus"))


def deposit_one(request: Request) -> Response:
    """Deposit one document."""
    form = EntryForm(request.POST)
    document = found(request, Invoice)
    sent = submit(request, form, lambda: _send(request, [document]))
    words = request.language.translate(N_("Le dépôt est demandé ; son état paraît ici dans un instant."))
    request.session.flash(words if sent else form.refusal)
    return HTTPSeeOther(request.route_path("invoice", id=document.id))


class ByHandForm(EntryForm):
    """What the portal said when a person deposited the file."""

    flux = text_field(N_("Numéro de flux"), help_text=N_("Chorus Pro l'affiche au dépôt ; il commence par CPP."))
    day = day_field(N_("Date du dépôt"))


def by_hand(request: Request) -> dict[str, Any] | Response:
    """Note a deposit made in the portal."""
    _ = request.language.translate
    document = found(request, Invoice)
    form = ByHandForm(request.POST)

    def act() -> Deposit:
        return note_by_hand(
            request.dbsession, document, **form.data, by=request.actor.name, now=request.now, today=request.today
        )

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("invoice", id=document.id))
    return {
        "title": _("Noter un dépôt fait à la main"),
        "crumbs": [*_crumbs(request), (document.number or "", request.route_path("invoice", id=document.id))],
        "intro": _("Déposez le PDF tel quel dans Chorus Pro (Factures émises, Déposer) : il contient le XML."),
        "form": form,
        "submit": _("Noter le dépôt"),
    }


class StatusForm(EntryForm):
    """What a person read in the portal."""

    code = choice_field(N_("Statut"))
    day = day_field(N_("Depuis le"))
    comment = text_field(N_("Motif"), required=False, help_text=N_("Tel que la collectivité l'a écrit."))


def status(request: Request) -> dict[str, Any] | Response:
    """Note a status read in the portal."""
    _ = request.language.translate
    deposit = found(request, Deposit)
    form = StatusForm(request.POST)
    form.code.choices = {code: _(one.word) for code, one in STATUSES.items()}

    def act() -> Deposit:
        return note_status(
            request.dbsession,
            deposit,
            code=form.code.data,
            day=form.day.data,
            comment=form.comment.data or "",
            by=request.actor.name,
            now=request.now,
        )

    document = deposit.invoice
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("invoice", id=document.id))
    return {
        "title": _("Noter un statut lu dans Chorus Pro"),
        "crumbs": [*_crumbs(request), (document.number or "", request.route_path("invoice", id=document.id))],
        "form": form,
        "submit": _("Noter le statut"),
    }


class AnnouncedForm(EntryForm):
    """The line of the bank statement that an announced payment became."""

    day = day_field(N_("Date du relevé bancaire"))
    amount = number_field(N_("Montant, €"))
    reference = text_field(N_("Référence"), help_text=N_("Numéro du mandat ou libellé du virement."))
    payer = text_field(N_("Payeur"), help_text=N_("Par exemple, la trésorerie qui a viré."))


def announced(request: Request) -> dict[str, Any] | Response:
    """Book a payment Chorus Pro announced: it tells neither the day of the bank nor the amount, so a person does."""
    _ = request.language.translate
    document = found(request, Invoice)
    owner = request.dbsession.get_one(Shareholder, document.shareholder_id)
    if document.number is None or document.is_credit_note:
        return HTTPSeeOther(request.route_path("invoice", id=document.id))
    [standing] = standings(request.dbsession, [document], request.today)
    form = AnnouncedForm(request.POST, data={"amount": standing.remaining, "reference": document.number})

    def act() -> Payment:
        payment = receive(request.dbsession, owner, **form.data, by=request.actor.name, today=request.today)
        part = min(free(request.dbsession, payment), standing.remaining)
        if part > 0:
            allocate(request.dbsession, payment, document, amount=part, by=request.actor.name)
        return payment

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("invoice", id=document.id))
    return {
        "title": _("Le paiement annoncé est-il arrivé ?"),
        "crumbs": [*_crumbs(request), (document.number, request.route_path("invoice", id=document.id))],
        "intro": _(
            "Chorus Pro annonce la mise en paiement, sans le montant ni la date de la banque : recopiez le relevé. Ce"
            " qui dépasse la facture reste à valoir."
        ),
        "form": form,
        "submit": _("Enregistrer le paiement"),
    }


def of_invoice(request: Request, document: Invoice) -> Mapping[str, Any] | None:
    """Return the life line of an issued document, and what may be done now."""
    if document.number is None:
        return None
    deposit = deposit_of(request.dbsession, document)
    may_bill = request.has_permission(Permission.BILL)
    if deposit is None and not may_bill:
        return None
    free_to_send = document.pdf_id is not None and (deposit is None or deposit.state == "refused")
    return {
        "deposit": deposit,
        "said": said_of(deposit),
        "steps": STEPS,
        "events": [(one, status_of(one.code), one.at.astimezone(PARIS).date()) for one in deposit.events]
        if deposit
        else [],
        "on": _is_on(request),
        "may_send": may_bill and free_to_send and _is_on(request),
        "may_note": may_bill and (free_to_send or (deposit is not None and deposit.state == "wanted")),
        "may_tell": may_bill and deposit is not None and deposit.state in {"deposited", "integrated"},
        "may_book": may_bill and not document.is_credit_note and deposit is not None and deposit.status == PAID,
        "may_bill": may_bill,
        "zone": PARIS,
    }


def at_home(request: Request, _row: None) -> Mapping[str, Any] | None:
    """Return how many documents wait for somebody of the SPL; None where none does."""
    acting, waiting = needing_somebody(request.dbsession), to_deposit(request.dbsession)
    return {"acting": len(acting), "waiting": len(waiting)} if acting or waiting else None


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "billing.chorus:templates/"
    see, bill = Permission.SEE_BILLING, Permission.BILL
    document = f"/invoices/{NUMBER}/chorus"
    for route, pattern, view, renderer, permission, methods in (
        ("chorus", "/chorus", chorus, here + "chorus.jinja2", see, "GET"),
        ("chorus_deposit_all", "/chorus/deposits", deposit_all, None, bill, "POST"),
        ("chorus_deposit", document, deposit_one, None, bill, "POST"),
        ("chorus_by_hand", f"{document}/by-hand", by_hand, FORM, bill, ("GET", "POST")),
        ("chorus_announced", f"{document}/payment", announced, FORM, bill, ("GET", "POST")),
        ("chorus_status", f"/deposits/{NUMBER}/status", status, FORM, bill, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.include("billing.chorus.directory.views")
    config.add_fragment(Fragment("invoice", "chorus", 5, see, here + "of_invoice.jinja2", of_invoice))
    config.add_fragment(Fragment("home", "chorus", 30, bill, here + "at_home.jinja2", at_home))
