"""All boundaries at once: where a saving would be proven, in jobs that several workers can share."""

import datetime as dt

import pytest

from baseline.eligibility.study import Question, study
from baseline.prospects import register
from baseline.prospects.register import RUN, jobs_of, last_run
from baseline.prospects.tasks import fit_batch
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.jobs.queue import Moment, ask
from tests.baseline.measured_building import BEFORE, measured

AFTER_THE_YEAR = dt.date(2019, 1, 10)
NOW = dt.datetime(2019, 1, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def building(dbsession):
    return measured(dbsession)


def empty_point(of, number):
    (house,) = of.boundary.buildings
    return register_point(of.session, building=house, name=f"Vide {number}", energy="electricity")


def run(session, today=AFTER_THE_YEAR):
    """Ask for a run and do all of its items."""
    for items in jobs_of(session, today=today):
        for item in ask(session, RUN, "Où prouver ?", items).items:
            item.result = fit_batch(session, item.params, Moment(NOW, today))
            item.state = "done"
    session.flush()
    return last_run(session)


def test_before_the_first_run_there_is_nothing(dbsession):
    assert last_run(dbsession) is None
    assert jobs_of(dbsession, today=AFTER_THE_YEAR) == []


def test_a_boundary_is_told_what_its_own_study_tells_it(building):
    (found,) = run(building.session).prospects
    question = Question(BEFORE, dt.date(2019, 1, 1), 0.15)
    alone = study(building.session, building.boundary, building.plan.station, question, today=AFTER_THE_YEAR)
    assert found.boundary is building.boundary
    assert (found.g14, found.empirical) == (alone.least.g14, alone.least.empirical)
    assert found.provable(0.15) == alone.provable
    assert not found.provable(0.001)
    between = (found.g14 + found.empirical) / 2
    assert found.by_guideline_only(between)
    assert not found.provable(between)


def test_a_boundary_without_a_year_of_data_proves_nothing(building):
    new = register_boundary(
        building.session,
        name="Annexe",
        energy="electricity",
        buildings=building.boundary.buildings,
        terms=[(empty_point(building, 9), 1)],
        start=BEFORE,
    )
    told = {one.boundary.id: one for one in run(building.session).prospects}
    assert told[new.id].g14 is None
    assert not told[new.id].provable(0.3)
    assert told[building.boundary.id].provable(0.3)


def test_the_frozen_plan_is_left_alone_and_the_last_run_counts(building):
    frozen = dict(building.plan.model)
    run(building.session)
    later = run(building.session, today=dt.date(2019, 3, 3))
    assert building.plan.model == frozen
    assert (later.start, later.end) == (dt.date(2018, 3, 1), dt.date(2019, 3, 1))
    assert len(later.prospects) == 1


def test_a_run_is_cut_into_jobs(building, monkeypatch):
    monkeypatch.setattr(register, "BATCH", 1)
    monkeypatch.setattr(register, "ITEMS_OF_JOB", 2)
    for number in range(4):
        register_boundary(
            building.session,
            name=f"Annexe {number}",
            energy="electricity",
            buildings=building.boundary.buildings,
            terms=[(empty_point(building, number), 1)],
            start=BEFORE,
        )
    jobs = jobs_of(building.session, today=AFTER_THE_YEAR)
    assert [len(items) for items in jobs] == [2, 2, 1]
    assert len({item["run"] for items in jobs for item in items.values()}) == 1
