"""What was billed for a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from devices.bills.models import SupplierBill
from devices.bills.rules import BilledEnergy, BilledPeriod, energy_over
from foundation.time import bounds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def bills_in_force(session: Session, point_ids: Sequence[int]) -> list[SupplierBill]:
    """Return the bills of points that nothing has replaced, in order of point and time."""
    return list(
        session.scalars(
            select(SupplierBill)
            .where(SupplierBill.point_id.in_(point_ids), SupplierBill.replaced_by_id.is_(None))
            .order_by(SupplierBill.point_id, func.lower(SupplierBill.period))
        )
    )


def billed_energy(session: Session, point_id: int, start: dt.date, end: dt.date) -> BilledEnergy:
    """Return what bills in force say of local days [start, end) of a point, estimated parts and missing days apart."""
    periods = [
        BilledPeriod(*bounds(bill.period), bill.kwh, bill.estimated) for bill in bills_in_force(session, [point_id])
    ]
    return energy_over(periods, start, end)
