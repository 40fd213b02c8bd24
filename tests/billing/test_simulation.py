"""Terms tried before signature: what the municipality keeps, what the SPL gets, what noise alone would earn."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.simulation.rules import Expected, over_savings, simulate
from contracts.agreements.terms.data import CumulativeCap, Hurdle, Share, Terms
from contracts.agreements.terms.presets import PRESETS
from foundation.errors import Refusal

D, F = Decimal, Fraction
HALF = Terms((Share(F(1, 2)),))
SCHOOL = Expected(
    energy="gas",
    baseline_kwh=D(100_000),
    saving=F(15, 100),
    spread=F(0),
    measurement=F(0),
    price=D("0.10"),
    price_growth=F(0),
    years=5,
    sensor_cost=D(2000),
)


def test_what_is_certain_is_an_account_anyone_can_make():
    # 15 000 kWh at 0.10 EUR: 1 500 EUR a year, half of it for the SPL; 2 000 EUR of sensors take three years.
    found = simulate(HALF, SCHOOL)
    assert {year.fee for year in found.by_year} == {(D("750.00"),) * 3}
    assert found.whole.kept == (D("3750.00"),) * 3
    assert (found.payback_years, found.loses, found.fee_of_nothing) == ((3, 3, 3), 0.0, 0)


def test_prices_grow_and_vat_the_payer_bears_counts_on_both_sides():
    found = simulate(HALF, replace(SCHOOL, price_growth=F(1, 10), vat=F(1, 5)))
    assert [year.fee[1] for year in found.by_year][:2] == [D("750.00"), D("825.00")]
    assert [year.kept[1] for year in found.by_year][:2] == [D("900.00"), D("990.00")]


def test_sensors_that_are_never_paid_back_say_so():
    assert simulate(HALF, replace(SCHOOL, saving=F(-1, 10))).payback_years == (None, None, None)
    assert simulate(HALF, replace(SCHOOL, sensor_cost=D(0))).payback_years == (0, 0, 0)


def test_noise_alone_earns_something_and_a_threshold_takes_most_of_it_away():
    unsure = replace(SCHOOL, saving=F(0), measurement=F(8, 100))
    open_door = simulate(replace(HALF, significance=None, carry_forward=False), unsure).fee_of_nothing
    proven = simulate(HALF, unsure).fee_of_nothing
    carried = simulate(replace(HALF, significance=None), unsure).fee_of_nothing
    assert open_door > carried > 0
    assert open_door > 2 * proven > 0
    # The mean of the positive half of a normal law: sd / sqrt(2 pi) of 100 000 kWh at 0.10 EUR, half of it, five years.
    assert open_door == pytest.approx(D(5 * 0.5 * 10_000 * 0.08 / 1.6449 / 2.5066), rel=D("0.05"))


def test_a_share_of_everything_can_cost_more_than_is_saved():
    unsure = replace(SCHOOL, saving=F(2, 100), measurement=F(8, 100))
    loses = simulate(Terms((Share(F(1)),), significance=None, carry_forward=False), unsure).loses
    assert loses > 0.6
    assert simulate(HALF, replace(SCHOOL, spread=F(5, 100), measurement=F(2, 100))).loses < 0.02


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(sorted(PRESETS)),
    st.fractions(min_value=F(-1, 5), max_value=F(2, 5), max_denominator=100),
    st.fractions(min_value=0, max_value=F(1, 10), max_denominator=100),
)
def test_quantiles_are_in_order_and_caps_hold(preset, saving, unsure):
    terms = replace(PRESETS[preset], cumulative_cap=CumulativeCap(F(1), D(1500)))
    found = simulate(terms, replace(SCHOOL, saving=saving, spread=unsure, measurement=unsure), paths=16)
    for flow in (*found.by_year, found.whole):
        assert list(flow.fee) == sorted(flow.fee)
        assert list(flow.kept) == sorted(flow.kept)
        assert flow.fee[0] >= 0
    assert found.whole.fee[2] <= 1500
    assert simulate(terms, SCHOOL, paths=2) == simulate(terms, SCHOOL, paths=2)


def test_a_range_of_savings_shows_where_payment_begins():
    terms = replace(HALF, neutral_band=Hurdle(F(4, 100)))
    points = over_savings(terms, SCHOOL, [F(n, 100) for n in (-10, 0, 4, 5, 20)])
    assert [(point.saved, point.fee) for point in points] == [
        (D("-1000.00"), 0),
        (D("0.00"), 0),
        (D("400.00"), 0),
        (D("500.00"), D("250.00")),
        (D("2000.00"), D("1000.00")),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"baseline_kwh": D(0)}, "supérieurs à zéro"),
        ({"years": 0}, "de 1 à"),
        ({"saving": F(15)}, "part de la référence"),
        ({"measurement": F(-1, 100)}, "pas négatifs"),
    ],
)
def test_what_no_agreement_could_be_is_refused(wrong, said):
    with pytest.raises(Refusal, match=said):
        replace(SCHOOL, **wrong)
