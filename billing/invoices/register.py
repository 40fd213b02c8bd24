"""Draft an invoice from an accepted settlement, check it, issue it with a number (truth 8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.documents.mentions import PAYMENT_DAYS
from billing.documents.structured import priced, structured
from billing.einvoice.cii import to_cii
from billing.einvoice.rules import check as check_rules
from billing.einvoice_check.validate import validate
from billing.invoices.models import Invoice
from billing.invoices.numbering import open_series, seal
from billing.invoices.snapshot import draft_snapshot
from billing.settlements.data import Outcome
from contracts.parties.register import the_company
from foundation.errors import Refusal
from foundation.money import euros

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.documents.snapshot import InvoiceSnapshot
    from billing.einvoice.problem import Problem
    from billing.settlements.models import Settlement

RENDER = "billing.render_invoice"
"""Kind of the job that makes the originals of an issued invoice."""


def draft(session: Session, settlement: Settlement, *, base_url: str, today: dt.date) -> Invoice:
    """Draft the invoice of an accepted settlement; drafting twice gives the same draft."""
    existing = session.scalar(select(Invoice).where(Invoice.settlement_id == settlement.id))
    if existing is not None:
        return existing
    if settlement.state != "accepted":
        raise Refusal("Ce décompte n'est pas accepté : la facture suit l'accord de la collectivité.")
    if settlement.outcome != Outcome.INVOICE:
        raise Refusal("Ce décompte ne donne rien à facturer : sans économie, pas de paiement.")
    snapshot = priced(draft_snapshot(settlement, the_company(session), base_url=base_url, today=today))
    net, vat, gross = _amounts(snapshot)
    if net != settlement.amount:
        raise Refusal(f"Les lignes ({net} €) ne font pas le montant du décompte ({settlement.amount} €) ; signalez-le.")
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


def check(session: Session, invoice: Invoice) -> Invoice:
    """Pass the draft through the rules, XSD and schematrons; it is ready where nothing is found."""
    if invoice.state not in {"draft", "ready"}:
        raise Refusal(f"La facture {invoice.number} est émise ; il n'y a plus rien à vérifier avant l'envoi.")
    found = _problems(invoice.snapshot)
    invoice.problems = [
        {"rule": problem.rule, "sentence": problem.sentence, "location": problem.location} for problem in found
    ]
    invoice.state = "draft" if found else "ready"
    session.flush()
    return invoice


def issue(session: Session, invoice: Invoice, *, today: dt.date) -> Invoice:
    """Give the invoice its number and freeze it; issuing again returns it as it is.

    Meant to be a short transaction of its own: the series stays locked until it ends.
    """
    session.refresh(invoice, with_for_update=True)
    if invoice.number is not None:
        return invoice
    if invoice.state != "ready":
        raise Refusal("Cette facture n'est pas prête : faites-la vérifier et corrigez ce qui manque.")
    series = open_series(session, today)
    series.last_number += 1
    series.last_issue_date = today
    number = f"{series.prefix}{series.last_number:04d}"
    snapshot: dict[str, Any] = {
        **invoice.snapshot,
        "invoice_number": number,
        "issue_date": today.isoformat(),
        "due_date": (today + dt.timedelta(days=PAYMENT_DAYS)).isoformat(),
        "check_url": invoice.snapshot["check_url"].replace(_provisional(invoice), number),
    }
    problems = _problems(snapshot)
    if problems:
        raise Refusal(f"La facture ne peut pas être émise : {problems[0].sentence}")
    invoice.series = series.prefix
    invoice.position = series.last_number
    invoice.number = number
    invoice.issue_date = today
    invoice.due_date = today + dt.timedelta(days=PAYMENT_DAYS)
    invoice.snapshot = snapshot
    invoice.previous_sha256 = series.head_sha256
    invoice.sha256 = series.head_sha256 = seal(series.head_sha256, snapshot)
    invoice.state = "issued"
    invoice.settlement.state = "invoiced"
    session.flush()
    return invoice


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
