"""The programming interface: the same rows as the pages, to whoever shows a token that is good for it."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from sqlalchemy import func, select, text, update
from webtest.lint import InputWrapper

from billing.invoices.models import Invoice
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from contracts.parties.models import Shareholder
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.ingest.models import Reading
from devices.inventory.register import install, register_device
from devices.points.models import MeteringPoint
from fleet.accounts.models import Account, ApiToken
from fleet.accounts.register import create_account
from fleet.accounts.scopes import Scope
from fleet.accounts.tokens import make_token
from fleet.api.docs import OPERATIONS
from fleet.api.limits import Limit
from fleet.api.root import DESCRIPTION
from fleet.api.tasks import TAKE_READINGS
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment
from foundation.jobs.run import run_job
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement
from tests.webhouse import HOST, PASSWORD, PEOPLE, open_house

TODAY = dt.date(2026, 1, 20)
START = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)
EVERYTHING = [scope.value for scope in Scope]


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_api"):
        house.ids, house.tokens = tell(house.database)
        house.app.registry["api_limit"] = Limit(per_second=1e6, at_once=1e6)
        yield house


def tell(database):
    """Fill the database from a school to its invoice; return numbers and a token for each person."""
    with database.sessions("owner").begin() as session:
        company(session)
        settlement = accepted_settlement(session, signed_agreement(session, SIRENS[0]))
        invoice = check(session, draft(session, settlement, base_url="http://spl.example", today=TODAY))
        render(session, issue(session, invoice, today=TODAY), today=TODAY)
        town = session.scalars(select(Shareholder).where(Shareholder.siren == SIRENS[0])).one()
        for role, email in (("shareholder", "maire@ecole.example"), ("guest", "invite@ecole.example")):
            create_account(session, email=email, name=role, role=role, password=PASSWORD, shareholder=town)
        building = settlement.lines[0].boundary.buildings[0]
        point = session.scalars(select(MeteringPoint).where(MeteringPoint.building_id == building.id)).one()
        device = register_device(session, serial="capteur-1")
        installation = install(session, device, point, at=START)
        session.execute(text("SELECT devices.ensure_reading_partitions(:a, :a)"), {"a": START})
        for hour in range(30):
            at = START + dt.timedelta(hours=hour)
            kwh = None if hour == 3 else Decimal(4)
            reason = "missing" if kwh is None else "measured"
            session.add(HourlyEnergy(point_id=point.id, hour=at, kwh=kwh, reason=reason))
            session.add(Reading(installation_id=installation.id, ts=at, value=Decimal(100 + hour), received_at=at))
        day = {"hours_measured": 24, "hours_expected": 24, "reason": "measured"}
        session.add(DailyEnergy(point_id=point.id, day=START.date(), kwh=Decimal(96), **day))
        ids = {
            "sites": building.site_id,
            "buildings": building.id,
            "points": point.id,
            "devices": device.id,
            "savings-reports": settlement.lines[0].report_id,
            "settlements": settlement.id,
            "invoices": invoice.id,
        }
        people = PEOPLE | {"holder": "maire@ecole.example", "guest": "invite@ecole.example"}
        tokens = {}
        for who, email in people.items():
            account = session.scalars(select(Account).where(Account.email == email)).one()
            tokens[who] = make_token(session, account, name=who, scopes=EVERYTHING, days=30)[1]
    return ids, tokens


def call(house, path, who="operator", status=200, *, method="get", token=None, headers=None, **more):
    shown = {"Authorization": f"Bearer {token or house.tokens[who]}"} | (headers or {})
    return getattr(house.visitor(), method)(f"/api/v1/{path}", headers=shown, status=status, **more)


LISTS = ["sites", "buildings", "points", "devices", "savings-reports", "settlements", "invoices"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_and_its_rows_say_the_same(house, name):
    items = call(house, name).json["items"]
    assert house.ids[name] in [item["id"] for item in items]
    for item in items:
        assert call(house, f"{name}/{item['id']}").json == item


@pytest.mark.parametrize("name", [*LISTS, "alerts", "jobs"])
def test_without_a_token_that_counts_nothing_is_said(house, name):
    for headers in ({}, {"Authorization": "Bearer fleet_" + "A" * 43}, {"Authorization": "Basic YTpi"}):
        answer = house.visitor().get(f"/api/v1/{name}", headers=headers, status=401)
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_cookie_is_worth_nothing_here(house):
    house.person("operator").get("/api/v1/sites", status=401)


@pytest.mark.parametrize("name", LISTS)
def test_a_municipality_reads_its_own_and_a_stranger_gets_what_does_not_exist(house, name):
    address = f"{name}/{house.ids[name]}"
    assert call(house, address, "holder").json["id"] == house.ids[name]
    assert call(house, address, "guest").json["id"] == house.ids[name]
    foreign, unknown = call(house, address, "stranger", 404), call(house, f"{name}/2147483647", "stranger", 404)
    assert foreign.body == unknown.body
    assert house.ids[name] not in [item["id"] for item in call(house, name, "stranger").json["items"]]


def test_series_of_a_point_are_closed_to_others_too(house):
    period = "start=2025-12-01T00:00:00Z&end=2025-12-02T00:00:00Z"
    for series in (f"readings?{period}", f"energy/hourly?{period}", "energy/daily?start=2025-12-01&end=2025-12-03"):
        call(house, f"points/{house.ids['points']}/{series}", "stranger", 404)
        assert call(house, f"points/{house.ids['points']}/{series}", "holder").json["items"]
    call(house, f"invoices/{house.ids['invoices']}/pdf", "stranger", 404)


def test_a_role_keeps_its_limits_and_a_token_narrows_them(house):
    for name in ("invoices", "settlements", "savings-reports", "jobs"):
        assert call(house, name, "technician", 403).json["title"]
    call(house, "jobs", "holder", 403)
    with house.database.sessions("owner").begin() as session:
        account = session.scalars(select(Account).where(Account.email == PEOPLE["operator"])).one()
        _, narrow = make_token(session, account, name="étroit", scopes=["sites"], days=1)
    call(house, "sites", token=narrow)
    for name in ("points", "invoices", "jobs"):
        call(house, name, token=narrow, status=403)


def test_a_token_that_is_revoked_expired_or_of_a_closed_account_is_worth_nothing(house):
    def made(session, days=1):
        account = session.scalars(select(Account).where(Account.email == "maire@ecole.example")).one()
        return make_token(session, account, name="essai", scopes=["sites"], days=days)

    with house.database.sessions("owner").begin() as session:
        revoked, expired, closed = made(session), made(session), made(session)
        session.execute(update(ApiToken).where(ApiToken.id == revoked[0].id).values(revoked_at=func.now()))
        session.execute(update(ApiToken).where(ApiToken.id == expired[0].id).values(expires_at=START))
    call(house, "sites", token=revoked[1], status=401)
    call(house, "sites", token=expired[1], status=401)
    call(house, "sites", token=closed[1], status=200)
    with house.database.sessions("owner").begin() as session:
        session.execute(update(Account).where(Account.email == "maire@ecole.example").values(active=False))
    try:
        call(house, "sites", token=closed[1], status=401)
    finally:
        with house.database.sessions("owner").begin() as session:
            session.execute(update(Account).where(Account.email == "maire@ecole.example").values(active=True))


def test_a_token_is_made_on_a_page_shown_once_and_kept_as_a_hash(house):
    browser = house.person("operator")
    form = browser.get("/account/tokens/new").forms["form"]
    form["name"], form["current"] = "Entrepôt", PASSWORD
    form.set("scopes", True, index=0)
    form["days"] = "30"
    shown = form.submit(status=200)
    secret = shown.html.find(id="secret").get_text()
    assert re.fullmatch(r"fleet_[A-Za-z0-9_-]{43}", secret)
    call(house, "sites", token=secret)
    page = browser.get("/account")
    assert secret not in page.text
    assert "Entrepôt" in page.text
    assert house.scalar(select(ApiToken.last_used_at).where(ApiToken.name == "Entrepôt")) is not None
    with house.database.sessions("owner")() as session:
        kept = session.execute(text("SELECT * FROM fleet.api_token WHERE name = 'Entrepôt'")).one()
    assert secret not in str(kept)
    revoke = next(f for f in page.forms.values() if f.action.endswith("/revoke"))
    revoke.submit(status=303)
    call(house, "sites", token=secret, status=401)


def test_pages_of_a_list_tell_every_row_once(house):
    point = f"points/{house.ids['points']}"
    period = "start=2025-12-01T00:00:00Z&end=2025-12-02T06:00:00Z"
    for series, key in ((f"{point}/readings", "time"), (f"{point}/energy/hourly", "hour")):
        whole = call(house, f"{series}?{period}").json
        assert len(whole["items"]) == 30
        assert whole["next"] is None
        gathered, address = [], f"{series}?{period}&limit=7"
        while address:
            page = call(house, address).json
            gathered += page["items"]
            address = page["next"] and page["next"].removeprefix("/api/v1/")
        assert gathered == whole["items"]
        assert [one[key] for one in gathered] == sorted({one[key] for one in gathered})


def test_decimals_are_exact_and_a_gap_has_its_reason(house):
    period = "start=2025-12-01T03:00:00Z&end=2025-12-01T05:00:00%2B00:00"
    hours = call(house, f"points/{house.ids['points']}/energy/hourly?{period}").json["items"]
    assert [(one["hour"], one["reason"]) for one in hours] == [
        ("2025-12-01T03:00:00Z", "missing"),
        ("2025-12-01T04:00:00Z", "measured"),
    ]
    assert hours[0]["kwh"] is None
    assert Decimal(hours[1]["kwh"]) == 4
    invoice = call(house, f"invoices/{house.ids['invoices']}").json
    assert Decimal(invoice["net"]) + Decimal(invoice["vat"]) == Decimal(invoice["gross"])


def test_what_has_not_changed_is_not_sent_again(house):
    first = call(house, "buildings")
    assert first.headers["ETag"]
    again = call(house, "buildings", headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.body == b""
    call(house, "buildings", headers={"If-None-Match": '"autre"'}, status=200)
    assert "no-cache" in first.headers["Cache-Control"]


def test_the_pdf_is_the_original(house):
    answer = call(house, f"invoices/{house.ids['invoices']}/pdf")
    assert answer.content_type == "application/pdf"
    with house.database.sessions("owner")() as session:
        assert answer.body == session.get(Invoice, house.ids["invoices"]).pdf.content


@pytest.mark.parametrize(
    "address",
    [
        "sites?limit=0",
        "sites?limit=1000000000",
        "sites?limit=-1",
        "sites?limit=dix",
        "sites?after=%00",
        "sites?after=AAAA",
        "sites?after=W10",
        "sites?after=Wy0xXQ",
        "points/{points}/readings?after=WzFd&start=2025-12-01T00:00:00Z&end=2025-12-02T00:00:00Z",
        "devices?state=name;drop",
        "points/{points}/readings",
        "points/{points}/readings?start=2025-13-01T00:00:00Z&end=2025-12-02T00:00:00Z",
        "points/{points}/readings?start=2025-12-01T00:00:00&end=2025-12-02T00:00:00",
        "points/{points}/readings?start=2025-12-02T00:00:00Z&end=2025-12-01T00:00:00Z",
        "points/{points}/energy/daily?start=2025-02-30&end=2025-12-02",
        "sites/0",
        "sites/99999999999999999999",
        "sites/abc",
    ],
)
def test_what_is_not_described_is_refused_in_a_sentence(house, address):
    """Hostile inputs 25, 40 and 41."""
    answer = call(house, address.format(**house.ids), status=400)
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]
    assert "Traceback" not in answer.text


def test_a_period_of_three_thousand_years_costs_no_more_than_a_page(house):
    """Hostile input 40."""
    period = "start=1000-01-01T00:00:00Z&end=2999-12-31T00:00:00Z"
    answer = call(house, f"points/{house.ids['points']}/readings?{period}&limit=5")
    assert len(answer.json["items"]) == 5
    assert answer.json["next"]


def test_unknown_addresses_and_methods_answer_as_data(house):
    assert call(house, "rien", status=404).content_type == "application/problem+json"
    assert call(house, "sites", status=404, method="delete").content_type == "application/problem+json"


def test_whoever_calls_too_often_waits(house):
    limit = Limit(per_second=2.0, at_once=3.0)
    assert [limit.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 1]
    assert limit.take("b", 100.0) == 0
    assert limit.take("a", 100.6) == 0
    house.app.registry["api_limit"] = Limit(per_second=0.01, at_once=2.0)
    try:
        call(house, "sites")
        call(house, "sites")
        answer = call(house, "sites", status=429)
        assert int(answer.headers["Retry-After"]) > 1
        assert answer.headers["Content-Security-Policy"]
        call(house, "sites", "holder")
    finally:
        house.app.registry["api_limit"] = Limit(per_second=1e6, at_once=1e6)


def test_invented_tokens_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("fleet.api.limits.MOST_CALLERS", 50)
    limit = Limit()
    for number in range(500):
        limit.take(f"token {number}", 100.0 + number)
    assert len(limit._left) <= 50


def bring(house, readings, who="operator", status=202):
    address = f"devices/{house.ids['devices']}/readings"
    answer = call(house, address, who, status, method="post_json", params={"readings": readings})
    body = answer.request.environ["wsgi.input"]
    if not isinstance(body, InputWrapper):  # a long body that was read is kept in a file, which a real server closes
        body.close()
    return answer


def done(house, answer):
    """Let the worker do the job of `answer` and return what its item says."""
    sessions = house.database.sessions("worker")
    now = dt.datetime.now(dt.UTC)
    run_job(sessions, answer.json["id"], lambda _session: Moment(now, now.date()))
    return call(house, f"jobs/{answer.json['id']}").json["items"][0]


def test_readings_are_brought_once_and_contradictions_are_kept_apart(house):
    sent = [{"time": "2025-12-05T00:00:00Z", "channel": "index", "value": 200.5}]
    answer = bring(house, sent)
    assert answer.headers["Location"].endswith(f"/api/v1/jobs/{answer.json['id']}")
    assert done(house, answer)["result"] == {"new": 1, "known": 0, "conflicts": 0, "unserved": 0}
    assert done(house, bring(house, sent))["result"] == {"new": 0, "known": 1, "conflicts": 0, "unserved": 0}
    other = [sent[0] | {"value": 201}]
    assert done(house, bring(house, other))["result"]["conflicts"] == 1
    period = "start=2025-12-05T00:00:00Z&end=2025-12-05T00:00:01Z"
    kept = call(house, f"points/{house.ids['points']}/readings?{period}").json["items"]
    assert [one["value"] for one in kept] == ["200.5"]


def test_readings_of_the_future_are_refused_by_the_job_and_of_nobody_by_the_door(house):
    future = (dt.datetime.now(dt.UTC) + dt.timedelta(days=400)).isoformat(timespec="seconds").replace("+00:00", "Z")
    item = done(house, bring(house, [{"time": future, "channel": "index", "value": 1}]))
    assert item["state"] == "failed"
    assert item["error"]
    for who in ("holder", "guest", "technician", "stranger"):
        bring(house, [{"time": "2025-12-05T00:00:00Z", "channel": "index", "value": 1}], who, 403)


@pytest.mark.parametrize(
    "readings",
    [
        [],
        [{"time": "hier", "channel": "index", "value": 1}],
        [{"time": "2025-12-05T00:00:00Z", "channel": "index", "value": "1"}],
        [{"time": "2025-12-05T00:00:00Z", "channel": "index", "value": 1, "role": "admin"}],
        [{"time": "2025-12-05T00:00:00Z", "channel": "index", "value": 1}] * 1001,
        "tout",
    ],
)
def test_what_is_no_batch_is_refused_at_the_door(house, readings):
    before = house.scalar(select(func.count()).select_from(Job).where(Job.kind == TAKE_READINGS))
    assert bring(house, readings, status=400).json["detail"]
    assert house.scalar(select(func.count()).select_from(Job).where(Job.kind == TAKE_READINGS)) == before


def test_a_body_that_is_no_json_is_refused(house):
    for body in (b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"readings": NaN}'):
        address = f"devices/{house.ids['devices']}/readings"
        call(house, address, status=400, method="post", params=body, headers={"Content-Type": "application/json"})


def test_the_description_is_served_and_its_page_names_every_operation(house):
    served = house.visitor().get("/api/v1/openapi.yaml", status=200)
    assert served.text.startswith("openapi: 3.1.0")
    page = house.person("shareholder").get("/api")
    for operation in OPERATIONS:
        assert page.html.find(id=operation), operation
    assert set(re.findall(r"operationId: (\w+)", served.text)) == set(OPERATIONS)


def test_jobs_show_their_items(house):
    with house.database.sessions("owner").begin() as session:
        job = Job(kind="x", title="Essai", items=[JobItem(key="a", params={}, state="failed", error="Non.")])
        session.add(job)
    item = call(house, f"jobs/{job.id}").json["items"][0]
    assert item == {"key": "a", "state": "failed", "result": None, "error": "Non."}


@pytest.mark.parametrize("examples", [2, pytest.param(200, marks=pytest.mark.long)])
def test_every_operation_answers_as_it_is_described_whatever_is_sent(house, examples):
    """Hostile inputs 24, 25, 40, 41 and 42, drawn by schemathesis from the description itself."""
    headers = {"Authorization": f"Bearer {house.tokens['operator']}", "Host": HOST}
    schema = schemathesis.openapi.from_path(DESCRIPTION)
    schema.app = house.app
    schema.config.update(base_url=f"http://{HOST}")
    seen = set()
    bounds = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    for operation in schema.get_all_operations():

        @bounds
        @given(case=operation.ok().as_strategy())
        def sound(case):
            seen.add(case.operation.label)
            # What `after` may be, and which day exists, no schema can say: those are refused as any other nonsense.
            case.call_and_validate(headers=headers, excluded_checks=[checks.positive_data_acceptance])

        sound()
    assert len(seen) == len(OPERATIONS)
