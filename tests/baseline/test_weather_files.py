"""A temperature file that is wrong is refused with its line, whatever is wrong with it; nothing else happens."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baseline.weather.register import import_csv, read_temperatures, register_station
from foundation.errors import Refusal

PARIS = ZoneInfo("Europe/Paris")
HEADER = "heure,temp\n"


def read(text):
    return list(read_temperatures(text.encode(), "heure", "temp", PARIS))


def test_a_file_is_read():
    [(hour, celsius)] = read(HEADER + "2026-01-01 00:00,-5.3\n")
    assert (hour.isoformat(), celsius) == ("2025-12-31T23:00:00+00:00", Decimal("-5.3"))


@pytest.mark.parametrize("written", ["١٢", "1e1", "1_2", "NaN", "Infinity", "5." + "3" * 500, "=1+1", "5\0"])
def test_what_is_not_plainly_a_number_is_refused(written):
    with pytest.raises(Refusal, match=r"^Ligne 2 : .* n'est pas un nombre") as refused:
        read(f"{HEADER}2026-01-01 00:00,{written}\n")
    assert len(refused.value.sentence) < 200


@pytest.mark.parametrize("written", ["0001-01-01 00:00", "0001-01-01 00:00+14:00", "9999-12-31 23:00-12:00", "=cmd|x"])
def test_an_hour_outside_the_calendar_is_refused(written):
    with pytest.raises(Refusal, match=r"^Ligne 2 : .* n'est pas une date"):
        read(f"{HEADER}{written},5\n")


@pytest.mark.parametrize(
    "text", ["x" * 200_000, HEADER + "2026-01-01 00:00," + "5" * 200_000, "heure,temp\r2026-01-01 00:00,5\r"]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(Refusal, match=r"^Ligne \d : ce n'est pas un tableau"):
        read(text)


def test_ten_thousand_columns_are_not_recited():
    with pytest.raises(Refusal, match="manque") as refused:
        read(",".join(f"colonne{i}" for i in range(10_000)) + "\n")
    assert len(refused.value.sentence) < 500


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        read(HEADER + text)
    except Refusal:
        return


@pytest.mark.parametrize("name", ["a\0b.csv", "a\nb.csv", "\u202ecsv.exe", "a" * 5000])
def test_a_file_whose_name_cannot_be_shown_is_refused(dbsession, name):
    station = register_station(dbsession, code="56000001", name="Kermelo")
    with pytest.raises(Refusal, match="renommez-le"):
        import_csv(
            dbsession,
            station,
            b"heure,temp\n2026-01-01 00:00,5\n",
            name=name,
            time_column="heure",
            temperature_column="temp",
            timezone="UTC",
            imported_by="Claire",
            now=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        )
