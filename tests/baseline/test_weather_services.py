"""Files of weather services: what each writes, read exactly or refused with its line."""

import datetime as dt
import gzip
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baseline.weather.files.recognise import KINDS, parse
from baseline.weather.observed import Observed
from foundation.errors import Refusal

HOURLY = (
    "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;RR1;QRR1;T;QT;TN;QTN\n"
    "01014002;ARBENT;46.278167;5.669000;534;2024010100;0.0;1;7.4;1;6.5;1\n"
    "01014002;ARBENT;46.278167;5.669000;534;2024010101;0.0;1;6.8;2;6.5;1\n"
    "01014002;ARBENT;46.278167;5.669000;534;2024010102;0.0;1;;;;\n"
    "56185001;LORIENT-LANN BIHOUE;47.762833;-3.435667;45;2024010100;;;10.1;9;;\n"
)
DAILY = (
    "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJ;RR;QRR;TN;QTN;HTN;QHTN;TX;QTX;HTX;QHTX;TM;QTM\n"
    "56185001;LORIENT;47.762833;-3.435667;45;20240101;0;1;-1.2;1;433;9;9.1;0;1333;9;4.9;1\n"
)
DPCLIM = "POSTE;DATE;RR;QRR;TN;QTN;TX;QTX;TM;QTM\n56185001;20260601;0,0;1;12,4;1;25,2;1;19,6;1\n"
SYNOP_OLD = "numer_sta;date;pmer;t;td\n07205;20200101000000;102340;281.15;279.2\n07205;20200101030000;mq;mq;279.2\n"
SYNOP_NEW = (
    "lat;lon;geo_id_wmo;name;validity_time;pmer;t\n47.76;-3.43;07205;LORIENT;2026-01-01T03:00:00Z;102150;270.45\n"
)
PACKET = "lat;lon;geo_id_insee;validity_time;t;td\n44.4935;-0.7905;33042001;2026-07-18T09:00:00Z;299.15;\n"


def open_meteo(**changes):
    told = {
        "latitude": 47.75,
        "longitude": -3.4375,
        "elevation": 45.0,
        "utc_offset_seconds": 3600,
        "timezone": "Europe/Paris",
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C"},
        "hourly": {"time": ["2024-01-01T00:00", "2024-01-01T01:00"], "temperature_2m": [9.2, None]},
    }
    return json.dumps(told | changes)


FILES = {
    "mf_hourly": HOURLY,
    "mf_daily": DAILY,
    "dpclim": DPCLIM,
    "synop": SYNOP_NEW,
    "paquetobs": PACKET,
    "open_meteo": open_meteo(),
}


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_is_recognised_packed_or_not(kind, packed):
    content = FILES[kind].encode()
    assert parse(gzip.compress(content) if packed else content).kind == kind


def test_hourly_open_data():
    read = parse(HOURLY.encode()).series
    assert read["01014002"].values == [
        Observed("T", utc(2024, 1, 1, 0), Decimal("7.4"), 1),
        Observed("T", utc(2024, 1, 1, 1), Decimal("6.8"), 2),
        Observed("T", utc(2024, 1, 1, 2), None, None),
    ]
    assert [one.usable for one in read["01014002"].values] == [True, False, False]
    lorient = read["56185001"].station
    assert (lorient.name, lorient.longitude, lorient.altitude_m) == (
        "LORIENT-LANN BIHOUE",
        Decimal("-3.435667"),
        Decimal(45),
    )


def test_a_leading_zero_lost_and_a_leading_space_are_mended():
    stripped = HOURLY.replace("01014002", " 1014002")
    assert set(parse(stripped.encode()).series) == {"01014002", "56185001"}
    assert set(parse(stripped.encode(), only="01014002").series) == {"01014002"}


def test_daily_open_data():
    [series] = parse(DAILY.encode()).series.values()
    day = utc(2024, 1, 1)
    assert series.values == [
        Observed("TN", day, Decimal("-1.2"), 1),
        Observed("TX", day, Decimal("9.1"), 0),
        Observed("TM", day, Decimal("4.9"), 1),
    ]


def test_dpclim_writes_commas():
    [series] = parse(DPCLIM.encode()).series.values()
    assert [value.celsius for value in series.values] == [Decimal("12.4"), Decimal("25.2"), Decimal("19.6")]
    [hours] = parse(b"POSTE;DATE;T;QT\n56185001;2026060112;12,4;1\n").series.values()
    assert hours.values == [Observed("T", utc(2026, 6, 1, 12), Decimal("12.4"), 1)]


@pytest.mark.parametrize("text", [SYNOP_OLD, SYNOP_NEW])
def test_synop_is_in_kelvins_under_both_headers(text):
    read = parse(text.encode()).series["07205"].values
    assert read[0].celsius in {Decimal("8.00"), Decimal("-2.70")}
    assert all(value.celsius is None for value in read[1:])


def test_packets_are_in_kelvins():
    assert parse(PACKET.encode()).series["33042001"].values == [Observed("T", utc(2026, 7, 18, 9), Decimal("26.00"))]


def test_celsius_where_kelvins_are_due_is_refused():
    with pytest.raises(Refusal, match=r"^Ligne 2 : -266\.05 °C est impossible"):
        parse(PACKET.replace("299.15", "7.1").encode())


def test_the_archive_has_one_offset_whatever_the_clocks_do():
    [series] = parse(open_meteo().encode()).series.values()
    assert series.values == [
        Observed("T", utc(2023, 12, 31, 23), Decimal("9.2")),
        Observed("T", utc(2024, 1, 1, 0), None),
    ]
    spring = {"time": ["2024-03-31T02:00", "2024-03-31T03:00"], "temperature_2m": [9.2, 9.4]}
    [series] = parse(open_meteo(hourly=spring).encode()).series.values()
    assert [value.at.hour for value in series.values] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"hourly": {"time": ["2024-01-01T00:00"], "temperature_2m": []}},
        {"hourly": {"time": ["2024-01-01T00:00"], "temperature_2m": ["9"]}},
        {"hourly": {"time": ["2024-01-01T00:30"], "temperature_2m": [9]}},
        {"hourly": {"time": ["2024-01-01T00:00"], "temperature_2m": [float("nan")]}},
        {"hourly": {"time": [1704067200], "temperature_2m": [9]}},
        {"hourly": []},
        {"hourly_units": {"time": "iso8601", "temperature_2m": "°F"}},
        {"utc_offset_seconds": "x"},
    ],
)
def test_an_archive_that_is_not_one_is_refused(changes):
    with pytest.raises(Refusal, match="téléchargez"):
        parse(open_meteo(**changes).encode())


@pytest.mark.parametrize(
    ("kind", "old", "new", "sentence"),
    [
        ("mf_hourly", "2024010101", "2024010124", "Ligne 3 : « 2024010124 » n'est pas une date"),
        ("mf_hourly", "2024010101", "20240101", "Ligne 3 : « 20240101 » n'est pas une date"),
        ("mf_hourly", "6.8;2", "6.8;x", "Ligne 3 : « x », colonne QT, n'est pas un code"),
        ("mf_hourly", "6.8;2", "1e1;2", "Ligne 3 : « 1e1 », colonne T, n'est pas un nombre"),
        ("mf_hourly", "6.8;2;6.5;1", "6.8", "Ligne 3 : 9 cellules pour 12"),
        ("mf_hourly", "2024010101", "2024010100", "Ligne 3 : T du 2024-01-01 00:00 est donnée deux fois"),
        ("mf_daily", "-1.2", "99.9", "Ligne 2 : 99.9 °C est impossible"),
        ("mf_daily", "56185001", "5618500A", "Ligne 2 : « 5618500A » n'est pas un numéro"),
        ("paquetobs", "09:00:00Z", "09:06:00Z", "Ligne 2 : « 2026-07-18T09:06:00Z » n'est pas une date"),
        ("paquetobs", "09:00:00Z", "09:00:00", "Ligne 2 : « 2026-07-18T09:00:00 » n'est pas une date"),
        ("dpclim", ";TN;", ";TZ;", "La colonne « T » manque"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(kind, old, new, sentence):
    assert old in FILES[kind]
    with pytest.raises(Refusal) as refused:
        parse(FILES[kind].replace(old, new, 1).encode())
    assert refused.value.sentence.startswith(sentence)


def test_a_packed_file_cut_short_is_refused():
    with pytest.raises(Refusal, match="incomplet"):
        parse(gzip.compress(HOURLY.encode())[:-20])
    with pytest.raises(Refusal, match="abîmé"):
        parse(b"\x1f\x8bxxxxxxxxxxxx")


def test_what_is_of_no_kind_says_which_there_are():
    with pytest.raises(Refusal, match="mf_hourly"):
        parse(b"heure,temp\n2024-01-01 00:00,5\n")


@given(kind=st.sampled_from(sorted(KINDS)), text=st.text(max_size=120))
def test_any_text_is_read_or_refused(kind, text):
    head = FILES[kind].split("\n")[0] + "\n" if kind != "open_meteo" else "{"
    for content in (text, head + text):
        try:
            parse(content.encode(errors="replace"), kind)
        except Refusal:
            continue


def test_the_services_own_files_are_read_where_they_are_at_hand():
    folder = Path(os.environ.get("FLEET_REFERENCE_DATA", "-")) / "weather"
    kinds = {"H_44": "mf_hourly", "Q_ex": "mf_daily", "dpcl": "dpclim", "dppa": "paquetobs", "syno": "synop"}
    for path in folder.glob("*_*.csv"):
        if path.name[:4] in kinds:
            read = parse(path.read_bytes())
            assert read.kind == kinds[path.name[:4]]
            assert any(value.usable for series in read.series.values() for value in series.values)
