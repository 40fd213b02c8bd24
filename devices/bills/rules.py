"""Energy over any period from bills of other periods: shared out by days, said so, estimated parts apart."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

THOUSANDTH: Final = Decimal("0.001")


class BilledPeriod(NamedTuple):
    """What was billed over local days [start, end)."""

    start: dt.date
    end: dt.date
    kwh: Decimal
    estimated: bool


class BilledEnergy(NamedTuple):
    """Energy of a period by its bills.

    `kwh` sums the bills wholly inside and, by days, those the period cuts (`shared_kwh` of it); `estimated_kwh` is
    what estimated bills say of it. Where `missing_days` is not 0, `kwh` is not the energy of the period.
    """

    kwh: Decimal
    estimated_kwh: Decimal
    shared_kwh: Decimal
    missing_days: int


def energy_over(bills: Sequence[BilledPeriod], start: dt.date, end: dt.date) -> BilledEnergy:
    """Return the billed energy of local days [start, end); `bills` do not overlap.

    Of a bill the period cuts, each part is the difference of what was used up to its ends, rounded once, so that
    the energies of the parts of any partition add up to the bill.
    """
    kwh = estimated = shared = Decimal(0)
    covered = 0
    for bill in bills:
        first, after = max(start, bill.start), min(end, bill.end)
        if first >= after:
            continue
        covered += (after - first).days
        part = _used_until(bill, after) - _used_until(bill, first)
        kwh += part
        estimated += part if bill.estimated else 0
        shared += part if (first, after) != (bill.start, bill.end) else 0
    return BilledEnergy(kwh, estimated, shared, (end - start).days - covered)


def _used_until(bill: BilledPeriod, day: dt.date) -> Decimal:
    whole = bill.kwh * (day - bill.start).days / (bill.end - bill.start).days
    return bill.kwh if day == bill.end else whole.quantize(THOUSANDTH, ROUND_HALF_EVEN)
