"""Months so far: provisional figures, and a word when a building leaves its plan."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from baseline.monitoring.months import figures_of, make_month, months_to_make
from baseline.monitoring.rules import Month, leaves_its_plan
from baseline.monitoring.tasks import look, make
from foundation.jobs.models import JobItem
from foundation.jobs.queue import Moment
from tests.baseline.measured_building import AFTER, BEFORE, NOON, SAVING, generated, measured, sign_all

ERRORS = (3.0, -2.0, 1.0, 2.0, -3.0, 1.0, 0.0, 2.0, -1.0, 1.0, -2.0, 1.0)


def month(name, avoided, days=30):
    return Month(name, avoided, 3000.0, days, 30)


ORDINARY = [month(f"2023-{number:02}", 360.0) for number in range(1, 5)]


def test_a_month_like_the_others_says_nothing():
    assert leaves_its_plan(month("2023-05", 330.0), ORDINARY, ERRORS, 0.9) is None


def test_a_month_that_lost_its_saving_warns():
    found = leaves_its_plan(month("2023-05", -200.0), ORDINARY, ERRORS, 0.9)
    assert (found.name, found.data["missing"]) == ("leaves_its_plan", 560)
    assert "mai" not in found.description


def test_a_thin_month_is_told_early():
    assert leaves_its_plan(month("2023-05", 0.0, days=20), ORDINARY, ERRORS, 0.9).name == "month_thin"


@given(st.floats(0, 5000))
def test_saving_more_than_expected_never_warns(more):
    assert leaves_its_plan(month("2023-05", 360.0 + more), ORDINARY, ERRORS, 0.9) is None


def test_each_ended_month_of_a_signed_plan_is_made_once(dbsession):
    after = [
        (day, kwh * (1.6 if day.month == 12 else 1.0), celsius, hours)
        for day, kwh, celsius, hours in generated(AFTER, 5, saving=SAVING)
    ]
    of = measured(dbsession, [*generated(BEFORE), *after])
    today = dt.date(2024, 1, 10)
    assert not list(months_to_make(dbsession, today)), "a plan that is not signed has no months"
    sign_all(of)
    moment = Moment(NOON, today, "")
    for _ in range(2):
        look(dbsession, moment)
    items = dbsession.scalars(select(JobItem).where(JobItem.key.like("plan-%-2023-%"))).all()
    assert len(items) == 12
    for item in sorted(items, key=lambda one: one.key):
        make(dbsession, item.params, moment)
    figures = figures_of(dbsession, of.plan)
    assert [one.month.month for one in figures] == list(range(1, 13))
    assert figures[-1].warning["name"] == "leaves_its_plan"
    assert not any(one.warning for one in figures[:-1])
    again = make_month(dbsession, of.plan, dt.date(2023, 12, 1), now=NOON)
    assert again is figures[-1], "made again, a month is renewed"
    assert not list(months_to_make(dbsession, today))
