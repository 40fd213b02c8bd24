"""From a snapshot to the EN 16931 model and back to its amounts, so that XML and pages cannot disagree."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from billing.einvoice.model import (
    Address,
    Buyer,
    CreditTransfer,
    ElectronicAddress,
    Invoice,
    Line,
    Note,
    Period,
    PrecedingInvoice,
    Seller,
)
from billing.einvoice.totals import line_net, totals, vat_breakdown

if TYPE_CHECKING:
    from billing.documents.snapshot import (
        AddressSnapshot,
        DraftSnapshot,
        InvoiceSnapshot,
        LineSnapshot,
        PartySnapshot,
        PaymentSnapshot,
        PeriodSnapshot,
        PrecedingInvoiceSnapshot,
        SellerSnapshot,
        TotalsSnapshot,
        VatSnapshot,
    )


def structured(snapshot: DraftSnapshot | InvoiceSnapshot) -> Invoice:
    """Return the invoice a snapshot describes, ready for `billing.einvoice.rules` and `billing.einvoice.cii`."""
    return Invoice(
        invoice_number=snapshot["invoice_number"],
        type_code=snapshot["type_code"],
        issue_date=dt.date.fromisoformat(snapshot["issue_date"]),
        due_date=dt.date.fromisoformat(snapshot["due_date"]),
        seller=_seller(snapshot["seller"]),
        buyer=_buyer(snapshot["buyer"]),
        lines=tuple(_line(line) for line in snapshot["lines"]),
        notes=tuple(Note(note["subject_code"], note["text"]) for note in snapshot["notes"]),
        credit_transfer=_payment(snapshot["payment"]),
        buyer_reference=snapshot["buyer_reference"],
        contract_reference=snapshot["contract_reference"],
        purchase_order_reference=snapshot["purchase_order_reference"],
        preceding_invoices=tuple(_preceding(one) for one in snapshot["preceding_invoices"]),
        invoicing_period=_period(snapshot["invoicing_period"]),
        paid_amount=Decimal(snapshot["paid"]),
        # BT-23: B1 is an invoice of goods, S1 of services.
        business_process="B1" if snapshot.get("subject") == "buy_out" else "S1",
    )


def priced(draft: DraftSnapshot) -> InvoiceSnapshot:
    """Return the snapshot of `draft` with the net amount of each line, the VAT by rate and the totals."""
    invoice = structured(draft)
    lines = [
        {**line, "net": _text(line_net(priced_line))}
        for line, priced_line in zip(draft["lines"], invoice.lines, strict=True)
    ]
    whole = {**draft, "lines": lines, "vat_breakdown": vat_of(invoice), "totals": totals_of(invoice)}
    return cast("InvoiceSnapshot", whole)


def vat_of(invoice: Invoice) -> list[VatSnapshot]:
    """Return BG-23 as a snapshot holds it."""
    return [
        {
            "category": part.category,
            "rate": _text(part.rate),
            "base": _text(part.base),
            "amount": _text(part.amount),
            "exemption_reason": part.exemption_reason,
        }
        for part in vat_breakdown(invoice)
    ]


def totals_of(invoice: Invoice) -> TotalsSnapshot:
    """Return BG-22 as a snapshot holds it."""
    amounts = totals(invoice)
    return {
        "net": _text(amounts.net),
        "vat": _text(amounts.vat),
        "gross": _text(amounts.gross),
        "paid": _text(amounts.paid),
        "due": _text(amounts.due),
    }


def _text(number: Decimal) -> str:
    return f"{number:f}"


def _seller(party: SellerSnapshot) -> Seller:
    return Seller(
        name=party["name"],
        siren=party["siren"],
        siret=party["siret"],
        vat_number=party["vat_number"],
        address=_address(party["address"]),
        electronic_address=ElectronicAddress(**party["electronic_address"]),
        legal_information=party["legal_information"],
    )


def _buyer(party: PartySnapshot) -> Buyer:
    return Buyer(
        name=party["name"],
        siren=party["siren"],
        siret=party["siret"],
        address=_address(party["address"]),
        electronic_address=ElectronicAddress(**party["electronic_address"]),
    )


def _address(address: AddressSnapshot) -> Address:
    return Address(**address)


def _payment(payment: PaymentSnapshot | None) -> CreditTransfer | None:
    return CreditTransfer(**payment) if payment else None


def _preceding(preceding: PrecedingInvoiceSnapshot) -> PrecedingInvoice:
    return PrecedingInvoice(preceding["invoice_number"], dt.date.fromisoformat(preceding["issue_date"]))


def _period(period: PeriodSnapshot | None) -> Period | None:
    if period is None:
        return None
    return Period(dt.date.fromisoformat(period["first_day"]), dt.date.fromisoformat(period["last_day"]))


def _line(line: LineSnapshot) -> Line:
    return Line(
        identifier=line["identifier"],
        name=line["name"],
        description=line["description"],
        quantity=Decimal(line["quantity"]),
        unit_code=line["unit_code"],
        unit_price=Decimal(line["unit_price"]),
        vat_category=line["vat_category"],
        vat_rate=Decimal(line["rate"]),
        exemption_reason=line["exemption_reason"],
        invoicing_period=_period(line["invoicing_period"]),
    )
