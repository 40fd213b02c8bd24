"""Lists of devices and of points: whole or not at all, an error a line, the same again changes nothing."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from contracts.parties.register import register_shareholder
from devices.inventory.bulk import DEVICES
from devices.inventory.catalogue import register_lot, register_model
from devices.inventory.models import Device
from devices.points.lists.intake import take_in
from devices.points.lists.points import POINTS
from devices.points.lists.sheet import MAX_ROWS, Column, Row, day_in, number_in, read_sheet
from devices.points.models import BulkImport, MeteringPoint
from foundation.attachments.models import Attachment
from foundation.errors import Refusal
from tests.devices.meters import school_point

HOW = {"name": "liste.csv", "by": "Claire", "now": dt.datetime(2026, 6, 1, tzinfo=dt.UTC)}
COLUMNS = (Column("a", "", "", required=True), Column("b", "", ""))


def sheet(heading, *lines, separator=";", encoding="utf-8-sig"):
    return "\r\n".join(separator.join(line) for line in (heading, *lines)).encode(encoding)


def words(intake):
    return [verdict.word for verdict in intake.verdicts]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_what_spreadsheets_write_is_read(separator, encoding):
    content = sheet(("B", "a"), ("é", " 1  2 "), ("", ""), ("", "3"), separator=separator, encoding=encoding)
    assert read_sheet(content, COLUMNS) == [Row(2, {"a": "1 2", "b": "é"}), Row(4, {"a": "3", "b": ""})]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Il manque la colonne « a »"),
        (b"b\n1", "Il manque la colonne « a »"),
        (b"a;c\n1;2", "« c » n'est pas du modèle"),
        (b"a;a\n1;2", "deux fois"),
        (b"a;b\n", "aucune ligne"),
        (b"a\x00b", "pas du texte"),
        (b"a\n" + b"1\n" * (MAX_ROWS + 1), "plus de 1000 lignes"),
        (b"x" * 2_000_001, "2 Mo"),
        (b'a\n"1', "CSV lisible"),
    ],
)
def test_what_is_no_list_is_refused_with_what_to_do(content, sentence):
    with pytest.raises(Refusal, match=sentence):
        read_sheet(content, COLUMNS)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content):
    with contextlib.suppress(Refusal):
        assert all(set(row.cells) >= {"a", "b"} for row in read_sheet(b"a;b\n" + content, COLUMNS))


@pytest.mark.parametrize("written", ["1e5", "١٢", "12 kVA", "--1"])
def test_a_number_is_a_number(written):
    with pytest.raises(Refusal, match="n'est pas un nombre"):
        number_in(Row(2, {"a": written}), "a")


@pytest.mark.parametrize("written", ["32/01/2026", "01/02/26", "1/13/2026", "demain"])
def test_a_day_is_a_day(written):
    with pytest.raises(Refusal, match="n'est pas une date"):
        day_in(Row(2, {"a": written}), "a")


@pytest.fixture
def stock(dbsession):
    register_model(dbsession, maker="Adeunis", name="Pulse", expected_every=dt.timedelta(minutes=10))
    register_lot(dbsession, reference="BC-1", supplier="F", purchased_on=dt.date(2026, 1, 1), unit_cost=80)
    return dbsession


def test_devices_come_in_whole_and_only_once(stock):
    content = sheet(
        ("numero_serie", "fabricant", "modele", "lot", "minutes"),
        ("A1", "adeunis", "PULSE", "bc-1", ""),
        ("70B3D52000000001", "Adeunis", "Pulse", "BC-1", "60"),
    )
    tried = take_in(stock, DEVICES, content, dry_run=True, **HOW)
    assert (words(tried), tried.taken) == (["new", "new"], None)
    assert stock.scalar(select(func.count(Device.id))) == 0
    done = take_in(stock, DEVICES, content, dry_run=False, **HOW)
    assert (done.taken.rows_new, done.taken.rows_known) == (2, 0)
    first, second = stock.scalars(select(Device).order_by(Device.id))
    assert (first.model.name, first.lot.reference, first.state) == ("Pulse", "BC-1", "stocked")
    assert [one.expected_every for one in (first, second)] == [dt.timedelta(minutes=10), dt.timedelta(hours=1)]
    again = take_in(stock, DEVICES, content, dry_run=False, **HOW)
    assert words(again) == ["known", "known"]
    assert stock.scalars(select(Attachment)).one().content == content


def test_where_a_model_s_register_is_full_may_come_with_its_devices(stock):
    heading = ("numero_serie", "fabricant", "modele", "taille_registre")
    first = sheet(heading, ("A1", "Adeunis", "Pulse", ""), ("A2", "Adeunis", "Pulse", "65536"))
    assert words(take_in(stock, DEVICES, first, dry_run=False, **HOW)) == ["new", "new"]
    assert {device.model.register_size for device in stock.scalars(select(Device))} == {65_536}
    assert words(take_in(stock, DEVICES, first, dry_run=False, **HOW)) == ["known", "known"]
    others = (("A3", "Adeunis", "Pulse", "10000"), ("A4", "", "", "10000"), ("A5", "Adeunis", "Pulse", "1"))
    answer = take_in(stock, DEVICES, sheet(heading, *others), dry_run=False, **HOW)
    said = ("revient à zéro à 65536", "se dit d'un modèle", "entre 100 et 10^20")
    for verdict, part in zip(answer.verdicts, said, strict=True):
        assert part in verdict.sentence


def test_one_wrong_line_keeps_all_out_and_each_says_why(stock):
    content = sheet(
        ("numero_serie", "fabricant", "modele", "lot", "proprietaire_siren", "minutes"),
        ("A1", "", "", "", "", ""),
        ("A1", "Adeunis", "Pulse", "", "", ""),
        ("a/b", "", "", "", "", ""),
        ("A3", "Autre", "", "", "", ""),
        ("A4", "", "", "BC-2", "", ""),
        ("A5", "", "", "", "200000017", ""),
        ("A6", "", "", "", "", "0"),
        ("", "", "", "BC-1", "", ""),
        ("A7", "", "", "", "", "", "spare"),
    )
    answer = take_in(stock, DEVICES, content, dry_run=False, **HOW)
    assert words(answer) == ["new", *["wrong"] * 8]
    assert [verdict.line for verdict in answer.verdicts] == list(range(2, 11))
    for verdict, said in zip(
        answer.verdicts[1:],
        ("autre modèle", "numéro de série", "n'est pas dans la liste", "BC-2", "clé", "intervalle", "vide", "titre"),
        strict=True,
    ):
        assert said in verdict.sentence
    assert stock.scalar(select(func.count(Device.id))) == 0
    assert stock.scalar(select(func.count(BulkImport.id))) == 0


POINT_HEADING = ("ville", "site", "batiment", "nom", "nature", "prm_ou_pce", "puissance", "unite", "payeur_siren")
POINT_HEADING = (*POINT_HEADING, "contrat", "fournisseur", "depuis")
PRM = "12345678901234"


def test_points_come_in_with_their_power_and_their_payer(dbsession):
    building = school_point(dbsession).building
    place = ("Lorient", building.site.name, building.name)
    town = register_shareholder(dbsession, name="Kermelo", siren="200000016", street="", postcode="", city="Kermelo")
    content = sheet(
        POINT_HEADING,
        (*place, "PRM", "electricite", PRM, "36", "kVA", "200 000 016", "fourniture", "EDF", "01/01/2026"),
        (*place, "PRM injection", "injection", PRM, "", "", "", "", "", ""),
        (*place, "Salle 1", "ambiance", "", "", "", "", "", "", ""),
    )
    done = take_in(dbsession, POINTS, content, dry_run=False, **HOW)
    assert words(done) == ["new", "new", "new"], [verdict.sentence for verdict in done.verdicts]
    drawn, given, room = dbsession.scalars(select(MeteringPoint).where(MeteringPoint.name != "Général"))
    assert [(one.energy, one.direction) for one in (drawn, given, room)] == [
        ("electricity", "import"),
        ("electricity", "export"),
        ("ambient", "none"),
    ]
    assert (drawn.payments[0].payer, drawn.subscriptions[0].power) == (town, 36)
    assert words(take_in(dbsession, POINTS, content, dry_run=False, **HOW)) == ["known"] * 3


def test_a_point_that_contradicts_what_is_registered_is_refused(dbsession):
    point = school_point(dbsession)
    place = ("Lorient", point.building.site.name, point.building.name)
    nothing = ("", "", "", "", "", "")
    content = sheet(
        POINT_HEADING,
        (*place, "Général", "gaz", "", *nothing),
        ("Lorient", "Ailleurs", "X", "P", "gaz", "", *nothing),
        (*place, "P1", "charbon", "", *nothing),
        (*place, "P2", "gaz", "123", *nothing),
        (*place, "P3", "electricite", "", "36", "kVA", "", "", "", ""),
        (*place, "P4", "electricite", "", "", "", "200000016", "fourniture", "", "01/01/2026"),
    )
    answer = take_in(dbsession, POINTS, content, dry_run=True, **HOW)
    for verdict, said in zip(
        answer.verdicts, ("autre nature", "Aucun bâtiment", "charbon", "14 chiffres", "depuis", "SIREN"), strict=True
    ):
        assert (verdict.word, said in verdict.sentence) == ("wrong", True), verdict
