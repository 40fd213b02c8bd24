"""Make the originals of an issued invoice, once; apart, because only the worker needs to load what draws pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from billing.documents.invoice import XML_NAME, render_invoice
from billing.documents.structured import structured
from billing.einvoice.cii import to_cii
from billing.einvoice_check.validate import validate
from billing.pack.contents import EVIDENCE, MANIFEST, sha256_of
from billing.pack.gather import evidence_pack, hours_named, keep_hours
from billing.pack.keys import signer_in_use
from billing.pack.manifest import write_manifest
from foundation.attachments.store import keep
from foundation.documents.render import EmbeddedFile
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from billing.documents.snapshot import InvoiceSnapshot
    from billing.invoices.models import Invoice


def render(session: Session, invoice: Invoice, *, today: dt.date) -> Invoice:
    """Make the XML and the PDF of an issued invoice or credit note and keep them: the first rendering is the original.

    The PDF carries the XML, the evidence pack, and a manifest of both signed by the SPL's key.
    """
    if invoice.number is None or invoice.sha256 is None:
        raise Refusal("Seul un document émis a des originaux ; émettez-le d'abord.")
    if invoice.pdf_id is not None:
        return invoice
    snapshot = cast("InvoiceSnapshot", invoice.snapshot)
    xml = to_cii(structured(snapshot))
    if problems := validate(xml):
        # It keeps its number and is held: what leaves has passed every control.
        raise Refusal(
            "{number} ne peut pas partir, il garde son numéro : {problem}",
            number=invoice.number,
            problem=problems[0].sentence,
        )
    evidence = evidence_pack(
        session,
        invoice.settlement,
        snapshot,
        seal=invoice.sha256,
        previous_seal=invoice.previous_sha256 or "",
    )
    manifest = write_manifest(
        invoice_number=invoice.number,
        seal=invoice.sha256,
        files={XML_NAME: sha256_of(xml), EVIDENCE: sha256_of(evidence)} | hours_named(invoice.settlement),
        signer=signer_in_use(session, today),
    )
    pdf = render_invoice(
        snapshot,
        xml,
        sha256=invoice.sha256,
        attachments=(
            EmbeddedFile(EVIDENCE, evidence, "Jours mesurés, modèles, clauses et prix : de quoi refaire le calcul"),
            EmbeddedFile(MANIFEST, manifest, "Empreintes des pièces jointes, signées par la SPL"),
        ),
    )
    keep_hours(session, invoice.settlement)
    reader = invoice.shareholder_id
    number = invoice.number
    originals = (
        keep(session, xml, name=f"{number}.xml", media_type="application/xml", shareholder_id=reader),
        keep(session, pdf, name=f"{number}.pdf", media_type="application/pdf", shareholder_id=reader),
    )
    # Together: each change of an issued document is looked at whole by its guard.
    invoice.xml, invoice.pdf = originals
    session.flush()
    return invoice
