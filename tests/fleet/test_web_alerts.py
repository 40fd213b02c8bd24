"""Pages of alerts: from what is wrong to who looks after it, and who hears of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from contracts.parties.models import Shareholder
from contracts.sites.register import hold
from devices.alerts.models import Alert, AlertEvent, MaintenanceWindow, Subscription
from devices.alerts.tasks import often
from devices.alerts.transitions import State
from fleet.web import people as accounts
from foundation.jobs.queue import Moment
from foundation.mail.models import Mail
from foundation.people import people
from tests.devices.meters import metered
from tests.webhouse import PEOPLE, open_house

AGO = dt.timedelta(days=9)


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_web_alerts"):
        now = dt.datetime.now(dt.UTC)
        with house.database.sessions("owner").begin() as session:
            for number, town in (("A", "Kermelo"), ("B", "Ailleurs")):
                point = metered(session, f"S-{number}", at=now - AGO).point
                holder = session.scalars(select(Shareholder).where(Shareholder.name == town)).one()
                hold(session, point.building, holder, start=(now - 2 * AGO).date())
        with house.database.sessions("worker").begin() as session:
            often(session, Moment(now, now.date(), "http://spl.example"))
        with house.database.sessions("owner")() as session:
            house.ids = dict(session.execute(select(Alert.facts["serial"].astext, Alert.id)).all())
        yield house


def test_the_list_filters_and_every_number_leads_to_its_rows(house):
    operator = house.person("operator")
    home = operator.get("/")
    listed = home.click(href="/alerts$")
    assert "2 alertes" in listed.html.find(class_="answer").get_text()
    assert len(listed.html.find("tbody").find_all("tr")) == 2
    assert len(listed.click("silence · 2").html.find("tbody").find_all("tr")) == 2
    site = listed.click("École S-A")
    assert [row.get_text() for row in site.html.find("tbody").find_all("th")] == [
        listed.html.find("a", href=f"/alerts/{house.ids['S-A']}").get_text()
    ]
    assert "Rien" not in operator.get("/alerts?age=month").text.split("<main")[1].split("</h1>")[1][:80]
    for nonsense in ("state=x&kind=y&site=z&age=w", "site=999999999", "page=-1", "site=" + "9" * 40):
        operator.get(f"/alerts?{nonsense}", status=200)


def test_a_municipality_finds_its_own_alert_and_no_form(house):
    mayor = house.person("shareholder")
    page = mayor.get("/alerts")
    assert "S-A" in page.text
    assert "S-B" not in page.text
    assert "S-B" not in mayor.get("/").text
    shown = mayor.get(f"/alerts/{house.ids['S-A']}")
    assert {"acknowledge", "assign", "note"}.isdisjoint(shown.forms)
    mayor.get(f"/alerts/{house.ids['S-B']}", status=404)
    for address in ("/maintenance", "/alerts/audience", "/mail"):
        mayor.get(address, status=403)


def test_a_technician_acknowledges_assigns_and_annotates(house):
    technician = house.person("technician")
    address = f"/alerts/{house.ids['S-B']}"
    page = technician.get(address).forms["acknowledge"].submit(status=303).follow()
    assert "prise en compte par Technician" in page.text
    token = page.forms["note"]["csrf_token"].value
    again = technician.post(f"{address}/acknowledge", {"csrf_token": token}, status=422)
    assert "Technician a déjà" in again.html.find(class_="refusal").get_text()
    assert {text for _, _, text in page.forms["assign"]["account_id"].options} == {"Operator", "Technician"}
    page.forms["assign"]["account_id"].select(text="Technician")
    page = page.forms["assign"].submit(status=303).follow()
    page.forms["note"]["text"] = "<b>Pile</b> changée"
    page = page.forms["note"].submit(status=303).follow()
    assert "<b>Pile</b> changée" in page.html.main.get_text()
    assert "<b>Pile" not in page.text
    page.forms["note"]["text"] = ""
    assert page.forms["note"].submit(status=422).html.find(class_="error")
    technician.post(f"{address}/assign", {"csrf_token": token, "account_id": "99"}, status=422)
    events = select(AlertEvent.what).where(AlertEvent.alert_id == house.ids["S-B"]).order_by(AlertEvent.id)
    with house.database.sessions("owner")() as session:
        assert session.scalars(events).all() == ["opened", "acknowledged", "assigned", "note"]


def test_a_maintenance_is_declared_at_the_site_s_own_time_and_ended(house):
    technician = house.person("technician")
    form = technician.get(f"/alerts/{house.ids['S-B']}").click("Maintenance du site").forms["form"]
    form["start"], form["end"], form["reason"] = "2026-07-01T08:00", "2026-07-01T07:00", "Travaux"
    assert "finir après" in form.submit(status=422).text
    form["end"] = "2099-01-01T08:00"
    assert "un an au plus" in form.submit(status=422).text
    form["start"], form["end"] = "2099-07-01T08:00", "2099-07-02T08:00"
    page = form.submit(status=303).follow()
    assert house.scalar(select(MaintenanceWindow.period)).lower == dt.datetime(2099, 7, 1, 6, tzinfo=dt.UTC)
    assert "Travaux" in page.text
    ended = next(form for form in page.forms.values() if form.action.endswith("/end")).submit(status=303).follow()
    assert "2099" in ended.text
    technician.get("/maintenance/new", status=404)
    technician.get("/maintenance/new?device=999999", status=404)


def test_who_receives_nothing_is_said_and_each_chooses_for_themselves(house):
    operator = house.person("operator")
    page = operator.get("/alerts/audience")
    assert "Personne ne reçoit rien" in page.text
    form = page.click("Abonner quelqu'un").forms["form"]
    form["rhythm"], form["least_severity"] = "daily", "warning"
    assert "un seul des deux" in form.submit(status=422).text
    form["role"] = "operator"
    page = form.submit(status=303).follow()
    assert "est écouté de quelqu'un" in page.text
    mayor = house.person("shareholder")
    form = mayor.get("/alerts/letters").forms["form"]
    form["rhythm"], form["least_severity"] = "weekly", "critical"
    assert mayor.get("/alerts/letters").forms["form"]["rhythm"].value != "weekly"
    page = form.submit(status=303).follow()
    assert (page.forms["form"]["rhythm"].value, page.forms["form"]["least_severity"].value) == ("weekly", "critical")
    page = operator.get("/alerts/audience")
    assert "Shareholder" in page.html.find("tbody").get_text()
    removal = next(form for form in page.forms.values() if form.action.endswith("/remove"))
    removal.submit(status=303)
    assert house.scalar(select(Subscription.role)) is None


def test_the_worker_knows_people_by_their_accounts_and_writes_to_them(house):
    assert accounts.people_of_accounts
    with house.database.sessions("worker").begin() as session:
        assert {person.email for person in people(session)} == set(PEOPLE.values())
        session.execute(Alert.__table__.update().values(state=State.OPEN.value))
    with house.database.sessions("owner").begin() as session:
        session.add(Subscription(role="shareholder", rhythm="daily", least_severity="info"))
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=4)
    with house.database.sessions("worker").begin() as session:
        session.execute(Alert.__table__.update().values(severity="warning"))
        often(session, Moment(later, later.date(), "http://spl.example"))
    with house.database.sessions("owner")() as session:
        letters = session.scalars(select(Mail)).all()
    assert {letter.recipient: ("S-A" in letter.text, "S-B" in letter.text) for letter in letters} == {
        PEOPLE["shareholder"]: (True, False),
        PEOPLE["stranger"]: (False, True),
    }
