"""Every page of the story opens for who may see it, in both languages, and for nobody else."""

import csv
import datetime as dt
import hashlib
import io
import re
from decimal import Decimal

import pytest
import webtest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DatabaseError

from baseline.documents.originals import make_original
from baseline.events.models import EventSuggestion, NonRoutineEvent
from baseline.events.register import Evidence, Proposal, propose
from baseline.events.rules import Speaker
from baseline.fitting import Finding
from baseline.plans.deposits import Deposit, deposit
from baseline.reports.findings import unmetered
from baseline.reports.models import MonthlyFigure, SavingsReport
from billing.chorus.register import note_by_hand, note_status
from billing.invoices.models import Invoice
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from billing.pack.signing import signer_of
from billing.receivables.register import receive as receive_money
from billing.receivables.register import spread
from billing.reports.register import make_account
from billing.settlements.disputes import Evidence as Paper
from billing.settlements.disputes import decide, dispute
from billing.settlements.register import propose as settle
from contracts.agreements.amendments import draft_amendment
from contracts.agreements.departures import leave
from contracts.agreements.suspensions import suspend
from contracts.measures.register import add_grant, record_measure, share_measure
from contracts.parties.models import Shareholder
from contracts.parties.register import commit_funds
from contracts.sites.models import Building
from devices.alerts.models import Alert, AlertEvent
from devices.alerts.register import declare_maintenance
from devices.chains.models import OverlapRatio
from devices.codecs.register import add_codec
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.field.downloads import make_download
from devices.field.models import Photo
from devices.field.report import make_report
from devices.field.visits import add_task, authorise, plan_visit, write_sheet
from devices.imports.profile import Profile
from devices.imports.register import carry_out, receive, save_profile
from devices.ingest.models import DeadLetter, IngestHeartbeat, Reading, UnservedChannel
from devices.inventory.catalogue import model_named
from devices.inventory.register import install, register_device
from devices.points.models import MeteringPoint
from devices.sources.inbox.models import SourceFile
from fleet.accounts.register import create_account
from foundation.actors import Actor, Role
from foundation.attachments.store import keep
from foundation.jobs.queue import ask
from foundation.look.language import FRENCH
from foundation.mail.register import post
from foundation.tenancy import bind_actor
from tests.chain import SEED, SIRENS, accepted_settlement, company, signed_agreement
from tests.devices.field_house import SIGNATURE, Field, send
from tests.webhouse import PASSWORD, PEOPLE, open_house

TODAY = dt.date(2026, 1, 20)
NOW = dt.datetime(2026, 1, 20, 9, tzinfo=dt.UTC)
# Pages that need `?building=` or `?boundary=`: where the reader comes from.
QUERIES = {
    "maintenance_new": "point={points}",
    "boundary_new": "building={buildings}",
    "plan_new": "boundary={boundaries}",
    "event_new": "boundary={boundaries}&suggestion={suggestions}",
    "point_readings": "start=2025-12-01&end=2025-12-31",
    "visit_new": "site={sites}",
    "search": "q=e",
    "search_short": "q=e",
}
NO_PAGES = {"vendor", "chart_theme", "alive", "choose_password", "confirm_email", "oidc_begin", "oidc_return"}
NO_PAGES |= {"field_file", "field_words"}
AWAY = {"sign_in", "sign_in_code", "sign_in_factor", "account_factor", "guests"}
"""Addresses that lead who is signed in away, or are for others."""
PARTS = {"job_progress", "import_state", "search_short", "field"}
"""Addresses of parts of a page."""
FILES = {
    "invoice_pdf": "application/pdf",
    "invoice_xml": "application/xml",
    "report_document": "application/pdf",
    "report_days": "text/csv",
    "journal": "text/tab-separated-values",
    "structure_template": "text/csv",
    "plan_file": "application/json",
    "plan_deposited": "application/pdf",
    "plan_pdf": "application/pdf",
    "study_file": "application/pdf",
    "simulation_file": "application/pdf",
    "report_pdf": "application/pdf",
    "point_readings": "text/csv",
    "evidence": "application/octet-stream",
    "dispute_file": "application/octet-stream",
    "invoice_hours": "text/csv",
    "signing_key": "application/x-pem-file",
    "import_original": "text/csv",
    "source_original": "application/octet-stream",
    "device_template": "text/csv",
    "point_template": "text/csv",
    "sheet_file": "text/csv",
    "visit_pdf": "application/pdf",
    "visit_photo": "image/jpeg",
    "field_worker": "text/javascript",
    "field_manifest": "application/manifest+json",
    "field_state": "application/json",
}


KEY = signer_of(SEED).public.fingerprint


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_web_pages"):
        house.ids = tell_the_story(house.database)
        yield house


def tell_the_story(database):  # noqa: PLR0915 - one story, told whole
    """Fill the database from a school to its invoice; return an id for each first word of an address."""
    with database.sessions("owner").begin() as session:
        company(session)
        accord = signed_agreement(session, SIRENS[0])
        contested = disputed(session, accord)
        settlement = accepted_settlement(session, accord)
        invoice = check(session, draft(session, settlement, base_url="http://spl.example", today=TODAY))
        render(session, issue(session, invoice, today=TODAY), today=TODAY)
        town = session.scalars(select(Shareholder).where(Shareholder.siren == SIRENS[0])).one()
        create_account(
            session, email="maire@ecole.example", name="Maire", role="shareholder", password=PASSWORD, shareholder=town
        )
        line = settlement.lines[0]
        plan, boundary = line.report.plan, line.boundary
        building = boundary.buildings[0]
        point = session.scalars(select(MeteringPoint).where(MeteringPoint.building_id == building.id)).one()
        model = model_named(session, maker="Fabricant", name="Capteur")
        device = register_device(session, serial="capteur-1", model=model)
        start = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)
        installation = install(session, device, point, at=start)
        ratio = two_chains(session, point, installation)
        for hour in range(48):
            quality = {3: "missing", 5: "measured_in_total"}.get(hour, "measured")
            at = start + dt.timedelta(hours=hour)
            kwh = None if quality == "missing" else Decimal(4)
            session.add(HourlyEnergy(point_id=point.id, hour=at, kwh=kwh, reason=quality))
        for day in range(3):
            session.add(
                DailyEnergy(
                    point_id=point.id,
                    day=start.date() + dt.timedelta(days=day),
                    kwh=Decimal(96),
                    hours_measured=24 - day,
                    hours_expected=24,
                    reason="measured",
                )
            )
        session.add(
            DeadLetter(
                topic="spl/<b>inconnu</b>",
                payload=b"\xff</script>",
                digest=b"0",
                reason="unreadable",
                sentence="Ce message n'est pas du JSON.",
                received_at=start,
                mid=1,
                retain=False,
                dup=False,
            )
        )
        event = propose(
            session,
            boundary,
            Proposal(
                "charge_point",
                "estimate",
                dt.date(2025, 3, 1),
                dt.date(2025, 5, 1),
                "Deux bornes de recharge",
                energy_kwh=Decimal(300),
                evidence=[Evidence("bornes.pdf", "application/pdf", b"%PDF-1.7")],
            ),
            speaker=Speaker("spl", "Claire"),
            today=TODAY,
        )
        suggestion = EventSuggestion(
            plan=plan,
            period=Range(dt.date(2025, 7, 1), dt.date(2025, 8, 1)),
            effect_kwh=Decimal(-250),
            half_width_kwh=Decimal(40),
            confidence_level=0.9,
            evidence=80.0,
            seen_on=TODAY,
        )
        session.add(suggestion)
        session.flush()
        for printed in (plan, line.report):
            make_original(session, printed, FRENCH, now=NOW)
        warning = Finding("month_thin", "<b>%(month)s</b>", {"month": "2025-12"}).to_json()
        figures = {"avoided_kwh": 10, "adjusted_baseline_kwh": 100, "days_counted": 9, "days_expected": 31}
        session.add(MonthlyFigure(plan=plan, month=dt.date(2025, 12, 1), warning=warning, made_at=NOW, **figures))
        papers = Deposit(b"%PDF-1.7", "plan signé.pdf", "La <b>maire</b>", "2024-1", dt.date(2024, 12, 1))
        deposited = deposit(session, plan, papers, by="Claire", now=NOW)
        codec = add_codec(
            session, maker="Usine", name="X1", version="1", licence="MIT", source=b"function decodeUplink() {}"
        )
        imported = bills_received(session, point)
        job = ask(session, "baseline.make_report", "Rapport", {"plan-1": {"plan_id": plan.id}})
        alert = Alert(
            kind="silence",
            subject="device 1",
            device_id=device.id,
            point_id=point.id,
            site_id=building.site_id,
            state="open",
            severity="critical",
            facts={"serial": "<b>capteur-1</b>", "last_at": None, "since": start.isoformat(), "every_minutes": 60.0},
            began_at=start,
            opened_at=start,
            events=[AlertEvent(at=start, what="opened", severity="critical")],
        )
        session.add(alert)
        claire = Actor(Role.OPERATOR, name="Claire")
        end = start + dt.timedelta(days=3)
        window = declare_maintenance(session, point, start=start, end=end, reason="Travaux", actor=claire)
        visit, sent = visited(session, building.site, point)
        amendment = draft_amendment(session, accord, title="Durée", effective_on=TODAY, ends_on=dt.date(2031, 1, 1))
        suspension = suspend(
            session,
            accord,
            start=dt.date(2027, 7, 1),
            end=dt.date(2027, 9, 1),
            reason="Travaux",
            extends_term=False,
            by="Claire",
            today=TODAY,
        )
        measure = record_measure(
            session, building, title="<b>Régulation</b>", done_on=dt.date(2024, 10, 1), paid_by="spl"
        )
        add_grant(session, measure, kind="cee", source="CEE-1", amount=Decimal(900), kwh_cumac=Decimal(100_000))
        share_measure(session, measure, accord)
        stranger = session.scalars(select(Shareholder).where(Shareholder.id != town.id)).first()
        departure = leave(session, stranger, on=TODAY, reason="Fusion")
        commit_funds(session, town.budgets[0], year=2026, number="2026-1", amount=Decimal(5000))
        letter = post(session, to="maire@ecole.example", subject="Un <b>capteur</b>", body="se tait")
        return {
            "shareholders": town.id,
            "sites": building.site_id,
            "buildings": building.id,
            "points": point.id,
            "boundaries": boundary.id,
            "plans": plan.id,
            "plan-deposits": deposited.id,
            "studies": keep(session, b"%PDF-1.7", name="eligibilite-1.pdf", media_type="application/pdf").id,
            "simulations": keep(session, b"%PDF-1.7 s", name="simulation-1.pdf", media_type="application/pdf").id,
            "events": event.id,
            "evidence": event.evidence[0].id,
            "suggestions": suggestion.id,
            "agreements": settlement.agreement_id,
            "reports": line.report_id,
            "settlements": settlement.id,
            "dispute-steps": contested.dispute_steps[0].id,
            "receivables": town.id,
            "report-documents": make_account(session, settlement, FRENCH, now=NOW).id,
            "payments": paid_in_part(session, town).id,
            "deposits": suspended_in_chorus(session, invoice).id,
            "invoices": invoice.id,
            "devices": device.id,
            "models": model.id,
            "installations": installation.id,
            "overlaps": ratio.id,
            "weather": plan.station_id,
            "imports": imported.id,
            "sources": dropped(session),
            "jobs": job.id,
            "codecs": codec.id,
            "mail": letter.id,
            "budgets": town.budgets[0].id,
            "amendments": amendment.id,
            "suspensions": suspension.id,
            "measures": measure.id,
            "departure-tasks": departure.tasks[0].id,
            "alerts": alert.id,
            "maintenance": window.id,
            "visits": visit.id,
            "submissions": sent.id,
            "visit-photos": session.scalars(select(Photo.id)).one(),
        }


def dropped(session):
    """Keep a file of the network operator that nobody could read, and return its number."""
    content = keep(session, b"PK", name="flux.zip", media_type="application/octet-stream")
    file = SourceFile(
        sha256="0" * 64, attachment=content, name="flux.zip", size=2, state="refused", sentence="Illisible.",
        outcome={"flows": ["R151"], "unknown": {"1": 2}, "unknown_points": 1, "aside": {"other": 1}}, received_at=NOW,
    )  # fmt: skip
    session.add(file)
    session.flush()
    return file.id


def two_chains(session, point, one):
    """Note the ratio of a chain and another that will count the point one day, and return it."""
    at = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    other = install(session, one.device, point, at=at, channel="b", quantity="gross_energy_index")
    ratio = OverlapRatio(
        point=point,
        numerator=one,
        denominator=other,
        computed_by="<b>C</b>",
        days=30,
        period=Range(dt.date(2025, 1, 1), dt.date(2025, 3, 1)),
        ratio=Decimal("0.98"),
        standard_error=Decimal("0.01"),
        autocorrelation=Decimal(0),
    )
    session.add(ratio)
    session.flush()
    return ratio


def disputed(session, accord):
    """Dispute the year of an agreement and have it decided, so that it can be settled; return that settlement."""
    start, end = dt.date(2025, 1, 1), dt.date(2026, 1, 1)
    contested = settle(session, accord, start=start, end=end, today=dt.date(2026, 1, 12))
    said = {"by": "<b>La maire</b>", "today": dt.date(2026, 1, 12)}
    letter = Paper("<b>lettre</b>.pdf", "application/pdf", b"%PDF-1.7")
    dispute(session, contested, lines=contested.lines, reason="Non", evidence=[letter], **said)
    return decide(session, contested, outcome="maintained", decision="<b>Si</b>", **said)


def suspended_in_chorus(session, invoice):
    """Note that the invoice was deposited by hand and suspended, and return the deposit."""
    noted = note_by_hand(session, invoice, flux="<b>CPP</b>1", day=TODAY, by="<b>C</b>", now=NOW, today=TODAY)
    return note_status(session, noted, code="SUSPENDUE", day=TODAY, comment="<b>pièce</b>", by="C", now=NOW)


def paid_in_part(session, town):
    """Record a payment of the town, which pays its invoice in part, and return it."""
    paid = receive_money(
        session, town, day=TODAY, amount=Decimal(100), reference="<b>M</b>-1", payer="Trésorerie", by="C", today=TODAY
    )
    spread(session, paid, by="C")
    return paid


def visited(session, site, point):
    """Send a technician who finds another sensor in place, signs and is printed; return the visit and its end."""
    account = create_account(session, email="tech@spl.example", name="<b>Tom</b>", role="technician", password=PASSWORD)
    visit = plan_visit(session, site, planned_on=TODAY, technician_id=account.id, by="C", today=TODAY)
    task = add_task(session, visit, point, kind="removal")
    write_sheet(session, site, by="C", now=NOW, asbestos="seen", keys="<b>Mairie</b>")
    field = Field(site, point, point, {"tom": account}, {})
    send(session, field, "start", {}, visit=visit, at=NOW, photographed=False)
    said = {"serial": "autre", "reason": "<b>fin</b>"}
    send(session, field, "removal", said, visit=visit, task=task, at=NOW, photographed=False)
    said = {"keeper": "<b>Anne</b>", "signature": SIGNATURE, "remarks": "<b>fermé</b>"}
    sent = send(session, field, "close", said, visit=visit, at=NOW)
    make_report(session, visit.id, now=NOW)
    authorise(session, account_id=account.id, kind="gas", start=TODAY, end=dt.date(2027, 1, 1), by="C")
    make_download(session, actor=field.actor(), phone="<b>Chrome</b>", signed_in_at=NOW, now=NOW, today=TODAY)
    return visit, sent


def bills_received(session, point):
    """Import two bills of the point and return the file, by the building's and the point's name."""
    columns = {"building": "Bâtiment", "point": "Point", "start": "Du", "end": "Au", "energy": "kWh"}
    profile = save_profile(session, name="Fournisseur", profile=Profile(kind="bills", columns=columns), by="Claire")
    named = f"{point.building.name};{point.name}"
    lines = ("Bâtiment;Point;Du;Au;kWh", f"{named};01/12/2025;04/12/2025;288", f"{named};01/11/2025;01/12/2025;900")
    imported = receive(
        session, "\n".join(lines).encode(), name="<b>factures</b>.csv", profile=profile, by="Claire", now=NOW
    )
    carry_out(session, imported, by="Claire", now=NOW, today=NOW.date())
    return imported


def addresses(house):
    """Return every address that can be opened, with its route."""
    introspector = house.app.registry.introspector
    patterns = {
        one["introspectable"]["name"]: one["introspectable"]["pattern"] for one in introspector.get_category("routes")
    }
    found = {}
    for entry in introspector.get_category("views"):
        view = entry["introspectable"]
        route = view["route_name"]
        methods = view["request_methods"] or ("GET",)
        if (
            route is None
            or route.startswith("__")
            or (route.startswith("api_") and route != "api_docs")
            or route in NO_PAGES
            or "GET" not in methods
        ):
            continue
        pattern = patterns[route]
        path = re.sub(r"\{id:[^}]*\}+", str(house.ids.get(pattern.split("/")[1], 1)), pattern)
        path = re.sub(r"\{number:.*\}", "F2026-0001", path)
        path = re.sub(r"\{fingerprint:[^.]*\}", KEY, path)
        path = re.sub(r"\{kind:[^}]*\}", "csv", path)
        path = re.sub(r"\{table:.*", f"contracts.building/{house.ids['buildings']}", path)
        path = re.sub(r"\{place:[^.]*\}", "1", path)
        query = QUERIES.get(route, "").format(**house.ids)
        found[route] = f"{path}?{query}" if query else path
    return found


def signed_in(house, email):
    browser = house.visitor()
    form = browser.get("/sign-in").forms["form"]
    form["email"], form["password"] = email, PASSWORD
    form.submit(status=303)
    return browser


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_operator_opens_every_page(house, language):
    operator = house.person("operator")
    if language == "en":
        switch = next(form for form in operator.get("/").forms.values() if form.action == "/language")
        switch.submit("language", status=303)
    opened = addresses(house)
    assert len(opened) > 45
    for route, address in opened.items():
        answer = operator.get(address, expect_errors=True)
        assert answer.status_int == (303 if route in AWAY else 200), (route, address, answer.text[-400:])
        if route in FILES:
            assert answer.content_type == FILES[route]
        elif answer.status_int == 200:
            assert not re.search(r"<script(?![^>]*(src=|application/json))|\sstyle=|<style", answer.text), route
            if route not in PARTS:
                assert answer.html.find("html")["lang"] == language


def test_what_is_on_an_address_belongs_to_who_may_see_it(house):
    holder, stranger = signed_in(house, "maire@ecole.example"), signed_in(house, PEOPLE["stranger"])
    shared = {"weather", "jobs", "mail"}
    for route, address in addresses(house).items():
        first = address.split("/")[1]
        if str(house.ids.get(first)) not in address.split("?")[0].split("/") and not address.endswith((".pdf", ".xml")):
            continue
        seen = holder.get(address, expect_errors=True).status_int
        assert seen in {200, 403}, (route, seen)
        answer = stranger.get(address, expect_errors=True)
        if seen == 403 or first in shared:
            assert answer.status_int in {200, 403}, route
            continue
        unknown = stranger.get(re.sub(r"\d+", "99999999", address), status=404)
        assert answer.status_int == 404, (route, address)
        assert answer.html.body.get_text() == unknown.html.body.get_text()


def test_lists_and_first_page_name_nothing_of_others(house):
    stranger = signed_in(house, PEOPLE["stranger"])
    name = house.scalar(select(Building.name).where(Building.id == house.ids["buildings"]))
    for address in ("/", "/sites", "/shareholders", "/agreements", "/reports", "/invoices"):
        page = stranger.get(address).text
        assert name not in page, address
        assert "F2026" not in page, address


def test_a_technician_finds_devices_and_points_and_no_amount(house):
    technician = house.person("technician")
    for address in ("/", "/devices", f"/devices/{house.ids['devices']}", f"/points/{house.ids['points']}"):
        page = technician.get(address, status=200)
        assert "€" not in page.html.main.get_text(), address
    building = technician.get(f"/buildings/{house.ids['buildings']}")
    assert building.html.find(id="load-curve")
    assert building.html.find(id="savings") is None


def test_the_building_tells_its_story_and_every_chart_has_its_table(house):
    page = signed_in(house, "maire@ecole.example").get(f"/buildings/{house.ids['buildings']}").html
    assert {"savings", "uses", "points", "agreements", "holdings"} <= {one["id"] for one in page.find_all("h2")}
    for figure in page.find_all("figure", class_="chart"):
        assert figure.find(class_="picture")["aria-label"].endswith(".")
        assert figure.find("table")
        assert figure.find("script", type="application/json")


def test_what_arrived_is_shown_as_text(house):
    page = house.person("operator").get("/dead-letters")
    assert "<b>inconnu</b>" not in page.text
    assert "spl/<b>inconnu</b>" in page.html.main.get_text()
    assert "\\xff</script>" in page.html.main.get_text()


def test_what_the_collection_ignores_is_shown_to_whoever_installs(house):
    with house.database.sessions("owner").begin() as session:
        session.add(
            UnservedChannel(serial="EM-9", channel="temperature", heard=3, last_at=NOW, last_value=Decimal("19.5"))
        )
        counts = dict.fromkeys(("messages", "readings", "duplicates", "conflicts", "dead_letters", "retained"), 7)
        for name, held in (("fleet-ingest", ["spl/v1/+/readings"]), ("fleet-ingest-2", [])):
            beat = {"client_id": name, "started_at": NOW, "connected": True, "buffered": 0, "subscriptions": held}
            session.add(IngestHeartbeat(**beat, **counts))
    page = house.person("operator").get("/dead-letters").html.main
    assert "EM-9temperature19.5" in page.get_text().replace("\n", "").replace(" ", "")
    assert "la collecte tourne" in page.get_text()
    assert [row.th.get_text() for row in page.find_all("table")[-1].tbody.find_all("tr")] == ["fleet-ingest"]


def test_a_municipality_accepts_and_the_spl_alone_bills(house):
    holder = signed_in(house, "maire@ecole.example")
    page = holder.get(f"/invoices/{house.ids['invoices']}")
    assert "F2026-0001" in page.html.h1.get_text()
    assert "issue" not in page.forms
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]
    holder.post(f"/invoices/{house.ids['invoices']}/issue", {"csrf_token": token}, status=403)


def test_a_refused_period_is_said_beside_its_field(house):
    operator = house.person("operator")
    form = operator.get(f"/agreements/{house.ids['agreements']}").forms["settle"]
    form["start"], form["end"] = "2025-01-01", "2026-01-01"
    answer = form.submit(status=422)
    assert "déjà réglée" in answer.html.find(class_="refusal").get_text()


def test_the_work_asked_for_is_a_job_with_its_progress(house):
    operator = house.person("operator")
    form = operator.get(f"/plans/{house.ids['plans']}").forms["report"]
    form["start"], form["end"] = "2025-01-01", "2025-07-01"
    page = form.submit(status=303).follow()
    assert page.html.find(id="progress")["data-state"] == "queued"
    assert page.html.find(id="progress")["hx-get"].endswith("/progress")


def test_readings_make_a_point_heard_or_silent(house):
    with house.database.sessions("owner").begin() as session:
        now = dt.datetime.now(dt.UTC)
        session.connection().exec_driver_sql("SELECT devices.ensure_reading_partitions(%s, %s)", (now, now))
        session.add(Reading(installation_id=house.ids["installations"], ts=now, value=Decimal(12), received_at=now))
    operator = house.person("operator")
    assert "parle" in operator.get(f"/points/{house.ids['points']}").html.find(class_="state").get_text()
    form = operator.get("/clock").forms["form"]
    form["now"] = (now + dt.timedelta(days=2)).replace(tzinfo=None).isoformat(timespec="minutes")
    form.submit(status=303)
    said = operator.get("/").html.find(class_="answer").get_text()
    assert "1 point sur 1 est silencieux" in said
    form = operator.get("/clock").forms["form"]
    form["now"] = ""
    form.submit(status=303)


def test_the_address_printed_on_an_invoice_says_whether_it_is_genuine(house):
    with house.database.sessions("owner")() as session:
        seal = session.get_one(Invoice, house.ids["invoices"]).sha256
    visitor = house.visitor()
    form = visitor.get("/check/F2026-0001").forms["form"]
    form["seal"] = " ".join(seal[place : place + 4] for place in range(0, 64, 4))
    answer = form.submit()
    assert "authentique" in answer
    assert "443,48" in answer.text.replace("\u202f", "")
    form["seal"] = "0" * 64
    assert "ne vont pas ensemble" in form.submit()
    form["seal"] = seal[:16]
    assert "64 signes" in form.submit(), "the beginning printed under each page is no seal, and no reason not to pay"


def test_a_municipality_downloads_what_it_takes_to_recompute(house):
    holder = signed_in(house, "maire@ecole.example")
    days = list(csv.DictReader(io.StringIO(holder.get(f"/reports/{house.ids['reports']}.csv").text)))
    with house.database.sessions("owner")() as session:
        report = session.get_one(SavingsReport, house.ids["reports"])
        plan_seal = report.plan.sha256
        totals = report.measured_kwh, report.adjusted_baseline_kwh
    assert (
        sum(Decimal(day["measured_kwh"]) for day in days),
        sum(Decimal(day["adjusted_baseline_kwh"]) for day in days),
    ) == totals
    assert hashlib.sha256(holder.get(f"/plans/{house.ids['plans']}.json").body).hexdigest() == plan_seal
    address = f"/points/{house.ids['points']}/readings.csv"
    assert holder.get(f"{address}?start=2025-12-01&end=2025-12-31").text.startswith("serial,channel,time_utc,value")
    assert "400 jours" in holder.get(f"{address}?start=0900-01-01&end=2025-12-31", status="*")
    assert "400 jours" in holder.get(f"{address}?start=2025-12-31&end=2025-12-01", status="*")


def test_each_party_answers_for_itself_on_the_page_of_an_event(house):
    operator, holder = house.person("operator"), signed_in(house, "maire@ecole.example")
    address = f"/boundaries/{house.ids['boundaries']}"
    form = operator.get(f"/events/new?boundary={house.ids['boundaries']}").forms["form"]
    form["kind"], form["method"], form["start"], form["reason"] = "closure", "estimate", "2025-09-01", "Fermée"
    form["last"], form["energy_kwh"] = "2025-09-30", "-120,5"
    form["evidence"] = [webtest.Upload("arrêté.pdf", b"%PDF-1.4")]
    page = form.submit(status=303).follow()
    assert "agree" not in page.forms
    event = page.request.path
    assert "arrêté.pdf" in page.text

    mine = holder.get(event)
    assert "withdraw" not in mine.forms
    assert "-120" in mine.text.replace("−", "-")
    refused = mine.forms["reject"].submit(status=422)
    assert "Remplissez" in refused.html.find(class_="error").get_text()
    agreed = mine.forms["agree"].submit(status=303).follow()
    assert "accepté par les deux parties" in agreed.text
    again = mine.forms["agree"].submit(status=422)
    assert "n'attend plus de décision" in again.html.find(class_="refusal").get_text()
    assert "Fermée" in operator.get(address).text


def test_a_municipality_proposes_and_the_spl_cannot_answer_for_it(house):
    holder = signed_in(house, "maire@ecole.example")
    form = holder.get(f"/events/new?boundary={house.ids['boundaries']}&suggestion={house.ids['suggestions']}").forms[
        "form"
    ]
    assert form["start"].value == "2025-07-01"
    form["kind"], form["method"], form["reason"] = "equipment", "drop", "Climatiseurs d'appoint"
    event = form.submit(status=303).follow()
    assert "withdraw" in event.forms
    technician = house.person("technician")
    technician.get(event.request.path, status=403)
    stranger = house.person("stranger")
    stranger.get(event.request.path, status=404)
    with house.database.sessions("owner")() as session:
        kept = session.get_one(NonRoutineEvent, int(event.request.path.split("/")[-1]))
        assert (kept.proposed_by_party, [one.party for one in kept.decisions]) == ("shareholder", ["shareholder"])
    with house.database.sessions("web")() as session:
        bind_actor(session, Actor(Role.OPERATOR, account_id=1))
        with pytest.raises(DatabaseError, match="row-level security"):
            session.execute(
                text(
                    "INSERT INTO baseline.event_decision (event_id, party, verdict, by, account_id, decided_on, reason)"
                    " VALUES (:event, 'shareholder', 'agreed', 'La maire', 1, now(), '')"
                ),
                {"event": kept.id},
            )


def test_a_suggestion_is_dismissed_with_a_reason_and_stays_in_sight(house):
    holder = signed_in(house, "maire@ecole.example")
    with house.database.sessions("owner").begin() as session:
        one = session.get_one(EventSuggestion, house.ids["suggestions"])
        other = EventSuggestion(
            plan=one.plan,
            period=Range(dt.date(2025, 10, 1), dt.date(2025, 11, 1)),
            effect_kwh=Decimal(90),
            confidence_level=0.9,
            evidence=60.0,
            seen_on=TODAY,
        )
        session.add(other)
        session.flush()
        address = f"/suggestions/{other.id}/dismiss"
    form = holder.get(address).forms["form"]
    form["reason"] = "Un automne doux"
    assert "Un automne doux" in form.submit(status=303).follow().text
    house.person("stranger").get(address, status=404)


def test_both_parties_accept_a_finding_on_the_page_of_its_report(house):
    with house.database.sessions("owner").begin() as session:
        seen = session.get_one(SavingsReport, house.ids["reports"])
        finding = unmetered("charge_point", house.ids["events"], dt.date(2025, 3, 1)).to_json()
        values = {
            column.name: getattr(seen, column.name)
            for column in SavingsReport.__table__.columns
            if column.name not in {"id", "created_at"}
        }
        session.add(report := SavingsReport(**{**values, "findings": [finding]}))
        session.flush()
        address = f"/reports/{report.id}"
    for browser in (house.person("operator"), signed_in(house, "maire@ecole.example")):
        page = browser.get(address)
        assert "aucun sous-compteur" in page.html.find(id="acceptances").find_parent("section").get_text()
        form = page.forms["accept-1"]
        form["reason"] = ""
        assert "Remplissez" in form.submit(status=422).text
        form["reason"] = "Une seule borne, peu utilisée"
        page = form.submit(status=303).follow()
        assert "Une seule borne" in page.text
        assert "accept-1" not in page.forms
    again = browser.post(
        f"/plans/{house.ids['plans']}/findings?code=charging_unmetered&about=event-0&report={report.id}",
        {"csrf_token": page.html.find("input", attrs={"name": "csrf_token"})["value"], "reason": "Encore"},
        status=422,
    )
    assert "n'a plus lieu" in again.html.find(class_="refusal").get_text()
