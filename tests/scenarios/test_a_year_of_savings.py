"""The one story everything serves: reading → energy → baseline → savings → share → invoice → PDF.

A real office (or, without the reference data, a generated one): 2009 before the works, 2010 the works,
2011 after. Readings travel through the broker and the ingest process, everything else is done over HTTP
by people signed in, the worker included; figures are checked at each step against the file itself.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from pypdf import PdfReader
from sqlalchemy import text

from devices.ingest.publish import publish_readings
from tests.chain import siret
from tests.scenarios.browser import Person, soup, words
from tests.scenarios.house import House, scalar, wait_until
from tests.scenarios.reference import reference

if TYPE_CHECKING:
    from tests.databases import Database

SERIAL = "compteur-bureau-6"
PASSWORD = "une phrase pour entrer"
PRICE = Decimal("0.152")
SHARE = Decimal("0.4")
CII = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.timeout(600)
def test_a_year_of_savings(house: House, database: Database, capsys) -> None:  # noqa: PLR0915 - one story, told whole
    building = reference()
    with capsys.disabled():
        sys.stdout.write(f"\n  the story is told on {building.source}\n")
    readings = building.index()

    # The house is opened; its first operator signs in.
    house.run("clock", "set", "2010-01-11T09:00+01:00")
    house.environment["FLEET_PASSWORD"] = PASSWORD
    house.run("account", "create", "claire@spl.example", "--name", "Claire", "--role", "operator")
    house.start("web", "worker", "ingest")
    claire = Person(house.url).sign_in("claire@spl.example", PASSWORD)

    # She describes the SPL, registers a shareholder and what it holds.
    claire.submit(
        "/company",
        name="SPL Énergies partagées",
        share_capital="225000",
        siret=siret("200000057"),
        trade_register="RCS Lorient 200 000 057",
        street="1 quai des Indes",
        postcode="56100",
        city="Lorient",
        email="contact@spl.example",
        iban="FR7630006000011234567890189",
        bic="AGRIFRPP",
    )
    town = claire.make(
        "/shareholders/new",
        name="Kermelo",
        siren="200000016",
        street="1 place de la Mairie",
        postcode="56000",
        city="Kermelo",
        capital="150000",
        since="2005-01-01",
    )
    budget = claire.make(
        f"/shareholders/{town}/budgets/new",
        siret=siret("200000016"),
        service_code="FINANCES",
        commitment_number="2011-0042",
    )
    other = claire.make(
        "/shareholders/new",
        name="Ailleurs",
        siren="200000024",
        street="2 rue d'Ailleurs",
        postcode="56000",
        city="Ailleurs",
        capital="75000",
        since="2005-01-01",
    )
    site = claire.make("/sites/new", name="Hôtel de ville", city="Kermelo", timezone="Etc/GMT-1")
    office = claire.make(f"/sites/{site}/buildings/new", name="Bureaux", use="bureaux", floor_area_m2="1200")
    claire.submit(f"/buildings/{office}/holdings/new", shareholder_id=town, start="2005-01-01")
    point = claire.make(f"/buildings/{office}/points/new", name="Comptage général", energy="electricity")
    boundary = claire.make(
        f"/boundaries/new?building={office}", name="Bureaux, électricité", energy="electricity", start="2009-01-01"
    )
    device = claire.make("/devices/new", serial=SERIAL)
    claire.submit(f"/devices/{device}/installations/new", point_id=point, at="2009-01-02T00:00+01:00")

    # The year before the works arrives through the broker, old stamps and all; the worker makes energy of it.
    before = [
        reading
        for reading in readings
        if reading[0].year < 2010 or reading[0] == dt.datetime(2010, 1, 1, tzinfo=reading[0].tzinfo)
    ]
    after = readings[len(before) :]
    assert publish_readings(house.sensors_url, SERIAL, "index", before) == len(before)
    wait_until(
        lambda: scalar(database, "SELECT count(*) FROM devices.reading") == len(before),
        f"not all of {len(before)} readings were stored:\n{house.log_of('ingest')}",
    )
    stored = "SELECT count(*) FROM devices.daily_energy WHERE kwh IS NOT NULL"
    wait_until(lambda: scalar(database, stored) == 364, f"energy of 2009 was not derived:\n{house.log_of('worker')}")

    # Outdoor temperature is imported; the baseline is drafted, assessed and frozen.
    station = claire.make("/weather/new", code="6", name="Station du bureau")
    weather = {"file": ("meteo.csv", building.weather_csv(), "text/csv")}
    claire.submit(
        f"/weather/{station}/import",
        files=weather,
        time_column="ts_local",
        temperature_column="temp_c",
        timezone="Etc/GMT-1",
    )
    assert scalar(database, "SELECT count(*) FROM baseline.temperature") == len(building.hours)
    plan = claire.make(
        f"/plans/new?boundary={boundary}",
        station_id=station,
        baseline_start="2009-01-02",
        baseline_end="2010-01-01",
        reporting_starts_on="2011-01-01",
    )
    claire.submit(f"/plans/{plan}", form="freeze")
    assert scalar(database, "SELECT state FROM baseline.measurement_plan") == "frozen"

    # The agreement quotes the plan by hash and is signed; the plan with it.
    agreement = claire.make(
        "/agreements/new",
        number="PAYS-2010-01",
        title="Suivi énergétique de l'hôtel de ville",
        shareholder_id=town,
        budget_id=budget,
        starts_on="2011-01-01",
        ends_on="2015-01-01",
        share=SHARE,
    )
    claire.submit(
        f"/agreements/{agreement}/prices/new", energy="electricity", start="2011-01-01", end="2015-01-01", price=PRICE
    )
    claire.submit(f"/agreements/{agreement}", form="annex", plan_id=plan)
    claire.submit(
        f"/agreements/{agreement}/sign",
        signed_on="2010-01-11",
        deliberation_number="2010-003",
        deliberation_date="2010-01-08",
        transmitted_on="2010-01-09",
        signatory="La maire",
        delegation="2008-004",
        files={"document": ("accord.pdf", b"%PDF-1.7 accord", "application/pdf")},
    )
    claire.submit(f"/plans/{plan}", form="sign", agreement_id=agreement, signed_on="2010-01-11")
    frozen = scalar(database, "SELECT model::text FROM baseline.measurement_plan")

    # Two years pass. Ingest is killed in the middle of them and loses nothing.
    house.run("clock", "set", "2012-01-16T09:00+01:00")
    assert publish_readings(house.sensors_url, SERIAL, "index", after[: len(after) // 2]) == len(after) // 2
    house.kill("ingest")
    rest = after[len(after) // 2 :]
    assert publish_readings(house.sensors_url, SERIAL, "index", rest) == len(rest)
    house.start("ingest")
    wait_until(
        lambda: scalar(database, "SELECT count(*) FROM devices.reading") == len(readings),
        f"not all of {len(readings)} readings were stored:\n{house.log_of('ingest')}",
    )
    assert scalar(database, "SELECT count(*) FROM devices.dead_letter") == 0
    wait_until(lambda: scalar(database, stored) == 1094, f"energy was not derived:\n{house.log_of('worker')}")
    total = scalar(database, "SELECT sum(kwh) FROM devices.daily_energy")
    assert total == sum((hour.kwh for hour in building.hours), Decimal(0)), "kWh are conserved from file to energy"

    # The measured year is compared with the weather-adjusted baseline; the worker makes the report.
    job = claire.make(f"/plans/{plan}", form="report", start="2011-01-01", end="2012-01-01")
    claire.wait_for_job(job)
    report = report_figures(database)
    assert report["measured"] == building.kwh(dt.date(2011, 1, 1), dt.date(2011, 12, 31)), "kWh from file to report"
    assert report["adjusted"] - report["measured"] == report["avoided"]
    assert report["low"] < report["avoided"] < report["high"]
    assert report["days"] == 365
    assert scalar(database, "SELECT model::text FROM baseline.measurement_plan") == frozen, "a plan is never refitted"

    # A settlement is proposed and the municipality accepts it.
    claire.submit(f"/agreements/{agreement}", form="settle", start="2011-01-01", end="2012-01-01")
    settlement = scalar(database, "SELECT id FROM billing.settlement")
    assert "déjà" in claire.refused(f"/agreements/{agreement}", form="settle", start="2011-01-01", end="2012-01-01")
    house.run(
        "account",
        "create",
        "maire@kermelo.example",
        "--name",
        "Maire",
        "--role",
        "shareholder",
        "--shareholder",
        "200000016",
    )
    house.run(
        "account",
        "create",
        "maire@ailleurs.example",
        "--name",
        "Autre",
        "--role",
        "shareholder",
        "--shareholder",
        "200000024",
    )
    mayor = Person(house.url).sign_in("maire@kermelo.example", PASSWORD)
    mayor.submit(f"/settlements/{settlement}", form="accept")
    value = cents(report["avoided"] * PRICE)
    assert scalar(database, "SELECT avoided_value FROM billing.settlement") == value
    assert scalar(database, "SELECT amount FROM billing.settlement") == cents(value * SHARE)

    # An invoice is drafted, passes its checks, is issued with a number, and rendered by the worker.
    invoice = claire.make(f"/settlements/{settlement}", form="invoice")
    claire.submit(f"/invoices/{invoice}", form="check")
    claire.submit(f"/invoices/{invoice}", form="issue")
    wait_until(
        lambda: scalar(database, "SELECT pdf_id FROM billing.invoice") is not None,
        f"the invoice was not rendered:\n{house.log_of('worker')}",
    )
    assert scalar(database, "SELECT number FROM billing.invoice") == "F2012-0001"

    # The municipality downloads it: every euro is there, and nobody else may see it.
    pdf = mayor.get(f"/invoices/{invoice}.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(pdf.content))
    assert len(reader.pages) == 2
    xml = etree.fromstring(reader.attachments["factur-x.xml"][0])
    net = Decimal(xml.findtext(".//ram:TaxBasisTotalAmount", namespaces=CII))
    gross = Decimal(xml.findtext(".//ram:GrandTotalAmount", namespaces=CII))
    assert net == cents(value * SHARE), "report to invoice to the cent"
    assert gross == net + cents(net * Decimal("0.2"))
    assert mayor.get(f"/invoices/{invoice}.xml").content == reader.attachments["factur-x.xml"][0]
    assert "F2012-0001" in words(mayor.get(f"/invoices/{invoice}"))
    assert "Bureaux" in words(mayor.get(f"/buildings/{office}"))

    # It recomputes the invoice from that PDF alone, hours included, with the key the SPL publishes.
    (house.logs / "facture.pdf").write_bytes(pdf.content)
    (house.logs / "heures.csv").write_bytes(mayor.get(f"/invoices/{invoice}/hours/1.csv").content)
    key = scalar(database, "SELECT fingerprint FROM billing.signing_key")
    (house.logs / "spl.pem").write_bytes(Person(house.url).get(f"/keys/{key}.pem").content)
    files = [str(house.logs / name) for name in ("facture.pdf", "spl.pem", "heures.csv")]
    said = house.run("billing", "verify", files[0], "--public-key", files[1], "--hourly", files[2])
    assert "chaque chiffre se retrouve" in said

    stranger = Person(house.url).sign_in("maire@ailleurs.example", PASSWORD)
    nothing = words(stranger.get("/invoices/999999", 404))
    paths = ("/invoices/{}", "/invoices/{}.pdf", "/invoices/{}.xml")
    for path in (
        *(one.format(invoice) for one in paths),
        f"/buildings/{office}",
        f"/plans/{plan}",
        f"/settlements/{settlement}",
    ):
        assert words(stranger.get(path, 404)) == nothing, path
    assert other != town
    assert soup(stranger.get("/")).find(string="Bureaux") is None


def report_figures(database: Database) -> dict[str, Decimal]:
    """Return the figures of the one savings report."""
    with database.sessions("owner")() as session:
        row = session.execute(
            text(
                "SELECT adjusted_baseline_kwh AS adjusted, measured_kwh AS measured, avoided_energy_kwh AS avoided,"
                " avoided_low_kwh AS low, avoided_high_kwh AS high, days_counted AS days FROM baseline.savings_report"
            )
        ).one()
    return dict(row._mapping)
