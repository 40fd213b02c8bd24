"""What cells, stamps and rows of imported files say, and what is refused of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.imports.cells import Unclear, day, flag, number, stamp
from devices.imports.guess import guess
from devices.imports.profile import Kind, Profile
from devices.imports.rows import Bill, Place, Reader, Value
from devices.imports.table import LARGEST, check_whole, rows
from devices.imports.walls import Wall
from foundation.errors import Refusal

PRM = "14500000000017"
POINTS = {(PRM,): Place(1, "electricity"), ("21500000000042",): Place(2, "gas"), ("école", "général"): Place(3, "heat")}
TODAY = dt.date(2026, 11, 22)
UTC = dt.UTC
BILLS = Profile(
    kind=Kind.BILLS,
    columns={
        "point": "PRM", "start": "Du", "end": "Au", "energy": "kWh", "volume": "m3", "index_start": "Ancien",
        "index_end": "Nouveau", "estimated": "Estimé", "net": "HT", "gross": "TTC", "number": "Facture",
        "coefficient": "Coef",
    },
    stamp="end",
)  # fmt: skip
CURVE = Profile(kind=Kind.CURVE, columns={"point": "PRM", "time": "Horodate", "value": "Valeur"}, unit="W", dates="iso")


def read(profile: Profile, text: str, encoding: str = "utf-8") -> list[object]:
    reader = Reader(profile, POINTS, TODAY)
    return list(reader.read_all(rows(text.encode(encoding), profile)))


def bill(**cells: str) -> list[object]:
    given_cells = {"PRM": PRM, "Du": "01/01/2025", "Au": "31/01/2025", "kWh": "1200"} | cells
    headings = ["PRM", "Du", "Au", "kWh", "m3", "Ancien", "Nouveau", "Estimé", "HT", "TTC", "Facture", "Coef"]
    return read(BILLS, ";".join(headings) + "\n" + ";".join(given_cells.get(h, "") for h in headings) + "\n")


@pytest.mark.parametrize(
    ("cell", "decimal", "thousands", "value"),
    [
        ("1234,5", ",", "", "1234.5"),
        ("1 234,5", ",", " ", "1234.5"),
        ("1\u202f234\u00a0567,5", ",", " ", "1234567.5"),
        ("1.234,5", ",", ".", "1234.5"),
        ("1,234.5", ".", ",", "1234.5"),
        ("-0,25", ",", "", "-0.25"),
        ("1234.5", ".", "", "1234.5"),
    ],
)
def test_a_number_is_read_as_the_profile_says(cell, decimal, thousands, value):
    assert number(cell, decimal=decimal, thousands=thousands) == Decimal(value)


@pytest.mark.parametrize(
    "cell",
    [
        "1.234",
        "1.234,5",
        "1 234",
        "12 34",
        "=1+1",
        "@SUM(A1)",
        "1e3",
        "NaN",
        "Infinity",
        "1_000",
        "",
        "1,2,3",
        "٣",
        "12 kWh",
    ],
)
def test_what_two_readers_could_take_for_two_numbers_is_refused(cell):
    with pytest.raises(Unclear):
        number(cell, decimal=",", thousands="")


def test_thousands_go_by_three():
    for cell in ("12.34", "1234.567", ".123", "1..234"):
        with pytest.raises(Unclear):
            number(cell, decimal=",", thousands=".")


@given(st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False))
def test_what_french_writes_is_read_back(value):
    written = f"{value:,.3f}".replace(",", "\u202f").replace(".", ",")
    assert number(written, decimal=",", thousands=" ") == value


@pytest.mark.parametrize(
    "cell", ["31/02/2025", "00/01/2025", "2025-01-01", "31/01/25", "01/13/2025", "31/01/2025 25:00", "hier"]
)
def test_a_day_that_is_none_is_refused(cell):
    with pytest.raises(Unclear):
        day(cell, "day_first")


def test_stamps_as_sources_write_them():
    assert stamp("2026-01-31T14:30:00+01:00", "iso").offset == dt.timedelta(hours=1)
    assert stamp("31/01/2026 24:00", "day_first").wall == dt.datetime(2026, 2, 1)  # noqa: DTZ001 - a wall clock
    assert stamp("20260131", "compact").wall.date() == dt.date(2026, 1, 31)
    assert not stamp("31/01/2026", "day_first").has_time


def test_estimated_or_not():
    assert [flag(cell) for cell in ("oui", "Estimé", "1", "Relevée", "", "non")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(Unclear):
        flag("peut-être")


def at(hour: str) -> object:
    return stamp(f"2025-10-26 {hour}", "iso")


def test_the_autumn_hour_comes_twice_in_the_order_of_the_file():
    hours = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    forwards = Wall(ZoneInfo("Europe/Paris"))
    instants = [forwards.instant("p", at(hour)) for hour in hours]
    assert instants == [dt.datetime(2025, 10, 25, 23, 30, tzinfo=UTC) + n * dt.timedelta(minutes=30) for n in range(6)]
    backwards = Wall(ZoneInfo("Europe/Paris"))
    assert [backwards.instant("p", at(hour)) for hour in reversed(hours)] == instants[::-1]


def test_points_do_not_share_their_order():
    wall = Wall(ZoneInfo("Europe/Paris"))
    assert wall.instant("a", at("02:30")) == wall.instant("b", at("02:30"))


def test_the_spring_hour_does_not_exist():
    with pytest.raises(Unclear, match="n'existe pas"):
        Wall(ZoneInfo("Europe/Paris")).instant("p", stamp("2025-03-30 02:30", "iso"))


def test_a_curve_in_watts_stamped_at_its_end_becomes_energy_from_its_start():
    profile = Profile(**{**CURVE.to_json(), "kind": Kind.CURVE, "stamp": "end"})
    (value,) = read(profile, f"PRM;Horodate;Valeur\n{PRM};2025-01-01 00:30:00;1500\n")
    assert value == Value(2, 1, dt.datetime(2024, 12, 31, 23, tzinfo=UTC), Decimal("0.75"))


def test_a_whole_autumn_day_of_half_hours_has_fifty():
    start = dt.datetime(2025, 10, 26, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    local = [(start + n * dt.timedelta(minutes=30)).astimezone(ZoneInfo("Europe/Paris")) for n in range(50)]
    text = "PRM;Horodate;Valeur\n" + "".join(f"{PRM};{one:%Y-%m-%d %H:%M:%S};100\n" for one in local)
    assert len({value.at for value in read(CURVE, text)}) == 50


NIGHT = dt.datetime(2025, 10, 26, tzinfo=UTC)
"""02:00 in Paris, the first time; 02:00 comes again an hour later."""


def curve(*hours: str, profile: Profile = CURVE) -> list[object]:
    """Return minutes from the first 02:00 for each row taken, the sentence for each row refused."""
    text = "PRM;Horodate;Valeur\n" + "".join(f"{PRM};2025-10-26 {hour};100\n" for hour in hours)
    found = sorted(read(profile, text), key=lambda one: one.line if isinstance(one, Value) else one[0].line)
    return [(one.at - NIGHT).seconds // 60 if isinstance(one, Value) else one[0].sentence for one in found]


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        (("02:00", "02:30", "02:00", "02:30", "03:00"), [0, 30, 60, 90, 120]),
        (("02:30", "02:00", "02:30", "03:00"), [30, 60, 90, 120]),
        (("02:30", "02:30", "03:00"), [30, 90, 120]),
        (("02:00", "02:30", "03:00"), [60, 90, 120]),
        (("02:30", "03:00", "03:30"), [90, 120, 150]),
        (("02:00", "02:30", "02:00", "02:30"), [0, 30, 60, 90]),
        (("02:30", "02:00", "02:30", "02:00", "01:30"), [90, 60, 30, 0, 1410]),
        (("02:00", "02:30", "02:00", "01:30"), [60, 30, 0, 1410]),
        (("02:30", "02:00", "01:30"), [30, 0, 1410]),
        (("02:30+01:00", "03:00"), [90, 120]),
        (("02:00", "02:30+01:00", "03:00"), [60, 90, 120]),
    ],
)
def test_a_curve_that_begins_in_the_repeated_hour_is_read_by_the_rows_that_follow(hours, minutes):
    assert curve(*hours) == minutes


@pytest.mark.parametrize(
    "hours",
    [
        ("02:30",),
        ("02:00", "02:30"),
        ("02:00", "02:00"),
        ("02:00", "02:00", "02:00", "03:00"),
        ("02:00", "04:00"),
        ("02:30", "02:00", "00:30"),
    ],
)
def test_where_no_row_says_which_passage_is_meant_it_is_refused_and_says_what_to_add(hours):
    told = [one for one in curve(*hours) if isinstance(one, str)]
    assert len(told) == sum(hour.startswith("02") for hour in hours)
    for hour, sentence in zip(hours, told, strict=False):
        assert f"écrivez le décalage : {hour}+02:00 la première fois, {hour}+01:00 la seconde" in sentence


def test_what_else_is_wrong_with_a_row_that_waited_is_told_too():
    text = f"PRM;Horodate;Valeur\n{PRM};2025-10-26 02:30;x\n{PRM};2025-10-26 03:00;1\n"
    problems, value = read(CURVE, text)
    assert [problem.column for problem in problems] == ["Valeur"]
    assert value.at == NIGHT + dt.timedelta(hours=2)


@given(st.integers(0, 23), st.integers(5, 40), st.booleans())
def test_wherever_a_file_is_cut_around_the_night_it_says_the_same_or_refuses(begins, length, backwards):
    """Quarters of an hour from 01:00 on, a week-end's end: what is read is true."""
    start = NIGHT - dt.timedelta(hours=1)
    true = [start + n * dt.timedelta(minutes=15) for n in range(begins, begins + length)]
    rows_of = true[::-1] if backwards else true
    stamps = [f"{one.astimezone(ZoneInfo('Europe/Paris')):%Y-%m-%d %H:%M}" for one in rows_of]
    text = "PRM;Horodate;Valeur\n" + "".join(f"{PRM};{one};100\n" for one in stamps)
    found = read(Profile(**{**CURVE.to_json(), "kind": Kind.CURVE, "step": 15}), text)
    assert len(found) == length
    assert [one.at for one in sorted((f for f in found if isinstance(f, Value)), key=lambda one: one.line)] == [
        instant for instant in rows_of if instant in {one.at for one in found if isinstance(one, Value)}
    ]
    if all(isinstance(one, Value) for one in found):
        assert {one.at for one in found} == set(true)
    else:
        assert all("02" in stamp_of[11:13] for stamp_of in stamps), "only a file all in that hour says nothing"


def test_an_index_dated_by_its_day_is_read_at_the_side_the_profile_says():
    columns = {"point": "PRM", "time": "Date", "value": "Index"}
    text = f"PRM;Date;Index\n{PRM};01/07/2025;12345\n"
    for side, day_of in (("start", 30), ("end", 31)):
        profile = Profile(kind=Kind.INDEX, columns=columns, unit="Wh", stamp=side)
        (value,) = read(profile, text)
        expected = dt.datetime(2025, 6, 30, 22, tzinfo=UTC) + dt.timedelta(days=day_of - 30)
        assert value == Value(2, 1, expected, Decimal("12.345"))


def test_a_gas_day_begins_at_six():
    profile = Profile(kind=Kind.DAILY, columns={"point": "PCE", "time": "Jour", "value": "m3"}, unit="m³", day_begins=6)
    (value,) = read(profile, "PCE;Jour;m3\n21500000000042;15/01/2025;12\n")
    assert value.at == dt.datetime(2025, 1, 15, 5, tzinfo=UTC)


def test_a_bill_is_read():
    (found,) = bill(Estimé="non", HT="180,50", TTC="216,60", Facture="F-2025-01")
    assert isinstance(found, Bill)
    assert (found.start, found.end, found.kwh) == (dt.date(2025, 1, 1), dt.date(2025, 2, 1), 1200)
    assert (found.net, found.gross, found.number, found.estimated) == (
        Decimal("180.50"),
        Decimal("216.60"),
        "F-2025-01",
        False,
    )


def test_gas_billed_by_index_needs_its_coefficient():
    gas = {"PRM": "21500000000042", "kWh": "", "Ancien": "771", "Nouveau": "951"}
    (found,) = bill(**gas, Coef="11,29")
    assert (found.kwh, found.volume) == (Decimal("2032.2"), 180)
    (problems,) = bill(**gas)
    assert "coefficient" in problems[0].sentence
    (problems,) = bill(**gas, Coef="1,11")
    assert "8 à 14" in problems[0].sentence


@pytest.mark.parametrize(
    ("cells", "column", "word"),
    [
        ({"Du": "31/02/2025"}, "Du", "calendrier"),
        ({"Du": "01/03/2025"}, "Au", "avant de commencer"),
        ({"Au": "31/01/2035"}, "Au", "trois ans"),
        ({"Du": "01/12/2026", "Au": "31/12/2026"}, "Au", "avenir"),
        ({"kWh": "-12"}, "kWh", "négatif"),
        ({"kWh": "1.200"}, "kWh", "virgule"),
        ({"kWh": "=B2*2"}, "kWh", "formule"),
        ({"kWh": ""}, "kWh", "ni énergie"),
        ({"kWh": "", "Ancien": "900", "Nouveau": "100"}, "Nouveau", "plus petit"),
        ({"PRM": "99999999999999"}, "PRM", "pas enregistré"),
        ({"PRM": ""}, "PRM", "manque"),
        ({"Estimé": "bof"}, "Estimé", "oui ni non"),
    ],
)
def test_each_problem_is_told_with_its_line_and_column(cells, column, word):
    (problems,) = bill(**cells)
    assert (problems[0].line, problems[0].column) == (2, column)
    assert word in problems[0].sentence


def test_all_the_problems_of_a_row_are_told_at_once():
    (problems,) = bill(Du="31/02/2025", kWh="x", PRM="1")
    assert {problem.column for problem in problems} == {"PRM", "Du", "kWh"}


def test_sub_meters_are_known_by_building_and_name():
    profile = Profile(
        kind=Kind.SUBMETERS,
        columns={"building": "Bâtiment", "point": "Compteur", "time": "Relevé le", "value": "Index"},
    )
    text = "Bâtiment;Compteur;Relevé le;Index\nÉcole;Général;05/01/2025 14:30;123,4\n"
    for encoding in ("utf-8", "utf-8-sig"):
        assert read(profile, text, encoding)[0].point_id == 3
    windows = Profile(**{**profile.to_json(), "kind": profile.kind, "encoding": "cp1252"})
    assert read(windows, text, "cp1252")[0].point_id == 3


def test_only_the_rows_the_profile_keeps_count():
    profile = Profile(**{**CURVE.to_json(), "kind": Kind.CURVE, "keep": {"Grandeur métier": "CONS"}})
    text = f"PRM;Horodate;Valeur;Grandeur métier\n{PRM};2025-01-01 00:00;1;CONS\n{PRM};2025-01-01 00:00;2;PROD\n"
    assert len(read(profile, text)) == 1


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf \r\n", "vide"),
        (b"PK\x03\x04", "classeur"),
        ("a;b".encode("utf-16"), "UTF-16"),
        (b"PRM;Horodate\0;Valeur", "nuls"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, word):
    with pytest.raises(Refusal, match=word):
        check_whole(content, "fichier.csv")


def test_a_file_beyond_the_limit_is_refused_unread():
    class Huge(bytes):
        def __len__(self):
            return LARGEST + 1

    with pytest.raises(Refusal, match="coupez-le"):
        check_whole(Huge(b"x"), "fichier.csv")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("PRM;Valeur\n", "Horodate"),
        ("PRM;Horodate;Valeur;Valeur\n", "deux fois"),
        ("PRM,Horodate,Valeur\n1,2,3\n", "manque"),
        (f"PRM;Horodate;Valeur\n{PRM};2025-01-01 00:00\n", "Ligne 2"),
        (f"PRM;Horodate;Valeur\n{PRM};2025-01-01 00:00;1,5;9\n", "Ligne 2"),
        ('PRM;Horodate;Valeur\n"jamais fermé', "Ligne 2"),
        ("x" * 70_000, "64 ko"),
        (";" * 500, "colonnes"),
    ],
)
def test_a_table_of_another_shape_is_refused_with_its_line(text, word):
    with pytest.raises(Refusal, match=word):
        read(CURVE, text)


def test_a_wrong_byte_is_told_with_its_line():
    with pytest.raises(Refusal, match="Ligne 3"):
        list(rows(b"PRM;Horodate;Valeur\na;b;c\nd\xe9;e;f\n", CURVE))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": "kW"}, "unit"),
        ({"columns": {}}, "point"),
        ({"columns": {**BILLS.columns, "index_end": ""}}, "index_end"),
        ({"decimal": ";"}, "decimal"),
        ({"thousands": ","}, "thousands"),
        ({"timezone": "Paris"}, "timezone"),
        ({"columns": {"point": "a", "start": "b", "end": "c"}}, "energy"),
    ],
)
def test_a_profile_nothing_could_be_read_with_is_refused(change, field):
    with pytest.raises(Refusal) as refused:
        Profile(**{**BILLS.to_json(), "kind": Kind.BILLS, **change})
    assert refused.value.field == field


def test_a_profile_is_kept_as_json():
    assert Profile.from_json(BILLS.to_json()) == BILLS


def test_the_head_of_a_file_suggests_its_profile():
    text = (
        "PRM;Date de début;Date de fin;Index de début;Index de fin;Énergie (kWh);Montant HT;Montant TTC;N° de facture\n"
    )
    text += f"{PRM};01/01/2025;31/01/2025;1000;2200;1 200,0;180,50;216,60;F1\n"
    found = guess(text.encode("cp1252"))
    assert (found["kind"], found["encoding"], found["separator"]) == ("bills", "cp1252", ";")
    assert (found["decimal"], found["thousands"], found["dates"], found["unit"]) == (",", " ", "day_first", "kWh")
    assert found["columns"] == {
        "point": "PRM", "start": "Date de début", "end": "Date de fin", "index_start": "Index de début",
        "index_end": "Index de fin", "energy": "Énergie (kWh)", "net": "Montant HT", "gross": "Montant TTC",
        "number": "N° de facture",
    }  # fmt: skip


def test_the_head_of_an_enedis_curve_suggests_its_profile():
    headings = (
        "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;Unité;Horodate;"
        "Valeur;Nature;Pas;Indice de vraisemblance;Etat complémentaire"
    )
    row = f"{PRM};2025-01-01;2025-01-31;PA;CONS;BRUT;W;2025-01-01 00:30:00;540;B;PT30M;0;"
    found = guess(f"{headings}\n{row}\n".encode())
    assert (found["kind"], found["dates"], found["unit"]) == ("curve", "iso", "W")
    assert found["columns"] == {"point": "Identifiant PRM", "time": "Horodate", "value": "Valeur"}


@pytest.mark.parametrize("head", [";".join(f"c{n}" for n in range(10_000)), '"' * 100_000])
def test_a_head_that_is_no_table_offers_little_to_choose_from(head):
    headings = guess(f"{head}\n1\n".encode())["headings"]
    assert sum(map(len, headings)) < 2_000
