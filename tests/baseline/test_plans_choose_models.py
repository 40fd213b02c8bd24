"""A plan chooses its model; its report asks that model and says what others would have said."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range

from baseline.comparison import baseline_by_day, measure
from baseline.fitting.kinds import kind_of, model_from_json
from baseline.plans.deposits import Deposit, deposit
from baseline.plans.models import MeasurementPlan
from baseline.plans.register import Choices, draft_plan, freeze, plan_document, sign
from baseline.plans.windows import latest_window, other_windows
from baseline.reports.register import report_document
from contracts.agreements.models import Annex
from devices.bills.models import SupplierBill
from devices.energy.models import HourlyEnergy
from foundation.attachments.store import keep
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from foundation.time import hours_in_day, local_midnight
from tests.baseline.measured_building import AFTER, BEFORE, END, NOON, SAVING, generated, measured, sign_all

PARIS = ZoneInfo("Europe/Paris")
BASELINE_END = dt.date(2019, 1, 1)


@pytest.fixture
def building(dbsession):
    return measured(dbsession)


def as_hours(of, days):
    """Store each day's energy hour by hour, more by day than by night."""
    rows = []
    for day, kwh, *_ in days:
        n = hours_in_day(day, PARIS)
        weights = [2 if 8 <= hour < 18 else 1 for hour in range(n)]
        first = local_midnight(day, PARIS)
        rows += [
            {
                "point_id": of.point.id,
                "hour": first + dt.timedelta(hours=hour),
                "kwh": round(Decimal(repr(kwh)) * weight / sum(weights), 6),
                "reason": "measured",
            }
            for hour, weight in enumerate(weights)
        ]
    of.session.execute(insert(HourlyEnergy), rows)


def replan(of, choices, **more):
    plan = draft_plan(
        of.session,
        boundary=of.boundary,
        station=of.plan.station,
        baseline_start=BEFORE,
        baseline_end=BASELINE_END,
        reporting_starts_on=AFTER,
        choices=choices,
        **more,
    )
    of.plan = freeze(of.session, plan, by="Claire", now=NOON)
    return of.plan


def share(report):
    return float(report.avoided_energy_kwh / report.adjusted_baseline_kwh)


def test_hourly_plan(building):
    days = [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING)]
    as_hours(building, days)
    plan = replan(building, Choices("hourly"))
    model = model_from_json(plan.model)
    assert kind_of(model) == "hourly"
    assert plan_document(plan)["model_kind"] == "hourly"
    report = building.report()
    assert share(report) == pytest.approx(SAVING, abs=0.02)
    again = measure(building.session, building.boundary, plan.station, "hourly", start=AFTER, end=END)
    whole = baseline_by_day(model, again)
    assert all(row.adjusted_baseline_kwh == round(Decimal(whole[row.day]), 3) for row in report.days if row.counted)
    assert report.inputs["paired_hours_sha256"] == canonical_sha256(again.hours.as_data())


def test_auto_is_daily_where_days_carry_it(building):
    assert kind_of(model_from_json(replan(building, Choices("auto")).model)) == "daily"


def billed_by_month(of):
    """Store a bill for each month of the year before the works."""
    session = of.session
    file = keep(session, b"bills", name="f.csv", media_type="text/csv")
    days = {day: kwh for day, kwh, *_ in generated(BEFORE)}
    for month in range(1, 13):
        first, last = dt.date(2018, month, 1), dt.date(2018 + month // 12, month % 12 + 1, 1)
        total = sum(kwh for day, kwh in days.items() if first <= day < last)
        session.add(
            SupplierBill(
                point=of.point,
                period=Range(first, last),
                number=str(month),
                kwh=round(Decimal(repr(total)), 3),
                estimated=False,
                attachment_id=file.id,
                line=month,
            )
        )
    session.flush()


def test_old_bills_are_a_baseline(building):
    billed_by_month(building)
    plan = replan(building, Choices("billing"))
    assert kind_of(model_from_json(plan.model)) == "billing"
    report = building.report()
    assert share(report) == pytest.approx(SAVING, abs=0.03)
    assert report.avoided_low_kwh < report.avoided_energy_kwh < report.avoided_high_kwh
    assert plan.inputs["bills_sha256"]


def test_school_holidays_of_the_zone_are_frozen(building):
    plan = replan(building, Choices(school_zone="B"))
    assert "2018-07-20" in plan.model["calendar"]["vacations"]


def test_what_is_not_said_is_not_hashed(building):
    said = plan_document(building.plan)
    assert not {"model_kind", "school_zone", "window_rule", "headings", "supersedes"} & said.keys()


def test_a_thin_month_saves_nothing(dbsession):
    days = [
        *generated(BEFORE),
        *(d for d in generated(AFTER, 5, saving=SAVING) if not (d[0].month == 2 and d[0].day > 9)),
    ]
    of = measured(dbsession, days)
    whole = of.report()
    replan(of, Choices(least_completeness=Decimal("0.9")))
    report = of.report()
    february = [row for row in report.days if row.day.month == 2]
    assert not any(row.counted for row in february)
    assert {row.reason for row in february[:9]} == {"thin_month"}
    assert report.avoided_energy_kwh < whole.avoided_energy_kwh
    assert report.held_kwh == 0
    assert "thin_months" in {one["name"] for one in report.findings}


def test_report_tells_months_other_windows_and_normalised_savings(dbsession):
    days = [*generated(dt.date(2017, 1, 1)), *generated(BEFORE), *generated(AFTER, 5, saving=SAVING)]
    of = measured(dbsession, days)
    report = of.report()
    told = report.analysis
    assert told["kind"] == "daily"
    assert len(told["months"]) == 12
    assert sum(Decimal(one["measured_kwh"]) for one in told["months"]) == report.measured_kwh
    assert [one["start"] for one in told["windows"]] == [f"2017-{month:02}-01" for month in range(12, 0, -1)]
    assert all(float(one["share"]) == pytest.approx(SAVING, abs=0.04) for one in told["windows"])
    assert float(told["normalised"]["avoided_kwh"]) / float(told["normalised"]["baseline_kwh"]) == pytest.approx(
        SAVING, abs=0.03
    )
    assert report_document(report)["analysis"] == told


def test_windows_follow_a_rule():
    assert latest_window(dt.date(2022, 9, 15)) == (dt.date(2021, 9, 1), dt.date(2022, 9, 1))
    others = list(other_windows((dt.date(2021, 9, 1), dt.date(2022, 9, 1))))
    assert (dt.date(2021, 9, 1), dt.date(2022, 9, 1)) not in others
    assert others[0] == (dt.date(2021, 8, 1), dt.date(2022, 8, 1))
    assert len(others) == 24


def test_a_new_version_names_the_old_and_replaces_it(building):
    sign_all(building)
    old = building.plan
    with pytest.raises(Refusal, match="même périmètre"):
        draft_plan(
            building.session,
            boundary=building.boundary,
            station=old.station,
            baseline_start=BEFORE,
            baseline_end=BASELINE_END,
            reporting_starts_on=AFTER,
            supersedes=MeasurementPlan(boundary_id=building.boundary.id, state="frozen"),
        )
    new = replan(
        building, Choices(), headings={"purpose": "Isolation des combles", "static_factors": ""}, supersedes=old
    )
    assert plan_document(new)["supersedes"] == old.sha256
    assert plan_document(new)["headings"] == {"purpose": "Isolation des combles"}
    building.session.add(Annex(agreement=building.agreement, title="Version 2", sha256=new.sha256))
    building.session.flush()
    sign(building.session, new, agreement=building.agreement, signed_on=dt.date(2023, 12, 20))
    assert (old.state, new.state) == ("superseded", "signed")


def test_signed_document_is_deposited(building):
    given = Deposit(b"%PDF-1.7 signed", "plan.pdf", "Anne Le Gall, maire", "2022-12-07", dt.date(2022, 12, 20))
    row = deposit(building.session, building.plan, given, by="Claire", now=NOON)
    assert building.plan.deposits == [row]
    assert row.attachment.content == given.content
    with pytest.raises(Refusal, match="PDF"):
        deposit(building.session, building.plan, given._replace(content=b"x"), by="Claire", now=NOON)
