"""The bills of a file against those in force: new, the same again, or another for the same days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from devices.bills.models import SupplierBill
from devices.coefficients.register import note_coefficient
from devices.imports.rows import Bill, Problem
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from devices.imports.outcome import Outcome
    from devices.imports.profile import Profile

COMPARED = (
    "kwh", "volume_m3", "index_start", "index_end", "coefficient", "estimated", "net", "gross", "number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sorted:
    """Bills to add, each with those in force it replaces (none, unless it is a correction)."""

    bills: list[tuple[Bill, list[SupplierBill]]]


def compare(session: Session, profile: Profile, read: Iterable[Bill], outcome: Outcome) -> Sorted:
    """Count `read` into `outcome` and return what would be added."""
    bills = sorted(read, key=lambda bill: (bill.point_id, bill.start, bill.line))
    in_force: defaultdict[int, list[SupplierBill]] = defaultdict(list)
    points = {bill.point_id for bill in bills}
    query = select(SupplierBill).where(SupplierBill.point_id.in_(points), SupplierBill.replaced_by_id.is_(None))
    for stored in session.scalars(query.order_by(SupplierBill.period)):
        in_force[stored.point_id].append(stored)
    outcome.points = len(points)
    if bills:
        outcome.first = min(bill.start for bill in bills).isoformat()
        outcome.last = max(bill.end for bill in bills).isoformat()
    found: list[tuple[Bill, list[SupplierBill]]] = []
    before: Bill | None = None
    for bill in bills:
        if before and before.point_id == bill.point_id and bill.start < before.end:
            if bill._replace(line=0) == before._replace(line=0):
                outcome.same += 1
            else:
                outcome.add([Problem(bill.line, "", f"Cette période chevauche celle de la ligne {before.line}.")])
            continue
        before = bill
        overlapped = [one for one in in_force[bill.point_id] if _overlap(one, bill)]
        if not overlapped:
            outcome.new += 1
            found.append((bill, []))
        elif len(overlapped) == 1 and _same(overlapped[0], bill, profile):
            outcome.same += 1
        else:
            _contradict(bill, overlapped, outcome)
            found.append((bill, overlapped))
    return Sorted(found)


def _overlap(stored: SupplierBill, bill: Bill) -> bool:
    start, end = bounds(stored.period)
    return start < bill.end and bill.start < end


def _same(stored: SupplierBill, bill: Bill, profile: Profile) -> bool:
    became = _row(bill, profile, energy="")
    return bounds(stored.period) == (bill.start, bill.end) and all(
        getattr(stored, name) == became[name] for name in COMPARED
    )


def _contradict(bill: Bill, overlapped: Sequence[SupplierBill], outcome: Outcome) -> None:
    """Note that `bill` contradicts; one that covers a bill in part only would leave days nobody billed."""
    partly = [
        one for one in overlapped if not (bill.start <= bounds(one.period)[0] and bounds(one.period)[1] <= bill.end)
    ]
    told = ", ".join(
        f"{bounds(one.period)[0]:%d/%m/%Y} au {bounds(one.period)[1] - dt.timedelta(days=1):%d/%m/%Y}"
        for one in overlapped
    )
    if partly:
        outcome.add(
            [Problem(bill.line, "", f"Cette période chevauche sans la couvrir une facture enregistrée ({told}).")]
        )
        return
    outcome.contradict(
        Problem(
            bill.line,
            "",
            f"Une facture de {overlapped[0].kwh.normalize():f} kWh est déjà enregistrée pour ces jours ({told}) ; ici"
            f" {bill.kwh.normalize():f}.",
        )
    )


def write(
    session: Session,
    profile: Profile,
    found: Sorted,
    energies: Mapping[int, str],
    *,
    attachment_id: int,
    reason: str,
    by: str,
) -> None:
    """Add the bills of `found`, set aside those they replace, and note the coefficients gas bills give."""
    for bill, replaced in found.bills:
        row = SupplierBill(
            point_id=bill.point_id,
            period=Range(bill.start, bill.end),
            attachment_id=attachment_id,
            line=bill.line,
            correction_reason=reason if replaced else "",
            **_row(bill, profile, energies[bill.point_id]),
        )
        if replaced:
            _replace(session, row, replaced)
        session.add(row)
        session.flush()
        if bill.coefficient is not None and row.heating_value is not None:
            note_coefficient(
                session,
                row.point_id,
                start=bill.start,
                end=bill.end,
                kwh_per_m3=bill.coefficient,
                heating_value=row.heating_value,
                source=f"facture {bill.number}".strip(),
                by=by,
                replacing=bool(replaced),
            )


def _replace(session: Session, row: SupplierBill, replaced: Sequence[SupplierBill]) -> None:
    """Put `row` in the place of `replaced`, which step aside first: no two bills in force share a day."""
    for old in replaced:
        old.replaced_by_id = old.id
    session.flush()
    session.add(row)
    session.flush()
    for old in replaced:
        old.replaced_by_id = row.id


def _row(bill: Bill, profile: Profile, energy: str) -> dict[str, object]:
    thousandth = Decimal("0.001")
    heating = ("PCI" if profile.unit == "kWh PCI" else "PCS") if energy == "gas" else None
    return {
        "number": bill.number,
        "kwh": bill.kwh,
        "heating_value": heating,
        "volume_m3": None if bill.volume is None else bill.volume.quantize(thousandth),
        "index_start": bill.index_start,
        "index_end": bill.index_end,
        "coefficient": None if bill.coefficient is None else bill.coefficient.quantize(Decimal("0.000001")),
        "estimated": bill.estimated,
        "net": bill.net,
        "gross": bill.gross,
    }
