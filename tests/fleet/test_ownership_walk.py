"""A sold building and merged communes: every route shows each party its own time, and the rest is the same 404."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from baseline.documents.originals import make_original
from baseline.events.models import EventSuggestion
from baseline.events.register import Evidence, Proposal, propose
from baseline.events.rules import Speaker
from baseline.fitting import Finding
from baseline.plans.deposits import Deposit, deposit
from baseline.reports.models import MonthlyFigure, SavingsReport
from baseline.reports.register import report_document
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from contracts.measures.register import record_measure
from contracts.sites.transfers import merge, sell
from devices.alerts.models import Alert, AlertEvent
from devices.chains.models import OverlapRatio
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.field.models import Visit
from devices.ingest.models import Reading
from devices.inventory.register import install, register_device
from devices.points.models import BoundaryTerm, MeasurementBoundary, MeteringPoint
from devices.points.shares import Share
from fleet.accounts.register import create_account
from fleet.accounts.scopes import Scope
from fleet.accounts.tokens import make_token
from foundation.actors import Actor, Role
from foundation.canonical import canonical_sha256
from foundation.jobs.queue import ask
from foundation.look.language import FRENCH
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement
from tests.fleet.test_web_pages import addresses, signed_in
from tests.webhouse import PASSWORD, open_house

if TYPE_CHECKING:
    from collections.abc import Iterator

    import webtest
    from sqlalchemy.orm import Session

    from tests.webhouse import WebHouse

SALE = dt.date(2025, 7, 1)
MIDNIGHT = dt.datetime(2025, 6, 30, 22, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 1, 20, 9, tzinfo=dt.UTC)
TODAY = NOW.date()
HALVES = {
    "before": (dt.date(2025, 1, 1), SALE, MIDNIGHT - dt.timedelta(days=20)),
    "after": (SALE, dt.date(2026, 1, 1), MIDNIGHT + dt.timedelta(days=20)),
}
MARKS = {"before": "Avantvente", "after": "Apresvente"}
KWH = {"before": Decimal("71.375"), "after": Decimal("83.625")}
"""Energy of an hour and values of readings, to be found again in files."""
OTHER = {"before": "after", "after": "before"}

EVERYBODY = {
    "alive": "says that the application runs",
    "vendor": "files of libraries",
    "chart_theme": "colours of charts",
    "field_file": "the program of the phone",
    "field_worker": "the program of the phone",
    "field_manifest": "the program of the phone",
    "field_words": "the words of the phone's program",
    "sign_in": "before anybody is anybody",
    "sign_in_code": "before anybody is anybody",
    "sign_in_factor": "before anybody is anybody",
    "forgotten": "before anybody is anybody",
    "choose_password": "whoever holds the secret of a letter",
    "confirm_email": "whoever holds the secret of a letter",
    "oidc_begin": "before anybody is anybody",
    "oidc_return": "before anybody is anybody",
    "invoice_genuine": "whoever holds the paper may ask whether it is genuine",
    "signing_key": "the public key is published",
    "signing_keys": "the public key is published",
    "language": "changes the reader's own session",
    "sign_out": "ends the reader's own session",
    "account_factor_begin": "the reader's own account",
    "session_end": "the reader's own sessions, by a handle nobody else's matches",
    "sessions_end": "the reader's own sessions",
    "api_description": "the description of the programming interface",
}
"""Routes that say the same to everybody or speak of the reader alone."""


@dataclass
class Change:
    """What changed hands, and who may see which half."""

    people: dict[tuple[str, str], str]
    ids: dict[str, dict[str, int]]
    """By half, the number of what is of that half, by the first word of its address."""
    shared: dict[str, int]
    whole: int
    """The report of the whole year, across the change: who held at its beginning has it."""
    tokens: dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def house(template: str) -> Iterator[WebHouse]:
    for house in open_house(template, "fleet_test_ownership"):
        with house.database.sessions("owner").begin() as session:
            company(session)
            house.changes = {  # type: ignore[attr-defined] # the story of this module
                "sale": changed(session, SIRENS[0], SIRENS[3], "sale"),
                "merger": changed(session, SIRENS[4], SIRENS[5], "merger"),
            }
        yield house


def changed(session: Session, siren: str, to: str, how: str) -> Change:
    """Let a school change hands on `SALE`, and leave something of every kind on either side of that day."""
    session.execute(text("SELECT devices.ensure_reading_partitions(:a, :b)"), {"a": MIDNIGHT, "b": NOW})
    agreement, other = (signed_agreement(session, one) for one in (siren, to))
    towns = {
        "before": agreement.shareholder,
        "after": other.shareholder,
    }
    settlements = {
        "before": accepted_settlement(session, agreement),
        "after": accepted_settlement(session, other),
    }
    report = settlements["before"].lines[0].report
    boundary = settlements["before"].lines[0].boundary
    school = boundary.buildings[0]
    point = session.scalars(select(MeteringPoint).where(MeteringPoint.building_id == school.id)).one()
    if how == "sale":
        sell(session, school, towns["after"], on=SALE, act="Acte du 1er juillet")
    else:
        merge(session, towns["before"], towns["after"], on=SALE, act="Arrêté du 1er juillet")
    session.flush()
    session.expire_all()
    ids: dict[str, dict[str, int]] = {}
    people: dict[tuple[str, str], str] = {}
    tokens: dict[tuple[str, str], str] = {}
    for half, town in towns.items():
        ids[half] = leave_traces(session, half, how, report, point)
        settled = settlements[half]
        invoice = check(session, draft(session, settled, base_url="http://spl.example", today=TODAY))
        render(session, issue(session, invoice, today=TODAY), today=TODAY)
        actor = Actor(Role.SHAREHOLDER, shareholder_id=town.id, name="La maire")
        ids[half] |= {
            "shareholders": town.id,
            "receivables": town.id,
            "budgets": town.budgets[0].id,
            "agreements": settled.agreement_id,
            "settlements": settled.id,
            "invoices": invoice.id,
            "jobs": ask(session, "baseline.make_report", MARKS[half], {MARKS[half]: {"plan_id": 0}}, actor=actor).id,
        }
        for role in ("shareholder", "guest"):
            people[half, role] = f"{how}-{half}-{role}@ville.example"
            account = create_account(
                session, email=people[half, role], name=role, role=role, password=PASSWORD, shareholder=town
            )
            scopes = [one for one in Scope if one is not Scope.SEND_READINGS]
            _, tokens[half, role] = make_token(session, account, name="programme", scopes=scopes, days=300)
    shared = {
        "sites": school.site_id,
        "buildings": school.id,
        "points": point.id,
        "boundaries": boundary.id,
        "plans": report.plan_id,
    }
    return Change(people, ids, shared, report.id, tokens)


def leave_traces(session: Session, half: str, how: str, whole: SavingsReport, point: MeteringPoint) -> dict[str, int]:
    """Leave, within a half of 2025, something of every kind that hangs on a building; return the numbers."""
    start, end, at = HALVES[half]
    mark, plan = MARKS[half], whole.plan
    day = at.date()
    boundary = plan.boundary
    device = register_device(session, serial=f"{how}{mark}")
    began = dt.datetime(2025, 1, 1, tzinfo=dt.UTC) if half == "before" else MIDNIGHT
    installation, gross = (
        install(session, device, point, at=began, channel=channel, quantity=quantity)
        for channel, quantity in (("index", "energy_index"), ("b", "gross_energy_index"))
    )
    installation.period = gross.period = Range(began, MIDNIGHT if half == "before" else None)
    session.flush()
    for hour in range(3):
        ts = at + dt.timedelta(hours=hour)
        session.add(Reading(installation_id=installation.id, ts=ts, value=KWH[half], received_at=ts))
        session.add(HourlyEnergy(point_id=point.id, hour=ts, kwh=KWH[half], reason="measured"))
    session.add(
        DailyEnergy(point_id=point.id, day=day, kwh=KWH[half], hours_measured=24, hours_expected=24, reason="measured")
    )
    values = {
        column.name: getattr(whole, column.name)
        for column in SavingsReport.__table__.columns
        if column.name not in {"id", "created_at", "sha256", "plan_id", "period", "findings"}
    }
    finding = Finding("month_thin", mark, {}).to_json()
    report = SavingsReport(**values, plan=plan, period=Range(start, end), findings=[finding])
    report.sha256 = canonical_sha256(report_document(report))
    figures = {"avoided_kwh": 10, "adjusted_baseline_kwh": 100, "days_counted": 9, "days_expected": 31}
    suggestion = EventSuggestion(
        plan=plan,
        period=Range(day, day + dt.timedelta(days=3)),
        effect_kwh=Decimal(-250),
        confidence_level=0.9,
        evidence=80.0,
        seen_on=TODAY,
    )
    alert = Alert(
        kind="silence",
        subject=f"device {device.id}",
        device_id=device.id,
        point_id=point.id,
        site_id=point.building.site_id,
        state="closed",
        severity="critical",
        facts={"serial": mark, "last_at": None, "since": at.isoformat(), "every_minutes": 60.0},
        began_at=at,
        opened_at=at,
        closed_at=at + dt.timedelta(hours=5),
        events=[AlertEvent(at=at, what="opened", severity="critical")],
    )
    ratio = OverlapRatio(
        point=point,
        numerator=installation,
        denominator=gross,
        computed_by=mark,
        days=30,
        period=Range(day, day + dt.timedelta(days=3)),
        ratio=Decimal("0.98"),
        standard_error=Decimal("0.01"),
        autocorrelation=Decimal(0),
    )
    visit = Visit(
        site_id=point.building.site_id,
        planned_on=day,
        technician_id=1,
        technician=mark,
        state="closed",
        planned_by="C",
        started_at=at,
        closed_at=at,
        keeper=mark,
        remarks=mark,
    )
    warning = Finding("month_thin", mark, {}).to_json()
    month = MonthlyFigure(plan=plan, month=day.replace(day=1), warning=warning, made_at=NOW, **figures)
    session.add_all([report, suggestion, alert, ratio, visit, month])
    session.flush()
    make_original(session, report, FRENCH, now=NOW)
    event = propose(
        session,
        boundary,
        Proposal(
            "charge_point",
            "estimate",
            day,
            day + dt.timedelta(days=3),
            mark,
            energy_kwh=Decimal(300),
            evidence=[Evidence(f"{mark}.pdf", "application/pdf", b"%PDF-1.7 " + mark.encode())],
        ),
        speaker=Speaker("spl", "Claire"),
        today=TODAY,
    )
    signed = deposit(
        session,
        plan,
        Deposit(b"%PDF-1.7 " + mark.encode(), f"{mark}.pdf", mark, mark, day),
        by=mark,
        now=NOW,
    )
    measure = record_measure(session, point.building, title=mark, done_on=day, paid_by="spl")
    later = MeasurementBoundary(
        name=f"{how} {mark}",
        energy="electricity",
        buildings=[point.building],
        terms=[BoundaryTerm(point=point, share=Share.of(Decimal(1)), period=Range(start, end))],
    )
    session.add(later)
    session.flush()
    return {
        "devices": device.id,
        "installations": installation.id,
        "reports": report.id,
        "suggestions": suggestion.id,
        "alerts": alert.id,
        "visits": visit.id,
        "events": event.id,
        "evidence": event.evidence[0].id,
        "plan-deposits": signed.id,
        "measures": measure.id,
        "boundaries": later.id,
    }


def paths(house: WebHouse, ids: dict[str, int]) -> dict[str, str]:
    """Return the addresses of the application with the numbers of `ids`, and those of the programming interface."""
    house.ids = {"buildings": 1, **ids}  # type: ignore[attr-defined] # what `addresses` reads
    for needed in ("points", "boundaries", "sites", "suggestions"):
        house.ids.setdefault(needed, 99999999)  # type: ignore[attr-defined]
    return addresses(house)


def interface(house: WebHouse, ids: dict[str, int]) -> dict[str, str]:
    """Return what a program may ask about the rows of `ids`, by route."""
    series = "?start=2025-01-01T00:00:00Z&end=2026-01-01T00:00:00Z"
    found = {}
    for route, pattern in routes(house).items():
        first = pattern.removeprefix("/api/v1/").split("/")[0]
        first = {"savings-reports": "reports"}.get(first, first)
        if not pattern.startswith("/api/v1/") or route in EVERYBODY or route == "api_send_readings":
            continue
        if "{id}" in pattern and first not in ids:
            continue
        query = series if "energy" in pattern or "readings" in pattern else ""
        if pattern.endswith("daily"):
            query = "?start=2025-01-01&end=2026-01-01"
        found[route] = pattern.replace("{id}", str(ids.get(first))) + query
    return found


def routes(house: WebHouse) -> dict[str, str]:
    """Return the address of every route by its name."""
    return {
        one["introspectable"]["name"]: one["introspectable"]["pattern"]
        for one in house.app.registry.introspector.get_category("routes")  # type: ignore[attr-defined]
        if not one["introspectable"]["name"].startswith("__")
    }


def written(answer: webtest.TestResponse) -> str:
    """Return what an answer says, the parts of a workbook included."""
    if answer.body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.body)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return answer.body.decode(errors="replace")


def telling(said: str, half: str) -> bool:
    """Say whether a text holds something of that half."""
    kwh = str(KWH[half])
    return MARKS[half] in said or kwh in said or kwh.replace(".", ",") in said


def nothing(answer: webtest.TestResponse, unknown: webtest.TestResponse) -> bool:
    """Say whether `answer` is the 404 of what does not exist, to the letter."""
    words = [
        re.sub(r"\d{2,}", "", " ".join((one.html.get_text() if "html" in one.content_type else one.text).split()))
        for one in (answer, unknown)
    ]
    return answer.status_int == unknown.status_int == 404 and words[0] == words[1]


def numbered(pattern: str, number: int) -> str:
    """Return the address of `pattern` with `number` as its number, and what fits in the other places."""
    path = re.sub(r"\{id(:\[0-9\]\{1,9\})?\}", str(number), pattern)
    path = re.sub(r"\{(place|invoice):\[0-9\]\{1,9\}\}", "1", path)
    path = re.sub(r"\{table:[^/]*/", "contracts.measure/", path)
    path = re.sub(r"\{kind:[^}]*\}", "csv", path)
    return re.sub(r"\{action:\[a-z\]\{1,20\}\}", "tag", path)


def test_every_route_is_walked_or_says_why_not(house: WebHouse) -> None:
    for name, pattern in routes(house).items():
        if name in EVERYBODY:
            continue
        path = numbered(pattern, 1)
        assert "{" not in path, f"{name} {pattern}: give it a number in this walk, or a reason in EVERYBODY"
    assert set(EVERYBODY) <= set(routes(house))


@pytest.mark.parametrize("how", ["sale", "merger"])
@pytest.mark.parametrize("half", ["before", "after"])
def test_each_owner_finds_its_own_time_and_nothing_of_the_other(house: WebHouse, how: str, half: str) -> None:
    change: Change = house.changes[how]  # type: ignore[attr-defined] # the story of this module
    owner = signed_in(house, change.people[half, "shareholder"])
    guest = signed_in(house, change.people[half, "guest"])
    found = []
    mine = paths(house, change.shared | change.ids[half])
    patterns = routes(house)
    for route, address in mine.items():
        answer = owner.get(address, expect_errors=True)
        if route in EVERYBODY:
            continue
        if telling(written(answer), OTHER[half]):
            said = written(answer)
            where = max(said.find(MARKS[OTHER[half]]), said.find(str(KWH[OTHER[half]])))
            found.append(f"{route} {address} tells of {OTHER[half]}: {said[max(0, where - 90) : where + 30]!r}")
        first = address.split("/")[1].split("?")[0]
        exists = "{id" not in patterns[route] or first in change.ids[half] | change.shared
        if exists and answer.status_int not in {200, 303, 403} and route not in UNMADE:
            found.append(f"{route} {address}: {answer.status_int} to its owner")
        if not route.startswith(("account", "token", "field", "guests")):
            read = guest.get(address, expect_errors=True)
            same = (answer.status_int, read.status_int) in {(200, 200), (200, 403), (303, 303), (403, 403), (404, 404)}
            if not same or telling(written(read), OTHER[half]):
                found.append(f"{route} {address}: {read.status_int} to a guest, {answer.status_int} to its owner")
    assert not found, "\n".join(found)
    assert telling(written(owner.get(mine["point_readings"].replace("2025-12-01", "2025-01-01"))), half)
    for address in ("/events/{events}", "/alerts/{alerts}", "/visits/{visits}", "/reports/{reports}"):
        page = owner.get(address.format(**change.ids[half]))
        assert telling(page.text, half), address


UNMADE = {"visit_pdf", "plan_pdf"}
"""Addresses of what this story has not made."""


@pytest.mark.parametrize("how", ["sale", "merger"])
@pytest.mark.parametrize("who", ["before", "after", "stranger"])
def test_what_is_not_mine_is_what_does_not_exist(house: WebHouse, how: str, who: str) -> None:
    change: Change = house.changes[how]  # type: ignore[attr-defined] # the story of this module
    if who == "stranger":
        browser = house.person("stranger")
        foreign = [change.ids["before"], change.ids["after"], change.shared]
    else:
        browser = signed_in(house, change.people[who, "shareholder"])
        foreign = [change.ids[OTHER[who]]]
        if who == "after":
            foreign.append({"reports": change.whole})
        else:
            browser.get(f"/reports/{change.whole}", status=200)
    token = browser.get("/account").forms["form"]["csrf_token"].value
    found, asked = [], 0
    for ids in foreign:
        for name, pattern in routes(house).items():
            first = pattern.split("/")[1]
            if name in EVERYBODY or "{id" not in pattern or first not in ids:
                continue
            for method in methods(house, name):
                answers = []
                for number in (ids[first], 99999999):
                    path = numbered(pattern, number)
                    if method == "POST":
                        fields = {"csrf_token": token}
                        answers.append(browser.post(path, fields, expect_errors=True))
                    else:
                        answers.append(browser.get(path, expect_errors=True))
                asked += 1
                statuses = [one.status_int for one in answers]
                if statuses != [403, 403] and not nothing(*answers):
                    found.append(f"{method} {name} {numbered(pattern, ids[first])}: {statuses}")
    assert asked > 40
    assert not found, "\n".join(found)


def methods(house: WebHouse, route: str) -> set[str]:
    """Return the ways a route is asked."""
    views = house.app.registry.introspector.get_category("views")  # type: ignore[attr-defined]
    found = set()
    for entry in views:
        if entry["introspectable"]["route_name"] == route:
            asked = entry["introspectable"]["request_methods"] or ("GET",)
            found |= {asked} if isinstance(asked, str) else set(asked)
    return found & {"GET", "POST"}


def test_a_stranger_reads_no_name_of_it_in_any_list(house: WebHouse) -> None:
    stranger = house.person("stranger")
    for route, pattern in routes(house).items():
        if "{" in pattern.replace("{kind:csv|xlsx}", "") or route in EVERYBODY or "GET" not in methods(house, route):
            continue
        for kind in ("csv", "xlsx"):
            address = re.sub(r"\{kind[^}]*\}", kind, pattern)
            said = written(stranger.get(address, expect_errors=True))
            assert not telling(said, "before"), route
            assert not telling(said, "after"), route
            if "{" not in pattern:
                break


@pytest.mark.parametrize("how", ["sale", "merger"])
@pytest.mark.parametrize("half", ["before", "after"])
@pytest.mark.parametrize("role", ["shareholder", "guest"])
def test_a_token_asks_for_no_more_than_its_account(house: WebHouse, how: str, half: str, role: str) -> None:
    change: Change = house.changes[how]  # type: ignore[attr-defined] # the story of this module
    program = house.visitor()
    program.extra_environ["HTTP_AUTHORIZATION"] = f"Bearer {change.tokens[half, role]}"
    mine = interface(house, change.shared | change.ids[half])
    assert len(mine) > 15
    for route, address in mine.items():
        answer = program.get(address, expect_errors=True)
        assert answer.status_int == 200 or (answer.status_int == 403 and route.startswith("api_jobs")), route
        assert not telling(written(answer), OTHER[half]), (route, address)
    assert telling(program.get(mine["api_readings"]).text, half)
    for route, address in interface(house, change.ids[OTHER[half]]).items():
        if "{id}" in routes(house)[route]:
            answer = program.get(address, expect_errors=True)
            unknown = program.get(re.sub(r"/\d+", "/99999999", address), expect_errors=True)
            assert answer.status_int == unknown.status_int == (403 if route.startswith("api_jobs") else 404)
            assert {**answer.json, "instance": ""} == {**unknown.json, "instance": ""}, (route, address)
