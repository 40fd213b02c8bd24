"""Days on which it was colder indoors, in occupied hours, than the plan promises: their saving is not payable."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from baseline.measured_days import boundary_zone, public_holidays
from devices.ingest.models import Reading
from devices.inventory.models import Installation
from foundation.time import local_midnight

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan

SATURDAY = 5
COLDEST, WARMEST = Decimal(-30), Decimal(60)
"""°C no room has: -127 and 85 are what a probe says that is cut off or has just been switched on (DS18B20)."""


def cold_days(session: Session, plan: MeasurementPlan, start: dt.date, end: dt.date) -> frozenset[dt.date]:
    """Return the days of [start, end) whose mean indoor temperature in occupied hours is below the plan's minimum.

    Occupied are the plan's local hours of Mondays to Fridays that are no public holiday. A day without a reading in
    them, or with impossible ones only, is not known to be cold.
    """
    if plan.comfort_minimum_c is None or plan.occupied_from is None or plan.occupied_until is None:
        return frozenset()
    zone = boundary_zone(plan.boundary)
    off = public_holidays(plan.boundary, start, end)
    rows = session.execute(
        select(Reading.ts, Reading.value * Installation.factor)
        .join(Installation, Installation.id == Reading.installation_id)
        .where(
            Installation.point_id == plan.comfort_point_id,
            Installation.quantity == "temperature",
            (Reading.value * Installation.factor).between(COLDEST, WARMEST),
            Reading.ts >= local_midnight(start, zone),
            Reading.ts < local_midnight(end, zone),
        )
    )
    indoors: dict[dt.date, list[Decimal]] = defaultdict(list)
    for instant, celsius in rows:
        wall = instant.astimezone(zone)
        if (
            wall.weekday() < SATURDAY
            and wall.date() not in off
            and plan.occupied_from <= wall.hour < plan.occupied_until
        ):
            indoors[wall.date()].append(celsius)
    return frozenset(day for day, seen in indoors.items() if sum(seen, Decimal(0)) / len(seen) < plan.comfort_minimum_c)
