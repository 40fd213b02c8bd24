"""Visits are planned on pages and sent through doors that take nothing twice and nothing from others."""

import datetime as dt
import gzip
import hashlib
import json

import pytest
from sqlalchemy import select, text

from devices.field.application.shell import FILES, SPOKEN, file, version
from devices.field.models import Submission, Visit
from fleet.web.translations import languages
from tests.devices.field_house import INSTALLED, NEW, key, open_field, picture
from tests.webhouse import open_house

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_field_pages"):
        with house.database.sessions("owner").begin() as session:
            field = open_field(session)
            house.site, house.point, house.second = field.site.id, field.point.id, field.second.id
            house.serials = {name: device.serial for name, device in field.devices.items()}
        yield house


def planned(house, point=None, *, kind="install", place=""):
    """Plan a visit of the technician on the pages; return its number."""
    operator = house.person("operator")
    form = operator.get(f"/visits/new?site={house.site}").forms["form"]
    form["planned_on"] = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
    form["technician_id"].select(text="Technician")
    page = form.submit(status=303).follow()
    number = int(page.request.path.rsplit("/", 1)[1])
    form = operator.get(f"/visits/{number}/tasks/new").forms["form"]
    form["kind"], form["point_id"], form["place"], form["shows_dial"] = kind, str(point or house.point), place, "yes"
    form["factor"], form["quantity"] = "1", "energy_index"
    form.submit(status=303)
    return number


def state(browser):
    return browser.get("/field/state.json").json


def post(browser, path, value, status=200):
    headers = {"X-CSRF-Token": state(browser).get("csrf") or ""}
    return browser.post_json(path, value, headers=headers, status=status)


def item(kind, said=None, **more):
    """Return a submission as the application writes it."""
    at = dt.datetime.now(dt.UTC).isoformat()
    told = {"key": key(), "kind": kind, "visit": None, "task": None, "place": None, "version": "x", **more}
    return {"item": told | {"done_at": at, "based_on": at, "said": said or {}}, "sent_at": at}


def test_the_application_is_the_same_for_everybody_and_runs_nothing_from_text(house):
    page = house.visitor().get("/field/")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert "wasm" not in house.visitor().get("/sign-in").headers["Content-Security-Policy"]
    worker = house.visitor().get("/field/worker.js").text
    assert version() in worker
    for name in FILES:
        house.visitor().get(f"/field/shell/{name}", status=200)
    house.visitor().get("/field/shell/views.py", status=404)
    served = file("app.js")
    assert served
    assert gzip.decompress(served.packed) == served.content
    answer = house.visitor().get("/field/state.json")
    assert answer.json["account"] is None
    assert "Set-Cookie" not in answer.headers, "a sign-in page opened meanwhile keeps its token"


def test_every_sentence_of_the_application_is_in_english(house):
    words = house.visitor().get("/field/words-en.json").json
    assert len(words) > 100
    assert languages()["en"].translate("Télécharger mes visites") == words["Télécharger mes visites"]
    assert SPOKEN.findall('_("Un \\"mot\\"") + x_("pas")') == ['Un \\"mot\\"']
    house.visitor().get("/field/words-de.json", status=404)


def test_the_doors_are_for_who_works_in_the_field(house):
    for path in ("/field/download", "/field/submissions", "/field/progress"):
        assert "/sign-in" in house.visitor().post_json(path, {}, status=303).location
    technician = house.person("technician")
    technician.post_json("/field/download", {}, status=403)
    for wrong in ([], "x", {"keys": "x"}, {"keys": ["x"] * 500}):
        post(technician, "/field/progress", wrong, status=400)
    headers = {"X-CSRF-Token": state(technician)["csrf"]}
    for body in (b"{", b'{"keys": [NaN]}', b'{"keys": ["\\u0000"]}', b"[" * 100_000):
        technician.post("/field/progress", body, headers=headers, content_type="application/json", status=400)


def test_what_is_no_submission_is_refused_and_nothing_is_kept(house):
    technician = house.person("technician")
    post(technician, "/field/submissions", {}, status=400)
    for wrong in ({"key": "1"}, {"kind": "nothing"}, {"done_at": "hier"}, {"based_on": "2026-01-01T00:00"}):
        sent = item("load", {"serial": NEW})
        sent["item"] |= wrong
        post(technician, "/field/submissions", sent, status=[400, 422])
    assert house.scalar(select(Submission.id)) is None


def test_a_visit_is_planned_downloaded_done_once_and_seen(house):
    number = planned(house)
    technician = house.person("technician")
    assert f'href="/visits/{number}"' in technician.get("/").text
    carried = post(technician, "/field/download", {"previous": ""}).json
    visit = next(one for one in carried["visits"] if one["id"] == number)
    task = visit["tasks"][0]["id"]
    begun = item("start", {"asbestos_seen": True}, visit=number)
    assert post(technician, "/field/submissions", begun).json["state"] == "applied"
    content = picture()
    digest = hashlib.sha256(content).hexdigest()
    sent = item("install", INSTALLED | {"photos": [digest]}, visit=number, task=task)
    assert post(technician, "/field/submissions", sent, status=409).json["state"] == "photos_missing"
    headers = {"X-CSRF-Token": state(technician)["csrf"]}
    taken = f"kind=dial&sha256={digest}&taken_at={NOW:%Y-%m-%dT%H:%M:%SZ}&latitude=47.6&longitude=x"
    address = f"/field/photos?key={sent['item']['key']}&{taken}"
    for _ in range(2):
        kept = technician.post(address, content, headers=headers, content_type="image/jpeg", status=200)
        assert kept.json["kept"] == digest
    technician.post(address, b"%PDF", headers=headers, content_type="image/jpeg", status=422)
    for _ in range(2):
        assert post(technician, "/field/submissions", sent).json["state"] == "applied"
    other = json.loads(json.dumps(sent))
    other["item"]["said"]["dial"] = "1"
    post(technician, "/field/submissions", other, status=409)
    told = post(technician, "/field/progress", {"keys": [sent["item"]["key"], "inconnue"]}).json
    assert told["tests"][sent["item"]["key"]]["state"] == "pending"
    page = house.person("operator").get(f"/visits/{number}")
    assert NEW in page.text
    assert "à confirmer" in page.html.main.get_text()
    photo = page.html.find("a", href=lambda href: href and href.startswith("/visit-photos/"))["href"]
    assert technician.get(photo).content_type == "image/jpeg"
    assert house.scalar(select(Visit.state).where(Visit.id == number)) == "started"


def test_a_lost_phone_is_revoked_and_a_closed_session_asks_for_the_password(house):
    technician, operator = house.person("technician"), house.person("operator")
    carried = post(technician, "/field/download", {"previous": ""}).json
    standing = {"token": carried["token"]}
    assert house.visitor().post_json("/field/standing", standing).json == {"standing": "valid"}
    page = operator.get("/phones")
    number = house.scalar(text("SELECT max(id) FROM devices.field_download"))
    form = next(form for form in page.forms.values() if form.action == f"/phones/{number}/revoke")
    assert "révoqué, pas encore reconnecté" in form.submit(status=303).follow().text
    answer = house.visitor().post_json("/field/standing", standing | {"forgotten": True}).json
    assert answer == {"standing": "revoked"}
    assert "effacé" in operator.get("/phones").text
    refused = post(technician, "/field/download", {"previous": carried["token"]}, status=422)
    assert "reconnectez-vous" in refused.json["sentence"]
    assert house.visitor().post_json("/field/standing", {"token": 1}, status=400)


def test_sheets_authorisations_moves_and_labels_are_pages(house):
    operator = house.person("operator")
    form = operator.get(f"/sites/{house.site}/sheet").forms["form"]
    form["alarm"], form["asbestos"] = "<b>1234</b>", "seen"
    form.submit(status=303)
    number = planned(house, house.second, kind="removal", place="switchboard")
    shown = operator.get(f"/visits/{number}")
    assert "<b>1234</b>" in shown.html.main.get_text()
    form = operator.get("/authorisations/new").forms["form"]
    form["account_id"].select(text="Technician")
    form["kind"], form["start"], form["end"] = "electrical", "2026-01-01", "2026-01-01"
    assert "finit après" in form.submit(status=422).text
    form["end"] = "2099-01-01"
    page = form.submit(status=303).follow()
    assert (
        "en cours"
        in next(one for one in page.forms.values() if one.action.endswith("/end"))
        .submit(status=303)
        .follow()
        .html.main.get_text()
    )
    form = operator.get(f"/visits/{number}/move").forms["form"]
    form["planned_on"] = "2020-01-01"
    assert "aujourd'hui ou plus tard" in form.submit(status=422).text.replace("&#39;", "'")
    assert "annulée" in operator.get(f"/visits/{number}").forms["cancel"].submit(status=303).follow().text
    form = operator.get("/labels").forms["form"]
    assert "Aucun capteur" in form.submit(status=422).text
    form["serials"] = f"{NEW}\n{house.serials['other']}\n"
    pdf = form.submit(status=200)
    assert pdf.content_type == "application/pdf"
    for address in ("/phones", "/authorisations", "/labels", f"/visits/{number}/move"):
        house.person("technician").get(address, status=403)
    house.person("shareholder").get(f"/visits/{number}", status=404)
