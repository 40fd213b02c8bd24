"""Pages of invoices and credit notes: draft, check, issue, cancel, read, download."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select
from wtforms.validators import ValidationError

from billing.invoices.credits import cancel, draft_credit_note
from billing.invoices.genuine import genuine_invoice
from billing.invoices.models import Invoice
from billing.invoices.register import RENDER, check, draft, issue
from billing.settlements.data import Outcome
from billing.settlements.models import Settlement
from contracts.parties.models import Shareholder
from foundation.forms import EntryForm, submit, text_field
from foundation.jobs.models import JobItem
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request

    from foundation.attachments.models import Attachment


SEAL = re.compile(r"[0-9A-Fa-f]{64}")
STATES = {
    "draft": (N_("brouillon"), "plain"),
    "ready": (N_("prête"), "busy"),
    "issued": (N_("émise"), "good"),
    "credited": (N_("annulée par un avoir"), "warn"),
}
"""Each state with its word and its tone."""


def invoices(request: Request) -> dict[str, Any]:
    """List the invoices the reader sees, the latest first."""
    page = page_of(request, select(Invoice).order_by(Invoice.issue_date.desc().nulls_first(), Invoice.id.desc()))
    owners = {one.shareholder_id for one in page.rows}
    names = {
        one.id: one.name for one in request.dbsession.scalars(select(Shareholder).where(Shareholder.id.in_(owners)))
    }
    return {"page": page, "names": names, "states": STATES}


def invoice(request: Request) -> dict[str, Any]:
    """Show one: what it says, where it stands, its originals."""
    return _page(request, found(request, Invoice), EntryForm())


def _page(request: Request, shown: Invoice, form: EntryForm) -> dict[str, Any]:
    return {
        "invoice": shown,
        "held": _held(request, shown),
        "form": form,
        "states": STATES,
        "fragments": fragments(request, "invoice", shown),
        "crumbs": [(request.language.translate(N_("Factures")), request.route_path("invoices"))],
    }


def _held(request: Request, shown: Invoice) -> str:
    """Return why the originals of an issued document could not be made, to who can do something about it."""
    if shown.number is None or shown.pdf_id is not None or not request.has_permission(Permission.BILL):
        return ""
    last = request.dbsession.scalars(
        select(JobItem).where(JobItem.key == shown.number, JobItem.state != "done").order_by(JobItem.id.desc()).limit(1)
    ).first()
    return (last.error or "") if last is not None and last.state == "failed" else ""


def render_again(request: Request) -> Response:
    """Ask the worker once more for the originals of a document that was held."""
    shown = found(request, Invoice)
    if shown.number is not None and shown.pdf_id is None:
        _ask_for_originals(request, shown)
    return HTTPSeeOther(request.route_path("invoice", id=shown.id))


def _ask_for_originals(request: Request, issued: Invoice) -> None:
    title = request.language.translate(N_("Originaux de {number}")).format(number=issued.number)
    request.ask(RENDER, title, {str(issued.number): {"invoice_id": issued.id}})


def draft_invoice(request: Request) -> dict[str, Any] | Response:
    """Draft the invoice, or the credit note, of an accepted settlement."""
    _ = request.language.translate
    settlement = found(request, Settlement)
    form = EntryForm(request.POST)
    base_url = request.registry["settings"].url
    gives_back = settlement.outcome == Outcome.CREDIT_NOTE
    make = draft_credit_note if gives_back else draft

    def act() -> Invoice:
        return make(request.dbsession, settlement, base_url=base_url, today=request.today)

    if request.method == "POST":
        drafted = submit(request, form, act)
        if drafted:
            return HTTPSeeOther(request.route_path("invoice", id=drafted.id))
    return {
        "title": _("Nouvel avoir") if gives_back else _("Nouvelle facture"),
        "crumbs": [(_("Décompte"), request.route_path("settlement", id=settlement.id))],
        "form": form,
        "submit": _("Préparer l'avoir") if gives_back else _("Préparer la facture"),
    }


def check_invoice(request: Request) -> dict[str, Any] | Response:
    """Pass a draft through the rules of EN 16931."""
    return _act(request, lambda drafted: check(request.dbsession, drafted, today=request.today))


def issue_invoice(request: Request) -> dict[str, Any] | Response:
    """Give it its number, and ask the worker for its originals."""

    def act(ready: Invoice) -> Invoice:
        issued = issue(request.dbsession, ready, today=request.today)
        if issued.pdf_id is None:
            _ask_for_originals(request, issued)
        return issued

    return _act(request, act)


class CancelForm(EntryForm):
    """Why an invoice is taken back whole."""

    reason = text_field(N_("Motif"), help_text=N_("L'avoir le dit à la collectivité : par exemple, engagement erroné."))


def cancel_invoice(request: Request) -> dict[str, Any] | Response:
    """Draft the credit note that cancels an issued invoice."""
    _ = request.language.translate
    cancelled = found(request, Invoice)
    form = CancelForm(request.POST)

    def act() -> Invoice:
        return cancel(request.dbsession, cancelled, reason=form.reason.data, today=request.today)

    if request.method == "POST":
        note = submit(request, form, act)
        if note:
            return HTTPSeeOther(request.route_path("invoice", id=note.id))
    return {
        "title": _("Annuler la facture {number}").format(number=cancelled.number or ""),
        "crumbs": [
            (_("Factures"), request.route_path("invoices")),
            (cancelled.number or _("brouillon"), request.route_path("invoice", id=cancelled.id)),
        ],
        "intro": _("La facture reste telle qu'elle est ; un avoir de même montant la nomme et l'annule."),
        "form": form,
        "submit": _("Préparer l'avoir"),
    }


def _act(request: Request, act: Callable[[Invoice], Invoice]) -> dict[str, Any] | Response:
    shown = found(request, Invoice)
    form = EntryForm(request.POST)
    if submit(request, form, lambda: act(shown)):
        return HTTPSeeOther(request.route_path("invoice", id=shown.id))
    return _page(request, shown, form)


def pdf(request: Request) -> Response:
    """Serve the original an accountant reads."""
    return _original(found(request, Invoice).pdf)


def xml(request: Request) -> Response:
    """Serve the original a machine reads."""
    return _original(found(request, Invoice).xml)


def _original(original: Attachment | None) -> Response:
    if original is None:
        raise HTTPNotFound
    disposition = f'attachment; filename="{original.name}"'
    return Response(body=original.content, content_type=original.media_type, content_disposition=disposition)


class SealForm(EntryForm):
    """What the paper says beside its number."""

    seal = text_field(N_("Empreinte du document"), help_text=N_("Les 64 signes imprimés à la fin du document."))

    def validate_seal(self, field: Any) -> None:
        """Tell a seal that was cut short, like the beginning printed under each page, from one that is wrong."""
        if not SEAL.fullmatch("".join((field.data or "").split())):
            raise ValidationError(N_("L'empreinte compte 64 signes, de 0 à 9 et de a à f : recopiez-la entière."))


def genuine(request: Request) -> dict[str, Any]:
    """Tell whoever holds an invoice whether it is genuine: the address its QR code leads to, open to all."""
    number = request.matchdict["number"]
    form = SealForm(request.GET)
    asked = bool(request.GET.get("seal")) and form.validate()
    return {
        "number": number,
        "form": form,
        "asked": asked,
        "found": genuine_invoice(request.dbsession, number, form.seal.data) if asked else None,
    }


def invoice_of_settlement(request: Request, settlement: Settlement) -> Mapping[str, Any] | None:
    """Return the documents of `settlement` and the button that drafts the next one; None where there is neither."""
    documents = request.dbsession.scalars(
        select(Invoice).where(Invoice.settlement_id == settlement.id).order_by(Invoice.id)
    ).all()
    drafted = any(one.number is None for one in documents)
    may_draft = (
        settlement.state == "accepted"
        and settlement.amount != 0
        and not drafted
        and request.has_permission(Permission.BILL)
    )
    return {"documents": documents, "may_draft": may_draft} if documents or may_draft else None


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "billing.invoices:templates/"
    see, bill = Permission.SEE_BILLING, Permission.BILL
    page = here + "invoice.jinja2"
    for route, pattern, view, renderer, permission, methods in (
        ("invoices", "/invoices", invoices, here + "invoices.jinja2", see, "GET"),
        ("invoice", f"/invoices/{NUMBER}", invoice, page, see, "GET"),
        ("invoice_pdf", f"/invoices/{NUMBER}.pdf", pdf, None, see, "GET"),
        ("invoice_xml", f"/invoices/{NUMBER}.xml", xml, None, see, "GET"),
        ("invoice_new", f"/settlements/{NUMBER}/invoice", draft_invoice, FORM, bill, ("GET", "POST")),
        ("invoice_check", f"/invoices/{NUMBER}/check", check_invoice, page, bill, "POST"),
        ("invoice_cancel", f"/invoices/{NUMBER}/cancel", cancel_invoice, FORM, bill, ("GET", "POST")),
        ("invoice_issue", f"/invoices/{NUMBER}/issue", issue_invoice, page, bill, "POST"),
        ("invoice_render", f"/invoices/{NUMBER}/originals", render_again, None, bill, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_route("invoice_genuine", "/check/{number:[A-Za-z0-9-]{1,35}}")
    config.add_view(
        genuine,
        route_name="invoice_genuine",
        renderer=here + "genuine.jinja2",
        permission=NO_PERMISSION_REQUIRED,
        request_method="GET",
    )
    config.add_fragment(
        Fragment("settlement", "invoice", 10, see, here + "settlement_invoice.jinja2", invoice_of_settlement)
    )
