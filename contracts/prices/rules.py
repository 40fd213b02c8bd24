"""What a kWh not used is worth: a dated price schedule, and avoided energy valued by it.

A schedule holds, for one energy, euros per kWh excluding VAT, the variable part only: what the payer
really stops paying when less is used. Subscription and subscribed power stay out of it.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from contracts.prices.energies import ENERGY_NAMES
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DAY = dt.timedelta(days=1)
_MOST_PLACES = 6
"""Decimals of a unit price (EN 16931 BT-146 as BR-FR-DEC-03 bounds it)."""


@dataclass(frozen=True, slots=True)
class Price:
    """Euros per kWh during [start, end) of local days; without `end`, until further notice."""

    start: dt.date
    end: dt.date | None
    per_kwh: Decimal

    def __post_init__(self) -> None:
        """Refuse a price that is not a price, or a period that is none."""
        if not self.per_kwh.is_finite() or self.per_kwh <= 0:
            raise Refusal("Le prix du kWh doit être supérieur à zéro.", field="price")
        if int(self.per_kwh.as_tuple().exponent) < -_MOST_PLACES:
            raise Refusal(
                "Le prix du kWh a trop de décimales ; écrivez-en {places} au plus.",
                field="price",
                places=_MOST_PLACES,
            )
        if self.end is not None and self.end <= self.start:
            raise Refusal("La fin d'un prix doit venir après son début ; corrigez les dates.", field="period")

    def covers(self, day: dt.date) -> bool:
        """Say whether this is the price of `day`."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The prices of one energy, in order of time, never two for one day."""

    energy: str
    prices: tuple[Price, ...]

    def __post_init__(self) -> None:
        """Put the prices in order; refuse two prices for one day."""
        in_order = tuple(sorted(self.prices, key=lambda price: price.start))
        for earlier, later in pairwise(in_order):
            if earlier.end is None or earlier.end > later.start:
                raise Refusal(
                    "Deux prix se chevauchent le {day} ; mettez fin au premier avant que le second commence.",
                    field="period",
                    day=FRENCH.date(later.start),
                )
        object.__setattr__(self, "prices", in_order)


@dataclass(frozen=True, slots=True)
class Slice:
    """The energy valued at one price: `amount` is `energy_kwh` × `price.per_kwh`, to the cent; both may be negative."""

    price: Price
    days: int
    energy_kwh: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Valuation:
    """Energy in euros excluding VAT, price by price, so that a reader can multiply and add for himself."""

    slices: tuple[Slice, ...]

    @property
    def energy_kwh(self) -> Decimal:
        """Return the energy valued, kWh."""
        return sum((part.energy_kwh for part in self.slices), Decimal("0.000"))

    @property
    def amount(self) -> Decimal:
        """Return the sum of the slices, euros to the cent."""
        return sum((part.amount for part in self.slices), Decimal("0.00"))


def overlaid(layers: Sequence[Sequence[Price]]) -> list[Price]:
    """Return one price a day: that of the last of `layers` that has one; what a later layer covers is cut out."""
    found: list[Price] = []
    for layer in layers:
        for price in layer:
            found = [part for one in found for part in _without(one, price.start, price.end)]
        found += layer
    return sorted(found, key=lambda price: price.start)


def _without(price: Price, start: dt.date, end: dt.date | None) -> list[Price]:
    """Return what is left of `price` outside [start, end)."""
    parts = []
    if price.start < start:
        until = start if price.end is None else min(price.end, start)
        parts.append(Price(price.start, until, price.per_kwh))
    if end is not None and (price.end is None or price.end > end):
        parts.append(Price(max(price.start, end), price.end, price.per_kwh))
    return parts


def price_on(schedule: Schedule, day: dt.date) -> Price:
    """Return the price of `day`; refuse a day the schedule does not cover."""
    [(price, _)] = _by_price(schedule, {day: Decimal(0)})
    return price


def value(schedule: Schedule, daily_kwh: Mapping[dt.date, Decimal]) -> Valuation:
    """Return what `daily_kwh` (kWh by local day, signed) is worth: days of one price are added, then multiplied once.

    The result depends on the days alone, not on their order nor on how the period is cut into reports.
    Refuses a period with days that have no price, and names them.
    """
    slices = []
    for price, energies in _by_price(schedule, daily_kwh):
        energy = sum(energies, Decimal("0.000"))
        slices.append(Slice(price, len(energies), energy, euros(Fraction(energy) * Fraction(price.per_kwh))))
    return Valuation(tuple(slices))


def mean_price(schedule: Schedule, weights_kwh: Mapping[dt.date, Decimal]) -> Fraction:
    """Return the price of a kWh spread over days as `weights_kwh` is (kWh by local day, sign ignored); zero for no day.

    Values what is known for the period as a whole only, as the half-width of a savings interval is;
    the weights are the adjusted baseline. Without any weight every day counts the same.
    """
    priced = [(price, len(days), sum(map(abs, days))) for price, days in _by_price(schedule, weights_kwh)]
    weighted = any(weight for _, _, weight in priced)
    weights = [(Fraction(price.per_kwh), Fraction(weight if weighted else days)) for price, days, weight in priced]
    whole = sum(weight for _, weight in weights)
    return sum((price * weight for price, weight in weights), Fraction()) / whole if whole else Fraction()


def _by_price(schedule: Schedule, daily_kwh: Mapping[dt.date, Decimal]) -> list[tuple[Price, list[Decimal]]]:
    """Return the energies of the days of each price, in order of time; refuse days without one."""
    found: dict[Price, list[Decimal]] = {}
    missing = []
    for day, energy in sorted(daily_kwh.items()):
        at = bisect_right(schedule.prices, day, key=lambda price: price.start) - 1
        if at >= 0 and schedule.prices[at].covers(day):
            found.setdefault(schedule.prices[at], []).append(energy)
        else:
            missing.append(day)
    if missing:
        raise _hole(schedule.energy, missing)
    return list(found.items())


def _hole(energy: str, missing: list[dt.date]) -> Refusal:
    """Return the refusal that names the days without a price, as ranges with their last day included."""
    ranges = [(missing[0], missing[0])]
    for day in missing[1:]:
        if day == ranges[-1][1] + DAY:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    named = ", ".join(
        f"le {FRENCH.short_date(first)}"
        if first == last
        else f"du {FRENCH.short_date(first)} au {FRENCH.short_date(last)}"
        for first, last in ranges
    )
    name = ENERGY_NAMES.get(energy, energy).capitalize()
    return Refusal(
        "{name} : pas de prix {named} ; complétez la grille de prix.", field="prices", name=name, named=named
    )
