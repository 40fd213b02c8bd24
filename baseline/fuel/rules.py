"""The energies of a building in euros: what they would have cost, what they cost. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from contracts.prices.rules import value

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from contracts.prices.rules import Schedule, Valuation

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Sides:
    """One energy, kWh by local day: what would have been used and what was, on the days that have both."""

    boundary: str
    energy: str
    reference_kwh: Mapping[dt.date, Decimal]
    measured_kwh: Mapping[dt.date, Decimal]
    ended: bool = False
    """Nothing measures it any more: it counts for nothing used."""


@dataclass(frozen=True)
class Valued:
    """One energy at the agreement's prices, excluding VAT."""

    sides: Sides
    reference: Valuation
    measured: Valuation


@dataclass(frozen=True)
class Compared:
    """All energies of local days [start, end), on the days all of them have."""

    start: dt.date
    end: dt.date
    days: int
    energies: tuple[Valued, ...]

    @property
    def reference_eur(self) -> Decimal:
        """What all energies together would have cost."""
        return sum((one.reference.amount for one in self.energies), NOTHING)

    @property
    def measured_eur(self) -> Decimal:
        """What they cost."""
        return sum((one.measured.amount for one in self.energies), NOTHING)

    @property
    def avoided_eur(self) -> Decimal:
        """Reference minus measured: positive when the building costs less."""
        return self.reference_eur - self.measured_eur


def compared(sides: Sequence[Sides], schedules: Mapping[str, Schedule], start: dt.date, end: dt.date) -> Compared:
    """Value each energy on the days all of them have, so that no side of one stands against nothing of another.

    kWh are never added across energies: gas in kWh PCS and electricity are not the same thing. Raises Refusal for an
    energy or a day without a price.
    """
    common = set.intersection(*(set(one.reference_kwh) & set(one.measured_kwh) for one in sides)) if sides else set()
    return Compared(
        start,
        end,
        len(common),
        tuple(
            Valued(
                one,
                value(schedules[one.energy], {day: kwh for day, kwh in one.reference_kwh.items() if day in common}),
                value(schedules[one.energy], {day: kwh for day, kwh in one.measured_kwh.items() if day in common}),
            )
            for one in sides
        ),
    )
