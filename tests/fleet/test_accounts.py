"""Accounts: invited, let in by two proofs, slowed down, moved, closed; each step as people take it."""

import datetime as dt
import re

import pyotp
import pytest
import webob
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError

from fleet.accounts.models import AccessEvent, Account, OneTimeSecret, SecondFactor, SignInAttempt, WebSession
from fleet.accounts.tasks import forget_old_lines
from foundation.actors import Actor, Role
from foundation.mail.models import Mail
from foundation.tenancy import bind_actor
from tests.webhouse import PASSWORD, PEOPLE, open_house

NEW = "quatre mots sans aucun lien"


@pytest.fixture(scope="module")
def house(template):
    yield from open_house(template, "fleet_test_accounts")


@pytest.fixture
def operator(house):
    return house.person("operator")


def letters_to(house, email):
    with house.database.sessions("owner")() as session:
        return session.scalars(select(Mail).where(Mail.recipient == email).order_by(Mail.id)).all()


def link_to(house, email):
    """Return the path in the latest letter to `email`, as its reader follows it."""
    return re.search(r"http://spl\.example(/\S+)", letters_to(house, email)[-1].text)[1]


def invite(operator, email, role="technician", town=""):
    form = operator.get("/people/invite").forms["form"]
    form["name"], form["email"], form["role"] = "Nadia", email, role
    if town:
        form["shareholder_id"].select(text=town)
    return form.submit(status=303)


def sign_in(house, email, password=PASSWORD, browser=None, address="192.0.2.1"):
    browser = browser or house.visitor()
    form = browser.get("/sign-in").forms["form"]
    form["email"], form["password"] = email, password
    return browser, form.submit(expect_errors=True, extra_environ={"REMOTE_ADDR": address})


def choose(house, path, password=NEW):
    browser = house.visitor()
    form = browser.get(path).forms["form"]
    form["password"] = form["again"] = password
    return browser, form.submit(expect_errors=True)


def events(house, kind):
    counted = select(func.count()).select_from(AccessEvent).where(AccessEvent.kind == kind)
    return house.scalar(counted)


def test_an_invitation_is_a_letter_whose_link_works_once(house, operator):
    email = "nadia@spl.example"
    page = invite(operator, email).follow()
    assert "pas encore servi" in page.html.main.get_text()
    path = link_to(house, email)
    browser, answer = choose(house, path)
    assert answer.status_int == 303
    assert browser.get("/devices", status=200)
    assert "ne vaut plus rien" in house.visitor().get(path, status=404).text
    assert sign_in(house, email, NEW)[1].status_int == 303


def test_an_invitation_expires_and_a_later_one_replaces_it(house, operator):
    email = "paul@spl.example"
    page = invite(operator, email)
    first = link_to(house, email)
    page.follow().forms["write"].submit(status=303)
    second = link_to(house, email)
    assert first != second
    house.visitor().get(first, status=404)
    with house.database.sessions("owner").begin() as session:
        session.execute(update(OneTimeSecret).values(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
    house.visitor().get(second, status=404)


def test_a_letter_with_a_link_is_shown_to_nobody_and_emptied_once_sent(house, operator):
    email = "secrete@spl.example"
    invite(operator, email)
    letter = letters_to(house, email)[-1]
    secret = link_to(house, email).rpartition("/")[2]
    page = operator.get(f"/mail/{letter.id}")
    assert secret not in page.text
    assert "que pour son destinataire" in page.text


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("court", "trop court"),
        ("aaaaaaaaaaaaaaaa", "se devine"),
        ("x" * 4000, "trop long"),
        ("nadia2@spl.example", "se devine"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_still_works(house, operator, password, sentence):
    email = "nadia2@spl.example"
    if not letters_to(house, email):
        invite(operator, email)
    _, answer = choose(house, link_to(house, email), password)
    assert answer.status_int == 422
    assert sentence in answer.html.find(class_="refusal").get_text()


def ask_for_link(house, email):
    form = house.visitor().get("/sign-in/forgotten").forms["form"]
    form["email"] = email
    return form.submit(status=200)


def test_asking_for_a_new_password_tells_nothing_of_who_has_an_account(house):
    known, unknown = ask_for_link(house, PEOPLE["stranger"]), ask_for_link(house, "personne@nulle-part.example")
    tokens = re.compile(r'value="[0-9a-f]{32}"')
    assert tokens.sub("", known.text) == tokens.sub("", unknown.text)
    assert letters_to(house, "personne@nulle-part.example") == []
    assert link_to(house, PEOPLE["stranger"])


def test_letters_are_not_written_without_end(house):
    for _ in range(8):
        ask_for_link(house, PEOPLE["shareholder"])
    assert len(letters_to(house, PEOPLE["shareholder"])) <= 3


def test_a_new_password_ends_every_session_and_says_so(house, operator):
    email = "distrait@spl.example"
    invite(operator, email)
    before, _ = choose(house, link_to(house, email))
    before.get("/devices", status=200)
    ask_for_link(house, email)
    _, answer = choose(house, link_to(house, email), "une autre phrase encore")
    assert answer.status_int == 303
    before.get("/devices", status=303)
    assert sign_in(house, email, NEW)[1].status_int == 422
    assert "vient de changer" in letters_to(house, email)[-1].text


def test_the_link_of_a_letter_is_built_on_our_name_whatever_host_is_sent(house):
    house.visitor().get("/sign-in/forgotten", headers={"Host": "evil.example"}, status=400)
    assert all("http://spl.example/" in letter.text for letter in letters_to(house, PEOPLE["stranger"]))


def person_with_factor(house, operator, email):
    """Invite somebody, let them set a second factor, return browser, secret and codes on paper."""
    invite(operator, email)
    browser, _ = choose(house, link_to(house, email))
    page = browser.get("/account").forms["begin-factor"].submit(status=303).follow()
    assert page.html.find("svg", class_="qr")
    secret = page.html.find(class_="secret").get_text().strip()
    form = page.forms["form"]
    form["code"] = pyotp.TOTP(secret).now()
    shown = form.submit(status=200)
    codes = [one.get_text() for one in shown.html.find(class_="codes").find_all("code")]
    assert len(codes) == 10
    return browser, secret, codes


def next_code(secret):
    """Return the code that follows the one of now: right, and not used by any step before."""
    return pyotp.TOTP(secret).at(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30))


def code_form(house, email):
    browser, answer = sign_in(house, email, NEW)
    assert answer.location.endswith("/sign-in/code")
    return browser, answer.follow().forms["form"]


def test_a_second_factor_is_asked_and_the_same_code_counts_once(house, operator):
    email = "double@spl.example"
    _, secret, codes = person_with_factor(house, operator, email)
    browser, form = code_form(house, email)
    browser.get("/devices", status=303)
    # The code that confirmed the factor has been used: it is refused in its own thirty seconds.
    with house.database.sessions("owner")() as session:
        used = session.scalars(select(SecondFactor.last_step).order_by(SecondFactor.created_at.desc())).first()
    form["code"] = pyotp.TOTP(secret).at(used * 30)
    assert form.submit(status=422)
    form["code"] = pyotp.TOTP(secret).at((used + 1) * 30)
    assert form.submit(status=303)
    browser.get("/devices", status=200)
    other, form = code_form(house, email)
    form["code"] = codes[0].lower()
    assert form.submit(status=303)
    _, form = code_form(house, email)
    form["code"] = codes[0]
    assert form.submit(status=422)
    assert events(house, "recovery_code_used") == 1
    assert "9 codes de secours restent" in other.get("/account").text


def test_codes_are_not_guessed(house, operator):
    email = "devine@spl.example"
    _, secret, _ = person_with_factor(house, operator, email)
    _, form = code_form(house, email)
    for _ in range(7):
        form["code"] = "000000"
        form.submit(status=422)
    # Slowed down: even a right one has to wait now.
    form["code"] = next_code(secret)
    assert form.submit(status=422)


def test_half_a_sign_in_opens_nothing_and_dies_with_its_ten_minutes(house, operator):
    email = "moitie@spl.example"
    _, secret, _ = person_with_factor(house, operator, email)
    browser, form = code_form(house, email)
    for address in ("/", "/devices", "/account"):
        browser.get(address, status=303)
    with house.database.sessions("owner").begin() as session:
        session.execute(update(OneTimeSecret).values(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
    form["code"] = next_code(secret)
    assert form.submit(status=303).location.endswith("/sign-in")


def test_the_spl_takes_a_lost_factor_away_and_never_reads_its_secret(house, operator):
    email = "perdu@spl.example"
    _, secret, _ = person_with_factor(house, operator, email)
    account = house.scalar(select(Account.id).where(Account.email == email))
    page = operator.get(f"/people/{account}")
    assert secret not in page.text
    page.forms["remove-factor"].submit(status=303)
    assert sign_in(house, email, NEW)[1].location == "http://spl.example/"
    with house.database.sessions("web")() as session:
        session.execute(text("SET LOCAL ROLE fleet_operator"))
        session.execute(text("SELECT set_config('app.account_id', '1', true)"))
        assert session.execute(text("SELECT * FROM fleet.second_factor WHERE account_id <> 1")).all() == []


def test_removing_ones_own_factor_takes_a_code(house, operator):
    browser, _, codes = person_with_factor(house, operator, "retire@spl.example")
    form = browser.get("/account/second-factor/remove").forms["form"]
    form["code"] = "123456"
    form = form.submit(status=422).forms["form"]
    form["code"] = codes[3]
    form.submit(status=303)
    assert "begin-factor" in browser.get("/account").forms


def test_whoever_must_have_one_sets_it_before_coming_in(house):
    settings = house.app.registry["settings"]
    object.__setattr__(settings, "second_factor", frozenset({"operator"}))
    try:
        browser, answer = sign_in(house, PEOPLE["operator"])
        assert answer.location.endswith("/sign-in/second-factor")
        page = answer.follow()
        browser.get("/people", status=303)
        form = page.forms["form"]
        form["code"] = pyotp.TOTP(page.html.find(class_="secret").get_text().strip()).now()
        shown = form.submit(status=200)
        assert len(shown.html.find(class_="codes").find_all("code")) == 10
        browser.get("/people", status=200)
    finally:
        object.__setattr__(settings, "second_factor", None)
        with house.database.sessions("owner").begin() as session:
            session.execute(text("DELETE FROM fleet.recovery_code"))
            session.execute(text("DELETE FROM fleet.second_factor"))


def test_guessing_slows_down_and_the_owner_still_comes_in_where_they_have_been_before(house):
    email = PEOPLE["technician"]
    known, answer = sign_in(house, email)
    assert answer.status_int == 303
    known.post("/sign-out", {"csrf_token": known.get("/account").forms["form"]["csrf_token"].value}, status=303)
    for guess in range(8):
        _, answer = sign_in(house, email, f"au hasard {guess}", address="198.51.100.9")
    assert answer.status_int == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "attendez" in answer.html.find(class_="refusal").get_text()
    assert sign_in(house, email, address="198.51.100.9")[1].status_int == 429
    assert sign_in(house, email, browser=known)[1].status_int == 303
    assert events(house, "slowed_down") >= 1


def test_many_accounts_tried_from_one_place_slow_that_place_down(house):
    place = {"remote_address": "198.51.100.77", "succeeded": False}
    with house.database.sessions("owner").begin() as session:
        session.add_all(SignInAttempt(email=f"essai{number}@spl.example", **place) for number in range(45))
    _, answer = sign_in(house, "autre@spl.example", "au hasard encore", address="198.51.100.77")
    assert answer.status_int == 429
    assert sign_in(house, "autre@spl.example", "au hasard encore", address="198.51.100.78")[1].status_int == 422


def test_a_mark_that_was_tampered_with_is_no_mark(house):
    browser = house.visitor()
    browser.set_cookie("fleet_known", "AAAA")
    assert sign_in(house, PEOPLE["stranger"], "au hasard", browser=browser)[1].status_int == 422


def test_open_sessions_are_listed_and_ended_one_by_one_or_all(house):
    first, second, third = (house.person("shareholder") for _ in range(3))
    page = first.get("/account")
    rows = page.html.find("table").tbody.find_all("tr")
    assert len(rows) >= 3
    assert sum("celle-ci" in row.get_text() for row in rows) == 1
    ends = [form for form in page.forms.values() if re.fullmatch(r"/account/sessions/[0-9a-f]{16}/end", form.action)]
    assert len(ends) == len(rows) - 1
    page.forms["end-others"].submit(status=303)
    first.get("/sites", status=200)
    for ended in (second, third):
        ended.get("/sites", status=303)


def test_nobody_ends_the_session_of_another(house):
    mine, other = house.person("shareholder"), house.person("stranger")
    hashes = select(WebSession.token_sha256).join(Account, Account.id == WebSession.account_id)
    handle = house.scalar(hashes.where(Account.email == PEOPLE["stranger"]).order_by(WebSession.created_at.desc()))[:16]
    token = mine.get("/account").forms["form"]["csrf_token"].value
    mine.post(f"/account/sessions/{handle}/end", {"csrf_token": token}, status=404)
    other.get("/sites", status=200)


def test_the_address_of_an_account_moves_once_the_new_one_has_answered(house, operator):
    email, new = "avant@spl.example", "apres@spl.example"
    invite(operator, email)
    browser, _ = choose(house, link_to(house, email))
    form = browser.get("/account/email").forms["form"]
    form["current"], form["email"] = "ce n'est pas le bon", new
    assert "pas votre mot de passe" in form.submit(status=422).html.find(class_="refusal").get_text()
    form["current"] = NEW
    form.submit(status=303)
    assert sign_in(house, new, NEW)[1].status_int == 422
    house.visitor().get(link_to(house, new)).forms["form"].submit(status=303)
    assert sign_in(house, new, NEW)[1].status_int == 303
    assert new in letters_to(house, email)[-1].text
    house.visitor().get(link_to(house, new), status=404)


def test_an_address_that_has_an_account_is_not_taken_over(house, operator):
    email = "double-emploi@spl.example"
    invite(operator, email)
    browser, _ = choose(house, link_to(house, email))
    before = len(letters_to(house, PEOPLE["operator"]))
    form = browser.get("/account/email").forms["form"]
    form["current"], form["email"] = NEW, PEOPLE["operator"]
    form.submit(expect_errors=True)
    assert sign_in(house, PEOPLE["operator"])[1].status_int == 303
    assert len(letters_to(house, PEOPLE["operator"])) <= before + 1


def test_closing_an_account_ends_all_its_ways_in(house, operator):
    email = "part@spl.example"
    invite(operator, email)
    browser, _ = choose(house, link_to(house, email))
    account = house.scalar(select(Account.id).where(Account.email == email))
    operator.get(f"/people/{account}").forms["close"].submit(status=303)
    browser.get("/devices", status=303)
    assert sign_in(house, email, NEW)[1].status_int == 422
    ask_for_link(house, email)
    assert len([one for one in letters_to(house, email) if "/welcome/" in one.text]) == 1
    page = operator.get(f"/people/{account}").forms["forget"].submit(status=303).follow()
    assert email not in page.html.find(class_="answer").get_text()
    assert house.scalar(select(Account.email).where(Account.id == account)).endswith(".invalid")


def test_the_last_of_the_spl_and_oneself_are_not_closed(house, operator):
    me = house.scalar(select(Account.id).where(Account.email == PEOPLE["operator"]))
    page = operator.get(f"/people/{me}").forms["close"].submit(status=303).follow()
    assert "son propre compte" in page.html.find(class_="said").get_text()
    operator.get("/people", status=200)


def test_a_guest_reads_and_writes_nothing_not_even_in_the_database(house):
    town = house.person("shareholder")
    form = town.get("/guests").forms["form"]
    form["name"], form["email"] = "Conseiller", "conseiller@kermelo.example"
    form.submit(status=303)
    guest, _ = choose(house, link_to(house, "conseiller@kermelo.example"))
    for address in ("/", "/sites", "/agreements", "/invoices", "/account"):
        guest.get(address, status=200)
    for address in ("/guests", "/people", "/sites/new", "/journal/access"):
        guest.get(address, status=403)
    form = guest.get("/account").forms["form"]
    form["name"] = "Conseillère"
    form.submit(status=303)
    assert house.scalar(select(Account.name).where(Account.email == "conseiller@kermelo.example")) == "Conseillère"
    number = house.scalar(select(Account.id).where(Account.email == "conseiller@kermelo.example"))
    house.person("stranger").get("/guests").forms["form"]
    page = town.get("/guests")
    page.forms[f"close-{number}"].submit(status=303)
    guest.get("/sites", status=303)


def test_a_guests_transaction_is_read_only(house):
    with house.database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, account_id=1, shareholder_id=1, guest=True))
        with pytest.raises(DatabaseError, match="read-only"):
            session.execute(text("UPDATE billing.settlement SET state = 'accepted'"))


def test_a_municipality_reaches_its_guests_and_no_other_account(house):
    town = house.person("shareholder")
    stranger = house.scalar(select(Account.id).where(Account.email == PEOPLE["stranger"]))
    token = town.get("/account").forms["form"]["csrf_token"].value
    town.post(f"/guests/{stranger}/close", {"csrf_token": token}, status=404)
    town.get(f"/people/{stranger}", status=403)


def test_a_form_that_sends_more_than_it_shows_changes_nothing_more(house):
    """Hostile input 24: mass assignment."""
    town = house.person("shareholder")
    form = town.get("/account").forms["form"]
    fields = dict(form.submit_fields()) | {
        "role": "operator",
        "shareholder_id": "2",
        "active": "false",
        "password_hash": "x",
        "id": "1",
    }
    town.post("/account", fields, status=303)
    with house.database.sessions("owner")() as session:
        account = session.scalars(select(Account).where(Account.email == PEOPLE["shareholder"])).one()
        assert (account.role, account.active) == ("shareholder", True)
        assert account.shareholder.name == "Kermelo"


def test_no_role_of_the_web_but_sign_in_and_the_spl_reads_a_password(house):
    with house.database.sessions("web")() as session:
        for role in ("shareholder", "technician", "public"):
            session.execute(text(f"SET LOCAL ROLE fleet_{role}"))
            with pytest.raises(DatabaseError, match="permission denied"):
                session.execute(text("SELECT password_hash FROM fleet.account"))
            session.rollback()


def test_the_journals_say_who_did_what_and_nobody_edits_them(house, operator):
    page = operator.get("/journal/access")
    assert {"entrée", "invitation"} <= {one.get_text().strip() for one in page.html.find_all(class_="state")}
    only = operator.get("/journal/access?kind=invited").html.table
    assert {one.get_text().strip() for one in only.find_all(class_="state")} == {"invitation"}
    assert "fleet.account" in operator.get("/journal/changes?table=fleet.account").html.table.get_text()
    assert "password" not in operator.get("/journal/changes?table=fleet.account").html.table.get_text()
    for statement in (
        "UPDATE fleet.access_event SET kind = 'signed_in'",
        "DELETE FROM fleet.access_event",
        "TRUNCATE fleet.access_event",
        "UPDATE foundation.change SET role = ''",
        "DELETE FROM foundation.change",
    ):
        with house.database.sessions("owner")() as session, pytest.raises(DatabaseError, match="refused"):
            session.execute(text(statement))


def test_a_line_of_a_journal_goes_when_it_is_old_enough_and_no_sooner(house):
    with house.database.sessions("owner").begin() as session:
        session.execute(
            text(
                "INSERT INTO fleet.access_event (at, kind) VALUES"
                " (now() - interval '13 months', 'signed_in'), (now() - interval '11 months', 'signed_in')"
            )
        )
    with house.database.sessions("worker").begin() as session:
        forget_old_lines(session)
    old = select(func.count()).select_from(AccessEvent).where(AccessEvent.at < func.now() - dt.timedelta(days=300))
    assert house.scalar(old) == 1


def test_a_line_of_the_journal_is_one_line(house):
    """Hostile input 28."""
    browser = house.visitor()
    form = browser.get("/sign-in").forms["form"]
    form["email"], form["password"] = "a@b.example", "au hasard\r\nSet-Cookie: x=1"
    answer = form.submit(status=422, headers={"User-Agent": "x\ty"})
    assert "Set-Cookie: x=1" not in str(answer.headers)
    kept = house.scalar(select(SignInAttempt.email).where(SignInAttempt.email.like("a@b%")))
    assert "\n" not in kept


def test_cookies_are_for_our_server_alone(house):
    browser, answer = sign_in(house, PEOPLE["stranger"])
    for cookie in answer.headers.getall("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
    assert isinstance(answer, webob.Response)
    assert browser.get("/sites", status=200)
