"""The suppliers' bills of a report's points beside what was measured on their days: told, never billed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.bills.read import bills_in_force
from devices.reconciliation.gather import lines_of
from foundation.time import bounds

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from devices.points.models import MeasurementBoundary


def bills_beside(session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    """Return the bills in force that touch local days [start, end), whole, each with its gap and its verdict."""
    points = {
        term.point_id: term.point.name
        for term in boundary.terms
        if (term.period.lower is None or term.period.lower < end)
        and (term.period.upper is None or term.period.upper > start)
    }
    touching = [
        bill
        for bill in bills_in_force(session, sorted(points))
        if bounds(bill.period)[0] < end and bounds(bill.period)[1] > start
    ]
    return [
        {
            "point": points[line.bill.point_id],
            "number": line.bill.number,
            "start": bounds(line.bill.period)[0].isoformat(),
            "end": bounds(line.bill.period)[1].isoformat(),
            "billed_kwh": f"{line.bill.kwh:.3f}",
            "measured_kwh": f"{line.measured.kwh:.3f}" if line.measured.hours else None,
            "gap": None if line.comparison.gap is None else f"{line.comparison.gap:.6f}",
            "limit": f"{line.comparison.limit:.5f}",
            "verdict": line.comparison.verdict.value,
        }
        for line in lines_of(session, touching)
    ]
