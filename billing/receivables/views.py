"""Pages of what is owed and paid: the aged balance, a municipality's account, a payment and what it pays."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from billing.invoices.models import Invoice
from billing.ledger.lateness import MARGIN, half_year_of
from billing.ledger.rates import enter_rate, known_rates
from billing.ledger.rules import NOTHING
from billing.receivables.journal import fec
from billing.receivables.models import LateCharge, Payment, Reminder
from billing.receivables.register import allocate, pay_lateness, receive, refund, release, remind, spread
from billing.receivables.standing import aged_balance, free, invoices_of, standings, statement
from contracts.parties.models import Shareholder
from contracts.parties.register import the_company
from foundation.files import download
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

HEADINGS = (
    N_("pas échu"),
    N_("1 à 30 jours"),
    N_("31 à 60 jours"),
    N_("61 à 90 jours"),
    N_("plus de 90 jours"),
)


def receivables(request: Request) -> dict[str, Any]:
    """Show who owes what and for how long."""
    accounts = aged_balance(request.dbsession, request.today)
    totals = [sum((one.parts[place] for one in accounts), NOTHING) for place in range(len(HEADINGS))]
    return {
        "accounts": accounts,
        "headings": HEADINGS,
        "totals": totals,
        "waiting": sum((one.waiting for one in accounts), NOTHING),
        "balance": sum((one.balance for one in accounts), NOTHING),
        "overdue": sum(totals[1:], NOTHING),
        "crumbs": [(request.language.translate(N_("Factures")), request.route_path("invoices"))],
    }


def _crumbs(request: Request, owner: Shareholder) -> list[tuple[str, str]]:
    _ = request.language.translate
    return [
        (_("Créances"), request.route_path("receivables")),
        (owner.name, request.route_path("receivable", id=owner.id)),
    ]


def receivable(request: Request) -> dict[str, Any]:
    """Show the account of a municipality: what is open, every movement, the balance."""
    owner = found(request, Shareholder)
    lines = statement(request.dbsession, owner)
    invoices = standings(request.dbsession, invoices_of(request.dbsession, owner.id), request.today)
    payments = request.dbsession.query(Payment).filter(Payment.shareholder_id == owner.id).order_by(Payment.day).all()
    return {
        "shareholder": owner,
        "lines": lines,
        "balance": lines[-1].balance if lines else NOTHING,
        "open": [one for one in invoices if one.remaining],
        "payments": [(one, free(request.dbsession, one)) for one in payments],
        "crumbs": _crumbs(request, owner)[:1],
    }


class PaymentForm(EntryForm):
    """A line of the bank statement."""

    day = day_field(N_("Date du relevé bancaire"))
    amount = number_field(N_("Montant, €"))
    reference = text_field(N_("Référence"), help_text=N_("Numéro du mandat ou libellé du virement."))
    payer = text_field(N_("Payeur"), help_text=N_("Par exemple, la trésorerie qui a viré."))


def new_payment(request: Request) -> dict[str, Any] | Response:
    """Record money received; it pays the invoices first due until somebody says otherwise."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = PaymentForm(request.POST)

    def act() -> Payment:
        payment = receive(request.dbsession, owner, **form.data, by=request.actor.name, today=request.today)
        spread(request.dbsession, payment, by=request.actor.name)
        return payment

    if request.method == "POST":
        payment = submit(request, form, act)
        if payment:
            return HTTPSeeOther(request.route_path("payment", id=payment.id))
    return {
        "title": _("Paiement reçu"),
        "crumbs": _crumbs(request, owner),
        "intro": _(
            "Il règle d'abord les factures échues les premières ; la page suivante permet d'en décider autrement."
        ),
        "form": form,
        "submit": _("Enregistrer le paiement"),
    }


class RefundForm(EntryForm):
    """Money given back."""

    day = day_field(N_("Date du virement"))
    amount = number_field(N_("Montant, €"))
    reference = text_field(N_("Référence"))


def new_refund(request: Request) -> dict[str, Any] | Response:
    """Record money given back to a municipality."""
    _ = request.language.translate
    owner = found(request, Shareholder)
    form = RefundForm(request.POST)

    def act() -> Payment:
        return refund(request.dbsession, owner, **form.data, by=request.actor.name, today=request.today)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("receivable", id=owner.id))
    return {
        "title": _("Remboursement"),
        "crumbs": _crumbs(request, owner),
        "form": form,
        "submit": _("Enregistrer le remboursement"),
    }


class AllocationForm(EntryForm):
    """Which invoice a payment pays."""

    invoice = choice_field(N_("Facture"))
    amount = number_field(N_("Montant, €"))


def payment(request: Request) -> dict[str, Any] | Response:
    """Show a payment and what it pays; let a person say so."""
    shown = found(request, Payment)
    _ = request.language.translate
    may_bill = request.has_permission(Permission.BILL)
    form = AllocationForm(request.POST)
    open_ones = {
        str(one.invoice.id): one
        for one in standings(request.dbsession, invoices_of(request.dbsession, shown.shareholder_id), request.today)
        if one.remaining > 0
    }
    form.invoice.choices = [
        (key, f"{one.invoice.number} : {request.language.euros(one.remaining)}") for key, one in open_ones.items()
    ]

    def act() -> object:
        chosen = open_ones[form.invoice.data].invoice
        return allocate(request.dbsession, shown, chosen, amount=form.amount.data, by=request.actor.name)

    if request.method == "POST" and may_bill and submit(request, form, act):
        return HTTPSeeOther(request.route_path("payment", id=shown.id))
    paid: dict[Invoice, Any] = {}
    for one in shown.allocations:
        paid[one.invoice] = paid.get(one.invoice, NOTHING) + one.amount
    left = free(request.dbsession, shown)
    late = [
        one
        for one in standings(request.dbsession, invoices_of(request.dbsession, shown.shareholder_id), shown.day)
        if one.remaining <= 0 and any(one.lateness_owed)
    ]
    charges = request.dbsession.query(LateCharge).filter(LateCharge.payment_id == shown.id).order_by(LateCharge.id)
    return {
        "late": late if may_bill and left > 0 else [],
        "charges": charges.all(),
        "payment": shown,
        "paid": {invoice: amount for invoice, amount in paid.items() if amount},
        "free": left,
        "form": form if may_bill and left > 0 and open_ones else None,
        "crumbs": _crumbs(request, shown.shareholder),
    }


def release_payment(request: Request) -> Response:
    """Take a payment off an invoice."""
    shown = found(request, Payment)
    invoice = found(request, Invoice, "invoice")
    form = EntryForm(request.POST)
    if not submit(request, form, lambda: release(request.dbsession, shown, invoice, by=request.actor.name)):
        request.session.flash(form.refusal)
    return HTTPSeeOther(request.route_path("payment", id=shown.id))


def charge_lateness(request: Request) -> Response:
    """Let what is free of a payment pay what the lateness of an invoice cost."""
    shown = found(request, Payment)
    invoice = found(request, Invoice, "invoice")
    form = EntryForm(request.POST)
    if not submit(request, form, lambda: pay_lateness(request.dbsession, shown, invoice, by=request.actor.name)):
        request.session.flash(form.refusal)
    return HTTPSeeOther(request.route_path("payment", id=shown.id))


def remind_invoice(request: Request) -> Response:
    """Write to the municipality that an invoice is late."""
    _ = request.language.translate
    late = found(request, Invoice)
    form = EntryForm(request.POST)
    sent = submit(request, form, lambda: remind(request.dbsession, late, by=request.actor.name, today=request.today))
    request.session.flash(_("La lettre de relance est partie.") if sent else form.refusal)
    return HTTPSeeOther(request.route_path("invoice", id=late.id))


class RateForm(EntryForm):
    """The next line of the dated table."""

    half_year = choice_field(N_("Semestre"))
    percent = number_field(
        N_("Taux des opérations principales de refinancement, en pour cent"),
        help_text=N_("En vigueur le premier jour du semestre ; la BCE le publie (Key ECB interest rates)."),
    )
    source = text_field(N_("Source"), help_text=N_("Par exemple : site de la BCE, lu le 2 juillet."))


def late_rates(request: Request) -> dict[str, Any] | Response:
    """Show the rates late interest rests on; enter one that is missing."""
    _ = request.language.translate
    rates = known_rates(request.dbsession)
    known = {one.starts_on for one in rates}
    start, missing = min(known), []
    while start <= request.today:
        if start not in known:
            missing.append(start)
        start = half_year_of(start + dt.timedelta(days=185))
    form = RateForm(request.POST)
    form.half_year.choices = {one.isoformat(): request.language.date(one) for one in missing}

    def act() -> object:
        return enter_rate(
            request.dbsession,
            half_year=dt.date.fromisoformat(form.half_year.data),
            percent=form.percent.data,
            source=form.source.data,
            by=request.actor.name,
            today=request.today,
        )

    if request.method == "POST" and submit(request, form, act):
        request.session.flash(_("Le taux est enregistré."))
        return HTTPSeeOther(request.route_path("late_rates"))
    return {
        "rates": rates,
        "missing": missing,
        "margin": MARGIN,
        "form": form,
        "crumbs": [(_("Créances"), request.route_path("receivables"))],
    }


def journal(request: Request) -> Response:
    """Serve the entries of a year for the accountant."""
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else request.today.year
    siren = the_company(request.dbsession).siret[:9]
    return download(f"{siren}FEC{year}1231.txt", fec(request.dbsession, year), "text/tab-separated-values")


def money_of_invoice(request: Request, invoice: Invoice) -> Mapping[str, Any] | None:
    """Return what was paid and what remains of an issued invoice; nothing of a draft or a credit note."""
    if invoice.number is None or invoice.is_credit_note:
        return None
    [standing] = standings(request.dbsession, [invoice], request.today)
    reminders = request.dbsession.query(Reminder).filter(Reminder.invoice_id == invoice.id).order_by(Reminder.id).all()
    late = standing.remaining > 0 and standing.late.days > 0
    return {
        "standing": standing,
        "reminders": reminders,
        "late": late,
        "may_remind": late and request.has_permission(Permission.BILL),
    }


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "billing.receivables:templates/"
    see, bill = Permission.SEE_BILLING, Permission.BILL
    pays = f"/payments/{NUMBER}"
    for route, pattern, view, renderer, permission, methods in (
        ("receivables", "/receivables", receivables, here + "receivables.jinja2", see, "GET"),
        ("receivable", f"/receivables/{NUMBER}", receivable, here + "receivable.jinja2", see, "GET"),
        ("receipt_new", f"/receivables/{NUMBER}/payments/new", new_payment, FORM, bill, ("GET", "POST")),
        ("refund_new", f"/receivables/{NUMBER}/refunds/new", new_refund, FORM, bill, ("GET", "POST")),
        ("payment", pays, payment, here + "payment.jinja2", see, ("GET", "POST")),
        ("payment_release", pays + "/release/{invoice:[0-9]{1,9}}", release_payment, None, bill, "POST"),
        ("payment_lateness", pays + "/lateness/{invoice:[0-9]{1,9}}", charge_lateness, None, bill, "POST"),
        ("invoice_remind", f"/invoices/{NUMBER}/remind", remind_invoice, None, bill, "POST"),
        ("late_rates", "/late-interest", late_rates, here + "late_rates.jinja2", bill, ("GET", "POST")),
        ("journal", "/journal.txt", journal, None, bill, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("invoice", "money", 10, see, here + "invoice_money.jinja2", money_of_invoice))
