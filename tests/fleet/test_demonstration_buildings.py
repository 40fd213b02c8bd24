"""The generated buildings obey physics, look like French municipal buildings, and do what the story says."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.demonstration.buildings import simulate
from fleet.demonstration.heat import heating
from fleet.demonstration.hours import hours_of
from fleet.demonstration.measures import Programme
from fleet.demonstration.metering import SEED, generate, index_of, meters
from fleet.demonstration.municipalities import COMPANY, MUNICIPALITIES
from fleet.demonstration.occupation import occupancy, set_points
from fleet.demonstration.portfolio import BUILDINGS, SAVES_NOTHING, USES_MORE
from fleet.demonstration.timeline import ZONE, Timeline
from fleet.demonstration.uses import SCHOOL, TOWN_HALL
from fleet.demonstration.weather import STATIONS
from foundation.identifiers import check_iban, check_siren, check_siret
from foundation.time import hours_in_day

TODAY = dt.date(2026, 11, 22)
TIMELINE = Timeline(TODAY)
STATION_OF = {m.key: next(s for s in STATIONS if s.code == m.station) for m in MUNICIPALITIES}
NAMED = {building.key: building for building in BUILDINGS}


def loads_of(hours, *, seed=SEED, buildings=BUILDINGS, **kwargs):
    stations = [STATION_OF[building.municipality] for building in buildings]
    loads = simulate(buildings, stations, TIMELINE, hours, seed=seed, **kwargs)
    return {building.key: load for building, load in zip(buildings, loads, strict=True)}


@pytest.fixture(scope="module")
def hours():
    return hours_of(TIMELINE.history.start, TODAY)


@pytest.fixture(scope="module")
def loads(hours):
    return loads_of(hours)


@pytest.fixture(scope="module")
def generated():
    return generate(TIMELINE, TODAY)


def test_there_are_thirty_buildings_in_six_municipalities_and_no_two_alike():
    assert len(BUILDINGS) == len(NAMED) == 30
    assert {building.municipality for building in BUILDINGS} == {m.key for m in MUNICIPALITIES}
    assert len(MUNICIPALITIES) == 6
    assert len({meter.reference for meter in meters()}) == len({meter.sensor for meter in meters()}) == len(meters())


def test_every_number_of_the_story_is_well_formed_and_of_nobody():
    for body in (*MUNICIPALITIES, COMPANY):
        assert check_siren(body.siren).startswith("000000")
        assert check_siret(body.siret, siren=body.siren)
    assert check_iban(COMPANY.iban)
    assert len({body.siren for body in (*MUNICIPALITIES, COMPANY)}) == 7


def test_an_index_never_falls_and_its_differences_are_the_energy(generated, hours, loads):
    for meter, index in generated.indexes.items():
        kwh = loads[meter.building.key][meter.energy]
        assert len(index) == len(hours.day) + 1
        assert (np.diff(index) >= 0).all()
        assert (index[-1] - index[0]) / 1000 == pytest.approx(kwh.sum(), abs=0.001)
        np.testing.assert_allclose(np.diff(index) / 1000, kwh, atol=0.0011)


@given(st.lists(st.floats(0, 1e4), max_size=200), st.text(max_size=8))
def test_no_energy_is_lost_or_made_in_rounding(kwh, key):
    index = index_of(np.array(kwh), key)
    assert (np.diff(index) >= 0).all()
    assert abs((index[-1] - index[0]) / 1000 - sum(kwh)) <= 0.0006 + 1e-9 * sum(kwh)


def test_a_local_day_has_as_many_hours_as_the_law_gives_it(hours):
    counts = np.bincount(hours.number)
    first = TIMELINE.history.start
    for number, count in enumerate(counts):
        day = first + dt.timedelta(days=number)
        assert count == hours_in_day(day, ZONE)
    assert sorted(set(counts.tolist())) == [23, 24, 25]


def test_people_come_by_local_time_in_summer_and_winter(hours):
    people = occupancy(TOWN_HALL, hours)
    for day in (dt.date(2026, 3, 27), dt.date(2026, 3, 30), dt.date(2025, 10, 24), dt.date(2025, 10, 27)):
        of_day = hours.between(day, day + dt.timedelta(days=1))
        assert hours.hour[of_day & (people > 0)].min() == 8


def test_the_same_seed_gives_the_same_fleet_and_another_another(generated):
    again = generate(TIMELINE, TODAY)
    other = generate(TIMELINE, TODAY, seed=SEED + 1)
    for meter, index in generated.indexes.items():
        np.testing.assert_array_equal(index, again.indexes[meter])
        assert not np.array_equal(index, other.indexes[meter])


def test_a_later_end_keeps_the_past(generated):
    longer = generate(TIMELINE, TODAY + dt.timedelta(days=45))
    for meter, index in generated.indexes.items():
        np.testing.assert_array_equal(index, longer.indexes[meter][: len(index)])


@pytest.mark.parametrize("key", NAMED)
def test_a_building_uses_what_buildings_of_its_kind_use(key, hours, loads):
    building = NAMED[key]
    period = TIMELINE.baseline(building.works_months)
    year = hours.between(period.start, period.end)
    intensity = sum(load[year].sum() for load in loads[key].values()) / building.area
    low, high = building.use.plausible
    assert low <= intensity <= high


@pytest.mark.parametrize("seed", [3, SEED])
def test_measures_save_what_was_announced_except_where_the_story_says_otherwise(seed, hours):
    year = hours.between(TIMELINE.reporting.start, TIMELINE.reporting.end)
    done = loads_of(hours, seed=seed, events=False)
    undone = loads_of(hours, seed=seed, measures=False, events=False)
    for key, building in NAMED.items():
        saved = {energy: 1 - done[key][energy][year].sum() / undone[key][energy][year].sum() for energy in done[key]}
        if key == SAVES_NOTHING:
            assert all(abs(share) < 1e-9 for share in saved.values())
            assert max(building.claims.values()) > 0.1
        elif key == USES_MORE:
            total = sum(load[year].sum() for load in done[key].values())
            assert total > 1.1 * sum(load[year].sum() for load in undone[key].values())
        else:
            for energy, share in saved.items():
                assert share == pytest.approx(building.claims[energy], abs=0.04), f"{key} {energy}"


def test_measures_change_nothing_before_they_are_done(hours, loads):
    before = ~hours.between(TIMELINE.reporting.start, dt.date.max)
    undone = loads_of(hours, measures=False, events=False)
    for key in NAMED:
        for energy, load in loads[key].items():
            np.testing.assert_array_equal(load[before], undone[key][energy][before])


def test_an_event_adds_its_daily_energy_on_its_days_and_nothing_else(hours, loads):
    untold = loads_of(hours, events=False)
    eventful = [building for building in BUILDINGS if building.events]
    assert len(eventful) == 2
    for building in eventful:
        for event in building.events:
            start, end = event.days(TIMELINE.reporting.start.year)
            days = (min(end, TODAY) - start).days
            added = loads[building.key][event.energy] - untold[building.key][event.energy]
            assert added.sum() == pytest.approx(days * event.daily_kwh)
            assert added[~hours.between(start, end)].sum() == 0


def test_colder_weather_and_thinner_walls_cost_heat(hours):
    year = hours.between(TIMELINE.reporting.start, TIMELINE.reporting.end)
    school = NAMED["ecole-petit-phare-plouvarnel"]
    thinner = replace(school, loss=school.loss * 1.2)
    usual = loads_of(hours, buildings=(school,))[school.key]["gas"][year].sum()
    assert loads_of(hours, buildings=(thinner,))[school.key]["gas"][year].sum() > 1.15 * usual
    inland = simulate([school], [STATIONS[1]], TIMELINE, hours, seed=SEED)[0]["gas"][year].sum()
    assert inland > usual


def test_a_programmed_thermostat_follows_holidays_and_a_clock_does_not(hours):
    people = occupancy(SCHOOL, hours)
    christmas = hours.between(dt.date(2025, 12, 27), dt.date(2025, 12, 28))
    assert set_points(SCHOOL, hours, people, Programme.OCCUPANCY)[christmas].max() < SCHOOL.night
    assert set_points(SCHOOL, hours, people, Programme.NIGHTS)[christmas].max() == SCHOOL.comfort


@settings(max_examples=50)
@given(st.floats(50, 500), st.floats(500, 50000), st.floats(-10, 15), st.floats(16, 22), st.integers(1, 60))
def test_in_steady_cold_the_heat_is_the_loss(loss, capacity, outdoor, wanted, days):
    """Kept at one temperature, a building loses H × (inside − outside) and nothing is stored."""
    n = 24 * days
    found = heating(
        loss=np.full((n, 1), loss),
        capacity=np.array([capacity]),
        outdoor=np.full((n, 1), outdoor),
        wanted=np.full((n, 1), wanted),
        gains=np.zeros((n, 1)),
        power=np.full((n, 1), 1e9),
    )
    np.testing.assert_allclose(found, loss * (wanted - outdoor), rtol=1e-6)


@settings(max_examples=50)
@given(st.data(), st.integers(2, 72))
def test_heat_stays_between_nothing_and_the_boiler(data, n):
    column = lambda low, high: np.array(data.draw(st.lists(st.floats(low, high), min_size=n, max_size=n)))[:, None]  # noqa: E731 - said once
    boiler = np.full((n, 1), 3000.0)
    found = heating(
        loss=np.full((n, 1), 120.0),
        capacity=np.array([6000.0]),
        outdoor=column(-15, 35),
        wanted=column(8, 22),
        gains=column(0, 4000),
        power=boiler,
    )
    assert ((found >= 0) & (found <= boiler)).all()
