"""Signing in by a provider: at any difference from the documents nobody comes in (hostile input 31)."""

import time

import pytest
from sqlalchemy import delete, select

from contracts.parties.models import Shareholder
from fleet.accounts.models import AccessEvent, ExternalIdentity
from fleet.accounts.provider import Provider
from tests.fleet.identity_provider import CLIENT, SECRET, FakeProvider
from tests.webhouse import PEOPLE, open_house


@pytest.fixture(scope="module")
def house(template):
    yield from open_house(template, "fleet_test_provider")


@pytest.fixture
def provider(house):
    fake = FakeProvider()
    fake.person = {
        "sub": "sub-1",
        "email": PEOPLE["shareholder"].upper(),
        "siret": "20000001600010",
        "given_name": "Anne",
        "usual_name": "Le Goff",
        "uid": "42",
    }
    house.app.registry["provider"] = Provider(fake.issuer, CLIENT, SECRET, "ProConnect", "eidas1", "http://spl.example")
    yield fake
    house.app.registry["provider"] = None
    fake.close()
    with house.database.sessions("owner").begin() as session:
        session.execute(delete(ExternalIdentity))


def go(house, provider, browser=None):
    """Go to the provider and come back; return the browser and the answer."""
    browser = browser or house.visitor()
    away = browser.get("/sign-in/provider?next=/sites", status=303).location
    return browser, browser.get(provider.authorise(away).removeprefix("http://spl.example"))


def refused(house, browser, answer):
    assert answer.location == "http://spl.example/sign-in"
    browser.get("/sites", status=303)
    last = select(AccessEvent.detail).where(AccessEvent.kind == "identity_refused").order_by(AccessEvent.id.desc())
    return house.scalar(last.limit(1))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_whoever_was_invited_comes_in_and_is_known_by_sub_from_then_on(house, provider, algorithm):
    provider.algorithm = algorithm
    browser, answer = go(house, provider)
    assert answer.location == "http://spl.example/sites"
    browser.get("/sites", status=200)
    assert house.scalar(select(ExternalIdentity.subject)) == "sub-1"
    provider.person["email"] = "autre@kermelo.example"
    assert go(house, provider)[1].location == "http://spl.example/sites"


@pytest.mark.usefixtures("provider")
def test_the_sign_in_page_offers_it_only_where_it_is_set(house):
    assert "ProConnect" in house.visitor().get("/sign-in").text
    house.app.registry["provider"] = None
    assert "ProConnect" not in house.visitor().get("/sign-in").text
    house.visitor().get("/sign-in/provider", status=404)
    house.visitor().get("/sign-in/return?code=x&state=y", status=404)


@pytest.mark.parametrize(
    ("difference", "why"),
    [
        ({"id_token": {"nonce": "autre"}}, "nonce"),
        ({"id_token": {"aud": "autre"}}, "aud"),
        ({"id_token": {"iss": "http://autre.example"}}, "iss"),
        ({"id_token": {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}}, "id_token"),
        ({"id_token": {"acr": "eidas0"}}, "acr"),
        ({"unsigned": "none"}, "signature"),
        ({"unsigned": "secret"}, "signature"),
        ({"unsigned": "stranger"}, "signature"),
        ({"plain_userinfo": True}, "not signed"),
        ({"userinfo": {"sub": "sub-2"}}, "sub"),
        ({"userinfo": {"aud": "autre"}}, "aud"),
        ({"userinfo": {"iss": "http://autre.example"}}, "iss"),
        ({"userinfo": {"exp": 1}}, "expired"),
        ({"userinfo": {"email": "personne@ailleurs.example"}}, "not invited"),
        ({"userinfo": {"email": ""}}, "not invited"),
        ({"userinfo": {"siret": "20000002400010"}}, "siret"),
        ({"userinfo": {"siret": ""}}, "siret"),
    ],
)
def test_at_any_difference_nobody_comes_in_and_the_journal_says_why(house, provider, difference, why):
    for name, value in difference.items():
        setattr(provider, name, value)
    assert why in refused(house, *go(house, provider))


def test_an_answer_to_what_this_browser_did_not_ask_is_refused(house, provider):
    mine, other = house.visitor(), house.visitor()
    away = mine.get("/sign-in/provider", status=303).location
    back = provider.authorise(away).removeprefix("http://spl.example")
    assert refused(house, other, other.get(back)) == "state"
    # The first answer uses up what the session kept: it cannot be played again.
    assert mine.get(back).location == "http://spl.example/"
    mine.post("/sign-out", {"csrf_token": mine.get("/account").forms["form"]["csrf_token"].value}, status=303)
    assert refused(house, mine, mine.get(back)) == "state"


def test_a_replayed_code_is_refused(house, provider):
    first, second = house.visitor(), house.visitor()
    back = provider.authorise(first.get("/sign-in/provider", status=303).location)
    code = back.partition("code=")[2].partition("&")[0]
    assert first.get(back.removeprefix("http://spl.example")).location == "http://spl.example/"
    state = second.get("/sign-in/provider", status=303).location.partition("state=")[2].partition("&")[0]
    answer = second.get(f"/sign-in/return?code={code}&state={state}")
    assert refused(house, second, answer) == "answer 400"


@pytest.mark.usefixtures("provider")
def test_the_provider_says_no_or_is_another(house):
    for more, why in (("&error=access_denied", "error access_denied"), ("&iss=http://autre.example&code=x", "iss")):
        browser = house.visitor()
        away = browser.get("/sign-in/provider", status=303).location
        state = away.partition("state=")[2].partition("&")[0]
        assert refused(house, browser, browser.get(f"/sign-in/return?state={state}{more}")) == why


def test_where_the_provider_is_away_the_password_remains(house, provider):
    provider.close()
    browser = house.visitor()
    assert browser.get("/sign-in/provider", status=303).location == "http://spl.example/sign-in"
    assert "ne répond pas" in browser.get("/sign-in").text


def test_a_second_person_does_not_take_over_an_account_that_is_linked(house, provider):
    go(house, provider)
    provider.person["sub"] = "sub-9"
    assert refused(house, *go(house, provider)) == "another subject"


def test_where_to_go_next_stays_here(house, provider):
    browser = house.visitor()
    away = browser.get("/sign-in/provider?next=//evil.example", status=303).location
    assert browser.get(provider.authorise(away).removeprefix("http://spl.example")).location == "http://spl.example/"


def test_signing_out_ends_the_session_there_too(house, provider):
    browser, _ = go(house, provider)
    token = browser.get("/account").forms["form"]["csrf_token"].value
    away = browser.post("/sign-out", {"csrf_token": token}, status=303).location
    assert away.startswith(f"{provider.issuer}/session/end?id_token_hint=")
    assert "post_logout_redirect_uri=http%3A%2F%2Fspl.example%2Fsign-in" in away
    browser.get("/sites", status=303)


def test_a_second_factor_is_asked_here_unless_the_provider_has_asked_for_one(house, provider):
    settings = house.app.registry["settings"]
    object.__setattr__(settings, "second_factor", frozenset({"shareholder"}))
    try:
        assert go(house, provider)[1].location == "http://spl.example/sign-in/second-factor"
        provider.id_token = {"amr": ["pwd", "mfa"]}
        assert go(house, provider)[1].location == "http://spl.example/sites"
    finally:
        object.__setattr__(settings, "second_factor", None)


def test_a_closed_account_stays_closed(house, provider):
    go(house, provider)
    with house.database.sessions("owner").begin() as session:
        town = session.scalars(select(Shareholder).where(Shareholder.siren == "200000016")).one()
        town.siren = "200000032"
    try:
        assert refused(house, *go(house, provider)) == "siret"
    finally:
        with house.database.sessions("owner").begin() as session:
            session.get(Shareholder, town.id).siren = "200000016"
