"""What visitors add to the demonstration does not keep it from starting again."""

import datetime as dt

from sqlalchemy import select

from baseline.plans.models import MeasurementPlan
from baseline.plans.register import draft_plan
from fleet.demonstration import proof
from tests.chain import company, signed_agreement


def test_the_plan_of_the_story_is_found_beside_a_visitors(dbsession, monkeypatch):
    company(dbsession)
    signed_agreement(dbsession)
    story = dbsession.scalars(select(MeasurementPlan)).first()
    monkeypatch.setattr(proof, "boundary_name", lambda _meter: story.boundary.name)
    draft_plan(
        dbsession,
        boundary=story.boundary,
        station=story.station,
        baseline_start=dt.date(2024, 1, 1),
        baseline_end=dt.date(2025, 1, 1),
        reporting_starts_on=dt.date(2025, 1, 1),
    )
    assert proof.plan_of(dbsession, None) is story
