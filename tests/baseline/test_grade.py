"""The verdict on a model: thresholds with their sources, and what keeps an invoice from standing on it."""

import dataclasses

import pytest

from baseline.fitting import BaselineData, Finding, fit_daily
from baseline.fitting.findings import described
from baseline.fitting.grade import Thresholds, grade
from tests.baseline.fitting_buildings import office, outdoor, year_of_days


@pytest.fixture(scope="module")
def model():
    days = year_of_days()
    return fit_daily(BaselineData.of(days, office(days, outdoor(days)), outdoor(days)))


def verdicts(found):
    return {one.code: one.passed for one in found.criteria}


def test_a_good_year_with_its_expected_saving_may_settle(model):
    found = grade(model, (), confidence=0.9, thresholds=Thresholds(expected_saving=0.15))

    assert found.passed is True
    assert verdicts(found) == {"cv_rmse": True, "bias": True, "coverage": True, "uncertainty": True}
    assert all(one.source for one in found.criteria)


def test_what_is_not_said_is_not_judged(model):
    found = grade(model, (), confidence=0.9)

    assert found.passed is None
    assert verdicts(found)["uncertainty"] is None
    assert "n'est pas écrite" in found.criteria[-1].said.description


@pytest.mark.parametrize(
    ("thresholds", "code"),
    [
        (Thresholds(most_cv_rmse=0.001, expected_saving=0.15), "cv_rmse"),
        (Thresholds(expected_saving=0.005), "uncertainty"),
    ],
)
def test_one_threshold_of_the_plan_not_met_is_a_no(model, thresholds, code):
    found = grade(model, (), confidence=0.9, thresholds=thresholds)

    assert found.passed is False
    assert [one for one, passed in verdicts(found).items() if not passed] == [code]


def test_a_finding_that_blocks_is_a_no_whatever_the_figures(model):
    found = grade(
        model,
        [Finding("days_missing", "Il manque des jours.", blocking=True)],
        confidence=0.9,
        thresholds=Thresholds(expected_saving=0.15),
    )
    assert found.passed is False
    assert "un constat l'interdit" in found.sentence


def test_half_a_year_does_not_cover_the_seasons(model):
    half = dataclasses.replace(model, statistics=dataclasses.replace(model.statistics, n_days=180))
    assert verdicts(grade(half, (), confidence=0.9))["coverage"] is False


def test_each_criterion_is_a_sentence_in_both_languages(model):
    for one in grade(model, (), confidence=0.9).criteria:
        assert described(one.said.to_json(), lambda text: text, "fr") == one.said.description
        assert "%(" not in one.said.description
