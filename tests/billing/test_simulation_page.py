"""The page where terms are tried: an answer at once, other terms beside, and the years that were measured."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from billing.simulation.tasks import print_simulation
from contracts.agreements.models import Agreement
from foundation.jobs.models import JobItem
from foundation.jobs.queue import Moment
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement
from tests.webhouse import open_house

MOMENT = Moment(dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC), dt.date(2026, 2, 1))


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_simulation"):
        with house.database.sessions("owner").begin() as session:
            company(session)
            accepted_settlement(session, signed_agreement(session, SIRENS[0]))
        yield house


def test_terms_are_tried_on_what_is_expected_and_on_what_was_measured(house):
    claire = house.person("operator")
    agreement = house.scalar(select(Agreement.id))
    address = f"/agreements/{agreement}/simulation"
    page = claire.get(f"/agreements/{agreement}").click(href=address)
    said = page.html.find("div", "answer").get_text()
    assert "En 5 ans, la collectivité garderait" in said
    measured = page.html.find("section", {"aria-labelledby": "replayed"}).find_all("tr")
    cells = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in measured[1:]]
    # 739.13 EUR of savings: half of it as agreed, a third of what lies beyond the neutral zone in an intéressement.
    assert cells[0] == ["cet accord", "369,57\xa0€", "369,57\xa0€"]
    assert len(cells) == 5
    form = page.forms["form"]
    form["saving"], form["years"], form["sensor_cost"] = "-10 %", "3", "1500"
    said = form.submit().html.get_text()
    assert "En 3 ans, la collectivité garderait −" in said
    assert "jamais" in said
    form["baseline_kwh"] = "0"
    refused = form.submit(status=422)
    assert "supérieurs à zéro" in refused.html.get_text()
    house.person("technician").get(address, status=403)
    house.person("stranger").get(address, status=404)


def test_it_is_printed_by_the_worker_with_the_same_answer(house):
    claire = house.person("operator")
    agreement = house.scalar(select(Agreement.id))
    form = claire.get(f"/agreements/{agreement}/simulation/print").forms["form"]
    form["saving"] = "1/7"
    form.submit(status=303)
    params = house.scalar(select(JobItem.params))
    with house.database.sessions("worker").begin() as session:
        made = print_simulation(session, params, MOMENT)["simulation_id"]
    file = claire.get(f"/simulations/{made}.pdf")
    assert file.content_type == "application/pdf"
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file.body)).pages)
    said = claire.get(f"/agreements/{agreement}/simulation", params={**fields(form), "saving": "1/7"})
    amounts = re.findall("garderait ([0-9 \u202f\xa0,]+€)", said.html.find("div", "answer").get_text())
    assert blank(amounts[0]) in blank(printed)
    assert "DONNÉES DE SYNTHÈSE" not in printed
    house.person("shareholder").get(f"/simulations/{made}.pdf", status=403)


def fields(form):
    """Return what a form would send, without what proves it is ours."""
    return {name: value for name, value in form.submit_fields() if name != "csrf_token"}


def blank(text):
    return re.sub(r"\s", "", text)
