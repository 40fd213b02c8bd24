"""Degree days (DJU) of a day from its extremes, summed by month; method and base go with every figure. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from baseline.weather.gaps import interpolated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from baseline.weather.observed import Observed

UNIFIED_BASE: Final = Decimal(18)
"""°C of the degrés-jours unifiés; statistics of the SDES use 17, an agreement may name another."""
DAY: Final = dt.timedelta(days=1)
# The professional method's polynomial (COSTIC; OPERAT, annex III of the order of 10 April 2020).
_FLAT, _STEEP = Decimal("0.08"), Decimal("0.42")
_NONE = Decimal(0)


class Method(StrEnum):
    """How a day that crosses the base is counted; the two differ exactly there."""

    METEO = "meteo"
    """max(0, S - (TN + TX) / 2): Météo-France's."""
    COSTIC = "costic"
    """The energy professionals', which counts the cold hours of a day whose mean is above the base."""


class Use(StrEnum):
    """What the degrees are counted for: heating those missing up to the base, cooling those beyond it."""

    HEATING = "heating"
    COOLING = "cooling"


class Extremes(NamedTuple):
    """Minimum and maximum of a day, °C; None where one is not known, or doubtful."""

    tn: Decimal | None
    tx: Decimal | None

    @property
    def known(self) -> bool:
        """Whether a figure can be made of it; a minimum above the maximum contradicts itself."""
        return self.tn is not None and self.tx is not None and self.tn <= self.tx


def degree_days(day: Extremes, base: Decimal, method: Method, use: Use) -> Decimal | None:
    """Return the degree days (°C·d) of one day; None where an extreme is missing or they contradict each other."""
    tn, tx = day
    if tn is None or tx is None or tn > tx:
        return None
    if use is Use.COOLING:
        # The mirror image: warm and cold change places around zero.
        tn, tx, base = -tx, -tn, -base
    mean = (tn + tx) / 2
    if method is Method.METEO:
        return max(_NONE, base - mean)
    if base > tx:
        return base - mean
    if base <= tn:
        return _NONE
    below = base - tn
    return below * (_FLAT + _STEEP * below / (tx - tn))


class Month(NamedTuple):
    """Degree days of the days of one month that have both extremes."""

    first: dt.date
    heating: Decimal
    cooling: Decimal
    days: int
    missing: int
    """Days of the period without a figure: they are not made up, so the sums are too low by theirs."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a list of degree days is worth nothing without: method, base, where the extremes come from."""

    method: Method
    base: Decimal
    extremes: str
    """"published" (the service's own TN and TX) or "hourly" (of hourly temperatures); never mixed in one account."""
    months: list[Month]

    def total(self) -> Month | None:
        """Return the sum over all months; None where there is none."""
        return _together(self.months) if self.months else None


def _together(months: list[Month]) -> Month:
    return Month(
        months[0].first,
        sum((month.heating for month in months), _NONE),
        sum((month.cooling for month in months), _NONE),
        sum(month.days for month in months),
        sum(month.missing for month in months),
    )


def heating_season(first_year: int) -> tuple[dt.date, dt.date]:
    """Return the conventional season [1 October, 21 May) of 232 days (233 with a 29 February) of agreements."""
    return dt.date(first_year, 10, 1), dt.date(first_year + 1, 5, 21)


def account(
    days: Mapping[dt.date, Extremes],
    start: dt.date,
    end: dt.date,
    *,
    base: Decimal = UNIFIED_BASE,
    method: Method = Method.COSTIC,
    extremes: str = "published",
) -> Account:
    """Return the degree days of each month of [start, end); days without both extremes are counted as missing."""
    months: dict[dt.date, list[tuple[Decimal | None, Decimal | None]]] = defaultdict(list)
    for offset in range((end - start).days):
        day = start + offset * DAY
        known = days.get(day, Extremes(None, None))
        both = (degree_days(known, base, method, Use.HEATING), degree_days(known, base, method, Use.COOLING))
        months[day.replace(day=1)].append(both)
    return Account(
        method,
        base,
        extremes,
        [
            Month(
                first,
                sum((heating for heating, _ in values if heating is not None), _NONE),
                sum((cooling for _, cooling in values if cooling is not None), _NONE),
                sum(heating is not None for heating, _ in values),
                sum(heating is None for heating, _ in values),
            )
            for first, values in months.items()
        ],
    )


def published_extremes(values: Iterable[Observed]) -> dict[dt.date, Extremes]:
    """Return the extremes a service publishes for climatological days; a doubtful one is not one."""
    known: dict[dt.date, dict[str, Decimal]] = defaultdict(dict)
    for value in values:
        if value.parameter in {"TN", "TX"} and value.usable and value.celsius is not None:
            known[value.at.date()][value.parameter] = value.celsius
    return {day: Extremes(both.get("TN"), both.get("TX")) for day, both in known.items()}


def hourly_extremes(hours: Mapping[dt.datetime, Decimal]) -> dict[dt.date, Extremes]:
    """Return the extremes of hourly temperatures over the service's own days (UTC); short gaps are interpolated.

    TN after 18 h the day before until 18 h, TX after 6 h until 6 h the day after: a day short of one hour has none.
    Hourly values miss the true extremes between them, so this is another figure than the published one.
    """
    whole = {**hours, **interpolated(hours)}
    coldest, warmest = defaultdict(list), defaultdict(list)
    for hour, celsius in whole.items():
        coldest[(hour + dt.timedelta(hours=5)).date()].append(celsius)
        warmest[(hour - dt.timedelta(hours=7)).date()].append(celsius)
    return {day: Extremes(_of(min, coldest.get(day)), _of(max, warmest.get(day))) for day in {*coldest, *warmest}}


def _of(choose: Callable[[list[Decimal]], Decimal], values: list[Decimal] | None) -> Decimal | None:
    return choose(values) if values is not None and len(values) == 24 else None
