"""Every clause has its field, and what the page says of the terms is what they do."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from webob.multidict import MultiDict

from contracts.agreements.clauses import ClausesForm, clauses_form, filled, terms_of
from contracts.agreements.terms.data import (
    BuyOut,
    CumulativeCap,
    Hurdle,
    HurdleKind,
    LateData,
    Revision,
    Share,
    Terms,
)
from contracts.agreements.terms.meaning import meanings, worked_example
from contracts.agreements.terms.presets import PRESETS
from foundation.errors import Refusal
from foundation.forms import read_ratio, written_ratio
from foundation.look.language import FRENCH

FULL = Terms(
    shares=(Share(Fraction(1, 2)), Share(Fraction(1, 3), None, 4), Share(Fraction(2, 5), "gas")),
    confidence=Fraction(4, 5),
    correlation=Fraction(1, 2),
    significance=Hurdle(Fraction(2), HurdleKind.DEDUCTIBLE),
    neutral_band=Hurdle(Fraction(4, 100), HurdleKind.THRESHOLD),
    floor=Decimal("100.00"),
    yearly_cap=Decimal("5000.00"),
    cumulative_cap=CumulativeCap(Fraction(6, 5), Decimal("12000.00"), Decimal("2000.00")),
    carry_forward=False,
    late_data=LateData(6, Decimal("300.00")),
    revision=Revision(Fraction(1, 10), 3),
    buy_out=(BuyOut(1, Decimal("9000.00")), BuyOut(3, Decimal("4500.50"))),
)


def sent(terms, **changes):
    """Return the form as a browser sends it back."""
    shown = clauses_form(ClausesForm(data=filled(terms)), str)
    values = {field.name: field._value() if hasattr(field, "_value") else field.data for field in shown}
    return clauses_form(ClausesForm(MultiDict(values | changes)), str)


@pytest.mark.parametrize("terms", [FULL, *PRESETS.values(), Terms((Share(Fraction(1, 2)),), significance=None)])
def test_what_the_form_shows_it_reads_back(terms):
    form = sent(terms)
    assert form.validate(), form.errors
    assert terms_of(form) == terms


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"shares": "charbon ; 1 ; 0,5"}, "n'existe pas ici"),
        ({"shares": "gaz ; 1"}, "3 valeurs"),
        ({"shares": "gaz ; un ; 0,5"}, "pas une année"),
        ({"shares": "gaz ; 1 ; beaucoup"}, "pas une part"),
        ({"shares": "gaz ; 2 ; 0,5"}, "commencer à l'année 1"),
        ({"buy_out": "1 ; cher"}, "pas un montant"),
        ({"cap_factor": "1", "cap_cost": ""}, "le coût des capteurs"),
        ({"significance": "-1"}, "négative"),
        ({"floor": "6000"}, "dépasse le plafond"),
        ({"late_months": "1,5"}, "nombre entier"),
    ],
)
def test_a_clause_that_makes_no_sense_is_refused_in_words(change, sentence):
    form = sent(FULL, **change)
    assert form.validate(), form.errors
    with pytest.raises(Refusal, match=sentence) as refused:
        terms_of(form)
    assert refused.value.field in form


@example(Fraction(1, 128))
@given(st.fractions(min_value=0, max_value=1, max_denominator=9999))
def test_a_fraction_typed_back_is_itself(ratio):
    assert read_ratio(written_ratio(ratio)) == ratio


def test_percent_is_read_and_words_are_not():
    assert read_ratio("12,5 %") == Fraction(1, 8)
    for typed in ("moitié", "1/0", "1e3", "½"):
        with pytest.raises(ValueError, match="fraction"):
            read_ratio(typed)


def test_each_clause_is_said_once_and_the_example_follows_them():
    said = " ".join(one.sentence(FRENCH) for one in meanings(FULL))
    for words in (
        "50",
        "gaz",
        "année 4",
        "100,00",
        "5\u202f000,00",
        "12\u202f000,00",
        "6 mois",
        "3 ans",
        "4\u202f500,50",
    ):
        assert words in said
    # 10 000 € ± 2 000 € at one half: all of it counts, and the preset gives 5 000 €.
    assert worked_example(PRESETS["pay_as_you_save"]).fee == Decimal("5000.00")
    # A franchise of 4 % of 100 000 € leaves 6 000 €, shared by thirds.
    assert worked_example(PRESETS["interessement_third"]).fee == Decimal("2000.00")
