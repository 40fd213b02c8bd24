"""From a file to energy on the pages: choose, check, confirm, and the worker in between."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import webtest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from contracts.parties.models import Shareholder
from contracts.sites.register import hold
from devices.bills.models import SupplierBill
from devices.chains.models import OverlapRatio
from devices.imports import tasks
from devices.imports.models import FileImport
from devices.imports.register import find_profile
from devices.ingest.models import Reading
from devices.inventory.models import Installation
from devices.inventory.register import install, register_device
from devices.points.models import MeteringPoint
from foundation.jobs.models import Job
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from tests.devices.test_imports_database import PCE, PRM, curve, make_school
from tests.webhouse import open_house

assert tasks.CHECK  # loading it registers what the worker does
NOW = dt.datetime(2026, 1, 20, 9, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_imports"):
        with house.database.sessions("owner").begin() as session:
            school = make_school(session)
            town = session.scalars(select(Shareholder).where(Shareholder.name == "Kermelo")).one()
            hold(session, school[0].building, town, start=dt.date(2025, 1, 1))
            house.points = [point.id for point in school]
        yield house


def work(house):
    """Do the open jobs as the worker does; return the states they end in."""
    sessions = house.database.sessions("worker")
    with sessions.begin() as session:
        waiting = open_jobs(session)
    return [run_job(sessions, job, lambda _session: Moment(NOW, NOW.date())) for job in waiting]


def send(operator, name, text, profile="0", status=303):
    form = operator.get("/imports/new").forms["form"]
    form["file"] = webtest.Upload(name, text.encode(), "text/csv")
    form["profile_id"].force_value(profile)
    return form.submit(status=status)


def test_a_file_goes_from_a_suggestion_to_readings(house):
    operator = house.person("operator")
    assert "Aucun encore" in operator.get("/imports").text
    page = send(operator, "courbe.csv", curve(48)).follow()
    form = page.forms["form"]
    assert [form[name].value for name in ("kind", "point", "time", "value", "unit", "dates")] == [
        "curve", "PRM", "Date", "W", "W", "iso",
    ]  # fmt: skip
    form["name"], form["step"] = "Enedis", "60"
    page = form.submit(status=303).follow()
    assert page.html.find(id="progress")["data-state"] == "busy"
    assert work(house) == ["done"]
    page = operator.get(page.request.path)
    assert page.html.find(id="progress")["data-state"] == "checked"
    assert house.scalar(select(func.count()).select_from(Reading)) == 0
    page = page.forms["confirm"].submit(status=303).follow()
    assert work(house) == ["done"]
    page = operator.get(page.request.path)
    assert page.html.find(id="progress")["data-state"] == "imported"
    assert house.scalar(select(func.count()).select_from(Reading)) == 48
    assert operator.get(f"{page.request.path}/original").body == curve(48).encode()
    # The same file with the same profile is the import there is.
    again = send(operator, "courbe.csv", curve(48), profile=str(house.scalar(select(FileImport.profile_id))))
    assert again.location.endswith(page.request.path)


def test_rows_to_correct_are_listed_and_cannot_be_confirmed(house):
    operator = house.person("operator")
    text = f"PRM;Du;Au;kWh\n{PRM};2025-01-01;2025-02-01;<b>\n{PCE};2025-02-30;2025-03-01;5\n"
    form = send(operator, "factures.csv", text).follow().forms["form"]
    form["name"] = "Fournisseur"
    page = form.submit(status=303).follow()
    work(house)
    page = operator.get(page.request.path)
    assert "« <b> » n'est pas un nombre" in page.html.main.get_text()
    assert "confirm" not in page.forms
    with house.database.sessions("owner")() as session:
        assert session.scalar(select(func.count()).select_from(SupplierBill)) == 0
    page.forms["check"].submit(status=303)
    assert work(house) == ["done"]


def test_a_municipality_sees_its_bills_beside_its_measurements_and_no_files(house):
    operator, town = house.person("operator"), house.person("shareholder")
    with house.database.sessions("owner")() as session:
        number = find_profile(session, "Fournisseur").id
    text = f"PRM;Du;Au;kWh\n{PRM};2025-01-06;2025-01-08;47\n"
    page = send(operator, "bonne.csv", text, profile=str(number)).follow()
    work(house)
    page = operator.get(page.request.path).forms["confirm"].submit(status=303)
    assert work(house) == ["done"]
    shown = town.get(f"/points/{house.points[0]}").html
    assert "47" in shown.find("section", {"aria-labelledby": "bills"}).get_text()
    assert "47" in town.get("/reconciliation").html.main.get_text()
    assert "47" not in house.person("stranger").get("/reconciliation").html.main.get_text()
    assert "bills" not in {one["id"] for one in house.person("technician").get(f"/points/{house.points[0]}").html("h2")}
    town.get("/imports", status=403)


def test_a_coefficient_is_noted_on_the_page_of_its_point(house):
    operator = house.person("operator")
    address = f"/points/{house.points[1]}"
    form = operator.get(f"{address}/coefficients/new").forms["form"]
    form["start"], form["last"], form["kwh_per_m3"], form["source"] = "2025-01-01", "2025-01-31", "11,29", "facture 1"
    assert "11,290" in form.submit(status=303).follow().html.main.get_text()
    form["kwh_per_m3"] = "1,129"
    assert "n'est pas un coefficient" in form.submit(status=422).html.find(class_="refusal").get_text()
    assert house.person("shareholder").get(f"{address}/coefficients/new", status=403)


def test_a_job_that_could_not_import_says_why(house):
    operator = house.person("operator")
    number = house.scalar(select(FileImport.profile_id).where(FileImport.state == "imported").limit(1))
    page = send(operator, "mois.csv", curve(24, 700, dt.datetime(2025, 2, 1)), profile=str(number)).follow()  # noqa: DTZ001
    work(house)
    operator.get(page.request.path).forms["confirm"].submit(status=303)
    # Meanwhile another file brings other values for the same instants.
    other = send(operator, "autre.csv", curve(24, 900, dt.datetime(2025, 2, 1)), profile=str(number)).follow()  # noqa: DTZ001
    work(house)
    operator.get(other.request.path).forms["check"].submit(status=303)
    work(house)
    shown = operator.get(other.request.path)
    form = shown.forms["confirm"]
    operator.post(form.action, {"csrf_token": form["csrf_token"].value, "reason": ""}, status=422)
    form["reason"] = "Relevé corrigé"
    form.submit(status=303)
    assert work(house) == ["done"]
    assert house.scalar(select(func.count()).select_from(Job).where(Job.state == "failed")) == 0


def test_a_ratio_is_applied_from_the_page_of_its_point(house):
    with house.database.sessions("owner").begin() as session:
        point = session.get_one(MeteringPoint, house.points[0])
        files, sensor = (
            install(session, register_device(session, serial=name), point, at=NOW, quantity=quantity)
            for name, quantity in (("bord-1", "energy_index"), ("bord-2", "gross_energy_index"))
        )
        found = OverlapRatio(
            point=point, numerator=files, denominator=sensor, computed_by="Claire", days=40,
            period=Range(dt.date(2025, 1, 1), dt.date(2025, 3, 1)), ratio=Decimal("0.98"),
            standard_error=Decimal("0.01"), autocorrelation=Decimal(0),
        )  # fmt: skip
        session.add(found)
        session.flush()
        number, to, other = found.id, sensor.id, files.id
    operator, address = house.person("operator"), f"/points/{house.points[0]}"
    assert operator.get(address).html.find("a", href=f"/overlaps/{number}/apply")
    form = operator.get(f"/overlaps/{number}/apply").forms["form"]
    form["to_id"] = str(to)
    page = form.submit(status=303).follow()
    assert "à bord-2 — index, par" in " ".join(page.html.get_text(" ").split())
    assert house.scalar(select(Installation.factor).where(Installation.id == to)) == Decimal("0.98")
    form["to_id"] = str(other)
    assert "comptent déjà l'un comme l'autre" in form.submit(status=422).html.get_text()
    house.person("technician").get(f"/overlaps/{number}/apply", status="4*")
