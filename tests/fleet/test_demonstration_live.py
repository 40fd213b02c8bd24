"""What sensors say now lies on the line between full hours, and what they missed is said once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.demonstration.display import savings_table, sign_in_lines
from fleet.demonstration.hours import HOUR
from fleet.demonstration.live import index_at, missed
from fleet.demonstration.metering import generate, meters
from fleet.demonstration.portfolio import BUILDINGS
from fleet.demonstration.signins import SignIn
from fleet.demonstration.table import Row
from fleet.demonstration.timeline import Timeline

TODAY = dt.date(2026, 11, 22)
GENERATED = generate(Timeline(TODAY), TODAY, buildings=BUILDINGS[-1:])
INDEXES = GENERATED.indexes[meters(BUILDINGS[-1:])[0]]
START, END = GENERATED.hours.start, GENERATED.hours.end
seconds = st.integers(0, round((END - START).total_seconds()) - 1)


@given(seconds, seconds)
def test_an_index_read_between_hours_never_falls_and_agrees_with_the_hours(one, other):
    first, second = sorted((START + dt.timedelta(seconds=one), START + dt.timedelta(seconds=other)))
    assert index_at(GENERATED, INDEXES, first) <= index_at(GENERATED, INDEXES, second)
    hour = (first - START) // HOUR
    assert int(INDEXES[hour]) <= index_at(GENERATED, INDEXES, first) * 1000 <= int(INDEXES[hour + 1])
    assert index_at(GENERATED, INDEXES, START + hour * HOUR) == Decimal(int(INDEXES[hour])) / 1000


@given(seconds, seconds)
def test_full_hours_since_the_last_reading_are_said_once_and_in_order(one, other):
    last, now = sorted((START + dt.timedelta(seconds=one), START + dt.timedelta(seconds=other)))
    said = missed(GENERATED, INDEXES, last, now)
    assert [at for at, _ in said] == [
        START + n * HOUR for n in range((last - START) // HOUR + 1, (now - START) // HOUR + 1)
    ]
    assert all(last < at <= now for at, _ in said)
    assert all(value == Decimal(int(INDEXES[(at - START) // HOUR])) / 1000 for at, value in said)


def test_the_table_adds_up_per_municipality_and_says_it_is_synthetic():
    row = Row("Lambrezel", "Mairie", *map(Decimal, ("1000", "800", "200", "50", "16.40")))
    table = savings_table([row, row])
    assert "synthétiques" in str(table.title)
    assert [cell.replace("\u202f", " ").replace("\xa0", " ") for cell in table.columns[-1].cells] == [
        "16,40 €", "16,40 €", "32,80 €", "32,80 €",
    ]  # fmt: skip


def test_a_password_is_printed_whole():
    password = "a-password-nobody-may-cut"
    lines = list(sign_in_lines("http://127.0.0.1", [SignIn("operator", "Opératrice", "o@spl.example", password)]))
    assert lines[-1].endswith(password)
    assert "http://127.0.0.1" in lines[0]


@pytest.mark.parametrize("today", [dt.date(2026, 1, 1), dt.date(2026, 6, 30), dt.date(2026, 12, 31)])
def test_any_day_can_be_the_first(today):
    timeline = Timeline(today)
    generated = generate(timeline, today, buildings=BUILDINGS[-1:])
    assert generated.hours.between(timeline.reporting.start, timeline.reporting.end).sum() in {8760, 8784}
