"""The fee of a contract year: examples a finance officer recomputes by hand, and what holds for every year."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.agreements.terms.data import CumulativeCap, Hurdle, HurdleKind, Share, Terms
from contracts.agreements.terms.evaluation import allocate, evaluate, pooled
from contracts.agreements.terms.explanation import Step
from contracts.agreements.terms.presets import PRESETS
from contracts.agreements.terms.year import ContractYear, EnergyResult
from foundation.errors import Refusal
from foundation.look.language import FRENCH, Language

D, F = Decimal, Fraction
HALF = Terms(shares=(Share(F(1, 2)),))
DEDUCTIBLE = HurdleKind.DEDUCTIBLE


def result(
    boundary: int,
    avoided: str,
    *,
    energy: str = "electricity",
    baseline: str = "10000.00",
    half_width: str = "0.00",
    price: str = "0.20",
    avoided_kwh: str | None = None,
) -> EnergyResult:
    """Return a result worth `avoided` euros; kWh follow from the price unless given."""
    kwh = {name: D(text) / D(price) for name, text in (("b", baseline), ("a", avoided), ("h", half_width))}
    return EnergyResult(
        boundary_id=boundary,
        boundary=f"École {boundary}",
        energy=energy,
        adjusted_baseline_kwh=kwh["b"],
        avoided_kwh=kwh["a"] if avoided_kwh is None else D(avoided_kwh),
        half_width_kwh=kwh["h"],
        confidence=F(9, 10),
        baseline_euros=D(baseline),
        avoided_euros=D(avoided),
        half_width_euros=D(half_width),
    )


def year(*results: EnergyResult, number: int = 1, closed: bool = True, **left: Decimal) -> ContractYear:
    return ContractYear(number=number, results=results, closed=closed, **left)


def names(evaluation) -> list[str]:
    return [one.name for one in evaluation.steps]


def test_half_of_what_one_school_saved():
    evaluation = evaluate(HALF, year(result(1, "1234.57", half_width="300.00")))
    assert evaluation.fee == D("617.29")
    assert evaluation.kept == D("617.28")
    assert evaluation.carried == 0
    assert names(evaluation) == ["result", "net", "significance", "share", "fee"]


def test_the_explanation_can_be_read_aloud():
    evaluation = evaluate(HALF, year(result(1, "1234.57", half_width="300.00"), result(2, "-80.00", energy="gas")))
    words = [one.sentence(FRENCH).replace("\u202f", " ").replace("\xa0", " ") for one in evaluation.steps]
    assert words == [
        "École 1 : 6 172,850 kWh évités, soit 1 234,57 €.",
        "École 2 : 400,000 kWh de plus que la référence, soit −80,00 €.",
        "Résultat net de l'année, tous périmètres et toutes énergies : 5 772,850 kWh évités, soit 1 154,57 €.",
        "Le résultat net dépasse son incertitude (1 × 300,00 € = 300,00 €, confiance 90 %) : 1 154,57 € retenus.",
        "Part de la SPL : 50 % de 1 154,57 €, soit 577,29 €.",
        "Dû pour l'année 1 à ce jour : 577,29 € hors TVA ; la collectivité garde 577,28 €.",
    ]


def test_a_third_is_a_third():
    terms = Terms(shares=(Share(F(1, 3)),))
    evaluation = evaluate(terms, year(result(1, "1000000.00")))
    assert evaluation.fee == D("333333.33")
    assert "1/3 de" in evaluation.steps[-2].sentence(FRENCH)


def test_what_one_school_used_more_is_taken_off_what_the_others_saved():
    evaluation = evaluate(HALF, year(result(1, "1000.00"), result(2, "-400.00"), result(3, "200.00")))
    assert evaluation.net_euros == D("800.00")
    assert evaluation.fee == D("400.00")
    assert list(allocate(evaluation, evaluation.fee).values()) == [D("333.33"), D("0.00"), D("66.67")]


def test_each_energy_keeps_its_share_of_what_is_left():
    terms = Terms(shares=(Share(F(1, 2), "electricity"), Share(F(1, 4), "gas")))
    both = evaluate(terms, year(result(1, "1000.00"), result(1, "1000.00", energy="gas")))
    assert both.fee == D("750.00")
    # 500 € more gas than expected: half of the electricity savings pay for it before anything is shared.
    offset = evaluate(terms, year(result(1, "1000.00"), result(1, "-500.00", energy="gas")))
    assert offset.fee == D("250.00")


def test_shares_change_with_the_contract_year():
    terms = Terms(shares=(Share(F(1, 2)), Share(F(3, 10), from_year=4)))
    assert [evaluate(terms, year(result(1, "100.00"), number=n)).fee for n in (1, 3, 4, 9)] == [50, 50, 30, 30]


def test_savings_within_their_uncertainty_are_not_billed():
    within = evaluate(HALF, year(result(1, "300.00", half_width="300.00")))
    assert within.fee == 0
    assert within.payable == 0
    assert names(within)[-2:] == ["significance", "fee"]
    assert evaluate(HALF, year(result(1, "300.01", half_width="300.00"))).fee == D("150.01")


def test_uncertainty_as_a_franchise_bills_only_what_is_beyond():
    terms = replace(HALF, significance=Hurdle(F(2), DEDUCTIBLE))
    assert evaluate(terms, year(result(1, "1000.00", half_width="300.00"))).fee == D("200.00")


def test_the_neutral_band_is_a_part_of_the_valued_baseline():
    terms = replace(HALF, neutral_band=Hurdle(F(5, 100)))
    assert evaluate(terms, year(result(1, "500.00"))).fee == 0
    assert evaluate(terms, year(result(1, "500.01"))).fee == D("250.01")
    franchise = replace(HALF, neutral_band=Hurdle(F(5, 100), DEDUCTIBLE))
    assert evaluate(franchise, year(result(1, "800.00"))).fee == D("150.00")


def test_the_widest_hurdle_counts_not_both_together():
    terms = replace(HALF, significance=Hurdle(F(1), DEDUCTIBLE), neutral_band=Hurdle(F(5, 100), DEDUCTIBLE))
    assert evaluate(terms, year(result(1, "1000.00", half_width="300.00"))).fee == D("250.00")
    assert evaluate(terms, year(result(1, "1000.00", half_width="700.00"))).fee == D("150.00")
    assert evaluate(terms, year(result(1, "600.00", half_width="700.00"))).fee == 0


def test_half_widths_add_up_unless_independence_is_agreed():
    assert pooled([D(300), D(400)], F(1)) == D("700.00")
    assert pooled([D(300), D(400)], F(0)) == D("500.00")
    assert pooled([D(300), D(400)], F(1, 2)) == D("608.28")
    assert pooled([], F(1)) == 0


@given(st.lists(st.integers(0, 10**8).map(lambda n: D(n).scaleb(-2)), max_size=6), st.fractions(0, 1))
def test_pooled_half_widths_lie_between_root_of_squares_and_sum(half_widths, correlation):
    pool = pooled(half_widths, correlation)
    assert pooled(half_widths, F(0)) <= pool <= sum(half_widths)
    exact = sqrt(
        (1 - correlation) * sum(float(one) ** 2 for one in half_widths) + correlation * float(sum(half_widths)) ** 2
    )
    assert float(pool) == pytest.approx(exact, abs=0.0051, rel=1e-9)


def test_prices_alone_save_nothing():
    # 1 000 kWh of gas less, 1 200 kWh of wood more: cheaper, but no energy was avoided.
    switched = evaluate(
        HALF,
        year(
            result(1, "120.00", energy="gas", avoided_kwh="1000"),
            result(1, "-48.00", energy="heat", avoided_kwh="-1200"),
        ),
    )
    assert switched.net_euros == D("72.00")
    assert switched.fee == 0
    assert "no_energy" in names(switched)


def test_an_instalment_is_at_most_the_share_of_the_proven_lower_bound():
    one = result(1, "1000.00", half_width="300.00")
    assert evaluate(HALF, year(one, closed=False)).fee == D("350.00")
    assert evaluate(HALF, year(one)).fee == D("500.00")
    doubled = replace(HALF, significance=Hurdle(F(2), DEDUCTIBLE))
    assert evaluate(doubled, year(one, closed=False)).fee == D("200.00")


def test_a_negative_year_is_made_up_for_before_anything_is_shared_again():
    bad = evaluate(HALF, year(result(1, "-300.00")))
    assert (bad.fee, bad.carried) == (0, D("-300.00"))
    better = evaluate(HALF, year(result(1, "200.00"), number=2, carried=bad.carried))
    assert (better.fee, better.carried) == (0, D("-100.00"))
    good = evaluate(HALF, year(result(1, "500.00"), number=3, carried=better.carried))
    assert (good.fee, good.carried) == (D("200.00"), 0)


def test_without_carry_forward_a_negative_year_is_forgotten():
    bad = evaluate(replace(HALF, carry_forward=False), year(result(1, "-300.00")))
    assert (bad.fee, bad.carried) == (0, 0)
    assert "deficit" in names(bad)


def test_a_negative_year_within_the_neutral_band_leaves_no_deficit():
    terms = replace(HALF, neutral_band=Hurdle(F(5, 100), DEDUCTIBLE))
    assert evaluate(terms, year(result(1, "-500.00"))).carried == 0
    assert evaluate(terms, year(result(1, "-700.00"))).carried == D("-200.00")


def test_caps_of_the_year_and_of_the_agreement():
    terms = replace(HALF, yearly_cap=D("400.00"), cumulative_cap=CumulativeCap(F(12, 10), D("1000.00"), D("250.00")))
    first = evaluate(terms, year(result(1, "5000.00")))
    assert first.fee == D("400.00")
    third = evaluate(terms, year(result(1, "5000.00"), number=3, fees_before=D("800.00")))
    assert (third.fee, third.fees) == (D("100.00"), D("900.00"))
    assert evaluate(terms, year(result(1, "5000.00"), number=4, fees_before=D("900.00"))).fee == 0


def test_a_floor_is_owed_by_a_closed_year_only_and_stays_below_the_caps():
    terms = replace(HALF, floor=D("100.00"), cumulative_cap=CumulativeCap(F(1), D("150.00")))
    nothing = result(1, "-50.00")
    assert evaluate(terms, year(nothing, closed=False)).fee == 0
    closed = evaluate(terms, year(nothing, result(2, "-10.00", baseline="30000.00")))
    assert closed.fee == D("100.00")
    assert list(allocate(closed, closed.fee).values()) == [D("25.00"), D("75.00")]
    assert evaluate(terms, year(nothing, number=2, fees_before=D("100.00"))).fee == D("50.00")


def test_a_year_suspended_from_end_to_end_owes_nothing():
    evaluation = evaluate(replace(HALF, floor=D("100.00")), year())
    assert evaluation.fee == 0
    assert allocate(evaluation, evaluation.fee) == {}


def test_days_without_result_are_shown():
    evaluation = evaluate(HALF, year(replace(result(1, "10.00"), days_without_result=12)))
    assert "qui ne rapportent rien : 12" in evaluation.steps[1].sentence(FRENCH)


def test_an_interval_at_another_confidence_is_refused():
    with pytest.raises(Refusal, match=r"donné à 0\.8, l'accord demande 0\.9"):
        evaluate(HALF, year(replace(result(1, "10.00"), confidence=F(8, 10))))


def test_a_result_that_counts_twice_is_refused():
    with pytest.raises(Refusal, match="« École 1 » compte deux fois"):
        year(result(1, "10.00"), result(1, "20.00"))


def test_french_interessement_by_halves_and_thirds():
    # N'B 91 666.667 kWh, NC 80 000: 11 666.667 kWh × 0.08 € = 933.33 €; zone neutre 4 % of 7 333.33 € = 293.33 €.
    heating = replace(result(1, "933.33", energy="gas", baseline="7333.33", price="0.08"), avoided_kwh=D("11666.667"))
    assert evaluate(PRESETS["interessement_half"], year(heating)).fee == D("320.00")
    assert evaluate(PRESETS["interessement_third"], year(heating)).fee == D("213.33")
    assert evaluate(PRESETS["interessement_two_thirds"], year(heating)).fee == D("426.67")


def test_steps_are_the_same_after_a_trip_through_json_and_translate_when_shown():
    evaluation = evaluate(HALF, year(result(1, "1234.50")))
    assert tuple(Step.from_json(one.to_json()) for one in evaluation.steps) == evaluation.steps
    english = Language(
        "en", {"électricité": "electricity", evaluation.steps[0].template: "{energy}: {avoided_euros}"}.get
    )
    assert evaluation.steps[0].sentence(english) == "electricity: €1,234.50"


# What holds for every year.

cents = st.integers(-(10**6), 10**6).map(lambda n: D(n).scaleb(-2))
positive = st.integers(0, 10**6).map(lambda n: D(n).scaleb(-2))
parts = st.fractions(0, 1, max_denominator=12)
hurdles = st.none() | st.builds(Hurdle, st.fractions(0, F(9, 10), max_denominator=20), st.sampled_from(HurdleKind))
ENERGIES = ("electricity", "gas")


@st.composite
def any_terms(draw: st.DrawFn, *, floor: bool = False) -> Terms:
    least = draw(positive) if floor else D("0.00")
    return Terms(
        shares=(Share(draw(parts)), Share(draw(parts), "gas")),
        correlation=draw(parts),
        significance=draw(hurdles),
        neutral_band=draw(hurdles),
        floor=least,
        yearly_cap=draw(st.none() | positive.map(lambda more: least + more)),
        cumulative_cap=draw(st.none() | st.builds(CumulativeCap, st.just(F(3, 2)), positive)),
        carry_forward=draw(st.booleans()),
    )


@st.composite
def any_year(draw: st.DrawFn) -> ContractYear:
    results = [
        EnergyResult(
            boundary_id=boundary,
            boundary=f"École {boundary}",
            energy=energy,
            adjusted_baseline_kwh=D(1000),
            avoided_kwh=draw(cents),
            half_width_kwh=D(1),
            confidence=F(9, 10),
            baseline_euros=draw(positive),
            avoided_euros=draw(cents),
            half_width_euros=draw(
                positive.map(lambda amount: amount / 10).map(lambda amount: amount.quantize(D("0.01")))
            ),
        )
        for boundary, energy in draw(st.sets(st.tuples(st.integers(1, 4), st.sampled_from(ENERGIES)), max_size=5))
    ]
    return ContractYear(
        number=draw(st.integers(1, 10)),
        results=tuple(results),
        closed=draw(st.booleans()),
        carried=-draw(st.just(D(0)) | positive),
        fees_before=draw(positive),
    )


@given(any_terms(floor=True), any_year())
def test_lines_sum_to_the_fee_and_the_fee_and_what_is_kept_to_the_savings(terms, any_year):
    evaluation = evaluate(terms, any_year)
    assert sum(allocate(evaluation, evaluation.fee).values()) == evaluation.fee
    assert evaluation.fee + evaluation.kept == evaluation.net_euros
    assert evaluation.steps[-1].amount == evaluation.fee


@given(any_terms(), any_year())
def test_zero_or_negative_net_savings_never_bill(terms, any_year):
    evaluation = evaluate(terms, any_year)
    if evaluation.net_euros <= 0 or evaluation.net_kwh <= 0 or evaluation.net_euros + any_year.carried <= 0:
        assert evaluation.fee == 0
    assert 0 <= evaluation.fee <= max(evaluation.net_euros, D(0))


@given(any_terms(floor=True), any_year())
def test_the_fee_respects_the_caps_and_is_never_negative(terms, any_year):
    evaluation = evaluate(terms, any_year)
    assert evaluation.fee >= 0
    assert evaluation.carried <= 0
    if terms.yearly_cap is not None:
        assert evaluation.fee <= terms.yearly_cap
    if terms.cumulative_cap is not None and evaluation.fee:
        assert any_year.fees_before + evaluation.fee <= terms.cumulative_cap.amount


@given(any_terms(), any_year())
def test_a_floor_is_the_only_way_above_the_share(terms, any_year):
    evaluation = evaluate(terms, any_year)
    highest = max((terms.share_of(one.energy, any_year.number) for one in any_year.results), default=F(0))
    assert F(evaluation.fee) <= highest * F(evaluation.payable) + F(1, 200)


@given(any_terms(floor=True), any_year(), st.data())
def test_who_saves_more_never_owes_less_and_never_leaves_a_greater_deficit(terms, any_year, data):
    if not any_year.results:
        return
    which = data.draw(st.integers(0, len(any_year.results) - 1))
    one = any_year.results[which]
    better = replace(
        one, avoided_euros=one.avoided_euros + data.draw(positive), avoided_kwh=one.avoided_kwh + data.draw(positive)
    )
    raised = replace(any_year, results=(*any_year.results[:which], better, *any_year.results[which + 1 :]))
    before, after = evaluate(terms, any_year), evaluate(terms, raised)
    assert after.fee >= before.fee
    assert after.carried >= before.carried


@given(any_terms(floor=True), any_year())
def test_the_order_of_results_changes_nothing(terms, any_year):
    expected = evaluate(terms, any_year)
    for order in itertools.islice(itertools.permutations(any_year.results), 6):
        assert evaluate(terms, replace(any_year, results=order)) == expected


@given(any_terms(floor=True), any_year())
def test_an_instalment_is_never_more_than_what_the_same_year_would_owe_closed(terms, any_year):
    instalment = evaluate(terms, replace(any_year, closed=False))
    assert instalment.fee <= evaluate(terms, replace(any_year, closed=True)).fee


@given(any_terms(floor=True), any_year())
def test_every_step_can_be_said(terms, any_year):
    for one in evaluate(terms, any_year).steps:
        assert "{" not in one.sentence(FRENCH)
