"""Hostile inputs to the pages that no room's own tests hold; each test names what is sent and what must come of it."""

import base64
import json
import pickle

import pytest
from kombu.exceptions import ContentDisallowed
from sqlalchemy import func, select, text

from contracts.sites.models import Site
from fleet.accounts.browsers import browser_named
from fleet.accounts.models import WebSession
from fleet.processes.wake import WAKE, celery_app
from foundation.documents.templates import environment
from foundation.look.language import FRENCH
from tests.webhouse import PASSWORD, PEOPLE, open_house

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "${7*7}{{7*7}}<%= 7*7 %>{% include 'x' %}",
    "'; DROP TABLE contracts.site; --",
    "=cmd|' /C calc'!A0",
)


@pytest.fixture(scope="module")
def house(template):
    yield from open_house(template, "fleet_test_hostile")


@pytest.fixture
def operator(house):
    return house.person("operator")


def cookie_of(browser):
    return browser.cookies["fleet"].strip('"')


def with_cookie(house, value):
    browser = house.visitor()
    browser.set_cookie("fleet", value)
    return browser


def test_a_session_cookie_changed_in_one_sign_is_worth_nothing(house, operator):
    """Hostile input 21."""
    whole = cookie_of(operator)
    with_cookie(house, whole).get("/sites", status=200)
    for place in (0, len(whole) // 3, len(whole) - 20):
        changed = whole[:place] + ("A" if whole[place] != "A" else "B") + whole[place + 1 :]
        with_cookie(house, changed).get("/sites", status=303)
    forged = base64.urlsafe_b64encode(b"x" * 64 + json.dumps([0, 0, {"token": "x"}]).encode()).decode()
    with_cookie(house, forged).get("/sites", status=303)


def test_a_session_is_over_after_signing_out_and_after_its_time(house):
    """Hostile input 21: the server forgets, whatever the browser kept."""
    browser = house.person("technician")
    kept = cookie_of(browser)
    token = browser.get("/account").forms["form"]["csrf_token"].value
    browser.post("/sign-out", {"csrf_token": token}, status=303)
    with_cookie(house, kept).get("/devices", status=303)
    other = house.person("technician")
    with house.database.sessions("owner").begin() as session:
        session.execute(text("UPDATE fleet.web_session SET expires_at = now() - interval '1 second'"))
    other.get("/devices", status=303)


def test_signing_in_begins_another_session_than_the_one_before(house):
    """Hostile input 21: what somebody planted in the browser before is not what is signed in."""
    browser = house.visitor()
    browser.get("/sign-in")
    planted = cookie_of(browser)
    form = browser.get("/sign-in").forms["form"]
    before = form["csrf_token"].value
    form["email"], form["password"] = PEOPLE["stranger"], PASSWORD
    form.submit(status=303)
    assert cookie_of(browser) != planted
    assert browser.get("/account").forms["form"]["csrf_token"].value != before
    with_cookie(house, planted).get("/sites", status=303)


def test_the_secret_of_a_session_is_not_in_the_database(house, operator):
    operator.get("/sites")
    secret = json.loads(base64.urlsafe_b64decode(cookie_of(operator) + "==")[64:])[2]["token"]
    assert house.scalar(select(func.count()).select_from(WebSession).where(WebSession.token_sha256 == secret)) == 0


def test_opening_a_page_by_get_never_does_what_a_button_does(house, operator):
    """Hostile input 22: what changes something answers to POST alone."""
    introspector = house.app.registry.introspector
    for entry in introspector.get_category("views"):
        view = entry["introspectable"]
        if view["request_methods"] == ("POST",) or view["request_methods"] == "POST":
            route = introspector.get("routes", view["route_name"])
            operator.get(route["pattern"].split("{")[0] + "1/x", expect_errors=True)
    assert house.scalar(select(func.count()).select_from(Site)) == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_what_people_name_things_is_shown_as_they_wrote_it(house, operator, name):
    """Hostile inputs 26 and 27: in headings, attributes, lists and the language of templates."""
    form = operator.get("/sites/new").forms["form"]
    form["name"], form["city"], form["timezone"] = name, "Kermelo", "Europe/Paris"
    page = form.submit(status=303).follow()
    assert name in page.html.main.get_text()
    for address in (page.request.path, "/sites", "/journal/changes"):
        shown = operator.get(address)
        assert "<img src=x" not in shown.text
        assert "alert(1)</script>" not in shown.text
        assert "49" not in shown.html.h1.get_text()
    with house.database.sessions("owner").begin() as session:
        session.execute(text("DELETE FROM contracts.site"))


@pytest.mark.parametrize("name", ["École\u202egnirts", "Ma\u200birie", "x" * 10_000, "A\0B"])
def test_a_name_that_deceives_is_refused(operator, name):
    """Hostile input 45."""
    form = operator.get("/sites/new").forms["form"]
    fields = dict(form.submit_fields()) | {"name": name, "city": "Kermelo", "timezone": "Europe/Paris"}
    operator.post("/sites/new", fields, status=422)


def test_one_name_in_two_normal_forms_is_one_name(house, operator):
    """Hostile input 45."""
    for name, status in (("Été", 303), ("E\u0301te\u0301", 422)):
        form = operator.get("/sites/new").forms["form"]
        form["name"], form["city"], form["timezone"] = name, "Kermelo", "Europe/Paris"
        form.submit(status=status)
    with house.database.sessions("owner").begin() as session:
        session.execute(text("DELETE FROM contracts.site"))


@pytest.mark.parametrize(
    "address",
    [
        "/.git/config",
        "/.env",
        "/debug",
        "/_debug_toolbar/",
        "/static/../fleet/settings.py",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/vendor/../package.json",
        "/vendor/%00",
        "/static/%00app.js",
        "/sites/1%00",
        "/sites/99999999999999999999",
        "/api/v1/../../settings",
        "//evil.example/sign-in",
    ],
)
def test_what_is_looked_for_by_robots_is_not_there_and_says_nothing(house, address):
    """Hostile input 51."""
    answer = house.visitor().get(address, expect_errors=True)
    assert answer.status_int in {303, 400, 404}
    for word in ("Traceback", 'File "/', "pyramid", "sqlalchemy", "psycopg"):
        assert word not in answer.text
    if answer.status_int == 303:
        assert answer.location.startswith("http://spl.example/sign-in")


@pytest.mark.parametrize(
    "query", ["page=1e9", "page=-1", "page=99999999999", "page=%27", "state=name;drop", "sort=desc--"]
)
def test_a_list_asked_for_nonsense_is_the_list(operator, query):
    """Hostile inputs 25 and 41."""
    for address in ("/mail", "/jobs", "/people", "/journal/access", "/journal/changes"):
        operator.get(f"{address}?{query}", status=200)


@pytest.mark.parametrize("before", ["-1", "1e9", "99999999999999", "x", "1;drop"])
def test_a_journal_asked_from_nonsense_on_begins_at_its_end(operator, before):
    """Hostile input 41."""
    operator.get(f"/journal/access?before={before}", status=200)


def test_a_message_forged_on_the_broker_is_not_even_opened():
    """Hostile input 46: the worker takes JSON and nothing else, and a number of a job is all it may say."""
    app = celery_app("memory://")
    assert app.conf.accept_content == ["json"]
    pickled = {"content_type": "application/x-python-serialize", "content_encoding": "binary"}
    with app.connection_for_write() as connection, connection.SimpleQueue("celery", accept=["json"]) as queue:
        queue.put(pickle.dumps({"task": WAKE}), **pickled)
        with pytest.raises(ContentDisallowed):
            queue.get(timeout=1).decode()


def test_a_text_is_never_a_template():
    """Hostile input 27: a text is data to a template, never a template."""
    made = environment(FRENCH).from_string("{{ said }}").render(said="{{ 7*7 }}${7*7}")
    assert "49" not in made


def test_a_browser_is_named_by_what_it_says_and_shown_as_text():
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    edge = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
    assert browser_named(firefox) == "Firefox · Windows"
    assert browser_named(edge) == "Edge · macOS"
    assert browser_named("<script>" * 20) == "<script>" * 5
    assert browser_named("") == ""


def test_a_password_of_many_pages_is_a_wrong_password(house):
    """Hostile input 20: refused like any other."""
    browser = house.visitor()
    form = browser.get("/sign-in").forms["form"]
    form["email"], form["password"] = "quelqu-un@spl.example", "a" * 8_000
    form.submit(status=422)
