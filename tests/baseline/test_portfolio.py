"""A portfolio: one sum, one interval by joint months; buildings without works beside it."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from baseline.fitting import BaselineData, fit_daily
from baseline.fitting.portfolio import Part, drift_of_group, portfolio
from baseline.fitting.uncertainty import empirical_half_width
from baseline.portfolio.gather import others_of, portfolio_of
from contracts.sites.register import register_building
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from tests.baseline.fitting_buildings import office, outdoor, year_of_days
from tests.baseline.measured_building import AFTER, BEFORE, SAVING, generated, measure, measured


def model(seed=1):
    days = year_of_days(365, dt.date(2018, 1, 1))
    cold = outdoor(days, 1)
    return fit_daily(BaselineData.of(days, office(days, cold, seed=seed), cold))


def with_errors(base, errors):
    return replace(base, statistics=replace(base.statistics, month_errors=tuple(errors)))


def test_one_building_is_its_own_portfolio():
    one = model()
    total = portfolio([Part(one, 1000.0, 60_000.0, 365.0)], 0.9)
    assert total.joint == pytest.approx(empirical_half_width(one.statistics, 365.0, 0.9))
    assert total.joint == pytest.approx(total.added)


def test_what_a_month_did_to_all_stays_what_it_did_to_one_averages_out():
    base, rng = model(), np.random.default_rng(4)
    shared = rng.normal(0, 5, 12)
    together = [Part(with_errors(base, shared), 0.0, 60_000.0, 365.0)] * 10
    alone = [Part(with_errors(base, rng.normal(0, 5, 12)), 0.0, 60_000.0, 365.0) for _ in range(10)]
    assert portfolio(together, 0.9).joint == pytest.approx(portfolio(together, 0.9).added)
    assert portfolio(alone, 0.9).joint < 0.6 * portfolio(alone, 0.9).added
    assert portfolio(together, 0.9).joint > 2 * portfolio(together, 0.9).independent


def test_a_building_whose_months_say_nothing_leaves_no_interval():
    short = with_errors(model(), (1.0,))
    assert portfolio([Part(model(), 1.0, 2.0, 365.0), Part(short, 1.0, 2.0, 365.0)], 0.9).joint is None
    assert portfolio([], 0.9).joint is None


def test_drift_of_a_group_is_its_middle():
    assert drift_of_group([]) is None
    assert drift_of_group([0.02, -0.04, 0.01, 0.03]) == pytest.approx((0.015, -0.04, 0.03))


def test_a_year_of_reports_and_the_buildings_without_works(dbsession):
    days = [*generated(BEFORE), *generated(dt.date(2022, 1, 1), 3), *generated(AFTER, 5, saving=SAVING)]
    of = measured(dbsession, days)
    of.report(dt.date(2023, 1, 1), dt.date(2023, 4, 1))
    report = of.report()
    building = of.point.building
    twin = register_building(dbsession, building.site, name="Annexe", use=building.use)
    point = register_point(dbsession, twin, name="Annexe", energy="electricity")
    boundary = register_boundary(
        dbsession,
        name="Annexe",
        energy="electricity",
        buildings=[twin],
        terms=[(point, Decimal(1))],
        start=dt.date(2000, 1, 1),
    )
    measure(dbsession, point, [*generated(dt.date(2022, 1, 1), 3), *generated(AFTER, 5)])
    found = portfolio_of(dbsession, 2023, 0.9)
    assert found.reports == [report]
    assert found.total.avoided_kwh == pytest.approx(float(report.avoided_energy_kwh))
    assert [one.boundary for one in found.others] == [boundary]
    assert found.others[0].share == pytest.approx(0.0, abs=0.03)
    assert others_of(dbsession, [], dt.date(2023, 1, 1), dt.date(2024, 1, 1)) == []
