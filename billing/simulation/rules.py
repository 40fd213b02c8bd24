"""Terms tried on years that have not come: cash flow, quantiles, what happens when nothing is really saved.

The saving really made is one number a year, not known exactly; what the meters show of it has the error of the
measurement, drawn anew each year. Both are normal. Paths are not drawn at random but spread evenly (an additive
recurrence, R. Martin 2018, on the inverse normal): the same question always has the same answer. Each year is evaluated
by the very function that bills.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING

from contracts.agreements.terms.data import ZERO
from contracts.agreements.terms.evaluation import evaluate
from contracts.agreements.terms.year import ContractYear, EnergyResult
from foundation.errors import Refusal
from foundation.money import euros, kwh

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contracts.agreements.terms.data import Terms

PATHS = 128
MOST_YEARS = 20
_NORMAL = NormalDist()
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of an agreement; energies in kWh a year, prices and costs in euros excluding VAT."""

    energy: str
    baseline_kwh: Decimal
    """Adjusted baseline of a year."""
    saving: Fraction
    """Part of the baseline that is expected to be saved; negative where more would be used."""
    spread: Fraction
    """Half-width of what is expected, same unit, at the confidence of the terms."""
    measurement: Fraction
    """Half-width of the interval a year's report will give, as a part of the baseline, at the same confidence."""
    price: Decimal
    """Euros per kWh, variable part."""
    price_growth: Fraction
    """A year, for example 0.02."""
    years: int
    sensor_cost: Decimal
    """What the SPL pays for the sensors, grants deducted, before the first year."""
    vat: Fraction = Fraction()
    """VAT the payer does not get back, as a part of the amount: on the energy saved and on the fee alike."""

    def __post_init__(self) -> None:
        """Refuse what no agreement could be."""
        if self.baseline_kwh <= 0 or self.price <= 0:
            raise Refusal("La référence et le prix sont supérieurs à zéro ; corrigez-les.", field="baseline_kwh")
        if not 1 <= self.years <= MOST_YEARS:
            raise Refusal("Un accord dure de 1 à {most} ans ; corrigez la durée.", field="years", most=MOST_YEARS)
        if not -1 <= self.saving <= 1:
            raise Refusal("L'économie espérée est une part de la référence, par exemple 15 %.", field="saving")
        if self.spread < 0 or self.measurement < 0 or self.sensor_cost < 0:
            raise Refusal("Une incertitude et un coût ne sont pas négatifs.", field="spread")


@dataclass(frozen=True, slots=True)
class Year:
    """One year of one path: what was really saved, and the fee; euros excluding VAT."""

    saved: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Flow:
    """A year (or all of them): quantiles 10, 50 and 90 % over the paths, VAT the payer bears included for it."""

    fee: tuple[Decimal, Decimal, Decimal]
    """What the SPL receives, excluding VAT."""
    kept: tuple[Decimal, Decimal, Decimal]
    """What the municipality really saved less what it paid."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What terms give on what is expected."""

    by_year: tuple[Flow, ...]
    whole: Flow
    payback_years: tuple[int | None, int | None, int | None]
    """After how many years the fees have paid the sensors, at the 10, 50 and 90 % quantile of all fees; None: never."""
    loses: float
    """Probability that over all years the municipality pays more than it really saves."""
    fee_of_nothing: Decimal
    """Mean of all fees of the agreement where really nothing is saved: what the error of measurement alone earns."""


@dataclass(frozen=True, slots=True)
class Point:
    """What one closed year gives at one saving, a part of the baseline."""

    saving: Fraction
    saved: Decimal
    fee: Decimal


def simulate(terms: Terms, expected: Expected, paths: int = PATHS) -> Simulation:
    """Return the cash flow of `terms` on `expected`, over `paths` evenly spread paths."""
    drawn = [_path(terms, expected, numbers) for numbers in _spread(paths, expected.years + 1)]
    none = replace(expected, saving=Fraction(), spread=Fraction())
    nothing = [_path(terms, none, numbers) for numbers in _spread(paths, expected.years + 1)]
    factor = 1 + expected.vat
    return Simulation(
        by_year=tuple(_flow([path[year : year + 1] for path in drawn], factor) for year in range(expected.years)),
        whole=_flow(drawn, factor),
        payback_years=_payback(drawn, expected.sensor_cost),
        loses=sum(_kept(path, factor) < 0 for path in drawn) / paths,
        fee_of_nothing=euros(Fraction(sum(sum((year.fee for year in path), ZERO) for path in nothing)) / paths),
    )


def over_savings(terms: Terms, expected: Expected, savings: Sequence[Fraction]) -> list[Point]:
    """Return what a first, closed year gives at each of `savings`, measured as they are."""
    found = []
    for saving in savings:
        result = _result(terms, expected, 0, saving)
        found.append(Point(saving, result.avoided_euros, evaluate(terms, ContractYear(1, (result,), closed=True)).fee))
    return found


def _path(terms: Terms, expected: Expected, numbers: Sequence[float]) -> list[Year]:
    """Return the years of one path: `numbers` are normal, the saving really made first, then each year's error."""
    scale = _NORMAL.inv_cdf((1 + float(terms.confidence)) / 2)
    truth = expected.saving + _part(numbers[0] / scale * float(expected.spread))
    years: list[Year] = []
    carried = fees = ZERO
    for number in range(expected.years):
        shown = truth + _part(numbers[number + 1] / scale * float(expected.measurement))
        result = _result(terms, expected, number, shown)
        evaluation = evaluate(terms, ContractYear(number + 1, (result,), True, carried, fees))
        carried, fees = evaluation.carried, fees + evaluation.fee
        saved = euros(truth * Fraction(expected.baseline_kwh) * _price(expected, number))
        years.append(Year(saved, evaluation.fee))
    return years


def _result(terms: Terms, expected: Expected, number: int, saving: Fraction) -> EnergyResult:
    price, baseline = _price(expected, number), Fraction(expected.baseline_kwh)
    avoided, half = kwh(saving * baseline), kwh(expected.measurement * baseline)
    return EnergyResult(
        boundary_id=1,
        boundary="",
        energy=expected.energy,
        adjusted_baseline_kwh=kwh(baseline),
        avoided_kwh=avoided,
        half_width_kwh=half,
        confidence=terms.confidence,
        baseline_euros=euros(baseline * price),
        avoided_euros=euros(Fraction(avoided) * price),
        half_width_euros=euros(Fraction(half) * price),
    )


def _price(expected: Expected, number: int) -> Fraction:
    return Fraction(expected.price) * (1 + expected.price_growth) ** number


def _part(number: float) -> Fraction:
    """Return `number` with six places: what is assumed is not known better."""
    return Fraction(round(number, 6)).limit_denominator(1_000_000)


def _spread(paths: int, wide: int) -> Iterator[list[float]]:
    """Yield `paths` points of `wide` normal numbers, evenly spread; the first coordinate takes each quantile once."""
    root = 2.0
    for _ in range(64):
        root = (1 + root) ** (1 / (wide + 1))
    steps = [root ** -(place + 1) for place in range(wide)]
    for path in range(paths):
        uniform = [(path + 0.5) / paths, *((0.5 + (path + 1) * step) % 1 for step in steps[1:])]
        yield [_NORMAL.inv_cdf(min(max(one, 1e-6), 1 - 1e-6)) for one in uniform]


def _flow(paths: Sequence[Sequence[Year]], factor: Fraction) -> Flow:
    fees = [sum((year.fee for year in path), ZERO) for path in paths]
    return Flow(_quantiles(fees), _quantiles([_kept(path, factor) for path in paths]))


def _kept(path: Sequence[Year], factor: Fraction) -> Decimal:
    return euros(sum((Fraction(year.saved - year.fee) for year in path), Fraction()) * factor)


def _quantiles(amounts: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    ordered = sorted(amounts)
    low, middle, high = (ordered[min(int(part * len(ordered)), len(ordered) - 1)] for part in QUANTILES)
    return low, middle, high


def _payback(paths: Sequence[Sequence[Year]], cost: Decimal) -> tuple[int | None, int | None, int | None]:
    never = MOST_YEARS + 1
    found = []
    for path in paths:
        fees, after = ZERO, never if cost else 0
        for number, year in enumerate(path, start=1):
            fees += year.fee
            if fees >= cost:
                after = min(after, number)
        found.append(Decimal(after))
    # The best tenth pays back soonest: read from the other end.
    high, middle, low = _quantiles(found)
    years = [None if one == never else int(one) for one in (low, middle, high)]
    return years[0], years[1], years[2]
