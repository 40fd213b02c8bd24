"""Exact money: what a finance officer may rely on to the cent."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Refusal
from foundation.money import euros, kwh, parse_decimal, split

cents = st.integers(-(10**11), 10**11).map(lambda n: Decimal(n).scaleb(-2))
weights = st.lists(st.fractions(0, 10**6), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        (Decimal("0.005"), "0.01"),
        (Decimal("-0.005"), "-0.01"),
        (Decimal("2.675"), "2.68"),
        (Decimal("1.00499999999999999999999999999999999999"), "1.00"),
        (Fraction(1, 3), "0.33"),
        (Fraction(-1, 200), "-0.01"),
        (Decimal("-0.001"), "0.00"),
        (7, "7.00"),
    ],
)
def test_euros_are_rounded_half_up_on_the_absolute_value(amount, rounded):
    assert str(euros(amount)) == rounded


def test_a_float_is_never_money():
    with pytest.raises(TypeError):
        euros(0.1)


@given(st.fractions(-(10**9), 10**9))
def test_euros_are_within_half_a_cent_and_mirror_their_opposite(amount):
    assert abs(Fraction(euros(amount)) - amount) <= Fraction(1, 200)
    assert euros(-amount) == -euros(amount)


@pytest.mark.parametrize(
    ("energy", "exact"),
    [
        (0.1 + 0.2, "0.300"),
        (0.0005, "0.001"),
        (-2.0015, "-2.002"),
        (-0.0, "0.000"),
        (np.float64(12.3456), "12.346"),
        (np.float32(0.1), "0.100"),
        (np.int64(3), "3.000"),
        (1e7 / 3, "3333333.333"),
        (Decimal("1.0005"), "1.001"),
        (4, "4.000"),
    ],
)
def test_energy_becomes_decimal_with_three_places(energy, exact):
    assert str(kwh(energy)) == exact


@pytest.mark.parametrize("missing", [float("nan"), np.nan, float("inf"), Decimal("NaN")])
def test_a_missing_measure_is_refused_and_not_counted_as_a_number(missing):
    with pytest.raises(Refusal, match="n'est pas un nombre"):
        kwh(missing)


def test_ten_euros_between_three_schools():
    assert split(Decimal("10.00"), [1, 1, 1]) == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert split(Decimal("-10.00"), [1, 1, 1]) == [Decimal("-3.34"), Decimal("-3.33"), Decimal("-3.33")]


def test_parts_without_weights_are_equal_and_nothing_needs_no_parts():
    assert split(Decimal("0.03"), [0, 0]) == [Decimal("0.02"), Decimal("0.01")]
    assert split(Decimal("0.00"), []) == []


@pytest.mark.parametrize(("total", "parts"), [("1.00", [1, -1]), ("1.00", []), ("1.005", [1])])
def test_a_split_that_has_no_meaning_is_an_error_of_the_program(total, parts):
    with pytest.raises(ValueError, match="must"):
        split(Decimal(total), parts)


@given(cents, weights)
def test_parts_sum_to_the_total_and_are_each_within_a_cent_of_their_exact_share(total, weights):
    parts = split(total, weights)
    assert sum(parts) == total
    if whole := sum(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(Fraction(part) - Fraction(total) * weight / whole) < Fraction(1, 100)
            assert part * total >= 0


def test_the_ambient_precision_changes_nothing():
    with localcontext(prec=3):
        assert str(euros(Decimal("123456.785"))) == "123456.79"
        assert str(kwh(123456.7894)) == "123456.789"
        assert sum(map(Fraction, split(Decimal("123456.78"), [1, 2]))) == Fraction("123456.78")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,56", "1234.56"),
        ("1\u202f234\u00a0567,8", "1234567.8"),
        ("1234.56", "1234.56"),
        (" 12 ", "12"),
        ("-0,50", "-0.50"),
        ("\u221212", "-12"),
        ("-0", "0"),
        ("007", "7"),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e5",
        "NaN",
        "Infinity",
        "١٢٣",
        "1.234,56",
        "1,234.56",
        "12 34",
        "1 23,4",
        "1,",
        ",5",
        "--1",
        "0x10",
        "1_000",
    ],
)
def test_what_is_not_plainly_a_number_is_refused(text):
    with pytest.raises(Refusal, match=r"n'est pas un nombre ; écrivez par exemple 1 234,56\.") as refused:
        parse_decimal(text, field="cap")
    assert refused.value.field == "cap"


def test_too_many_decimals_and_too_many_digits_are_told_apart():
    with pytest.raises(Refusal, match=r"trop de décimales \(3\) ; écrivez-en 2 au plus"):
        parse_decimal("1,005")
    with pytest.raises(Refusal, match="nombre entier"):
        parse_decimal("1,5", places=0)
    assert parse_decimal("0,123456", places=6) == Decimal("0.123456")
    with pytest.raises(Refusal, match="trop grand"):
        parse_decimal("123 456 789 012")
