"""Pages: a codec is tried before it is kept and attached to a model; a pasted message says what it would give."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import webtest
from sqlalchemy import select

from contracts.sites.register import register_building, register_site
from devices.codecs.models import Codec
from devices.inventory.catalogue import register_model
from devices.inventory.register import install, register_device
from devices.points.register import register_point
from tests.webhouse import open_house

SOURCE = """function decodeUplink(input) {
  return {data: {total: input.bytes[0] * 10}, warnings: ["pile <b>faible</b>"]};
}"""
SERIAL = "70b3d5e75e000a01"
TOPIC = f"application/6f1c/device/{SERIAL}/event/up"
UPLINK = json.dumps({"deviceInfo": {"devEui": SERIAL}, "time": "2026-03-01T11:58:20Z", "fPort": 3, "data": "qsg="})
PLUG = '{"Time": "2026-01-05T12:00:00", "ENERGY": {"Total": 12.5}}'


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_codec_pages"):
        with house.database.sessions("owner").begin() as session:
            site = register_site(session, name="École", city="Kermelo", timezone="Europe/Paris")
            building = register_building(session, site, name="Élémentaire", use="école")
            point = register_point(session, building, name="Général", energy="electricity")
            model = register_model(session, maker="Usine", name="EM300-TH")
            device = register_device(session, serial=SERIAL, model=model)
            start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            install(session, device, point, at=start, channel="total")
            install(session, register_device(session, serial="prise"), point, at=start, channel="x", quantity="power")
        yield house


def filled(operator, **fields):
    form = operator.get("/codecs/new").forms["form"]
    facts = {"maker": "Usine", "name": "EM300", "version": "1.0", "licence": "MIT", "source": SOURCE}
    for name, value in (facts | {"payload": "aa c8", "way": "hex", "f_port": "3"} | fields).items():
        form[name] = value
    return form


def read(person, status=200, **fields):
    form = person.get("/decode").forms["form"]
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=status)


def test_a_codec_is_tried_then_kept_then_attached_and_reads(house):
    operator = house.person("operator")
    assert "personne n'a décodés" in read(operator, topic=TOPIC, payload=UPLINK).html.find(id="refused").get_text()
    tried = filled(operator, meanings="total = energy_index Wh").submit("try")
    assert "1,7" in tried.html.main.find("table").get_text()
    assert "pile <b>faible</b>" in tried.html.main.get_text()
    assert house.scalar(select(Codec.id)) is None, "nothing is kept by trying"
    page = tried.forms["form"].submit(status=303).follow()
    assert "Licence : MIT" in page.html.main.get_text()
    attached = page.forms["model"].submit(status=303).follow()
    assert "Usine EM300-TH" in attached.html.find(class_="answer").get_text()
    assert attached.forms["model"].submit(status=422).html.find(class_="refusal")
    seen = read(operator, topic=TOPIC, payload=UPLINK).html
    assert "1 relevé du capteur" in seen.find(class_="answer").get_text()
    row = seen.main.find("tbody").get_text()
    assert "1,7" in row
    assert "kWh" in row
    assert "Élémentaire — Général" in row
    assert "12:58" in row, "11:58 UTC on the clock of the site"
    explained = attached.forms["meanings"]
    explained["meanings"] = "total = volume_index L"
    explained.submit(status=303)
    assert "m³" in read(operator, topic=TOPIC, payload=UPLINK).html.main.find("tbody").get_text()
    explained["meanings"] = "total = volume_index kWh"
    assert "on attend m³" in explained.submit(status=422).html.find(class_="refusal").get_text()


def test_a_file_is_read_and_shown_to_be_kept(house):
    form = filled(house.person("operator"), name="EM500", source="")
    form["file"] = webtest.Upload("em500.js", SOURCE.encode(), "text/javascript")
    tried = form.submit("try")
    assert "decodeUplink" in tried.forms["form"]["source"].value
    page = tried.forms["form"].submit(status=303).follow()
    assert "EM500" in page.html.h1.get_text()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": "var x = ;"}, "JavaScript"),
        ({"source": "function f() {}"}, "decodeUplink"),
        ({"source": "while (true) {}"}, "une seconde"),
        ({"meanings": "total = pommes"}, "pommes"),
        ({"payload": "zz"}, "hexadécimal"),
        ({"f_port": "300"}, "0 à 255"),
    ],
)
def test_what_cannot_be_tried_is_said(house, fields, said):
    answer = filled(house.person("operator"), **fields).submit("try", status=422)
    assert said in answer.html.main.get_text()


@pytest.mark.parametrize(
    ("source", "said"), [("function f() {}", "decodeUplink"), ("codec_du_fabricant", "dès qu'on le charge")]
)
def test_what_is_no_codec_is_not_kept(house, source, said):
    answer = filled(house.person("operator"), name="Rien", source=source).submit(status=422)
    assert said in answer.html.find(id="source-error").get_text()
    assert house.scalar(select(Codec.id).where(Codec.name == "Rien")) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"topic": "tele/prise/SENSOR", "payload": PLUG}, "12,5"),
        ({"topic": "tele/prise/SENSOR", "payload": PLUG}, "05/01/2026 12:00"),
        ({"topic": "tele/prise/SENSOR", "payload": PLUG}, "cette voie n'était pas posée"),
        ({"topic": "tele/autre/SENSOR", "payload": PLUG}, "n'est pas enregistré"),
        ({"topic": "tele/prise/SENSOR", "payload": PLUG.encode().hex(), "way": "hex"}, "12,5"),
        ({"topic": "essai", "payload": '{"E_kwh": 5}', "dialect": "emoncms"}, "Format : emoncms"),
        ({"topic": "tele/prise/SENSOR", "payload": "<script>"}, "n'est pas du JSON"),
        ({"topic": "inconnu", "payload": "{}"}, "Aucun format reconnu"),
    ],
)
def test_a_technician_reads_what_a_message_would_give(house, fields, said):
    assert said in read(house.person("technician"), **fields).html.main.get_text()


def test_bytes_in_the_wrong_writing_are_refused_beside_their_field(house):
    answer = read(house.person("technician"), 422, topic="x", payload="zz", way="base64")
    assert "base64" in answer.html.find(id="payload-error").get_text()


def test_codecs_are_the_operators_and_pages_nobody_elses(house):
    technician, shareholder = house.person("technician"), house.person("shareholder")
    technician.get("/codecs", status=403)
    shareholder.get("/codecs", status=403)
    shareholder.get("/decode", status=403)
