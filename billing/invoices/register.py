"""Draft an invoice from an accepted settlement, check it, issue it with a number (truth 8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from billing.documents.mentions import PAYMENT_DAYS
from billing.documents.structured import priced, structured
from billing.einvoice.cii import to_cii
from billing.einvoice.model import CREDIT_NOTE, INVOICE
from billing.einvoice.rules import check as check_rules
from billing.einvoice_check.validate import validate
from billing.invoices.credits import take_back
from billing.invoices.models import Invoice, InvoiceSeries
from billing.invoices.numbering import open_series, seal
from billing.invoices.requirements import demand_cover, renew_references, unmet
from billing.invoices.sealing import Issued, write_issued
from billing.invoices.snapshot import draft_snapshot
from billing.ledger.rules import cession, sale
from billing.settlements.data import Outcome
from billing.settlements.models import Settlement
from contracts.parties.register import the_company
from foundation.errors import Refusal
from foundation.messages import N_
from foundation.money import euros

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.documents.snapshot import InvoiceSnapshot
    from billing.einvoice.problem import Problem

RENDER = "billing.render_invoice"
"""Kind of the job that makes the originals of an issued invoice."""
WORDS = {INVOICE: N_("Facture {number}"), CREDIT_NOTE: N_("Avoir {number}")}


def draft(session: Session, settlement: Settlement, *, base_url: str, today: dt.date) -> Invoice:
    """Draft the invoice of an accepted settlement; drafting twice gives the same draft.

    Where its invoice was cancelled, the settlement is accepted again and gives a new one.
    """
    existing = session.scalar(
        select(Invoice).where(
            Invoice.settlement_id == settlement.id, Invoice.type_code == INVOICE, Invoice.state != "credited"
        )
    )
    if existing is not None:
        return existing
    if settlement.state != "accepted":
        raise Refusal("Ce décompte n'est pas accepté : la facture suit l'accord de la collectivité.")
    if settlement.outcome != Outcome.INVOICE:
        raise Refusal("Ce décompte ne donne rien à facturer : sans économie, pas de paiement.")
    snapshot = priced(draft_snapshot(session, settlement, the_company(session), base_url=base_url, today=today))
    net, vat, gross = _amounts(snapshot)
    if net != settlement.amount:
        raise Refusal(
            "Les lignes ({net} €) ne font pas le montant du décompte ({amount} €) ; signalez-le.",
            net=net,
            amount=settlement.amount,
        )
    invoice = Invoice(
        settlement=settlement,
        shareholder_id=settlement.shareholder_id,
        state="draft",
        net=net,
        vat=vat,
        gross=gross,
        snapshot=snapshot,
        problems=[],
    )
    session.add(invoice)
    session.flush()
    return invoice


def check(session: Session, invoice: Invoice, *, today: dt.date | None = None) -> Invoice:
    """Pass the draft through the buyer's requirements, the rules, XSD and schematrons; ready where nothing is found.

    What the buyer's budget says (service code, commitment) is taken afresh, for `today` or else for the draft's day.
    """
    if invoice.state not in {"draft", "ready"}:
        raise Refusal("{number} est émis ; il n'y a plus rien à vérifier avant l'envoi.", number=invoice.number)
    day = today or dt.date.fromisoformat(invoice.snapshot["issue_date"])
    renew_references(session, invoice, day)
    found = (*unmet(session, invoice, day), *_problems(invoice.snapshot))
    invoice.problems = [
        {"rule": problem.rule, "sentence": problem.sentence, "location": problem.location} for problem in found
    ]
    invoice.state = "draft" if found else "ready"
    session.flush()
    return invoice


def issue(session: Session, invoice: Invoice, *, today: dt.date) -> Invoice:
    """Give an invoice or a credit note its number, book it and freeze it; issuing again returns it as it is.

    Meant to be a short transaction of its own: the series stays locked until it ends. XSD and schematrons were passed
    with the draft (`check`), of which only number and dates change here; `render` passes them again.
    """
    session.refresh(invoice, with_for_update=True)
    if invoice.number is not None:
        return invoice
    if invoice.state != "ready":
        raise Refusal("Ce document n'est pas prêt : faites-le vérifier et corrigez ce qui manque.")
    due = today + dt.timedelta(days=PAYMENT_DAYS)
    dated = {**invoice.snapshot, "issue_date": today.isoformat(), "due_date": due.isoformat()}
    if problems := check_rules(structured(dated)):  # type: ignore[arg-type]  # a snapshot read back from JSON
        raise Refusal("La facture ne peut pas être émise : {problem}", problem=problems[0].sentence)
    demand_cover(session, invoice, today)
    series = open_series(session, invoice.type_code, today)
    number = f"{series.prefix}{series.last_number + 1:04d}"
    snapshot: dict[str, Any] = {
        **dated,
        "invoice_number": number,
        "check_url": invoice.snapshot["check_url"].replace(_provisional(invoice), number),
    }
    issued = Issued(
        series=series.prefix,
        position=series.last_number + 1,
        number=number,
        issue_date=today,
        due_date=due,
        snapshot=snapshot,
        previous_sha256=series.head_sha256,
        sha256=seal(series.head_sha256, snapshot),
    )
    # What is cancelled may be invoiced anew, from the same accepted figures.
    settled = "accepted" if snapshot["cancellation"] else "invoiced"
    moves = cession if snapshot.get("subject") == "buy_out" else sale
    sign = -1 if invoice.is_credit_note else 1
    write_issued(
        session,
        issued,
        invoice_id=invoice.id,
        shareholder_id=invoice.shareholder_id,
        settlement=(invoice.settlement_id, settled),
        kind="credit_note" if invoice.is_credit_note else "invoice",
        label=WORDS[invoice.type_code].format(number=number),
        moves=moves(sign * invoice.net, sign * invoice.vat),
    )
    _remember(session, invoice, issued, settled)
    if invoice.is_credit_note:
        take_back(session, invoice)
    return invoice


def _remember(session: Session, invoice: Invoice, issued: Issued, settled: str) -> None:
    """Let the objects at hand say what was written, without asking the database again."""
    for name in (
        "series",
        "position",
        "number",
        "issue_date",
        "due_date",
        "snapshot",
        "previous_sha256",
        "sha256",
    ):
        set_committed_value(invoice, name, getattr(issued, name))
    set_committed_value(invoice, "state", "issued")
    series = session.get_one(InvoiceSeries, issued.series)
    set_committed_value(series, "last_number", issued.position)
    set_committed_value(series, "last_issue_date", issued.issue_date)
    set_committed_value(series, "head_sha256", issued.sha256)
    known = session.identity_map.get(identity_key(Settlement, invoice.settlement_id))
    if known is not None:
        set_committed_value(known, "state", settled)


def _problems(snapshot: Any) -> tuple[Problem, ...]:
    """Return what the rules, the XSD and the schematrons find; the later ones only where the earlier find nothing."""
    document = structured(snapshot)
    return check_rules(document) or validate(to_cii(document))


def _amounts(snapshot: InvoiceSnapshot) -> tuple[Decimal, Decimal, Decimal]:
    totals = snapshot["totals"]
    return euros(Decimal(totals["net"])), euros(Decimal(totals["vat"])), euros(Decimal(totals["gross"]))


def _provisional(invoice: Invoice) -> str:
    number: str = invoice.snapshot["invoice_number"]
    return number
