"""What holds for every page: who may enter, what every answer carries, what nobody can slip in."""

import re

import pytest
import webob
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import func, select, text

from contracts.sites.models import Building, Site
from fleet.accounts.models import SignInAttempt, WebSession
from fleet.web.addresses import own_path
from fleet.web.headers import known_hosts
from foundation.permissions import GRANTS, Permission, allows
from tests.webhouse import HOST, PASSWORD, PEOPLE, open_house

PUBLIC_ROUTES = {
    "sign_in",
    "sign_in_code",
    "sign_in_factor",
    "forgotten",
    "oidc_begin",
    "oidc_return",
    "choose_password",
    "confirm_email",
    "api_description",
    "language",
    "alive",
    "vendor",
    "chart_theme",
    "field",
    "field_worker",
    "field_manifest",
    "field_words",
    "field_file",
    "field_state",
    "field_standing",
    "invoice_genuine",
    "signing_key",
    "signing_keys",
    "__static/",
}


@pytest.fixture(scope="module")
def house(template):
    yield from open_house(template, "fleet_test_web_frame")


@pytest.fixture
def visitor(house):
    return house.visitor()


@pytest.fixture
def operator(house):
    return house.person("operator")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sign-in", 200), ("/", 303), ("/nothing/here", 404), ("/static/app.js", 200), ("/vendor/htmx.js", 200)],
)
def test_every_answer_carries_the_safety_headers(visitor, path, status):
    answer = visitor.get(path, status=status)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in answer.headers


def test_pages_are_kept_by_no_cache_and_files_by_all(visitor):
    assert visitor.get("/sign-in").headers["Cache-Control"] == "no-store"
    assert "max-age=31536000" in visitor.get("/vendor/htmx.js").headers["Cache-Control"]


def test_no_page_carries_inline_script_style_or_handler(operator):
    for path in ("/", "/sites/new", "/settings", "/nothing"):
        page = operator.get(path, expect_errors=True).text
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page), path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page), path


def test_a_host_that_is_not_ours_is_refused(visitor):
    visitor.get("/sign-in", headers={"Host": "evil.example"}, status=400)
    visitor.get("/sign-in", headers={"Host": "spl.example:8080"}, status=400)


def test_the_three_names_of_loopback_are_one_and_a_default_port_may_be_said():
    assert "localhost:6543" in known_hosts("http://127.0.0.1:6543")
    assert known_hosts("https://spl.example") == {"spl.example", "spl.example:443"}


def test_every_view_names_a_permission_or_is_listed_as_public(house):
    introspector = house.app.registry.introspector
    undeclared, declared = [], 0
    for entry in introspector.get_category("views"):
        route = entry["introspectable"]["route_name"]
        if route is None:
            continue  # error pages: they have no address
        permissions = {one["value"] for one in entry["related"] if one.category_name == "permissions"}
        if permissions and permissions <= set(Permission):
            declared += 1
        elif route not in PUBLIC_ROUTES or permissions != {NO_PERMISSION_REQUIRED}:
            undeclared.append((route, permissions))
    assert undeclared == []
    assert declared > 40


def test_each_permission_is_held_by_somebody_and_the_public_holds_none():
    assert set(Permission) == set().union(*GRANTS.values())
    assert not any(allows("public", permission) for permission in Permission)


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(visitor):
    answer = visitor.get("/sites?page=1", status=303)
    assert answer.location.endswith("/sign-in?next=%2Fsites%3Fpage%3D1")
    form = answer.follow().forms["form"]
    form["email"], form["password"] = PEOPLE["operator"], PASSWORD
    assert form.submit(status=303).location.endswith("/sites?page=1")


@pytest.mark.parametrize("path", ["/shareholders", "/invoices", "/agreements", "/reports", "/jobs", "/dead-letters"])
def test_a_technician_sees_devices_and_no_money(house, path):
    technician = house.person("technician")
    technician.get("/devices", status=200)
    assert "Votre compte ne permet pas cela" in technician.get(path, status=403).text


@pytest.mark.parametrize(
    "path", ["/sites/new", "/devices/new", "/shareholders/new", "/jobs", "/company", "/weather/new"]
)
def test_a_municipality_reads_and_does_not_write(house, path):
    house.person("shareholder").get(path, status=403)


def test_a_post_without_its_token_changes_nothing(house, operator):
    before = house.scalar(select(func.count()).select_from(Site))
    answer = operator.post("/sites/new", {"name": "Sans jeton", "city": "Kermelo", "timezone": "UTC"}, status=403)
    assert answer.html.h1.get_text() == "Ce formulaire n'est plus valable"
    assert house.scalar(select(func.count()).select_from(Site)) == before


def test_unknown_address_and_wrong_password_get_the_same_answer_and_are_both_kept(house, visitor):
    answers = []
    for email in ("personne@ailleurs.example", PEOPLE["stranger"]):
        form = visitor.get("/sign-in").forms["form"]
        form["email"], form["password"] = email, "ce n'est pas cela"
        answer = form.submit(status=422)
        answers.append(answer.html.find(class_="refusal").get_text())
        assert answer.forms["form"]["password"].value == ""
        attempts = select(func.count()).where(SignInAttempt.email == email, SignInAttempt.succeeded.is_(False))
        assert house.scalar(attempts) == 1
    assert answers[0] == answers[1]


def test_guessing_is_slowed_down(visitor):
    for _ in range(6):
        form = visitor.get("/sign-in").forms["form"]
        form["email"], form["password"] = "cible@spl.example", "au hasard encore"
        answer = form.submit(expect_errors=True)
    assert answer.status_int == 429
    assert "attendez" in answer.text


def test_sign_in_starts_a_new_session_and_sign_out_ends_it_on_the_server(house, visitor):
    form = visitor.get("/sign-in").forms["form"]
    planted, token = visitor.cookies["fleet"], form["csrf_token"].value
    form["email"], form["password"] = PEOPLE["operator"], PASSWORD
    answer = form.submit(status=303)
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    signed_in = visitor.cookies["fleet"]
    assert signed_in != planted
    page = visitor.get("/")
    assert page.html.find("input", attrs={"name": "csrf_token"})["value"] != token
    sessions = select(func.count()).select_from(WebSession)
    before = house.scalar(sessions)
    leave = next(form for form in page.forms.values() if form.action == "/sign-out")
    leave.submit(status=303)
    assert house.scalar(sessions) == before - 1
    visitor.set_cookie("fleet", signed_in)
    visitor.get("/", status=303)


def test_a_tampered_cookie_signs_nobody_in(operator):
    cookie = operator.cookies["fleet"]
    operator.reset()
    operator.set_cookie("fleet", cookie[:20] + ("A" if cookie[20] != "A" else "B") + cookie[21:])
    operator.get("/", status=303)


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        "/a\r\nSet-Cookie: x=1",
        "/€",
        "/é",
    ],
)
def test_only_our_own_paths_are_returned_to(address):
    assert own_path(address, otherwise="/") == "/"
    assert own_path("/sites/1?page=2", otherwise="/") == "/sites/1?page=2"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/vendor/..%2f..%2fsetup.py", "/static/%00", "/.git/config", "/debug"]
)
def test_nothing_outside_the_served_files_is_served(visitor, path):
    assert visitor.get(path, expect_errors=True).status_int in {400, 404}


def test_the_reader_chooses_the_language_and_keeps_the_page(visitor):
    page = visitor.get("/sign-in")
    assert page.html.html["lang"] == "fr"
    switch = next(form for form in page.forms.values() if form.action == "/language")
    english = switch.submit("language", status=303).follow()
    assert english.html.html["lang"] == "en"
    assert "Sign in" in english.text
    visitor.post("/language", {"language": "xx", "csrf_token": switch["csrf_token"].value}, status=400)


def test_what_somebody_typed_is_shown_as_it_was_typed(operator):
    hostile = "<b>x</b>{{ 7*7 }}${7*7}</script>"
    form = operator.get("/sites/new").forms["form"]
    form["name"], form["city"] = hostile, "Kermelo"
    page = form.submit(status=303).follow()
    assert page.html.h1.get_text() == hostile
    assert "<b>x</b>" not in page.text
    assert "49" not in page.html.h1.get_text()


def test_a_refusal_stands_beside_its_field_and_changes_nothing(house, operator):
    form = operator.get("/sites/new").forms["form"]
    form["name"], form["city"], form["timezone"] = "Lune", "Kermelo", "Lune/Mer"
    answer = form.submit(status=422)
    refusal = answer.html.find(class_="refusal")
    assert "fuseau horaire" in refusal.get_text()
    assert refusal.find_parent(id="timezone-error")
    assert answer.forms["form"]["name"].value == "Lune"
    assert house.scalar(select(Site.id).where(Site.name == "Lune")) is None


def test_fields_nobody_asked_for_are_ignored(house, operator):
    form = operator.get("/sites/new").forms["form"]
    token = form["csrf_token"].value
    values = {
        "csrf_token": token,
        "name": "Champ libre",
        "city": "Kermelo",
        "timezone": "UTC",
        "id": "77",
        "synthetic": "1",
    }
    operator.post("/sites/new", values, status=303)
    assert house.scalar(select(Site.synthetic).where(Site.name == "Champ libre")) is False
    assert house.scalar(select(Site.id).where(Site.name == "Champ libre")) != 77


@pytest.mark.parametrize("value", ["1e3", "١٢", "12 000,5 m", "NaN", "1_000"])
def test_a_number_is_written_in_plain_figures(operator, value):
    form = operator.get("/sites/new").forms["form"]
    form["name"], form["city"], form["latitude"] = f"Nombre {value}", "Kermelo", value
    assert "Écrivez un nombre" in form.submit(status=422).text


def test_what_is_held_by_another_looks_like_what_does_not_exist(house, operator):
    form = operator.get("/sites/new").forms["form"]
    form["name"], form["city"] = "Site discret", "Kermelo"
    site = form.submit(status=303).location.rsplit("/", 1)[1]
    form = operator.get(f"/sites/{site}/buildings/new").forms["form"]
    form["name"], form["use"] = "Bâtiment discret", "école"
    building = form.submit(status=303).location.rsplit("/", 1)[1]
    form = operator.get(f"/buildings/{building}/holdings/new").forms["form"]
    form["shareholder_id"].select(text="Kermelo")
    form["start"] = "2020-01-01"
    form.submit(status=303)
    assert house.scalar(select(Building.name).where(Building.id == int(building))) == "Bâtiment discret"
    holder, stranger = house.person("shareholder"), house.person("stranger")
    assert "Bâtiment discret" in holder.get(f"/buildings/{building}").text
    foreign = stranger.get(f"/buildings/{building}", status=404)
    missing = stranger.get("/buildings/99999999", status=404)
    assert foreign.html.body.get_text() == missing.html.body.get_text()
    assert "discret" not in stranger.get("/sites").text


def test_page_numbers_out_of_range_are_brought_back(operator):
    for number in ("0", "-1", "999999999", "x", "1e9", "٣"):
        operator.get("/sites", {"page": number}, status=200)


def test_a_fault_of_ours_shows_a_number_and_no_trace(operator, monkeypatch, caplog):
    monkeypatch.setattr("fleet.overview.views.points_now", lambda *_: 1 / 0)
    answer = operator.get("/", status=500)
    incident = re.search(r"numéro ([0-9A-F]{8})", answer.text)
    assert incident
    assert "ZeroDivisionError" not in answer.text
    assert incident[1] in caplog.text
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/%ff", "/sites/%ff", "/sites?page=%ff", "/sign-in?next=%ff"])
def test_what_is_not_utf_8_is_refused_with_the_safety_headers(house, path):
    answer = webob.Request.blank(path, host=HOST).get_response(house.app)
    assert answer.status_int == 400
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("number", ["", "x", "-1", "١", "9" * 9, "9" * 10, "9" * 20, "9" * 5000])
def test_a_number_in_the_query_leads_to_a_row_or_to_404(operator, number):
    operator.get("/boundaries/new", {"building": number}, status=404)
    operator.get("/plans/new", {"boundary": number}, status=404)


def test_files_sent_where_texts_are_asked_for_break_nothing(operator):
    form = operator.get("/sites/new").forms["form"]
    token = {"csrf_token": form["csrf_token"].value}
    file = [("name", "a.txt", b"x"), ("timezone", "a.txt", b"x")]
    assert "Remplissez ce champ" in operator.post("/sites/new", token, upload_files=file, status=422).text
    operator.post("/language", token | {"language": "fr"}, upload_files=[("next", "a.txt", b"/sites")], status=303)


def test_a_fault_of_the_database_shows_the_page_of_our_faults(operator, monkeypatch):
    monkeypatch.setattr("fleet.overview.views.points_now", lambda session, *_: session.execute(text("SELECT 1/0")))
    answer = operator.get("/", status=500)
    assert re.search(r"le numéro [0-9A-F]{8}", answer.text)
    assert "division" not in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_what_somebody_saved_at_the_same_instant_is_a_refusal(operator, monkeypatch):
    def register_what_is_there(session, **fields):
        session.add_all([Site(**fields), Site(**fields)])
        session.flush()

    monkeypatch.setattr("contracts.sites.views.register_site", register_what_is_there)
    form = operator.get("/sites/new").forms["form"]
    form["name"], form["city"] = "En même temps", "Kermelo"
    assert "vient de faire la même chose" in form.submit(status=422).text
