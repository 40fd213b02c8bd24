"""What goes wrong in real life: each gets a sentence that says what is wrong and what to do, and loses nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from devices.ingest.publish import Publisher
from tests.chain import SIRENS, siret
from tests.scenarios.browser import Person
from tests.scenarios.house import House, scalar, wait_until

if TYPE_CHECKING:
    from tests.databases import Database

PASSWORD = "une phrase pour entrer"

PAYLOADS = {
    "unknown device": (
        "spl/v1/inconnu/readings",
        b'{"readings":[{"time":"2026-01-01T00:00:00Z","channel":"index","value":1}]}',
    ),
    "unreadable JSON": ("spl/v1/A1/readings", b'{"readings": [oops'),
    "a number as text": (
        "spl/v1/A1/readings",
        b'{"readings":[{"time":"2026-01-01T00:00:00Z","channel":"index","value":"21,5"}]}',
    ),
    "a date in 2099": (
        "spl/v1/A1/readings",
        b'{"readings":[{"time":"2099-01-01T00:00:00Z","channel":"index","value":1}]}',
    ),
    "not text at all": ("spl/v1/A1/readings", b"\xff\x00\xfe"),
}


@pytest.fixture
def operator(house: House) -> Person:
    """Return an operator at the desk of a house where nothing is registered yet."""
    house.environment["FLEET_PASSWORD"] = PASSWORD
    house.run("account", "create", "claire@spl.example", "--name", "Claire", "--role", "operator")
    house.start("web")
    return Person(house.url).sign_in("claire@spl.example", PASSWORD)


@pytest.mark.timeout(180)
def test_what_no_reading_can_be_made_of_is_kept_with_its_reason(house: House, database: Database) -> None:
    house.start("ingest")
    with Publisher(house.sensors_url) as publisher:
        for topic, payload in PAYLOADS.values():
            publisher.publish(topic, payload)
    wait_until(
        lambda: scalar(database, "SELECT count(*) FROM devices.dead_letter") == len(PAYLOADS),
        f"not every message was kept:\n{house.log_of('ingest')}",
        patience=30,
    )
    with database.sessions("owner")() as session:
        kept = session.execute(
            text("SELECT topic, payload, reason, sentence FROM devices.dead_letter ORDER BY id")
        ).all()
    assert [(topic, bytes(payload)) for topic, payload, _, _ in kept] == list(PAYLOADS.values())
    assert len({reason for _, _, reason, _ in kept}) >= 4, "each has its own reason"
    assert all(sentence.endswith(".") and len(sentence) > 30 for _, _, _, sentence in kept)
    assert scalar(database, "SELECT count(*) FROM devices.reading") == 0
    assert house.processes["ingest"].poll() is None, "bad messages do not stop the process"


@pytest.mark.timeout(180)
def test_a_reading_that_came_too_early_is_replayed_once_its_device_is_registered(
    house: House, operator: Person, database: Database
) -> None:
    house.start("ingest")
    topic, payload = PAYLOADS["unknown device"]
    with Publisher(house.sensors_url) as publisher:
        publisher.publish(topic, payload)
    wait_until(
        lambda: scalar(database, "SELECT count(*) FROM devices.dead_letter") == 1, "nothing was kept", patience=30
    )
    site = operator.make("/sites/new", name="École", city="Ville", timezone="Europe/Paris")
    school = operator.make(f"/sites/{site}/buildings/new", name="École", use="école")
    point = operator.make(f"/buildings/{school}/points/new", name="Général", energy="electricity")
    device = operator.make("/devices/new", serial="inconnu")
    operator.submit(f"/devices/{device}/installations/new", point_id=point, at="2025-01-01T00:00+01:00")
    house.run("devices", "replay")
    assert scalar(database, "SELECT count(*) FROM devices.reading") == 1
    assert scalar(database, "SELECT count(*) FROM devices.dead_letter WHERE replayed_at IS NULL") == 0


@pytest.mark.timeout(180)
def test_forms_refuse_with_a_sentence_and_change_nothing(operator: Person, database: Database) -> None:
    before = scalar(database, "SELECT count(*) FROM foundation.change")
    assert "fuseau" in operator.refused("/sites/new", name="École", city="Ville", timezone="Europe/Lorient")
    assert "SIREN" in operator.refused(
        "/shareholders/new", name="Ville", siren="123456789", street="1", postcode="56000", city="Ville"
    )
    assert scalar(database, "SELECT count(*) FROM foundation.change") == before

    station = operator.make("/weather/new", code="S1", name="Station")
    for content, sentence in {
        b"heure;temp\n2026-01-01 00:00;5\n": "« temp_c » manque",
        b"heure;temp_c\n2026-01-01 00:00;cinq\n": "Ligne 2",
        b"heure;temp_c\n2026-01-01 00:00;5\n2026-01-01 01:00;278.4\n": "Ligne 3",
    }.items():
        assert sentence in operator.refused(
            f"/weather/{station}/import",
            files={"file": ("meteo.csv", content, "text/csv")},
            time_column="heure",
            temperature_column="temp_c",
            timezone="UTC",
        )
    assert scalar(database, "SELECT count(*) FROM baseline.temperature") == 0
    assert scalar(database, "SELECT count(*) FROM foundation.attachment") == 0

    town = operator.make(
        "/shareholders/new", name="Ville", siren=SIRENS[0], street="1 place", postcode="56000", city="Ville"
    )
    budget = operator.make(f"/shareholders/{town}/budgets/new", siret=siret(SIRENS[0]))
    assert "avant d'avoir commencé" in operator.refused(
        "/agreements/new",
        number="A1",
        title="Suivi",
        shareholder_id=town,
        budget_id=budget,
        starts_on="2026-01-01",
        ends_on="2025-01-01",
        share="0.5",
    )
    assert scalar(database, "SELECT count(*) FROM contracts.agreement") == 0


@pytest.mark.timeout(180)
def test_a_baseline_of_four_months_is_assessed_and_cannot_be_frozen(operator: Person, database: Database) -> None:
    site = operator.make("/sites/new", name="École", city="Ville", timezone="UTC")
    school = operator.make(f"/sites/{site}/buildings/new", name="École", use="école")
    operator.make(f"/buildings/{school}/points/new", name="Général", energy="electricity")
    boundary = operator.make(
        f"/boundaries/new?building={school}", name="École", energy="electricity", start="2025-01-01"
    )
    station = operator.make("/weather/new", code="S1", name="Station")
    hours = [dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=n) for n in range(24 * 120)]
    rows = "\n".join(f"{hour:%Y-%m-%d %H:%M},{5 + hour.hour / 10 + hour.day / 4:.1f}" for hour in hours)
    operator.submit(
        f"/weather/{station}/import",
        files={"file": ("meteo.csv", f"heure,temp_c\n{rows}\n".encode(), "text/csv")},
        time_column="heure",
        temperature_column="temp_c",
        timezone="UTC",
    )
    with database.sessions("owner").begin() as session:
        for day in range(120):
            session.execute(
                text(
                    "INSERT INTO devices.daily_energy (point_id, day, kwh, hours_measured, hours_expected, reason)"
                    " SELECT id, :day, :kwh, 24, 24, 'measured' FROM devices.metering_point"
                ),
                {"day": dt.date(2025, 1, 1) + dt.timedelta(days=day), "kwh": 100 + day % 7},
            )
    plan = operator.make(
        f"/plans/new?boundary={boundary}",
        station_id=station,
        baseline_start="2025-01-01",
        baseline_end="2025-05-01",
        reporting_starts_on="2025-06-01",
    )
    assert "329" in operator.refused(f"/plans/{plan}", form="freeze")
    assert scalar(database, "SELECT state FROM baseline.measurement_plan") == "draft"
