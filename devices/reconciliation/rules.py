"""The gap between what was measured and what the supplier billed, and whether it is within the limit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

LIMIT: Final = Decimal("0.02")
"""A fraction of the bill: what holds unless the agreement says else."""


class Verdict(StrEnum):
    """What a comparison says, or why there is none."""

    AGREES = "agrees"
    DIFFERS = "differs"
    INCOMPLETE = "incomplete"
    """The measured side lacks hours: a partial sum is never compared as if it were whole."""
    UNMEASURED = "unmeasured"
    """Nothing was measured in that period."""
    ESTIMATED = "estimated"
    """The supplier's own figure is an estimate: a gap would prove nothing."""
    OTHER_HEATING_VALUE = "other_heating_value"
    """The bill is in kWh PCI, the measurement in kWh PCS."""
    NO_COEFFICIENT = "no_coefficient"
    """Gas was measured in m³ that no coefficient makes kWh."""
    NOTHING_BILLED = "nothing_billed"
    """The bill says 0 kWh: a percentage of nothing means nothing."""


class Measured(NamedTuple):
    """The measured side of a bill's period: its energy, and how many of its hours have one."""

    kwh: Decimal
    hours: int
    expected: int
    lacks_coefficient: bool = False


class Comparison(NamedTuple):
    """`gap` is (measured − billed) / billed, a fraction; None where the verdict is that there is no comparison."""

    verdict: Verdict
    gap: Decimal | None
    limit: Decimal


def compare(
    measured: Measured,
    billed_kwh: Decimal,
    *,
    estimated: bool = False,
    same_heating_value: bool = True,
    limit: Decimal = LIMIT,
) -> Comparison:
    """Compare one bill; a gap of exactly `limit` agrees. Both sides are kWh of the same kind, or there is no gap."""
    reasons = (
        (not same_heating_value, Verdict.OTHER_HEATING_VALUE),
        (estimated, Verdict.ESTIMATED),
        (measured.lacks_coefficient, Verdict.NO_COEFFICIENT),
        (not measured.hours, Verdict.UNMEASURED),
        (measured.hours < measured.expected, Verdict.INCOMPLETE),
        (not billed_kwh and bool(measured.kwh), Verdict.NOTHING_BILLED),
    )
    for holds, verdict in reasons:
        if holds:
            return Comparison(verdict, None, limit)
    if not billed_kwh:
        return Comparison(Verdict.AGREES, Decimal(0), limit)
    gap = (measured.kwh - billed_kwh) / billed_kwh
    verdict = Verdict.AGREES if abs(gap) <= limit else Verdict.DIFFERS
    return Comparison(verdict, gap.quantize(Decimal("0.000001"), ROUND_HALF_EVEN), limit)
