"""Chorus Pro in the pages: an operator deposits, notes and books; a municipality sees where its own invoice stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from billing.chorus.models import Deposit
from billing.invoices.models import Invoice
from billing.invoices.register import RENDER
from billing.ledger.register import balance
from contracts.parties.models import Budget, Shareholder
from contracts.parties.register import add_budget
from fleet.accounts.register import create_account
from foundation.clock import set_clock
from foundation.jobs.models import Job
from foundation.jobs.queue import ask
from tests.billing.test_chorus import issued
from tests.chain import company, siret
from tests.webhouse import PASSWORD, open_house


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_web_chorus"):
        with house.database.sessions("owner").begin() as session:
            set_clock(session, dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC))
            company(session)
            invoice = issued(session)
            owner = session.get_one(Shareholder, invoice.shareholder_id)
            create_account(
                session,
                email="finances@ville.example",
                name="F",
                role="shareholder",
                password=PASSWORD,
                shareholder=owner,
            )
            stranger = session.scalars(select(Shareholder).where(Shareholder.name == "Ailleurs")).one()
            add_budget(session, stranger, siret=siret(stranger.siren), service_code="ANCIEN")
            house.invoice = invoice.id
        yield house


@pytest.fixture(autouse=True)
def _nothing_deposited(house):
    with house.database.sessions("owner").begin() as session:
        for table in ("deposit_event", "deposit"):
            session.execute(text(f"ALTER TABLE billing.{table} DISABLE TRIGGER USER"))
            session.execute(text(f"DELETE FROM billing.{table}"))


@pytest.fixture
def chorus_on(house):
    settings = house.app.registry["settings"]
    house.app.registry["settings"] = replace(settings, chorus_api_url="https://sandbox-api.piste.gouv.fr/cpro")
    yield
    house.app.registry["settings"] = settings


def municipality(house):
    return house.signed_in("finances@ville.example")


def noted(house, **statuses):
    """Deposit by hand and note statuses, through the pages; return the operator's browser."""
    claire = house.person("operator")
    form = claire.get(f"/invoices/{house.invoice}/chorus/by-hand").forms["form"]
    form["flux"], form["day"] = "CPP 1234", "2026-01-21"
    form.submit(status=303)
    one = house.scalar(select(Deposit.id))
    for code, comment in statuses.items():
        form = claire.get(f"/deposits/{one}/status").forms["form"]
        form["code"], form["day"], form["comment"] = code, "2026-01-22", comment
        form.submit(status=303)
    return claire


def test_off_by_default_it_says_how_to_deposit_by_hand(house):
    claire = house.person("operator")
    page = claire.get("/chorus")
    assert "n'est pas réglé sur ce serveur" in page
    assert "deposit-all" not in page.forms
    assert "deposit" not in claire.get(f"/invoices/{house.invoice}").forms
    csrf = next(one["csrf_token"].value for one in page.forms.values() if "csrf_token" in one.fields)
    claire.post(f"/invoices/{house.invoice}/chorus", {"csrf_token": csrf}, status=303)
    assert house.scalar(select(Deposit.id)) is None


@pytest.mark.usefixtures("chorus_on")
def test_on_one_button_deposits_all_as_a_job(house):
    claire = house.person("operator")
    claire.get("/chorus").forms["deposit-all"].submit(status=303)
    assert house.scalar(select(Deposit.state)) == "wanted"
    assert house.scalar(select(Job.kind).order_by(Job.id.desc())) == "billing.chorus_step"
    page = claire.get(f"/invoices/{house.invoice}")
    assert "à envoyer" in page
    assert "deposit-all" not in claire.get("/chorus").forms


def test_a_rejected_invoice_says_why_and_what_to_do_to_the_spl_and_its_state_to_its_municipality(house):
    claire = noted(house, MISE_A_DISPOSITION="", REJETEE="Le code service <b>X</b> est fermé")
    for path in (f"/invoices/{house.invoice}", "/chorus"):
        page = claire.get(path)
        assert "Annulez-la par un avoir" in page
        assert "demandez-le à la collectivité" in page
        assert "&lt;b&gt;X&lt;/b&gt; est fermé" in page
    assert "attend quelque chose de la SPL" in claire.get("/")
    page = municipality(house).get(f"/invoices/{house.invoice}")
    assert "rejetée" in page
    assert "est fermé" in page
    assert "Annulez-la" not in page
    assert "rejetée" in municipality(house).get("/chorus")
    stranger = house.person("stranger")
    assert "rejetée" not in stranger.get("/chorus")
    stranger.get(f"/deposits/{house.scalar(select(Deposit.id))}/status", status=403)


def test_a_payment_that_is_announced_is_booked_by_a_person_with_the_day_of_the_bank(house):
    claire = noted(house, MISE_EN_PAIEMENT="")
    with house.database.sessions("owner")() as session:
        assert balance(session, "512") == 0, "nothing is booked by itself"
    assert "F2026-0001" in claire.get("/chorus").html.find(class_="tasks").text
    form = claire.get(f"/invoices/{house.invoice}/chorus/payment").forms["form"]
    assert form["amount"].value == "443,48"
    form["day"], form["payer"] = "2026-03-31", "Trésorerie"
    form.submit(status=303)
    with house.database.sessions("owner")() as session:
        assert str(balance(session, "512")) == "443.48"
    assert claire.get("/chorus").html.find(class_="tasks") is None, "booked, it asks for nothing more"


def test_the_directory_from_a_file_names_what_is_wrong(house):
    claire = house.person("operator")
    number = house.scalar(select(Budget.siret).where(Budget.service_code == "ANCIEN"))
    header = claire.get("/structures/template.csv").text.splitlines()[0]
    form = claire.get("/structures").forms["form"]
    form["file"] = ("annuaire.csv", f"{header}\n{number},VILLE,oui,non,NEUF,Neuf,oui,non\n".encode())
    form.submit(status=303)
    page = claire.get("/structures")
    assert "il a : NEUF." in page
    form = page.forms["form"]
    form["file"] = ("annuaire.csv", b"n'importe quoi")
    assert "nomme ses colonnes" in form.submit(status=422)


def test_a_missing_rate_is_entered_on_its_page(house):
    claire = house.person("operator")
    page = claire.get("/late-interest")
    assert "sans taux" in page
    form = page.forms["form"]
    form["percent"], form["source"] = "2,15", "BCE"
    half_year = dt.date.fromisoformat(form["half_year"].value)
    form.submit(status=303)
    assert f"{half_year:%d/%m/%Y}" in claire.get("/late-interest").html.find("tbody").text


def test_a_document_whose_originals_are_held_says_why_and_may_be_tried_again(house):
    claire = house.person("operator")
    with house.database.sessions("owner").begin() as session:
        invoice = session.get_one(Invoice, house.invoice)
        session.execute(text("ALTER TABLE billing.invoice DISABLE TRIGGER USER"))
        original, invoice.pdf_id = invoice.pdf_id, None
        job = ask(session, RENDER, "Originaux", {invoice.number: {"invoice_id": invoice.id}})
        job.state, job.items[0].state, job.items[0].error = (
            "failed",
            "failed",
            "La règle <b>BR-CO-15</b> n'est pas tenue.",
        )
    try:
        page = claire.get(f"/invoices/{house.invoice}")
        assert "Les originaux sont retenus" in page
        assert "&lt;b&gt;BR-CO-15" in page
        page.forms["originals"].submit(status=303)
        again = claire.get(f"/invoices/{house.invoice}")
        assert "en cours de fabrication" in again
        assert "retenus" not in municipality(house).get(f"/invoices/{house.invoice}")
    finally:
        with house.database.sessions("owner").begin() as session:
            session.get_one(Invoice, house.invoice).pdf_id = original


def test_what_was_paid_late_is_booked_as_interest_and_indemnity_by_a_person(house):
    claire = house.person("operator")
    owner = house.scalar(select(Invoice.shareholder_id).where(Invoice.id == house.invoice))
    form = claire.get(f"/receivables/{owner}/payments/new").forms["form"]
    form["day"], form["amount"], form["reference"], form["payer"] = "2026-03-31", "900", "M-9", "Trésorerie"
    address = form.submit(status=303).location
    page = claire.get(address)
    assert "hors champ de la TVA" in page
    page.forms[f"late-{house.invoice}"].submit(status=303)
    page = claire.get(address)
    assert "règle aussi le retard" in page
    assert f"late-{house.invoice}" not in page.forms
    with house.database.sessions("owner")() as session:
        assert str(balance(session, "758")) == "-40.00"
    assert "Retard payé" in municipality(house).get(f"/invoices/{house.invoice}")


def test_the_municipality_reads_what_it_keeps(house):
    page = municipality(house).get(f"/invoices/{house.invoice}")
    assert "elle garde 443,48" in page.text.replace("\u202f", " ")
