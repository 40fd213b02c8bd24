"""Each bill in force beside what was measured over its days."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from devices.bills.read import bills_in_force
from devices.reconciliation.rules import LIMIT, Comparison, Measured, compare
from foundation.time import bounds, day_bounds, time_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from devices.bills.models import SupplierBill

# Hours an estimate fills are no measurement (truth 2). The limit: of the agreements in force for who held the building
# during the bill the strictest, each saying its own or the usual one.
_SIDES = text("""
    SELECT b.id, coalesce(sum(d.kwh) FILTER (WHERE d.reason <> 'estimated'), 0),
        coalesce(sum(d.hours_measured) FILTER (WHERE d.reason <> 'estimated'), 0)::int,
        EXISTS (SELECT FROM devices.hourly_energy h JOIN devices.metering_point p ON p.id = h.point_id
            JOIN contracts.building o ON o.id = p.building_id JOIN contracts.site s ON s.id = o.site_id
            WHERE h.point_id = b.point_id AND h.cause = 'no_coefficient'
                AND h.hour >= lower(b.period)::timestamp AT TIME ZONE s.timezone
                AND h.hour < upper(b.period)::timestamp AT TIME ZONE s.timezone),
        (SELECT min(coalesce(l.gap, :usual)) FROM devices.metering_point p
            JOIN contracts.holding g ON g.building_id = p.building_id AND g.period && b.period
            JOIN contracts.agreement a ON a.shareholder_id = g.shareholder_id AND a.term && b.period
                AND a.state IN ('signed', 'amended')
            LEFT JOIN devices.agreed_limit l ON l.agreement_id = a.id
            WHERE p.id = b.point_id)
    FROM devices.supplier_bill b
    LEFT JOIN devices.daily_energy d ON d.point_id = b.point_id AND d.day >= lower(b.period) AND d.day < upper(b.period)
    WHERE b.id = ANY(:ids) GROUP BY b.id
""")


class Line(NamedTuple):
    """One bill and its comparison."""

    bill: SupplierBill
    measured: Measured
    comparison: Comparison


def reconcile(session: Session, point_ids: Sequence[int]) -> list[Line]:
    """Return the bills in force of points, in order of point and time, each compared with what was measured."""
    return lines_of(session, bills_in_force(session, point_ids))


def lines_of(session: Session, bills: Sequence[SupplierBill]) -> list[Line]:
    """Compare `bills`."""
    rows = session.execute(_SIDES, {"ids": [bill.id for bill in bills], "usual": LIMIT})
    sides = {row[0]: tuple(row[1:]) for row in rows}
    found = []
    for bill in bills:
        kwh, hours, lacks, limit = sides[bill.id]
        measured = Measured(Decimal(kwh), hours, _expected_hours(bill), lacks_coefficient=lacks)
        comparison = compare(
            measured,
            bill.kwh,
            estimated=bill.estimated,
            same_heating_value=bill.heating_value != "PCI",
            limit=LIMIT if limit is None else limit,
        )
        found.append(Line(bill, measured, comparison))
    return found


def _expected_hours(bill: SupplierBill) -> int:
    zone = time_zone(bill.point.building.site.timezone)
    start, end = bounds(bill.period)
    return round((day_bounds(end, zone)[0] - day_bounds(start, zone)[0]).total_seconds() / 3600)
