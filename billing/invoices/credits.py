"""Credit notes: what a settlement gives back, or an invoice cancelled whole with its reason (type 381).

What is issued is never edited (truth 8): a credit note names the invoices it takes back from, and they stand.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, select

from billing.documents.structured import priced
from billing.einvoice.model import CREDIT_NOTE, INVOICE
from billing.invoices.models import Credit, Invoice
from billing.invoices.snapshot import draft_snapshot
from billing.ledger.rules import NOTHING
from billing.settlements.data import Outcome
from contracts.parties.register import the_company
from foundation.errors import Refusal
from foundation.money import euros

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from billing.documents.snapshot import DraftSnapshot, InvoiceSnapshot
    from billing.settlements.models import Settlement


def draft_credit_note(session: Session, settlement: Settlement, *, base_url: str, today: dt.date) -> Invoice:
    """Draft the credit note of an accepted settlement that gives back; drafting twice gives the same draft.

    It names the invoices of the agreement it takes back from, the latest first, until its amount is covered.
    """
    if settlement.outcome != Outcome.CREDIT_NOTE:
        raise Refusal("Ce décompte ne rend rien : il n'y a pas d'avoir à établir.")
    existing = _open_draft(session, settlement) or session.scalar(
        select(Invoice)
        .where(Invoice.settlement_id == settlement.id, Invoice.type_code == CREDIT_NOTE)
        .order_by(Invoice.id.desc())
        .limit(1)
    )
    if existing is not None:
        return existing
    if settlement.state != "accepted":
        raise Refusal("Ce décompte n'est pas accepté : l'avoir suit l'accord de la collectivité.")
    draft = draft_snapshot(session, settlement, the_company(session), base_url=base_url, today=today)
    snapshot = priced(draft)
    creditable = _creditable(session, settlement.agreement_id)
    if not creditable:
        raise Refusal(
            "Aucune facture émise de l'accord {number} ne reste à créditer ; un avoir en nomme une.",
            number=settlement.agreement.number,
        )
    left, named = euros(_gross(snapshot)), []
    for invoice, remaining in creditable:
        if left <= 0:
            break
        named.append(invoice)
        left -= remaining
    return _add(session, settlement, _naming(draft, named, ""))


def cancel(session: Session, invoice: Invoice, *, reason: str, today: dt.date) -> Invoice:
    """Draft the credit note that takes the whole of an issued invoice back, and return it.

    Once it is issued the settlement is as it was before: accepted, and may be invoiced anew.
    """
    if invoice.is_credit_note or invoice.number is None:
        raise Refusal("Seule une facture émise s'annule par un avoir.")
    if not reason.strip():
        raise Refusal("Écrivez pourquoi la facture est annulée : l'avoir le dit à la collectivité.", field="reason")
    if (existing := _open_draft(session, invoice.settlement)) is not None:
        return existing
    if credited(session, invoice):
        raise Refusal(
            "La facture {number} est déjà créditée, en tout ou en partie ; elle ne s'annule plus d'un bloc.",
            number=invoice.number,
        )
    copied: dict[str, Any] = {**invoice.snapshot}
    provisional = f"BROUILLON-A{invoice.settlement_id}"
    copied["check_url"] = copied["check_url"].replace(invoice.number, provisional)
    copied["invoice_number"] = provisional
    copied["issue_date"] = copied["due_date"] = today.isoformat()
    return _add(session, invoice.settlement, _naming(cast("DraftSnapshot", copied), [invoice], reason.strip()))


def credited(session: Session, invoice: Invoice) -> Decimal:
    """Return what issued credit notes took back from `invoice`, VAT included."""
    return session.scalar(select(func.sum(Credit.amount)).where(Credit.invoice_id == invoice.id)) or NOTHING


def take_back(session: Session, note: Invoice) -> None:
    """Write what the credit note `note`, being issued, takes back from the invoices it names.

    Each gives what is left of it, in the order they are named; a cent of rounding no invoice can give stays on the
    municipality's account. An invoice with nothing left is `credited`.
    """
    numbers = [one["invoice_number"] for one in note.snapshot["preceding_invoices"]]
    locked = {
        one.number: one
        for one in session.scalars(
            select(Invoice).where(Invoice.number.in_(numbers)).order_by(Invoice.id).with_for_update()
        )
    }
    left = note.gross
    for number in numbers:
        invoice = locked[number]
        remaining = invoice.gross - credited(session, invoice)
        if note.snapshot["cancellation"] and remaining != note.gross:
            raise Refusal("La facture {number} a été créditée entre-temps ; elle ne s'annule plus.", number=number)
        amount = min(left, remaining)
        if amount > 0:
            session.add(Credit(note=note, invoice=invoice, amount=amount))
            left -= amount
        if amount == remaining:
            invoice.state = "credited"
    session.flush()


def _open_draft(session: Session, settlement: Settlement) -> Invoice | None:
    return session.scalar(
        select(Invoice).where(
            Invoice.settlement_id == settlement.id, Invoice.type_code == CREDIT_NOTE, Invoice.number.is_(None)
        )
    )


def _creditable(session: Session, agreement_id: int) -> list[tuple[Invoice, Decimal]]:
    """Return the issued invoices of an agreement of which something is left, the latest first, with what is left."""
    taken = select(Credit.invoice_id, func.sum(Credit.amount).label("amount")).group_by(Credit.invoice_id).subquery()
    rows = session.execute(
        select(Invoice, Invoice.gross - func.coalesce(taken.c.amount, 0))
        .outerjoin(taken, taken.c.invoice_id == Invoice.id)
        .where(
            Invoice.settlement.has(agreement_id=agreement_id), Invoice.state == "issued", Invoice.type_code == INVOICE
        )
        .order_by(Invoice.issue_date.desc(), Invoice.position.desc())
    )
    return [(invoice, left) for invoice, left in rows if left > 0]


def _naming(draft: DraftSnapshot, invoices: list[Invoice], cancellation: str) -> InvoiceSnapshot:
    """Return `draft` as a credit note of `invoices`; nobody is asked to pay one, so it names no account."""
    note: dict[str, Any] = {
        **draft,
        "type_code": CREDIT_NOTE,
        "payment": None,
        "cancellation": cancellation,
        "preceding_invoices": [
            {"invoice_number": one.number, "issue_date": one.issue_date.isoformat()}
            for one in invoices
            if one.issue_date is not None
        ],
    }
    return priced(cast("DraftSnapshot", note))


def _gross(snapshot: InvoiceSnapshot) -> Decimal:
    return Decimal(snapshot["totals"]["gross"])


def _add(session: Session, settlement: Settlement, snapshot: InvoiceSnapshot) -> Invoice:
    totals = snapshot["totals"]
    note = Invoice(
        settlement=settlement,
        shareholder_id=settlement.shareholder_id,
        type_code=CREDIT_NOTE,
        state="draft",
        net=Decimal(totals["net"]),
        vat=Decimal(totals["vat"]),
        gross=Decimal(totals["gross"]),
        snapshot=snapshot,
        problems=[],
    )
    session.add(note)
    session.flush()
    return note
