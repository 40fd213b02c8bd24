"""A boiler gives way to a heat pump: kWh of gas and of electricity are set side by side in euros only."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baseline.fuel.gather import in_euros
from baseline.fuel.rules import Sides, compared
from baseline.plans.register import draft_plan, freeze
from contracts.prices.rules import Price, Schedule
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.errors import Refusal
from tests.baseline.fitting_buildings import outdoor, year_of_days
from tests.baseline.measured_building import AFTER, BEFORE, NOON, TODAY, generated, measure, measured, sign_all

DAY = dt.date(2023, 1, 1)
SWITCH = dt.date(2023, 10, 1)


def days(values):
    return {DAY + dt.timedelta(days=n): Decimal(value) for n, value in enumerate(values)}


def schedules(gas="0.10", electricity="0.20"):
    prices = {"gas": gas, "electricity": electricity}
    return {energy: Schedule(energy, (Price(DAY, None, Decimal(price)),)) for energy, price in prices.items()}


def test_euros_are_added_and_kwh_are_not():
    gas = Sides("Chaudière", "gas", days([1000, 1000]), days([0, 0]), ended=True)
    pump = Sides("Tableau", "electricity", days([100, 100]), days([400, 350]))

    found = compared([gas, pump], schedules(), DAY, DAY + dt.timedelta(days=2))

    assert (found.reference_eur, found.measured_eur, found.avoided_eur) == (240, 150, 90)
    assert not hasattr(found, "reference_kwh"), "there is no sum of kWh to read"


@given(st.integers(1, 20), st.integers(1, 20))
def test_only_days_all_energies_have_count(gas_days, pump_days):
    gas = Sides("Chaudière", "gas", days([10] * gas_days), days([0] * gas_days))
    pump = Sides("Tableau", "electricity", days([1] * pump_days), days([2] * pump_days))

    found = compared([gas, pump], schedules(), DAY, DAY + dt.timedelta(days=20))

    assert found.days == min(gas_days, pump_days)
    assert found.avoided_eur == found.days * (Decimal("1.00") - Decimal("0.20"))


def boiler(dbsession, of):
    """Add a gas boiler heating below 15 °C in 2018, gone on 1 October 2023, and its frozen plan."""
    point = register_point(dbsession, of.point.building, name="Chaudière", energy="gas")
    boundary = register_boundary(
        dbsession,
        name="Chaudière",
        energy="gas",
        buildings=[of.point.building],
        terms=[(point, Decimal(1))],
        start=dt.date(2000, 1, 1),
    )
    cold = outdoor(year_of_days(365, BEFORE))
    measure(
        dbsession,
        point,
        [
            (day, 40.0 + 20.0 * max(15.0 - float(at), 0.0), float(at), None)
            for day, at in zip(year_of_days(365, BEFORE), cold, strict=True)
        ],
    )
    plan = draft_plan(
        dbsession,
        boundary=boundary,
        station=of.plan.station,
        baseline_start=BEFORE,
        baseline_end=dt.date(2019, 1, 1),
        reporting_starts_on=AFTER,
        hot_water="none",
    )
    return freeze(dbsession, plan, by="Claire", now=NOON)


def test_an_agreed_switch_is_compared_in_euros_from_its_day_on(dbsession):
    of = measured(dbsession, [*generated(BEFORE), *generated(AFTER, 5)])
    event = of.propose(kind="fuel", method=None, start=SWITCH, end=None, reason="Pompe à chaleur")
    sign_all(of, prices={"gas": Decimal("0.09")})
    of.agree(event)

    with pytest.raises(Refusal, match="Une seule énergie"):
        in_euros(dbsession, event, TODAY)
    plan = boiler(dbsession, of)
    found = in_euros(dbsession, event, dt.date(2024, 1, 10))

    assert (found.start, found.end, found.days) == (SWITCH, dt.date(2024, 1, 1), 92)
    gas, electricity = sorted(found.energies, key=lambda one: one.sides.energy, reverse=True)
    assert gas.sides.boundary == plan.boundary.name
    assert gas.sides.ended
    assert gas.measured.amount == 0
    assert gas.reference.amount > 0
    assert electricity.measured.energy_kwh > 0
    assert found.avoided_eur == gas.reference.amount + electricity.reference.amount - electricity.measured.amount
