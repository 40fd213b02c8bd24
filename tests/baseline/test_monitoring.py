"""Months so far: provisional figures, and a word when a building leaves its plan."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from baseline.monitoring.months import figures_of, make_month, months_to_make
from baseline.monitoring.rules import Month, leaves_its_plan
from baseline.monitoring.tasks import look, make
from devices.alerts.evaluate import evaluate
from devices.alerts.kinds import Kind
from devices.alerts.models import Alert
from devices.alerts.sentences import sentence
from devices.energy.models import DailyEnergy
from foundation.jobs.models import JobItem
from foundation.jobs.queue import Moment
from foundation.look.language import FRENCH
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
    assert "mai 2023" in found.description


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


def test_a_month_is_made_again_when_its_data_came_late_or_were_corrected(dbsession):
    of = measured(dbsession, [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING)])
    sign_all(of)
    moment = Moment(NOON, dt.date(2024, 1, 10), "")
    march = dt.date(2023, 3, 1)
    before = make_month(dbsession, of.plan, march, now=NOON).avoided_kwh
    for due in list(months_to_make(dbsession, moment.today)):
        make_month(dbsession, of.plan, due.month, now=NOON)
    assert not list(months_to_make(dbsession, moment.today))

    point = of.plan.boundary.terms[0].point_id
    late = dbsession.get_one(DailyEnergy, (point, dt.date(2023, 3, 7)))
    late.kwh += 50
    dbsession.flush()

    assert [due.month for due in months_to_make(dbsession, moment.today)] == [march]
    look(dbsession, moment)
    item = dbsession.scalars(select(JobItem).where(JobItem.key.like("plan-%-2023-03-%"))).all()[-1]
    make(dbsession, item.params, moment)
    figure = next(one for one in figures_of(dbsession, of.plan) if one.month == march)
    assert float(before - figure.avoided_kwh) == pytest.approx(50.0)
    assert not list(months_to_make(dbsession, moment.today))


def test_a_building_that_leaves_its_plan_is_one_alert_closed_when_it_is_back(dbsession):
    of = measured(dbsession, [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING)])
    sign_all(of)
    point = of.plan.boundary.terms[0].point_id
    for month, extra in ((10, 0), (11, 120), (12, 0)):
        for day in dbsession.scalars(
            select(DailyEnergy).where(
                DailyEnergy.point_id == point,
                DailyEnergy.day.between(dt.date(2023, month, 1), dt.date(2023, month, 28)),
            )
        ):
            day.kwh += extra
    dbsession.flush()
    for month in range(6, 12):
        make_month(dbsession, of.plan, dt.date(2023, month, 1), now=NOON)

    def alerts():
        return dbsession.scalars(select(Alert).where(Alert.kind == Kind.OFF_PLAN.value)).all()

    evaluate(dbsession, NOON, [Kind.OFF_PLAN])
    evaluate(dbsession, NOON, [Kind.OFF_PLAN])
    (alert,) = alerts()
    assert (alert.state, alert.subject, alert.point_id) == ("open", f"boundary {of.plan.boundary_id}", point)
    assert "novembre 2023" in sentence(alert.kind, alert.facts, FRENCH)

    make_month(dbsession, of.plan, dt.date(2023, 12, 1), now=NOON)
    for hours in (1, 3):
        evaluate(dbsession, NOON + dt.timedelta(hours=hours), [Kind.OFF_PLAN])
    assert [one.state for one in alerts()] == ["closed"]
