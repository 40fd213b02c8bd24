"""Hours and local days: cut in any time zone, they add up to what was whole."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.energy.ceiling import Ceiling
from devices.energy.hours import edges_of, hours_of_days, split, to_instant, to_moment, total_days
from devices.energy.reasons import Reason
from devices.energy.rules import HOUR, MICRO, register_of, spans_of

ZONES = ("Europe/Paris", "Etc/GMT-1", "America/Cayenne", "Indian/Reunion", "Pacific/Marquesas", "Australia/Lord_Howe")
PARIS = ZoneInfo("Europe/Paris")


def total_of(kwh_by_instant, start, end, zone):
    spans = spans_of(sorted(kwh_by_instant.items()), register_of(Decimal(1), Ceiling(watts=10**12)))
    grid = hours_of_days(start, end, zone)
    return total_days(grid, split(spans, edges_of(grid, zone)))


@given(
    st.sampled_from(ZONES),
    st.dates(dt.date(2009, 1, 1), dt.date(2026, 1, 1)),
    st.integers(2, 40),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 90 * MICRO)), min_size=2, max_size=200),
)
def test_whole_days_add_up_to_the_difference_of_the_indexes_at_their_ends(zone_name, first, length, steps):
    zone = ZoneInfo(zone_name)
    start, end = first, first + dt.timedelta(days=length)
    grid = hours_of_days(start, end, zone)
    edges = edges_of(grid, zone)
    # Readings at odd minutes in between, and one at each end.
    readings, at, index = {edges[0]: 0}, edges[0], 0
    for minutes, energy in steps:
        at += minutes * HOUR // 60
        index += energy
        if at < edges[-1]:
            readings[at] = index
    readings[edges[-1]] = index
    days = total_of(readings, start, end, zone)
    assert sum(day.energy for day in days) == index
    assert [day.day for day in days] == list(grid)
    assert all(day.hours_measured == day.hours_expected for day in days)


@pytest.mark.parametrize(("day", "hours"), [((2009, 3, 29), 23), ((2009, 10, 25), 25), ((2009, 4, 5), 24)])
def test_a_day_of_paris_has_23_24_or_25_hours(day, hours):
    (starts,) = hours_of_days(dt.date(*day), dt.date(*day) + dt.timedelta(days=1), PARIS).values()
    assert len(starts) == hours
    assert to_moment(starts[0]).astimezone(PARIS).time() == dt.time()


def test_hours_of_a_zone_off_by_half_an_hour_begin_at_its_own():
    zone = ZoneInfo("Pacific/Marquesas")
    (starts,) = hours_of_days(dt.date(2024, 1, 1), dt.date(2024, 1, 2), zone).values()
    assert to_moment(starts[0]) == dt.datetime(2024, 1, 1, 9, 30, tzinfo=dt.UTC)
    assert len(starts) == 24


def test_a_day_says_the_worst_of_its_hours_and_counts_the_others():
    midnight = to_instant(dt.datetime(2024, 1, 14, 23, tzinfo=dt.UTC))
    readings = {midnight + n * HOUR: n * MICRO for n in range(25) if n not in {5, 6}}
    day = dt.date(2024, 1, 15)
    (found,) = total_of(readings, day, day + dt.timedelta(days=1), PARIS)
    assert found == (day, 24 * MICRO, 24, 24, Reason.MEASURED_IN_TOTAL)
    del readings[midnight + 24 * HOUR]
    (found,) = total_of(readings, day, day + dt.timedelta(days=1), PARIS)
    assert found == (day, 23 * MICRO, 23, 24, Reason.MISSING)


def test_an_hour_without_reading_inside_the_day_is_in_the_total_of_the_day():
    """As in the office of the scenario, where 02:00 of the first Sunday of April was never written down."""
    midnight = to_instant(dt.datetime(2009, 4, 4, 23, tzinfo=dt.UTC))
    readings = {midnight + n * HOUR: (n if n < 3 else n - 1) * MICRO for n in range(25) if n != 3}
    day = dt.date(2009, 4, 5)
    (found,) = total_of(readings, day, day + dt.timedelta(days=1), ZoneInfo("Etc/GMT-1"))
    assert (found.energy, found.hours_measured) == (23 * MICRO, 24)
