"""Terms as data: refused with a sentence where they contradict themselves, the same after a trip through JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.agreements.terms.codec import from_json, to_json
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
from contracts.agreements.terms.findings import buy_out, findings, revision_due
from contracts.agreements.terms.presets import PRESETS, adjusted_contract_baseline, heating_consumption
from foundation.errors import Refusal

D, F = Decimal, Fraction
HALF = (Share(F(1, 2)),)

amounts = st.integers(0, 10**9).map(lambda cents: D(cents).scaleb(-2))
parts = st.fractions(0, 1, max_denominator=1000)
inner = st.fractions(F(1, 1000), F(999, 1000), max_denominator=1000)
hurdles = st.builds(Hurdle, inner, st.sampled_from(HurdleKind))


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    shares = [
        Share(draw(parts), energy, year)
        for energy in draw(st.sets(st.sampled_from([None, "electricity", "gas"]), min_size=1))
        for year in {1, *draw(st.sets(st.integers(2, 12), max_size=2))}
    ]
    floor = draw(amounts)
    cost = draw(amounts)
    return Terms(
        shares=tuple(draw(st.permutations(shares))),
        confidence=(1 + draw(inner)) / 2,
        correlation=draw(parts),
        significance=draw(st.none() | hurdles),
        neutral_band=draw(st.none() | hurdles),
        floor=floor,
        yearly_cap=draw(st.none() | amounts.map(lambda more: floor + more)),
        cumulative_cap=draw(
            st.none() | st.builds(CumulativeCap, inner.map(lambda k: 2 * k), st.just(cost), st.just(cost))
        ),
        carry_forward=draw(st.booleans()),
        late_data=draw(st.builds(LateData, st.integers(0, 48), st.none() | amounts)),
        revision=draw(st.none() | st.builds(Revision, inner, st.integers(1, 5))),
        buy_out=tuple(BuyOut(year, draw(amounts)) for year in draw(st.sets(st.integers(1, 15), max_size=3))),
    )


@given(any_terms())
def test_terms_are_the_same_after_a_trip_through_json(terms):
    assert from_json(json.loads(json.dumps(to_json(terms)))) == terms


def test_terms_in_json_read_like_the_agreement():
    terms = from_json(
        {
            "version": 1,
            "shares": [
                {"share": "0.5"},
                {"share": "1/3", "energy": "gas"},
                {"share": "0.25", "energy": "gas", "from_year": 4},
            ],
            "neutral_band": {"limit": "0.04", "kind": "deductible"},
            "cumulative_cap": {"factor": "1.2", "sensor_cost": "8000", "grants": "3000.00"},
        }
    )
    assert terms.share_of("electricity", 9) == F(1, 2)
    assert terms.share_of("gas", 3) == F(1, 3)
    assert terms.share_of("gas", 4) == F(1, 4)
    assert terms.cumulative_cap is not None
    assert terms.cumulative_cap.amount == D("6000.00")
    assert terms.significance == Hurdle(F(1), HurdleKind.THRESHOLD)


def test_what_is_written_for_a_signed_agreement_is_complete():
    written = to_json(PRESETS["interessement_third"])
    assert written["shares"] == [{"share": "1/3", "energy": None, "from_year": 1}]
    assert written["neutral_band"] == {"limit": "0.04", "kind": "deductible"}
    assert written["late_data"] == {"months": 12, "amount": None}
    assert written["floor"] == "0.00"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "version 1"),
        ({"bonus": "0.1"}, "ne connaît pas « bonus »"),
        ({"shares": []}, "aucune part"),
        ({"shares": [{"energy": "gas"}]}, "il lui manque share"),
        ({"shares": {"share": "0.5"}}, "doit être une liste"),
        ({"shares": [{"share": 0.5}]}, "n'est pas un nombre exact"),
        ({"shares": [{"share": "1e-1"}]}, "n'est pas un nombre exact"),
        ({"shares": [{"share": "٣"}]}, "n'est pas un nombre exact"),
        ({"shares": [{"share": "1/0"}]}, "n'est pas un nombre exact"),
        ({"shares": [{"share": "1.5"}]}, "entre 0 et 1"),
        ({"shares": [{"share": "-0.5"}]}, "entre 0 et 1"),
        ({"shares": [{"share": "0.5", "from_year": 2}]}, "commencer à l'année 1"),
        ({"shares": [{"share": "0.5", "from_year": True}]}, "nombre entier"),
        ({"shares": [{"share": "0.5", "energy": ""}]}, "n'est pas une énergie"),
        ({"shares": [{"share": "0.5"}, {"share": "0.4"}]}, "même énergie et la même année"),
        ({"confidence": "90"}, "niveau de confiance"),
        ({"correlation": "1.1"}, "corrélation"),
        ({"significance": {"limit": "-1"}}, "ne peut pas être négative"),
        ({"significance": {"limit": "1", "kind": "maybe"}}, "ni threshold"),
        ({"significance": "1"}, "objet JSON"),
        ({"neutral_band": {"limit": "4"}}, "zone neutre est une fraction"),
        ({"floor": "-1"}, "montant ne peut pas être négatif"),
        ({"floor": "0.001"}, "deux décimales"),
        ({"floor": "NaN"}, "montant exact"),
        ({"floor": "100", "yearly_cap": "50"}, "plancher dépasse le plafond"),
        ({"cumulative_cap": {"factor": "1", "sensor_cost": "10", "grants": "11"}}, "subventions dépassent"),
        ({"cumulative_cap": {"factor": "0", "sensor_cost": "10"}}, "supérieur à zéro"),
        ({"carry_forward": "yes"}, "ni true ni false"),
        ({"late_data": {"months": -1}}, "zéro ou plus"),
        ({"revision": {"gap": "0"}}, "écart de révision"),
        ({"revision": {"gap": "0.1", "years": 0}}, "une année au moins"),
        ({"buy_out": [{"after_year": 0, "amount": "1"}]}, "à partir de 1"),
        ({"buy_out": [{"after_year": 1, "amount": "1"}, {"after_year": 1, "amount": "2"}]}, "Deux valeurs de rachat"),
    ],
)
def test_terms_that_make_no_sense_are_refused_in_words(change, sentence):
    with pytest.raises(Refusal, match=sentence):
        from_json({"version": 1, "shares": [{"share": "0.5"}], **change})


def test_an_energy_the_agreement_does_not_share_is_refused():
    with pytest.raises(Refusal, match=r"ne partage pas cette énergie \(gaz\)"):
        Terms(shares=(Share(F(1, 2), "electricity"),)).share_of("gas", 1)


def test_a_floor_asks_whether_this_is_a_credit():
    assert findings(Terms(HALF)) == []
    [finding] = findings(Terms(HALF, floor=D("300.00")))
    assert finding.name == "recovery_guaranteed"
    assert "Est-ce un crédit ?" in finding.description
    assert not finding.blocking


def test_billing_within_the_noise_and_assumed_independence_are_said():
    assert [one.name for one in findings(Terms(HALF, significance=None))] == ["within_noise"]
    assert [one.name for one in findings(Terms(HALF, significance=Hurdle(F(1, 2))))] == ["within_noise"]
    assert [one.name for one in findings(Terms(HALF, correlation=F(0)))] == ["independence_assumed"]


def test_the_baseline_is_renegotiated_when_the_gap_lasts():
    terms = Terms(HALF, revision=Revision(F(10, 100), years=2))
    assert revision_due(terms, [F(30, 100)]) is None
    assert revision_due(terms, [F(30, 100), F(12, 100), F(8, 100)]) is None
    due = revision_due(terms, [F(1, 100), F(-12, 100), F(-9, 100)])
    assert due is not None
    assert due.data == {"mean_gap": "-21/200", "limit": "1/10", "years": 2}
    assert revision_due(Terms(HALF), [F(1), F(1)]) is None


def test_the_buy_out_table_is_read_by_the_last_row_reached():
    terms = Terms(HALF, buy_out=(BuyOut(5, D("1.00")), BuyOut(2, D("4000.00"))))
    assert buy_out(terms, 2) == D("4000.00")
    assert buy_out(terms, 4) == D("4000.00")
    assert buy_out(terms, 8) == D("1.00")
    with pytest.raises(Refusal, match="ne prévoit pas de rachat après l'année 1"):
        buy_out(terms, 1)


def test_french_heating_contracts():
    assert adjusted_contract_baseline(D(100_000), D(2_400), D(2_200)) == D("91666.667")
    assert heating_consumption(D(95_000), D("120.5"), D(65)) == D("87167.500")
    with pytest.raises(Refusal, match="DJU contractuels"):
        adjusted_contract_baseline(D(1), D(0), D(1))
