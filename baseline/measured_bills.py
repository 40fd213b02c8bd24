"""The bills of a boundary, beside the temperatures of their days: old bills can be a baseline."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from baseline.fitting.bills.data import BilledBaseline
from devices.bills.read import bills_in_force
from devices.points.shares import weighed
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.measured_days import MeasuredDay
    from devices.points.models import MeasurementBoundary
    from devices.points.shares import Share

ONE_DAY = dt.timedelta(days=1)


class MeasuredBill(NamedTuple):
    """What was billed over local days [start, end), all points of the boundary with their coefficients."""

    start: dt.date
    end: dt.date
    kwh: Decimal
    estimated: bool

    def as_data(self) -> tuple[str, str, str, bool]:
        """Return the bill as exact text."""
        return self.start.isoformat(), self.end.isoformat(), format(self.kwh, "f"), self.estimated


def bill_from_data(row: Sequence[object]) -> MeasuredBill:
    """Read what `MeasuredBill.as_data` wrote."""
    start, end, kwh, estimated = row
    return MeasuredBill(
        dt.date.fromisoformat(str(start)), dt.date.fromisoformat(str(end)), Decimal(str(kwh)), bool(estimated)
    )


def measured_bills(session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date) -> list[MeasuredBill]:
    """Return the bills that lie wholly in [start, end).

    Raises Refusal for bills on the net heating value, which no measured kWh may be compared with, and for points whose
    bills do not cover the same days.
    """
    terms = [term for term in boundary.terms if term.period.contains(start)]
    found: defaultdict[tuple[dt.date, dt.date], list[tuple[tuple[Share, Decimal], bool]]] = defaultdict(list)
    for term in terms:
        for bill in bills_in_force(session, [term.point_id]):
            first, last = bounds(bill.period)
            if not start <= first < last <= end:
                continue
            if bill.heating_value == "PCI":
                raise Refusal(
                    "Les factures de « {point} » sont en kWh PCI ; les relevés sont en kWh PCS : on ne les compare"
                    " pas. Reprenez les factures en PCS.",
                    point=term.point.name,
                )
            found[first, last].append(((term.share, bill.kwh), bill.estimated))
    if any(len(parts) != len(terms) for parts in found.values()):
        raise Refusal(
            "Les factures des points de « {boundary} » ne couvrent pas les mêmes jours : elles ne s'ajoutent pas."
            " Faites un périmètre par point.",
            boundary=boundary.name,
        )
    return [
        MeasuredBill(first, last, weighed(part for part, _ in parts), any(guess for _, guess in parts))
        for (first, last), parts in sorted(found.items())
    ]


def billed_baseline(
    bills: Sequence[MeasuredBill], days: Sequence[MeasuredDay], start: dt.date, end: dt.date
) -> BilledBaseline:
    """Return `bills` with the temperatures of `days`, which are all days of [start, end)."""
    celsius = {day.day: math.nan if day.celsius is None else float(day.celsius) for day in days}
    return BilledBaseline.of(
        [(bill.start, bill.end - ONE_DAY) for bill in bills],
        [float(bill.kwh) for bill in bills],
        [
            [celsius.get(bill.start + number * ONE_DAY, math.nan) for number in range((bill.end - bill.start).days)]
            for bill in bills
        ],
        start=start,
        end=end - ONE_DAY,
    )
