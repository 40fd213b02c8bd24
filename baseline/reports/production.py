"""Production that the data themselves show, in a boundary that measures none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from baseline.reports.findings import days_below_zero, production_counted
from devices.energy.models import DailyEnergy
from devices.points.models import MeteringPoint

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from baseline.fitting import Finding
    from baseline.measured_days import MeasuredDay
    from devices.points.models import MeasurementBoundary


def production_seen(
    session: Session, boundary: MeasurementBoundary, days: Sequence[MeasuredDay], start: dt.date, end: dt.date
) -> Iterator[Finding]:
    """Yield what shows that the buildings of an electricity `boundary` made electricity on local days [start, end).

    A point of theirs that counts production or what is fed into the grid, and days below zero. Nothing where a term
    of the boundary counts the production: then it is in the sum (truth 1).
    """
    if boundary.energy != "electricity" or any(
        term.point.energy == "photovoltaic" and term.period.lower is not None and term.period.lower < end
        for term in boundary.terms
    ):
        return
    counted = session.execute(
        select(MeteringPoint.id, MeteringPoint.name, func.sum(DailyEnergy.kwh))
        .join(DailyEnergy, DailyEnergy.point_id == MeteringPoint.id)
        .where(
            MeteringPoint.building_id.in_([building.id for building in boundary.buildings]),
            or_(MeteringPoint.energy == "photovoltaic", MeteringPoint.direction == "export"),
            DailyEnergy.day >= start,
            DailyEnergy.day < end,
        )
        .group_by(MeteringPoint.id)
        .having(func.sum(DailyEnergy.kwh) > 0)
        .order_by(MeteringPoint.id)
    )
    for point, name, kwh in counted:
        yield production_counted(point, name, kwh or Decimal(0))
    below = [day.day for day in days if day.kwh is not None and day.kwh < 0]
    if below:
        yield days_below_zero(below)
