"""The demonstration finds its year of works and its measured year on whatever day it is started."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.demonstration.school_holidays import TABLE, holidays_of, is_public_holiday, is_school_holiday
from fleet.demonstration.timeline import Timeline

any_day = st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31))


@given(any_day, st.integers(1, 3))
def test_baseline_works_and_reporting_year_follow_each_other_and_have_ended(today, months):
    timeline = Timeline(today)
    baseline, works = timeline.baseline(months), timeline.works(months)
    assert timeline.history.start <= baseline.start
    assert baseline.days in {365, 366}
    assert baseline.end == works.start
    assert works.end == timeline.reporting.start
    assert timeline.reporting.days in {365, 366}
    assert timeline.reporting.end == timeline.running.start <= today == timeline.history.end


@given(any_day)
def test_the_history_is_three_years_and_up_to_three_months_more(today):
    assert 3 * 365 <= Timeline(today).history.days <= 3 * 365 + 1 + 92


def test_started_on_a_leap_day_the_history_begins_on_a_day_that_exists():
    assert Timeline(dt.date(2028, 2, 29)).history.start == dt.date(2025, 2, 28)


def test_works_of_no_month_are_refused():
    with pytest.raises(ValueError, match="1 to 3"):
        Timeline(dt.date(2026, 11, 22)).works(0)


def test_the_table_of_school_holidays_is_in_order_and_class_begins_on_working_days():
    for (_, start, back), (_, following, _) in pairwise(TABLE):
        assert start < back < following
        assert back.weekday() < 5
        assert not is_public_holiday(back)


@pytest.mark.parametrize(
    ("day", "closed"),
    [("2025-02-08", True), ("2025-02-24", False), ("2025-12-31", True), ("2026-01-05", False), ("2026-07-14", True)],
)
def test_known_days_of_zone_b(day, closed):
    assert is_school_holiday(dt.date.fromisoformat(day)) is closed


@given(st.integers(2016, 2040))
def test_every_year_has_about_sixteen_weeks_of_school_holidays(year):
    assert 105 <= len(holidays_of(year)) <= 135


@given(st.integers(2000, 2050))
def test_every_year_has_eleven_public_holidays_though_two_may_fall_on_one_day(year):
    days = [dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    assert sum(map(is_public_holiday, days)) in {10, 11}
