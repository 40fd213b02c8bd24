"""Whatever kind of model a plan froze, its report is computed again from what the pack keeps, without a database."""

import copy
import json

import pytest

from baseline.plans.register import Choices
from billing.pack import gather
from billing.pack.recompute import contradictions
from foundation.canonical import canonical_json
from tests.baseline.measured_building import AFTER, BEFORE, SAVING, generated, measured
from tests.baseline.test_plans_choose_models import as_hours, billed_by_month, replan


@pytest.fixture(params=["daily", "hourly", "billing"])
def pack(request, dbsession):
    of = measured(dbsession)
    as_hours(of, [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING)])
    billed_by_month(of)
    plan = replan(of, Choices(request.param, school_zone="B"))
    report = of.report()
    parts = {"plans": [gather._plan(dbsession, plan)], "reports": [gather._report(dbsession, report)]}
    return json.loads(canonical_json(parts))


def seen(pack):
    """Return what contradicts the plan and the report of `pack`, which holds no settlement."""
    told = []
    with pytest.raises(KeyError, match="settlement"):
        told.extend(one.sentence for one in contradictions(pack))
    return told


def test_it_is_found_again(pack):
    assert seen(pack) == []


def test_a_changed_hour_bill_or_day_is_named(pack):
    changed = copy.deepcopy(pack)
    plan = changed["plans"][0]
    if "paired_hours" in plan:
        plan["paired_hours"]["kwh"][100] = "99"
    elif "bills" in plan:
        plan["bills"][3][2] = "1"
    else:
        plan["days"][3][1] = "1"
    assert seen(changed)
