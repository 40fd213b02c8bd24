"""Before a contract: what could be proven, and whom it would reach."""

import datetime as dt
from dataclasses import replace

import pytest

from baseline.eligibility.document import study_pages
from baseline.eligibility.study import Question, study
from baseline.eligibility.words import answer, detectable_chart, sentences
from baseline.fitting.detectable import least_detectable
from baseline.fitting.kinds import model_from_json
from baseline.fitting.uncertainty import g14_half_width
from devices.points.payers import Contract
from devices.points.payments import set_payment
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from tests.baseline.measured_building import BEFORE, TODAY, measured

YEAR = (BEFORE, dt.date(2019, 1, 1))


@pytest.fixture
def building(dbsession):
    return measured(dbsession)


def ask(of, **said):
    return study(of.session, of.boundary, of.plan.station, Question(*YEAR, **({"target": 0.15} | said)), today=TODAY)


def pay(of, contract=Contract.SUPPLY):
    set_payment(
        of.session, of.point, start=dt.date(2000, 1, 1), contract=contract, payer=of.shareholder, supplier="Chaud SA"
    )
    of.session.expire(of.point)


def test_least_saving_is_the_half_width_of_a_year_over_its_baseline(building):
    model = model_from_json(building.plan.model)
    s = model.statistics
    least = least_detectable(model, 0.9)
    assert least.g14 == pytest.approx(g14_half_width(s, 365, 12, 0.9) / (365 * s.mean_kwh))
    assert least.empirical > least.g14
    noisy = replace(model, statistics=replace(s, sse=4 * s.sse))
    assert least_detectable(noisy, 0.9).g14 == pytest.approx(2 * least.g14)


def test_a_large_saving_that_reaches_its_payer_is_eligible(building):
    pay(building)
    found = ask(building)
    assert found.provable
    assert found.reaches
    assert answer(found, FRENCH)[1] == "good"
    assert len(detectable_chart(found, FRENCH).rows) == 4


def test_a_saving_smaller_than_chance_is_not(building):
    found = ask(building, target=0.001)
    assert not found.provable
    assert answer(found, FRENCH)[1] == "bad"


def test_a_saving_already_shared_with_an_operator_is_told(building):
    pay(building, Contract.PROFIT_SHARE)
    found = ask(building)
    assert found.provable
    assert not found.reaches
    assert any("intéressement" in one for one in sentences(found, FRENCH))


def test_half_a_year_proves_nothing(dbsession):
    of = measured(dbsession)
    question = Question(BEFORE, dt.date(2018, 7, 1), 0.15)
    assert not study(of.session, of.boundary, of.plan.station, question, today=TODAY).provable
    with pytest.raises(Refusal, match="fraction"):
        ask(of, target=15.0)


def test_the_study_is_printed_with_its_answer(building):
    pages = study_pages(building.session, building.boundary, ask(building), today=TODAY, language=FRENCH)
    assert pages.lead == answer(ask(building), FRENCH)[0]
    assert pages.sections[0].table.rows
