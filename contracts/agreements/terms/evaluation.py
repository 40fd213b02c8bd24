"""Sharing terms evaluated on a contract year: one pure function from results to the fee, step by step in words.

All is in euros, netted before anything else (truth 6). Sources state band and uncertainty in kWh and value what is
left (`S_pay = 0 if |S| ≤ band`, `V = S_pay × price`, `Fee = min(max(share × V, floor), cap)`); with one energy at one
price that is the same rule, both sides multiplied by the price. With several, kWh of electricity and of gas do not
offset one another, the euros they cost do: so each hurdle is compared in euros, the band as a part of the adjusted
baseline valued by the same schedule, the uncertainty as half-widths so valued. kWh keep a veto: a year in which no
energy was avoided overall owes no share, however prices moved.

Every amount a step prints is rounded to the cent there and the next step starts from it, so that anyone finds the
same fee with the printed figures and a pocket calculator.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

from contracts.agreements.terms import sentences as say
from contracts.agreements.terms.data import ZERO, HurdleKind
from contracts.agreements.terms.explanation import Step, step
from foundation.errors import Refusal
from foundation.money import euros, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from contracts.agreements.terms.data import Terms
    from contracts.agreements.terms.year import ContractYear, EnergyResult, ResultKey


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the terms give for a contract year to date, and how."""

    fee: Decimal
    """Owed to the SPL for the year to date, euros excluding VAT, never negative."""
    net_kwh: Decimal
    net_euros: Decimal
    """Avoided over all boundaries and energies; negative where more was used."""
    half_width_euros: Decimal
    """Pooled over all results, at the confidence of the terms."""
    payable: Decimal
    """The part of the net savings that is shared, after hurdles and deficits carried forward."""
    carried: Decimal
    """Deficit left to the next year, zero or negative."""
    fees: Decimal
    """Of all years to this one."""
    weights: Mapping[ResultKey, Fraction]
    """What each result contributes to the fee: its share of its positive savings."""
    steps: tuple[Step, ...]

    @property
    def kept(self) -> Decimal:
        """Return what the municipality keeps of its net savings, euros."""
        return self.net_euros - self.fee


def evaluate(terms: Terms, year: ContractYear) -> Evaluation:
    """Return what `terms` give for `year`, with every step in order.

    Net, significance, neutral band, veto of the kWh, lower bound while the year runs, deficits of earlier years,
    share, floor (closed years), yearly cap, cumulative cap. Refuses an energy the terms do not share and an interval
    at another confidence. The fee never falls when any avoided amount rises.
    """
    _demand_confidence(terms, year)
    net_kwh = sum((result.avoided_kwh for result in year.results), Decimal("0.000"))
    net = sum((result.avoided_euros for result in year.results), ZERO)
    half_width = pooled((result.half_width_euros for result in year.results), terms.correlation)
    net_template = say.NET_EXCESS if net_kwh < 0 else say.NET
    steps = [
        *_measured(year.results),
        step("net", net, net_template, net_kwh=net_kwh, excess_kwh=-net_kwh, net_euros=net),
    ]

    counted = _after_hurdles(terms, year, net, half_width, steps)
    if counted > 0 and net_kwh <= 0:
        counted = ZERO
        steps.append(step("no_energy", counted, say.NO_ENERGY, net_kwh=net_kwh, net_euros=net))
    if counted > 0 and not year.closed:
        lower = max(net - half_width, ZERO)
        counted = min(counted, lower)
        values = {"net_euros": net, "half_width_euros": half_width, "lower_euros": lower, "counted_euros": counted}
        steps.append(step("lower_bound", counted, say.LOWER_BOUND, **values))
    payable, carried = _after_deficits(terms, year, counted, steps)

    weights = _weights(terms, year)
    fee = _shared(terms, year, payable, steps)
    fee = _within_bounds(terms, year, fee, steps)
    steps.append(
        step(
            "fee", fee, say.FEE if fee or net > 0 else say.NO_FEE, year=year.number, fee_euros=fee, kept_euros=net - fee
        )
    )
    fees = year.fees_before + fee
    return Evaluation(fee, net_kwh, net, half_width, payable, carried, fees, weights, tuple(steps))


def allocate(evaluation: Evaluation, fee: Decimal) -> dict[ResultKey, Decimal]:
    """Return `fee` in parts, one for each result, to the cent; a result without savings of its own bears none.

    `fee` is the evaluation's own, or what a clause outside it (late data) recognises of it.
    """
    parts = split(fee, list(evaluation.weights.values()))
    return dict(zip(evaluation.weights, parts, strict=True))


def pooled(half_widths: Iterable[Decimal], correlation: Fraction) -> Decimal:
    """Return the half-width of a sum of results whose errors have the same `correlation` two by two.

    U² = (1 − ρ) Σ Uᵢ² + ρ (Σ Uᵢ)², rounded half up to the cent, exactly (integers, no float). ρ = 0 is the root
    sum of squares of M&V guides, valid for independent errors; ρ = 1 is their sum.
    """
    exact = [Fraction(half_width) for half_width in half_widths]
    squares = sum((one**2 for one in exact), Fraction())
    variance = (1 - correlation) * squares + correlation * sum(exact, Fraction()) ** 2
    half_cents = isqrt(int(variance * 40_000))  # ⌊2 × 100 × U⌋
    return euros(Fraction((half_cents + 1) // 2, 100))


def _demand_confidence(terms: Terms, year: ContractYear) -> None:
    for result in year.results:
        if result.confidence != terms.confidence:
            raise Refusal(
                "L'intervalle de « {boundary} » est donné à {given:g}, l'accord demande {demanded:g} ; refaites le "
                "rapport à ce niveau de confiance.",
                field="confidence",
                boundary=result.boundary,
                given=float(result.confidence),
                demanded=float(terms.confidence),
            )


def _measured(results: Iterable[EnergyResult]) -> Iterable[Step]:
    for one in results:
        what = {"boundary": one.boundary, "energy": one.energy}
        template, energy = (say.AVOIDED, one.avoided_kwh) if one.avoided_kwh >= 0 else (say.EXCESS, -one.avoided_kwh)
        yield step("result", one.avoided_euros, template, **what, energy_kwh=energy, avoided_euros=one.avoided_euros)
        if one.days_without_result:
            yield step("without_result", one.avoided_euros, say.WITHOUT_RESULT, **what, days=one.days_without_result)


def _after_hurdles(terms: Terms, year: ContractYear, net: Decimal, half_width: Decimal, steps: list[Step]) -> Decimal:
    """Return what counts of `net`: nothing within the widest hurdle, either sign; else `net` less the widest franchise.

    The widest, not one after the other: `net = 0 if |avoided| ≤ max(band × baseline, z × U)`.
    """
    baseline = sum((result.baseline_euros for result in year.results), ZERO)
    hurdles = (("significance", terms.significance, half_width), ("neutral_band", terms.neutral_band, baseline))
    counted, deducted = net, ZERO
    for name, hurdle, of in hurdles:
        if hurdle is None:
            continue
        limit = euros(hurdle.limit * Fraction(max(of, ZERO)))
        if abs(net) <= limit:
            counted, verdict = ZERO, say.WITHIN
        elif hurdle.kind is HurdleKind.DEDUCTIBLE:
            deducted = max(deducted, limit)
            counted, verdict = (net - deducted if net > 0 else net + deducted), say.BEYOND
        else:
            verdict = say.CLEARED
        values = {"limit_euros": limit, "of_euros": of, "net_euros": net, "counted_euros": counted}
        ratios = {"limit_factor": hurdle.limit, "limit_ratio": hurdle.limit, "confidence_ratio": terms.confidence}
        steps.append(step(name, counted, verdict[name], **values, **ratios))
        if verdict is say.WITHIN:
            break
    return counted


def _after_deficits(terms: Terms, year: ContractYear, counted: Decimal, steps: list[Step]) -> tuple[Decimal, Decimal]:
    """Return what is payable and the deficit left to later years, `counted` and earlier deficits together."""
    if counted < 0 and not terms.carry_forward:
        steps.append(step("deficit", ZERO, say.FORGOTTEN, counted_euros=counted))
        counted = ZERO
    together = counted + year.carried
    payable, carried = max(together, ZERO), min(together, ZERO)
    if year.carried:
        values = {"before_euros": year.carried, "payable_euros": payable, "carried_euros": carried}
        steps.append(step("carried", payable, say.MADE_UP, **values))
    elif carried:
        steps.append(step("deficit", payable, say.CARRIED, carried_euros=carried))
    return payable, carried


def _weights(terms: Terms, year: ContractYear) -> dict[ResultKey, Fraction]:
    """Return share × positive savings of each result; where there are none, its baseline (a floor is still owed)."""
    shares = {result.key: terms.share_of(result.energy, year.number) for result in year.results}
    weights = {one.key: shares[one.key] * Fraction(max(one.avoided_euros, ZERO)) for one in year.results}
    if not any(weights.values()):
        weights = {one.key: Fraction(max(one.baseline_euros, ZERO)) for one in year.results}
    return weights


def _shared(terms: Terms, year: ContractYear, payable: Decimal, steps: list[Step]) -> Decimal:
    """Return the SPL's share of `payable`.

    Negative results lower all positive ones in proportion, so that each energy keeps its own share of what is left
    and the whole is never shared above the highest of them: fee = payable × Σ sᵢ Vᵢ⁺ / Σ Vᵢ⁺.
    """
    if not payable:
        return ZERO
    positive = [(terms.share_of(one.energy, year.number), one.avoided_euros) for one in year.results]
    positive = [(share, amount) for share, amount in positive if amount > 0]
    whole = sum((amount for _, amount in positive), ZERO)
    weighted = sum((share * Fraction(amount) for share, amount in positive), Fraction())
    fee = euros(Fraction(payable) * weighted / Fraction(whole))
    values = {"payable_euros": payable, "fee_euros": fee}
    if len({share for share, _ in positive}) == 1:
        steps.append(step("share", fee, say.SHARE, share_ratio=positive[0][0], **values))
    else:
        steps.append(step("share", fee, say.SHARES, weighted_euros=weighted, positive_euros=whole, **values))
    return fee


def _within_bounds(terms: Terms, year: ContractYear, fee: Decimal, steps: list[Step]) -> Decimal:
    """Return `fee` raised to the floor (closed years only: nothing is owed in advance), then lowered to the caps."""
    # Suspended all year, an agreement measures nothing and owes nothing, its floor included.
    if year.closed and any(one.adjusted_baseline_kwh for one in year.results) and fee < terms.floor:
        fee = terms.floor
        steps.append(step("floor", fee, say.FLOOR, floor_euros=fee))
    if terms.yearly_cap is not None and fee > terms.yearly_cap:
        fee = terms.yearly_cap
        steps.append(step("yearly_cap", fee, say.YEARLY_CAP, cap_euros=fee))
    if terms.cumulative_cap is not None:
        cap = terms.cumulative_cap.amount
        room = max(cap - year.fees_before, ZERO)
        if fee > room:
            fee = room
            values = {"cap_euros": cap, "before_euros": year.fees_before, "room_euros": room}
            steps.append(step("cumulative_cap", fee, say.CUMULATIVE_CAP, **values))
    return fee
