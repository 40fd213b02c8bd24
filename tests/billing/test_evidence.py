"""An auditor alters a figure, with all the rights of the owner, and is caught."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from billing.cli import group
from billing.evidence.verify import verify
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from tests import databases
from tests.billing.test_invoices import TODAY, URL
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement


@pytest.fixture(scope="module")
def three_invoices(template):
    """Return the name of a database with three issued and rendered invoices, to be copied."""
    name = "fleet_test_three_invoices"
    databases.drop(name)
    database = databases.copy(template, name)
    with database.sessions().begin() as session:
        company(session)
        for siren in SIRENS[:3]:
            invoice = draft(
                session, accepted_settlement(session, signed_agreement(session, siren)), base_url=URL, today=TODAY
            )
            render(session, issue(session, check(session, invoice), today=TODAY), today=TODAY)
    database.disconnect()
    yield name
    database.close()


@pytest.fixture
def issued(three_invoices):
    """Yield a copy to alter."""
    database = databases.copy(three_invoices, "fleet_test_altered")
    yield database
    database.close()


ALTERATIONS = {
    "the amount of an invoice": "UPDATE billing.invoice SET net = net + 1, gross = gross + 1 WHERE position = 2",
    "a word of the sealed document": (
        "UPDATE billing.invoice SET snapshot = jsonb_set(snapshot, '{buyer,name}', '\"Autre\"') WHERE position = 2"
    ),
    "its seal too": "UPDATE billing.invoice SET sha256 = repeat('0', 64) WHERE position = 2",
    "an invoice removed": "DELETE FROM billing.invoice WHERE position = 2",
    "a byte of a PDF": "UPDATE foundation.attachment SET content = content || '\\x00' WHERE name = 'F2026-0002.pdf'",
    "the settled amount": "UPDATE billing.settlement SET amount = amount + 1 WHERE id = 2",
    "one measured day": (
        "UPDATE baseline.report_day SET measured_kwh = measured_kwh - 1 WHERE report_id = 2 AND day = '2025-03-01'"
    ),
    "the totals with it": (
        "UPDATE baseline.report_day SET measured_kwh = measured_kwh - 1 WHERE report_id = 2 AND day = '2025-03-01';"
        "UPDATE baseline.savings_report SET measured_kwh = measured_kwh - 1,"
        " avoided_energy_kwh = avoided_energy_kwh + 1 WHERE id = 2"
    ),
    "a coefficient of the baseline": (
        "UPDATE baseline.measurement_plan SET model = jsonb_set(model, '{regimes,0,levels,0}', '\"1\"') WHERE id = 2"
    ),
    "the annex of the agreement": "UPDATE contracts.annex SET sha256 = repeat('0', 64) WHERE agreement_id = 2",
}


def test_nothing_altered_nothing_found(issued):
    with issued.sessions("worker")() as session:
        assert verify(session) == ()
    answer = CliRunner().invoke(group, ["audit", "--database-url", issued.worker])
    assert (answer.exit_code, answer.stdout) == (0, "3 factures et avoirs vérifiés : chaque euro se retrouve.\n")


BOOKS = {
    "an amount on an account": "UPDATE billing.posting SET amount = amount + 1 WHERE id = 1",
    "revenue moved to another invoice": (
        "UPDATE billing.posting SET amount = amount - 1 WHERE entry_id = 1 AND account_code IN ('706');"
        "UPDATE billing.posting SET amount = amount + 1 WHERE entry_id = 1 AND account_code IN ('44574')"
    ),
    "an entry removed": "DELETE FROM billing.posting WHERE entry_id = 2; DELETE FROM billing.entry WHERE id = 2",
    "an entry of no document": "UPDATE billing.entry SET document = 'F2026-0099' WHERE id = 2",
    "a payment nobody booked": (
        "INSERT INTO billing.payment (shareholder_id, day, amount, reference, payer, recorded_by)"
        " VALUES (1, '2026-01-20', 10, 'M', 'x', 'x')"
    ),
}


@pytest.mark.parametrize("alteration", BOOKS)
def test_books_that_were_altered_are_named(issued, alteration):
    with issued.sessions("owner").begin() as session:
        for table in ("entry", "posting"):
            session.execute(text(f"ALTER TABLE billing.{table} DISABLE TRIGGER USER"))
        for statement in BOOKS[alteration].split(";"):
            session.execute(text(statement))
    answer = CliRunner().invoke(group, ["audit", "--database-url", issued.worker, "--json"])
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["discrepancies"]


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_alteration_is_named(issued, alteration):
    with issued.sessions("owner").begin() as session:
        for table in ("invoice", "settlement", "settlement_line"):
            session.execute(text(f"ALTER TABLE billing.{table} DISABLE TRIGGER USER"))
        for table in ("savings_report", "report_day", "measurement_plan"):
            session.execute(text(f"ALTER TABLE baseline.{table} DISABLE TRIGGER USER"))
        session.execute(text("ALTER TABLE foundation.attachment DISABLE TRIGGER USER"))
        for statement in ALTERATIONS[alteration].split(";"):
            session.execute(text(statement))
    with issued.sessions("worker")() as session:
        found = verify(session)
    assert found
    answer = CliRunner().invoke(group, ["verify", "--database-url", issued.worker, "--json"])
    assert answer.exit_code == 1
    assert len(json.loads(answer.stdout)["discrepancies"]) == len(found)
