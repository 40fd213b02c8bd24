"""What the measured year gave: per building, per municipality, and the invoices as files."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from billing.invoices.models import Invoice
from billing.settlements.models import Settlement
from foundation.attachments.models import Attachment

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from billing.settlements.models import SettlementLine


@dataclass(frozen=True, slots=True)
class Row:
    """A building's energies of the year; kWh, euros excluding VAT. `half_width` is of the interval, added up."""

    municipality: str
    building: str
    baseline: Decimal
    measured: Decimal
    avoided: Decimal
    half_width: Decimal
    invoiced: Decimal


def rows(session: Session) -> list[Row]:
    """Return a row per building of every settlement, buildings in order of municipality.

    Half-widths of a building's energies are added: boundaries share their weather, and a sum is never too little.
    """
    found: dict[tuple[str, str], list[SettlementLine]] = {}
    for settlement in session.scalars(select(Settlement).order_by(Settlement.id)):
        for line in settlement.lines:
            for building in line.report.plan.boundary.buildings:
                found.setdefault((settlement.agreement.shareholder.name, building.name), []).append(line)
    return [
        Row(
            municipality,
            building,
            baseline=sum((line.report.adjusted_baseline_kwh for line in lines), Decimal(0)),
            measured=sum((line.report.measured_kwh for line in lines), Decimal(0)),
            avoided=sum((line.report.avoided_energy_kwh for line in lines), Decimal(0)),
            half_width=sum(
                (line.report.avoided_high_kwh - line.report.avoided_energy_kwh for line in lines), Decimal(0)
            ),
            invoiced=sum((line.amount for line in lines), Decimal(0)),
        )
        for (municipality, building), lines in found.items()
    ]


def copy_invoices(session: Session, folder: Path) -> list[Path]:
    """Write the PDF of every issued invoice into `folder`, under its number; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    query = (
        select(Invoice.number, Attachment.content)
        .join(Attachment, Invoice.pdf_id == Attachment.id)
        .order_by(Invoice.series, Invoice.position)
    )
    files = []
    for number, content in session.execute(query):
        path = folder / f"{number}.pdf"
        path.write_bytes(content)
        files.append(path)
    return files
