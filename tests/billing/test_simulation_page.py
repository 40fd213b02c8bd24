"""The page where terms are tried: an answer at once, other terms beside, and the years that were measured."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from contracts.agreements.models import Agreement
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement
from tests.webhouse import open_house


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
