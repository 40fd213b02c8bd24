"""Files of Enedis: each flow is read at the right instant, in the right unit, or refused with its reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from devices.dialects.measurement import Unreadable
from devices.sources.conventions import SIDES, Convention, Side
from devices.sources.enedis import r63, r151
from devices.sources.enedis.files import flows
from devices.sources.reading import Quality, Quantity
from devices.sources.wall import PARIS
from tests.devices.enedis_files import POINT, curve, flow, indexes
from tests.devices.enedis_files import r4 as r4_file
from tests.devices.enedis_files import r50 as r50_file
from tests.devices.enedis_files import r151 as r151_file
from tests.devices.enedis_files import r171 as r171_file


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


def records(content, name="file"):
    return [record for one in flows(name, content) for record in one.records]


def refused(content, name="file"):
    with pytest.raises(Unreadable) as caught:
        records(content, name)
    return caught.value.reason


def pieces(content, size=7):
    return (content[at : at + size] for at in range(0, len(content), size))


def test_r151_is_the_end_of_its_day():
    index, peak = records(r151_file(("2025-03-29", "DI000003", (1000, 234), 5400)))
    # Midnight after the 29th of March is 23:00 UTC; the summer clock begins the night after.
    assert (index.start, index.end, index.value, index.unit) == (utc(2025, 3, 29, 23), None, Decimal("1.234"), "kWh")
    assert (peak.start, peak.end) == (utc(2025, 3, 28, 23), utc(2025, 3, 29, 23))
    assert (peak.quantity, peak.value, peak.unit) == (Quantity.PEAK_POWER, 5400, "VA")


def test_r151_says_what_it_is_in_watts_where_an_old_version_does():
    *_, peak = records(r151_file(("2019-01-01", "DI000003", (1,), 5400), power_unit="W"))
    assert (peak.value, peak.unit) == (5400, "W")


def test_r151_totals_do_not_see_a_change_of_calendar():
    days = (("2025-01-01", "DI000001", (5000,), None), ("2025-01-02", "DI000003", (5000, 10, 0, 0), None))
    assert [one.value for one in records(r151_file(*days))] == [Decimal(5), Decimal("5.01")]


@pytest.mark.parametrize("calendar", ["INCONNU", "DN999999"])
def test_r151_a_day_without_a_calendar_is_missing_and_not_zero(calendar):
    assert records(r151_file(("2025-01-01", calendar, (), None))) == []
    assert records(r151_file(("2025-01-01", calendar, (44_000_000,), None))) == []


def test_r151_doubtful_where_one_register_is():
    (index,) = records(r151_file(("2025-01-01", "DI000003", (1, 2), None, "1")))
    assert (index.quality, index.said) == (Quality.DOUBTFUL, "1")


def test_a_convention_is_dated_and_may_be_replaced():
    sides = {**SIDES, "R151": (Convention(dt.date.min, Side.END), Convention(dt.date(2027, 1, 1), Side.START))}
    content = r151_file(("2026-12-31", "DI000003", (1,), None), ("2027-01-01", "DI000003", (2,), None))
    assert [one.start for one in r151.read([content], sides=sides)] == [utc(2026, 12, 31, 23)] * 2


def test_r50_is_the_end_of_its_half_hour():
    points = [("2025-10-26T00:30:00+02:00", 540, 0), ("2025-10-26T01:00:00+02:00", None, ""),
              ("2025-10-26T02:30:00+02:00", 1, 0), ("2025-10-26T02:30:00+01:00", 2, 1)]  # fmt: skip
    found = records(r50_file("2025-10-26", points))
    assert [(one.start, one.value, one.quality) for one in found] == [
        (utc(2025, 10, 25, 22), 540, Quality.GOOD),
        (utc(2025, 10, 26, 0), 1, Quality.GOOD),
        (utc(2025, 10, 26, 1), 2, Quality.DOUBTFUL),
    ]
    assert all(one.end - one.start == dt.timedelta(minutes=30) and one.unit == "W" for one in found)


def test_r171_stamps_the_day_after_and_adds_up_the_classes():
    found = records(
        r171_file(
            ("EA", "Wh", "D", "HPH", [("2025-01-02T00:00:00", 1000), ("2025-01-03T00:00:00", 1500)]),
            ("EA", "Wh", "D", "HCH", [("2025-01-02T00:00:00", 200)]),
            ("EA", "Wh", "F", "P", [("2025-01-02T00:00:00", 9)]),
            ("PMA", "VA", "D", "HPH", [("2025-01-02T00:00:00", 36000)]),
            ("TF", "s", "D", "HPH", [("2025-01-02T00:00:00", 86400)]),
        )
    )
    by = {one.quantity: one for one in found}
    # The 3rd lacks a class: a sum of what came would be too small, and there is none.
    assert len(found) == 3
    assert (by[Quantity.ENERGY_INDEX].start, by[Quantity.ENERGY_INDEX].value) == (utc(2025, 1, 1, 23), Decimal("1.2"))
    assert (by[Quantity.PEAK_POWER].start, by[Quantity.PEAK_POWER].end) == (utc(2024, 12, 31, 23), utc(2025, 1, 1, 23))
    assert (by[Quantity.REGISTER].unit, by[Quantity.REGISTER].register) == ("s", "TF HPH")


def test_r4_is_the_start_in_kilowatts_and_its_step_may_change_inside_a_day():
    found = records(
        r4_file(
            ("10", "kW", "EA", [("2025-10-26T02:50:00+02:00", 12, "R"), ("2025-10-26T02:00:00+01:00", 13, "E")]),
            ("5", "kW", "EA", [("2025-10-26T12:00:00+01:00", "1.5", "C"), ("2025-10-26T12:05:00+01:00", None, "")]),
            ("10", "kWr", "ERC", [("2025-10-26T12:00:00+01:00", 2, "R")]),
            ("10", "V", "E", [("2025-10-26T12:00:00+01:00", 230, "R")]),
        )
    )
    assert [(one.start, one.end - one.start, one.value, one.unit, one.quality) for one in found] == [
        (utc(2025, 10, 26, 0, 50), dt.timedelta(minutes=10), 12000, "W", Quality.GOOD),
        (utc(2025, 10, 26, 1, 0), dt.timedelta(minutes=10), 13000, "W", Quality.ESTIMATED),
        (utc(2025, 10, 26, 11), dt.timedelta(minutes=5), 1500, "W", Quality.CORRECTED),
        (utc(2025, 10, 26, 11), dt.timedelta(minutes=10), 2000, "var", Quality.GOOD),
        (utc(2025, 10, 26, 11), dt.timedelta(minutes=10), 230, "V", Quality.GOOD),
    ]


def local_day(first, count, shift):
    """The stamps of `count` half-hours of a day that begins at UTC `first`, as clocks in Paris show them."""
    half = dt.timedelta(minutes=30)
    return [f"{(first + half * (n + shift)).astimezone(PARIS):%Y-%m-%d %H:%M:%S}" for n in range(count)]


@pytest.mark.parametrize(
    ("first", "count"), [(utc(2025, 3, 29, 23), 46), (utc(2025, 6, 1, 22), 48), (utc(2025, 10, 25, 22), 50)]
)
@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("backwards", [False, True])
def test_r63_a_naive_day_of_46_48_or_50_half_hours(first, count, shift, backwards):
    stamps = local_day(first, count, shift)
    points = [(stamp, str(n), "PT30M") for n, stamp in enumerate(stamps)]
    day = f"{first + dt.timedelta(hours=2):%Y-%m-%d}"
    found = records(flow("R63", curve(points[:: -1 if backwards else 1], first_day=day)))
    found = sorted(found, key=lambda one: one.value)
    # Stamped at the start (C1 to C4) or at the end (C5), the first half-hour is the first of the day.
    assert [one.start for one in found] == [first + n * dt.timedelta(minutes=30) for n in range(count)]
    assert {one.quality for one in found} == {Quality.GOOD}


def test_r63_an_hour_of_the_autumn_night_that_comes_once_is_doubtful():
    found = records(flow("R63B", curve([("2025-10-26 02:30:00", "1"), ("2025-10-26 03:30:00", "2")])))
    assert [one.quality for one in found] == [Quality.DOUBTFUL, Quality.GOOD]


def test_r63_the_side_is_known_by_flow_by_point_by_letter_or_by_convention():
    lone = [("2025-01-01 12:00:00", "1", "PT60M", "")]
    start = lambda found: found[0].start.hour  # noqa: E731
    assert start(records(flow("R63A", curve(lone)))) == 11
    assert start(records(flow("R63B", curve(lone)))) == 10
    content = [flow("R63", curve(lone))]
    assert start(list(r63.read_json(content, segments={POINT: "C2"}))) == 11
    assert start(list(r63.read_json(content, segments={POINT: "C5"}))) == 10
    assert start(list(r63.read_json(content))) == 10
    sides = {**SIDES, "R63": (Convention(dt.date.min, Side.START),)}
    assert start(list(r63.read_json(content, sides=sides))) == 11
    assert (
        start(list(r63.read_json([flow("R63", curve([("2025-01-01 12:00:00", "1", "PT60M", "B")]))], sides=sides)))
        == 10
    )


def test_r63_a_slice_of_raw_points_that_begins_at_midnight_is_stamped_at_the_end_all_the_same():
    points = [("2025-01-01 00:00:00", "1", "PT30M", "B"), ("2025-01-01 00:30:00", "2", "PT30M", "B")]
    found = records(flow("R63", curve(points, first_day="2025-01-01")))
    assert [one.start for one in found] == [utc(2024, 12, 31, 22, 30), utc(2024, 12, 31, 23)]


def test_r63_a_step_that_changes_inside_a_day():
    points = [("2025-01-01 11:00:00", "100", "PT30M", "B"), ("2025-01-01 11:10:00", "200", "PT10M", "B")]
    first, second = records(flow("R63", curve(points)))
    assert (first.start, first.end) == (utc(2025, 1, 1, 9, 30), utc(2025, 1, 1, 10))
    assert (second.start, second.end) == (utc(2025, 1, 1, 10), utc(2025, 1, 1, 10, 10))


def test_r63_a_stamp_of_the_spring_night_is_refused():
    assert refused(flow("R63", curve([("2025-03-30 02:30:00", "1")]))) == "no_such_time"


CSV = (
    "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;Unité;Horodate;Valeur;"
    "Nature;Pas;Indice de vraisemblance;Etat complémentaire\n"
)


@pytest.mark.parametrize("heading", [CSV, ""])
def test_r63_in_csv_with_or_without_the_names_of_its_columns(heading):
    row = f"{POINT};2025-01-01;2025-01-02;PA;CONS;BRUT;W;2025-01-01 00:30:00;540;B;PT30M;1;0\n"
    (one,) = records((heading + row).encode(), "ENEDIS_R63_P_CdC_M053Q0D3_00001_20250103000000.csv")
    assert (one.start, one.value, one.quality) == (utc(2024, 12, 31, 23), 540, Quality.DOUBTFUL)
    assert one.line == (2 if heading else 1)


def test_r64_is_the_start_of_its_day_and_reads_the_total_register():
    classes = [
        ("Distributeur", "HPB", [("2025-06-02 00:00:00", 1)]),
        ("Fournisseur", "BASE", [("2025-06-02 00:00:00", 2)]),
    ]
    (one,) = records(flow("R64", indexes([("2025-06-02 00:00:00", 12345678, 0)], classes)))
    assert (one.start, one.value, one.quality) == (utc(2025, 6, 1, 22), Decimal("12345.678"), Quality.GOOD)


def test_r151_and_r64_agree_on_the_same_index():
    (told,) = records(r151_file(("2025-06-01", "DI000003", (12345678,), None)))
    (asked,) = records(flow("R64", indexes([("2025-06-02 00:00:00", 12345678)])))
    assert (told.start, told.value) == (asked.start, asked.value)


def test_r64_without_a_total_register_adds_up_one_grid_and_says_it_is_doubtful():
    at = "2025-06-02 00:00:00"
    classes = [
        ("Distributeur", "HPB", [(at, 100)]),
        ("Distributeur", "HCB", [(at, 11)]),
        ("Fournisseur", "X", [(at, 9)]),
    ]
    (one,) = records(flow("R64", indexes(None, classes)))
    assert (one.value, one.quality) == (Decimal("0.111"), Quality.DOUBTFUL)
