"""Follow every issued invoice back to the days it counts, and name whatever does not agree.

From the outside in: number and seal of each invoice in its series, its originals, its settlement, the reports
behind it, the plans behind those. Whoever alters a row, even as the owner of the database, breaks a hash here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from sqlalchemy import select

from baseline.plans.register import plan_document
from baseline.reports.register import report_document
from billing.documents.structured import structured
from billing.einvoice.cii import to_cii
from billing.invoices.models import Invoice, InvoiceSeries
from billing.invoices.numbering import seal
from foundation.canonical import canonical_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from baseline.reports.models import SavingsReport
    from billing.documents.snapshot import InvoiceSnapshot
    from billing.settlements.models import Settlement, SettlementLine
    from foundation.attachments.models import Attachment

NOTHING = Decimal("0.000")


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Where the record contradicts itself."""

    where: str
    sentence: str


def verify(session: Session) -> tuple[Discrepancy, ...]:
    """Return everything that does not agree, invoice by invoice in order; an empty tuple when all does."""
    return tuple(_all(session))


def _all(session: Session) -> Iterator[Discrepancy]:
    for series in session.scalars(select(InvoiceSeries).order_by(InvoiceSeries.prefix)):
        head = ""
        invoices = session.scalars(
            select(Invoice).where(Invoice.series == series.prefix).order_by(Invoice.position)
        ).all()
        for expected, invoice in enumerate(invoices, start=1):
            where = invoice.number or ""
            if invoice.position != expected or where != f"{series.prefix}{expected:04d}":
                yield Discrepancy(where, f"Le numéro {series.prefix}{expected:04d} manque dans la série.")
            if invoice.previous_sha256 != head or invoice.sha256 != seal(head, invoice.snapshot):
                yield Discrepancy(
                    where, "La facture n'est plus celle qui a été scellée : son empreinte ne se retrouve pas."
                )
            head = invoice.sha256 or ""
            yield from _invoice(invoice)
        if series.last_number != len(invoices) or series.head_sha256 != head:
            yield Discrepancy(series.prefix, "La fin de la série ne correspond pas à sa dernière facture.")


def _invoice(invoice: Invoice) -> Iterator[Discrepancy]:
    where = invoice.number or ""
    snapshot = cast("InvoiceSnapshot", invoice.snapshot)
    totals = snapshot["totals"]
    if [str(invoice.net), str(invoice.vat), str(invoice.gross)] != [totals["net"], totals["vat"], totals["gross"]]:
        yield Discrepancy(where, "Les montants de la facture ne sont pas ceux du document scellé.")
    for original in (invoice.xml, invoice.pdf):
        if original is not None and not _unchanged(original):
            yield Discrepancy(where, f"L'original {original.name} a changé depuis qu'il a été rangé.")
    if invoice.xml is not None and invoice.xml.content != to_cii(structured(snapshot)):
        yield Discrepancy(where, "Le fichier XML ne dit pas ce que dit le document scellé.")
    gives_back = invoice.is_credit_note and not snapshot["cancellation"]
    if invoice.net != (-invoice.settlement.amount if gives_back else invoice.settlement.amount):
        yield Discrepancy(where, "Le montant facturé n'est pas celui du décompte accepté.")
    yield from _settlement(where, invoice.settlement, snapshot)


def _unchanged(original: Attachment) -> bool:
    return hashlib.sha256(original.content).hexdigest() == original.sha256


def _settlement(where: str, settlement: Settlement, snapshot: InvoiceSnapshot) -> Iterator[Discrepancy]:
    whole = sum((line.amount for line in settlement.lines), Decimal("0.00"))
    if settlement.kind != "buy_out" and whole != settlement.amount:
        yield Discrepancy(where, "Les lignes du décompte ne font pas son montant.")
    quoted = {fact["value"] for fact in snapshot["evidence"]}
    for line in settlement.lines:
        if line.avoided_energy_kwh != _counted(settlement, line):
            yield Discrepancy(where, f"{line.label} : le décompte ne compte pas l'énergie évitée du rapport.")
        if line.report.sha256 not in quoted or line.report.plan.sha256 not in quoted:
            yield Discrepancy(where, f"{line.label} : la facture ne cite pas ce rapport ou ce plan.")
        yield from _report(f"{where}, {line.label}", line.report)
        yield from _plan(f"{where}, {line.label}", line.report.plan)


def _counted(settlement: Settlement, line: SettlementLine) -> Decimal:
    """Return the energy avoided on the days of the line's report that the agreement did not suspend."""
    inputs = settlement.evaluation.get("inputs", {"years": []})
    suspended = [
        days
        for year in inputs["years"]
        if year["number"] == line.year
        for measured in year["measured"]
        if measured["boundary_id"] == line.boundary_id
        for days in measured.get("suspended", [])
    ]
    if not suspended:
        return line.report.avoided_energy_kwh
    counted = [
        day
        for day in line.report.days
        if day.counted and not any(start <= day.day.isoformat() < end for start, end, _ in suspended)
    ]
    return sum(((day.adjusted_baseline_kwh or NOTHING) - (day.measured_kwh or NOTHING) for day in counted), NOTHING)


def _report(where: str, report: SavingsReport) -> Iterator[Discrepancy]:
    adjusted = sum((day.adjusted_baseline_kwh or NOTHING for day in report.days), NOTHING)
    measured = sum((day.measured_kwh or NOTHING for day in report.days), NOTHING)
    if (adjusted, measured) != (report.adjusted_baseline_kwh, report.measured_kwh):
        yield Discrepancy(where, "Les jours du rapport ne font pas ses totaux.")
    if canonical_sha256(report_document(report)) != report.sha256:
        yield Discrepancy(where, "Le rapport d'économies n'est plus celui qui a été établi.")


def _plan(where: str, plan: MeasurementPlan) -> Iterator[Discrepancy]:
    if canonical_sha256(plan_document(plan)) != plan.sha256:
        yield Discrepancy(where, "Le plan de mesure n'est plus celui qui a été figé.")
    if plan.agreement is None or plan.sha256 not in {annex.sha256 for annex in plan.agreement.annexes}:
        yield Discrepancy(where, "L'accord ne cite pas ce plan de mesure en annexe.")
