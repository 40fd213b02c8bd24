"""Contract years run from anniversary to anniversary."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.agreements.years import YearOfContract, years_until
from foundation.errors import Refusal


def test_a_year_begins_on_the_anniversary_and_the_last_one_ends_with_the_agreement():
    start, end = dt.date(2024, 3, 15), dt.date(2026, 7, 1)
    assert years_until(start, end, dt.date(2025, 3, 14)) == [YearOfContract(1, start, dt.date(2025, 3, 15))]
    assert years_until(start, end, dt.date(2026, 6, 30)) == [
        YearOfContract(1, start, dt.date(2025, 3, 15)),
        YearOfContract(2, dt.date(2025, 3, 15), dt.date(2026, 3, 15)),
        YearOfContract(3, dt.date(2026, 3, 15), end),
    ]


def test_a_leap_day_has_its_anniversary_every_year():
    years = years_until(dt.date(2024, 2, 29), dt.date(2030, 1, 1), dt.date(2028, 6, 1))
    assert [year.start for year in years] == [
        dt.date(2024, 2, 29),
        dt.date(2025, 2, 28),
        dt.date(2026, 2, 28),
        dt.date(2027, 2, 28),
        dt.date(2028, 2, 29),
    ]


@pytest.mark.parametrize("day", [dt.date(2023, 12, 31), dt.date(2026, 1, 1)])
def test_a_day_outside_the_agreement_is_refused(day):
    with pytest.raises(Refusal, match="qui court du 01/01/2024 au 31/12/2025 inclus"):
        years_until(dt.date(2024, 1, 1), dt.date(2026, 1, 1), day)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)), st.integers(1, 5000), st.data())
def test_years_follow_one_another_and_the_last_holds_the_day(start, length, data):
    end = start + dt.timedelta(days=length)
    day = data.draw(st.dates(start, end - dt.timedelta(days=1)))
    years = years_until(start, end, day)
    assert years[0].start == start
    assert [year.number for year in years] == list(range(1, len(years) + 1))
    assert all(earlier.end == later.start for earlier, later in pairwise(years))
    assert years[-1].start <= day < years[-1].end <= end
