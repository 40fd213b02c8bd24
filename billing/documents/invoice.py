"""The PDF of an invoice: pages of its snapshot, its CII inside, both sealed by the hash of the chain."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import segno
from facturx import generate_xmp_bytes
from lxml import etree
from markupsafe import Markup

from billing.documents.sentences import credit_headline, finding, headline, period_words
from billing.documents.structured import structured, totals_of, vat_of
from billing.documents.waterfall import steps_of, waterfall
from billing.einvoice.model import CREDIT_NOTE
from foundation.documents.render import DocumentFacts, EmbeddedFile, render_pdf
from foundation.look.energies import ENERGIES
from foundation.look.language import FRENCH
from foundation.look.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.documents.snapshot import BoundarySnapshot, FactSnapshot, InvoiceSnapshot
    from billing.documents.waterfall import WaterfallSteps

XML_NAME = "factur-x.xml"
"""The name Factur-X demands."""
FAMILY = "Source Sans 3"
ENERGY_WORDS = {
    "electricity": "électricité",
    "gas": "gaz",
    "heat": "chaleur",
    "water": "eau",
    "photovoltaic": "photovoltaïque",
    "solar_thermal": "solaire thermique",
}
UNIT_WORDS = {"C62": "forfait", "KWH": "kWh", "MWH": "MWh", "MON": "mois", "DAY": "jour"}
SPACIOUS = 3
"""Lines up to which each says its description; more stand closer, their description is in the account on page 2."""
_HASH = re.compile(r"[0-9a-f]{64}")
_SHORT_HASH = 12
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


class Page(NamedTuple):
    """What a document is drawn from: its template, what fills it, what it says about itself."""

    template: str
    context: dict[str, object]
    facts: DocumentFacts


def render_invoice(
    snapshot: InvoiceSnapshot, xml: bytes, *, sha256: str, attachments: Sequence[EmbeddedFile] = ()
) -> bytes:
    """Return the PDF/A-3 Factur-X of an issued invoice or credit note; the same arguments give the same bytes.

    `xml` is the CII of the same snapshot, already validated; `sha256` seals the snapshot in its chain. ValueError
    where the frozen amounts are not those of the lines.
    """
    page = page_of(snapshot, sha256)
    structured_invoice = EmbeddedFile(XML_NAME, xml, "Facture structurée EN 16931 (CII)", "Alternative")
    return render_pdf(page.template, page.context, page.facts, attachments=(structured_invoice, *attachments))


def page_of(snapshot: InvoiceSnapshot, sha256: str) -> Page:
    """Return what the document of `snapshot` is drawn from; ValueError as in `render_invoice`."""
    invoice = structured(snapshot)
    if snapshot["totals"] != totals_of(invoice) or snapshot["vat_breakdown"] != vat_of(invoice):
        raise ValueError(f"the amounts of invoice {snapshot['invoice_number']} do not follow from its lines")
    is_credit = snapshot["type_code"] == CREDIT_NOTE
    steps = None if is_credit else steps_of(snapshot["waterfall"])
    context: dict[str, object] = {
        "invoice": snapshot,
        "sha256": sha256,
        "headline": credit_headline(snapshot) if is_credit else headline(snapshot),
        "period": period_words(snapshot["invoicing_period"]),
        "waterfall": None if steps is None else _drawn(steps),
        "finding": "" if steps is None else finding(steps),
        "sums": _sums(snapshot["boundaries"]),
        "confidences": sorted({FRENCH.percent(Decimal(row["confidence"])) for row in snapshot["boundaries"]}),
        "qr_code": _qr_code(snapshot["check_url"]),
        "energy_words": ENERGY_WORDS,
        "energies": ENERGIES,
        "unit_words": UNIT_WORDS,
        "dense": max(len(snapshot["lines"]), len(snapshot["boundaries"])) > SPACIOUS,
        "proofs": _proofs(snapshot["evidence"]),
    }
    facts = DocumentFacts(
        title=f"{'Avoir' if is_credit else 'Facture'} {snapshot['invoice_number']} - {snapshot['seller']['name']}",
        author=snapshot["seller"]["name"],
        # The day of issue stands for the moment of rendering, so that a second rendering is the first.
        instant=dt.datetime.combine(dt.date.fromisoformat(snapshot["issue_date"]), dt.time(), dt.UTC),
        xmp_descriptions=facturx_descriptions(),
    )
    return Page("credit_note.html.jinja2" if is_credit else "invoice.html.jinja2", context, facts)


@cache
def facturx_descriptions() -> tuple[bytes, ...]:
    """Return the two XMP descriptions of Factur-X: the schema it extends PDF/A with, and this document's values."""
    packet = etree.fromstring(generate_xmp_bytes("factur-x", "en16931", None, {}))
    wanted = [
        element
        for element in packet.iter(f"{_RDF}Description")
        if any(
            etree.QName(child).namespace.startswith(("urn:factur-x:", "http://www.aiim.org/pdfa/ns/extension/"))
            for child in element
        )
    ]
    for element in wanted:
        element.set(f"{_RDF}about", "")
    return tuple(etree.tostring(element) for element in wanted)


def _drawn(steps: WaterfallSteps) -> Markup:
    return Markup(waterfall(steps, colours=tokens("light"), family=FAMILY))  # noqa: S704 - its texts are escaped there


def _sums(rows: Sequence[BoundarySnapshot]) -> dict[str, Decimal]:
    """Return the sums of the columns that may be summed; intervals, prices and shares may not."""
    return {
        "adjusted_baseline_kwh": sum((Decimal(row["adjusted_baseline_kwh"]) for row in rows), Decimal(0)),
        "measured_kwh": sum((Decimal(row["measured_kwh"]) for row in rows), Decimal(0)),
        "avoided_kwh": sum((Decimal(row["avoided_kwh"]) for row in rows), Decimal(0)),
        "value": sum((Decimal(row["value"]) for row in rows), Decimal(0)),
        "amount": sum((Decimal(row["amount"]) for row in rows), Decimal(0)),
    }


def _proofs(facts: Sequence[FactSnapshot]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the facts boundary by boundary, what all have in common once at the end.

    Hashes stand by their first digits: the evidence pack has them whole.
    """
    grouped: dict[str, dict[str, str]] = {}
    for fact in facts:
        about, _, what = fact["label"].rpartition(" : ")
        value = fact["value"][:_SHORT_HASH] + "…" if _HASH.fullmatch(fact["value"]) else fact["value"]
        grouped.setdefault(about or what, {})[what if about else ""] = value
    first, *others = grouped.values() or [{}]
    common = {what: said for what, said in first.items() if others and all(one.get(what) == said for one in others)}
    found = [(about, [one for one in said.items() if one[0] not in common]) for about, said in grouped.items()]
    return [*found, *([("Partout", list(common.items()))] if common else [])]


def _qr_code(url: str) -> Markup:
    drawn = segno.make(url, error="m", micro=False).svg_inline(
        border=4, dark=tokens("light")["ink"], omitsize=True, title="Code QR de la page de vérification", unit=None
    )
    return Markup(drawn)  # noqa: S704 - a drawing of modules, the address is not in it as text
