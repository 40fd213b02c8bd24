"""A mayor in a real browser: signs in, opens the building, sees the chart drawn, downloads the invoice."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select

from baseline.weather.models import Station, Temperature
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from contracts.parties.models import Shareholder
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.points.models import MeteringPoint
from fleet.accounts.register import create_account
from foundation.time import days
from tests.chain import SIRENS, YEAR, accepted_settlement, celsius_on, company, signed_agreement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.databases import Database
    from tests.scenarios.house import House

ISSUED_ON = dt.date(2026, 1, 20)
PASSWORD = "une phrase pour entrer"
# As root, and on a machine that reaches nothing: no sandbox, no background talk.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def page() -> Iterator[Page]:
    """Yield a page of Debian's Chromium that counts every complaint of its console."""
    chromium = os.environ.get("FLEET_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is not installed: run the tests with scripts/test, which brings it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(locale="fr-FR", accept_downloads=True)
        page = context.new_page()
        yield page
        browser.close()


def two_towns(database: Database) -> tuple[int, int]:
    """Register two municipalities with a school each, an issued invoice, and an account; return the first's ids."""
    with database.sessions().begin() as session:
        company(session)
        for siren in SIRENS[:2]:
            settlement = accepted_settlement(session, signed_agreement(session, siren))
            invoice = check(
                session, draft(session, settlement, base_url="http://spl.example", today=dt.date(2026, 1, 20))
            )
            render(session, issue(session, invoice, today=dt.date(2026, 1, 20)), today=dt.date(2026, 1, 20))
            town = session.scalars(select(Shareholder).where(Shareholder.siren == siren)).one()
            create_account(
                session,
                email=f"maire{siren}@ville.example",
                name="La maire",
                role="shareholder",
                password=PASSWORD,
                shareholder=town,
            )
            if siren == SIRENS[0]:
                first = invoice.id, settlement.lines[0].boundary.buildings[0].id
        for point in session.scalars(select(MeteringPoint)):
            measured(session, point)
        for station in session.scalars(select(Station)):
            session.add_all(
                Temperature(
                    station_id=station.id, hour=dt.datetime(*day.timetuple()[:3], hour, tzinfo=dt.UTC), celsius=celsius
                )
                for day in days(dt.date(2023, 1, 1), dt.date(2024, 1, 1))
                for celsius in [Decimal(f"{celsius_on(day):.4f}")]
                for hour in range(24)
            )
    return first


def measured(session, point: MeteringPoint) -> None:
    """Give `point` the energy of its baseline year and of 2025: days all year, hours of the last two weeks."""
    for day in (*days(dt.date(2023, 1, 1), dt.date(2024, 1, 1)), *days(*YEAR)):
        session.add(
            DailyEnergy(
                point_id=point.id,
                day=day,
                kwh=Decimal(f"{60 + 6 * max(0.0, 15 - celsius_on(day)) + day.day % 5:.3f}"),
                hours_measured=24,
                hours_expected=24,
                reason="measured",
            )
        )
    end = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for number in range(14 * 24):
        session.add(
            HourlyEnergy(
                point_id=point.id,
                hour=end - dt.timedelta(hours=number + 1),
                kwh=Decimal(3 + number % 5),
                reason="measured",
            )
        )


@pytest.mark.timeout(180)
def test_a_municipality_sees_its_building_and_downloads_its_invoice(
    house: House, database: Database, page: Page
) -> None:
    invoice, building = two_towns(database)
    house.run("clock", "set", "2026-01-25T09:00+01:00")
    house.start("web")
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(f"{house.url}/sign-in")
    sign_in(page, SIRENS[0])
    page.goto(f"{house.url}/buildings/{building}")
    charts = page.locator("figure.chart")
    expect(charts.first).to_have_attribute("data-drawn", "true", timeout=30_000)
    for number in range(charts.count()):
        expect(charts.nth(number)).to_have_attribute("data-drawn", "true", timeout=30_000)
    assert page.locator("figure.chart canvas, figure.chart svg").count() > 0

    page.goto(f"{house.url}/invoices/{invoice}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger le PDF").click()
    assert download.value.suggested_filename == "F2026-0001.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert complaints == [], "the page and its security policy agree"

    page.get_by_role("button", name="Se déconnecter").first.click()
    sign_in(page, SIRENS[1])
    for path in (f"/invoices/{invoice}", f"/invoices/{invoice}.pdf", f"/buildings/{building}"):
        assert page.request.get(f"{house.url}{path}").status == 404, path


def sign_in(page: Page, siren: str) -> None:
    """Fill in the sign-in page."""
    page.get_by_label("Adresse électronique").fill(f"maire{siren}@ville.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.locator("form#form").get_by_role("button").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
