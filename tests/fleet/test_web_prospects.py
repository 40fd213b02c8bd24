"""The page of all boundaries: what it asks first, the run as a worker does it, the answer for a saving hoped for."""

import datetime as dt

import pytest
from sqlalchemy import select

from baseline.plans.windows import latest_window
from baseline.prospects.register import RUN
from baseline.prospects.tasks import fit_batch
from contracts.parties.models import Shareholder
from foundation.jobs.queue import Moment, handler_of
from foundation.jobs.run import open_jobs, run_job
from tests.baseline.measured_building import generated, measured
from tests.webhouse import open_house


@pytest.fixture(scope="module")
def house(template):
    yield from open_house(template, "fleet_test_web_prospects")


def test_the_page_begins_with_what_is_missing_then_examines_all_and_answers(house):
    operator = house.person("operator")
    assert "périmètre de mesure" in operator.get("/prospects").html.find(class_="empty").get_text()
    with house.database.sessions("owner").begin() as session:
        start, end = latest_window(dt.datetime.now(dt.UTC).date())
        town = session.scalars(select(Shareholder).where(Shareholder.name == "Kermelo")).one()
        measured(session, [*generated(start)], baseline=(start, end), reporting_starts_on=end, shareholder=town)
    page = operator.get("/prospects")
    assert page.html.find("table") is None
    page = page.forms["examine"].submit(status=303).follow()
    assert "encore 1 lot" in page.html.main.get_text()

    worker, now = house.database.sessions("worker"), dt.datetime.now(dt.UTC)
    assert handler_of(RUN) is fit_batch
    with worker() as session:
        (job,) = open_jobs(session)
    assert run_job(worker, job, lambda _session: Moment(now, now.date())) == "done"
    page = operator.get("/prospects?target=30")
    assert "encore" not in page.html.main.get_text()
    row = page.html.find("table").find("tbody").find("tr")
    assert row.find("th").get_text() == "Mairie"
    assert row.find_all("td")[0].get_text(strip=True) == "oui"
    page = operator.get("/prospects?target=5")
    assert page.html.find(class_="answer").find("strong").get_text(strip=True).startswith("5")


def test_only_the_operator_sees_all_boundaries(house):
    for who in ("shareholder", "technician"):
        house.person(who).get("/prospects", status=403)
