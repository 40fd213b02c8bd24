"""Make the originals of an issued invoice, once; apart, because only the worker needs to load what draws pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from billing.documents.invoice import render_invoice
from billing.documents.structured import structured
from billing.einvoice.cii import to_cii
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.documents.snapshot import InvoiceSnapshot
    from billing.invoices.models import Invoice


def render(session: Session, invoice: Invoice) -> Invoice:
    """Make the XML and the PDF of an issued invoice and keep them: the first rendering is the original."""
    if invoice.number is None or invoice.sha256 is None:
        raise Refusal("Seule une facture émise a des originaux ; émettez-la d'abord.")
    if invoice.pdf_id is not None:
        return invoice
    snapshot = cast("InvoiceSnapshot", invoice.snapshot)
    xml = to_cii(structured(snapshot))
    pdf = render_invoice(snapshot, xml, sha256=invoice.sha256)
    reader = invoice.shareholder_id
    invoice.xml = keep(session, xml, name=f"{invoice.number}.xml", media_type="application/xml", shareholder_id=reader)
    invoice.pdf = keep(session, pdf, name=f"{invoice.number}.pdf", media_type="application/pdf", shareholder_id=reader)
    session.flush()
    return invoice
