"""A settlement on its pages: proposed, read by a second person, disputed by the municipality, answered, completed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select
from webtest import Upload

from billing.settlements.models import DisputeStep, Settlement
from contracts.agreements.models import Agreement
from contracts.parties.models import Shareholder
from contracts.parties.register import the_company
from fleet.accounts.register import create_account
from tests.chain import SIRENS, company, signed_agreement
from tests.webhouse import PASSWORD, open_house

MAYOR, PAUL = "maire@ecole.example", "paul@spl.example"


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_disputes"):
        with house.database.sessions("owner").begin() as session:
            company(session)
            the_company(session).second_review_above = Decimal(100)
            signed_agreement(session, SIRENS[0])
            town = session.scalars(select(Shareholder).where(Shareholder.siren == SIRENS[0])).one()
            create_account(
                session, email=MAYOR, name="La maire", role="shareholder", password=PASSWORD, shareholder=town
            )
            create_account(session, email=PAUL, name="Paul", role="operator", password=PASSWORD)
        yield house


def said(browser, address, **values):
    """Fill and send the form at `address` and return the page it leads to."""
    form = browser.get(address).forms["form"]
    for name, value in values.items():
        form[name] = value
    return form.submit(status=303).follow()


def test_from_proposal_to_complement(house):
    claire, paul, mayor = house.person("operator"), house.signed_in(PAUL), house.signed_in(MAYOR)
    agreement = house.scalar(select(Agreement.id))
    page = said(claire, f"/agreements/{agreement}/settlements", start="2025-01-01", end="2026-01-01")
    address = page.request.path
    assert "demande la relecture" in page
    assert "accept" not in mayor.get(address).forms
    refused = page.forms["review"].submit(status=422)
    assert "Vous l'avez proposé" in refused.html.get_text()
    paul.get(address).forms["review"].submit(status=303)
    assert "Relu par Paul" in mayor.get(address)

    line = house.scalar(select(func.min(Settlement.id)))
    assert line is not None
    form = mayor.get(f"{address}/dispute").forms["form"]
    assert "Remplissez ce champ" in form.submit(status=422)
    form["lines"] = [form["lines"].options[0][0]]
    form["reason"] = "Le chauffage était éteint.\nVoir le courrier."
    form["evidence"] = [Upload("courrier <b>.pdf", b"%PDF-1.7", "application/pdf")]
    page = form.submit(status=303).follow()
    assert "Ces lignes sont retenues" in page
    assert "Répondre" not in page, "the SPL answers, not the municipality"
    step = house.scalar(select(func.min(DisputeStep.id)))
    file = mayor.get(f"/dispute-steps/{step}/file")
    assert (file.body, file.headers["Content-Disposition"]) == (b"%PDF-1.7", 'attachment; filename="courrier--b-.pdf"')
    house.person("stranger").get(f"/dispute-steps/{step}/file", status=404)
    house.person("technician").get(f"{address}/dispute", status=403)
    mayor.get(f"{address}/dispute/answer", status=403)

    rest = said(claire, f"/agreements/{agreement}/settlements", start="2025-01-01", end="2026-01-01")
    assert "Contesté par la collectivité, retenu" in rest
    rest.forms["accept"].submit(status=303)
    page = said(claire, f"{address}/dispute/answer", outcome="maintained", text="Le relevé est joint.")
    assert "Le relevé est joint." in page
    said(mayor, f"{address}/dispute/expert", expert="Bureau Kerdreux")
    said(mayor, f"{address}/dispute/documents/new", document=Upload("photo.jpg", b"photo", "image/jpeg"))
    page = said(claire, f"{address}/dispute/decision", outcome="maintained", text="L'expert confirme.")
    assert "tranché" in page
    page = said(claire, f"/agreements/{agreement}/complement")
    assert "complément" in page.html.find("h1").parent.get_text()
    assert "369,57" in page
    assert "Est-ce contesté" in paul.get(page.request.path)
