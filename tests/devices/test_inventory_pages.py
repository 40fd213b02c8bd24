"""The pages of devices, points and boundaries, used as people use them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from sqlalchemy import select
from webtest import Upload

from contracts.parties.models import Shareholder
from contracts.sites.register import hold, register_building, register_site
from devices.energy.models import DailyEnergy
from devices.inventory.models import Device, DeviceModel
from devices.inventory.register import install, register_device
from devices.points.models import MeasurementBoundary, MeteringPoint
from devices.points.register import register_point
from tests.webhouse import open_house


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_inventory_pages"):
        with house.database.sessions("owner").begin() as session:
            site = register_site(session, name="Groupe scolaire", city="Kermelo", timezone="Europe/Paris")
            school, gym = (register_building(session, site, name=name, use=name) for name in ("École", "Gymnase"))
            towns = {town.name: town for town in session.scalars(select(Shareholder))}
            hold(session, school, towns["Kermelo"], start=dt.date(2020, 1, 1))
            hold(session, gym, towns["Ailleurs"], start=dt.date(2020, 1, 1))
            boiler = register_point(session, school, name="Chaufferie", energy="heat")
            drawn = register_point(session, school, name="PRM", energy="electricity")
            device = register_device(session, serial="A1", at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
            install(session, device, drawn, at=dt.datetime(2025, 1, 2, tzinfo=dt.UTC))
            session.add(
                DailyEnergy(
                    point_id=boiler.id,
                    day=dt.date(2026, 3, 2),
                    kwh=Decimal(1000),
                    hours_measured=24,
                    hours_expected=24,
                    reason="measured",
                )
            )
            house.ids = {"boiler": boiler.id, "drawn": drawn.id, "device": device.id}
            house.ids |= {"school": school.id, "gym": gym.id}
        yield house


def fill(page, **values):
    form = page.forms["form"]
    for name, value in values.items():
        form[name.replace("__", "-")] = value
    return form


def text(page):
    return " ".join(page.html.main.get_text(" ").split())


def test_how_often_a_device_and_a_point_are_expected_is_changed_on_its_page(house):
    address = f"/devices/{house.ids['device']}"
    technician = house.person("technician")
    form = fill(technician.get(f"{address}/interval"), expected_every="10")
    assert "10 minutes" in text(form.submit(status=303).follow())
    link = technician.get(address).html.find("a", href=re.compile("/installations/[0-9]+/interval"))["href"]
    page = fill(technician.get(link), expected_every="1440").submit(status=303).follow()
    assert "10 minutes" in text(page)
    assert "1 jour" in text(page)
    assert technician.get(link).forms["form"]["expected_every"].value == "1440"
    assert "une par an au moins" in text(fill(technician.get(link), expected_every="0").submit(status=422))
    fill(technician.get(link), expected_every="").submit(status=303)
    house.person("shareholder").get(link, status="4*")


def test_where_a_register_is_full_is_said_of_its_installation(house):
    address = f"/devices/{house.ids['device']}"
    technician = house.person("technician")
    link = technician.get(address).html.find("a", href=re.compile("/installations/[0-9]+/register"))["href"]
    assert "entre 100 et 10^20" in text(fill(technician.get(link), register_size="-1").submit(status=422))
    page = fill(technician.get(link), register_size="4294967,296").submit(status=303).follow()
    assert "4 294 967,296" in text(page).replace("\u202f", " ")
    assert technician.get(link).forms["form"]["register_size"].value.replace(",", ".") == "4294967.296"
    fill(technician.get(link), register_size="").submit(status=303)
    house.person("shareholder").get(link, status="4*")


def test_a_boiler_room_is_shared_in_thirds(house):
    operator = house.person("operator")
    address = f"/points/{house.ids['boiler']}/share"
    keys = {f"key__{house.ids['school']}": "2/3", f"key__{house.ids['gym']}": "un tiers"}
    form = fill(operator.get(address), start="2020-01-01", **keys)
    assert "écrivez par exemple 1, -1, 0,35 ou 1/3" in text(form.submit(status=422))
    form = fill(operator.get(address), start="2020-01-01", **keys | {f"key__{house.ids['gym']}": "0,33"})
    assert "compté 299/300 fois" in text(form.submit(status=422))
    form = fill(operator.get(address), start="2020-01-01", **keys | {f"key__{house.ids['gym']}": "1/3"})
    assert "2/3" in text(form.submit(status=303).follow())
    assert operator.get(address).forms["form"][f"key-{house.ids['school']}"].value == "2/3"


def test_a_device_is_lost_its_loss_completed_and_found_again(house):
    operator = house.person("operator")
    address = f"/devices/{house.ids['device']}"
    served = operator.get(address).html.find("a", href=re.compile("/installations/[0-9]+/end"))["href"]
    form = fill(operator.get(served), at="2199-12-31T23:59")
    assert "dans l'avenir" in text(form.submit(status=422))
    form = fill(operator.get(f"{address}/lost"), cause="theft", borne_by="undecided", at="2025-06-01T08:00")
    assert "Remplissez ce champ" in text(form.submit(status=422))
    form["why"] = "Boîtier arraché"
    page = form.submit(status=303).follow()
    assert "perdu" in page.html.find(class_="state").get_text()
    assert "perte : vol ; coût supporté par pas encore décidé" in text(page)
    form = fill(operator.get(f"{address}/lost"), complaint_number="2025/77", insurer="SMACL", borne_by="insurer")
    assert "plainte 2025/77" in text(form.submit(status=303).follow())
    form = fill(operator.get(f"{address}/found"), state="faulty", at="2025-07-01T08:00", why="Dans le fossé")
    page = form.submit(status=303).follow()
    steps = [
        row.th.get_text(" ", strip=True) for row in page.html.find("h2", id="life").parent.find("tbody").find_all("tr")
    ]
    assert steps == [
        "perdu → en panne",
        "Déposé, voie « index »",
        "posé → perdu",
        "Posé, voie « index »",
        "Entré dans le parc : en stock",
    ] or steps[1:3] == ["posé → perdu", "Déposé, voie « index »"]
    form = fill(operator.get(f"{address}/state"), state="retired", at="2025-07-02T08:00", why="Irréparable")
    assert "réformé" in text(form.submit(status=303).follow())
    assert "réformé" in text(operator.get("/devices?state=retired"))
    assert "A1" not in text(operator.get("/devices?state=stocked"))


def test_who_pays_is_said_and_whether_a_saving_arrives(house):
    operator = house.person("operator")
    address = f"/points/{house.ids['boiler']}"
    assert "Nous ne savons pas qui paie" in text(operator.get(address))
    form = fill(
        operator.get(f"{address}/payments/new"), contract="fixed_price", payer_name="Syndic", start="2026-01-01"
    )
    assert "écrivez son nom" in text(form.submit(status=422))
    form["supplier"] = "Exploitant"
    page = text(form.submit(status=303).follow())
    assert "prix fixe à Exploitant" in page
    form = fill(operator.get(f"/points/{house.ids['drawn']}/powers/new"), power="36", unit="kVA", start="2026-01-01")
    assert "36 kVA" in text(form.submit(status=303).follow()).replace("\u202f", " ")
    assert "Qui paie" not in text(house.person("technician").get(address)), "contracts are not for technicians"


def test_a_boiler_room_is_shared_between_two_owners_and_each_sees_its_part(house):
    operator, ids = house.person("operator"), house.ids
    address = f"/points/{ids['boiler']}/share"
    form = fill(operator.get(address), start="2026-01-01")
    form[f"key-{ids['school']}"], form[f"key-{ids['gym']}"] = "0,7", "0,2"
    assert "ses clés doivent faire 1 en tout" in text(form.submit(status=422))
    form[f"key-{ids['gym']}"] = "0,3"
    assert "Gymnase, chaleur" in text(form.submit(status=303).follow())
    with house.database.sessions("owner")() as session:
        gym = session.scalars(select(MeasurementBoundary).where(MeasurementBoundary.name == "Gymnase, chaleur")).one()
    neighbour = house.person("stranger")
    page = neighbour.get(f"/boundaries/{gym.id}")
    assert "0,3 × Chaufferie" in text(page)
    assert "d'une autre collectivité" in text(page)
    assert "partage ce point avec vous" in text(neighbour.get(f"/points/{ids['boiler']}"))
    neighbour.get(f"/points/{ids['drawn']}", status=404)
    neighbour.get(f"/buildings/{ids['school']}", status=404)


def test_a_boundary_over_two_buildings_then_photovoltaic(house):
    operator, ids = house.person("operator"), house.ids
    form = fill(
        operator.get(f"/boundaries/new?building={ids['school']}"), name="Tout", energy="electricity", start="2026-01-01"
    )
    form[f"building-{ids['gym']}"] = True
    page = form.submit(status=303).follow()
    assert "École, Gymnase" in " ".join(page.html.find(class_="facts").get_text().split())
    boundary = page.request.path
    form = fill(operator.get(f"/buildings/{ids['school']}/points/new"), name="Panneaux", energy="photovoltaic")
    form.submit(status=303)
    with house.database.sessions("owner")() as session:
        panels = session.scalars(select(MeteringPoint).where(MeteringPoint.name == "Panneaux")).one()
    form = fill(operator.get(f"{boundary}/change"), start="2026-06-01")
    assert form[f"coefficient-{ids['drawn']}"].value == "1"
    form[f"coefficient-{panels.id}"] = "1"
    page = text(form.submit(status=303).follow())
    assert "du 01/01/2026 au 31/05/2026 PRM" in page
    assert "depuis le 01/06/2026 PRM + Panneaux" in page


def test_a_list_of_devices_is_tried_then_taken_in(house):
    operator = house.person("operator")
    heading = operator.get("/devices/list.csv").text.strip().replace(",", ";")
    wrong = Upload("liste.csv", f"{heading}\nB1;;;;;\nB/2;;;;;\n".encode(), "text/csv")
    page = fill(operator.get("/devices/list"), file=wrong, what="take").submit(status=422)
    assert "1 ligne est fausse" in text(page)
    assert "numéro de série" in text(page)
    right = Upload("liste.csv", f"{heading}\nB1;;;;;\nB2;;;;;\n".encode(), "text/csv")
    assert "Rien n'est encore enregistré" in text(fill(operator.get("/devices/list"), file=right, what="try").submit())
    assert house.scalar(select(Device.id).where(Device.serial == "B1")) is None
    assert "2 lignes nouvelles" in text(fill(operator.get("/devices/list"), file=right, what="take").submit())
    assert house.scalar(select(Device.state).where(Device.serial == "B2")) == "stocked"


def test_models_and_lots_are_registered_and_named_by_devices(house):
    operator = house.person("operator")
    form = fill(operator.get("/models/new"), maker="Adeunis", name="Pulse", expected_every="10", battery_months="1,5")
    assert "mois entiers" in text(form.submit(status=422))
    form["battery_months"] = "120"
    form["quantities"] = "pulse_index, temperature"
    form["expected_every"] = "0"
    assert "toutes les secondes au plus" in text(form.submit(status=422))
    form["expected_every"] = "10"
    form["max_power_kw"] = "36"
    form["register_size"] = "10"
    assert "entre 100 et 10^20" in text(form.submit(status=422))
    form["register_size"] = "65536"
    shown = form.submit(status=303).follow()
    assert "impulsions (index), température" in text(shown)
    change = shown.click("Adeunis Pulse").forms["form"]
    change["quantities"] = "pulses"
    assert "« pulses » n'est pas le code d'une grandeur" in text(change.submit(status=422))
    change["quantities"] = "pulse_index, temperature"
    change.submit(status=303)
    assert house.scalar(select(DeviceModel.max_power_kw)) == 36
    assert house.scalar(select(DeviceModel.register_size)) == 65_536
    form = fill(operator.get("/lots/new"), reference="BC-1", supplier="F", purchased_on="2026-01-01", unit_cost="79,90")
    assert "79,90" in text(form.submit(status=303).follow())
    form = operator.get("/devices/new").forms["form"]
    form["serial"] = "C1"
    form["model_id"].select(text="Adeunis Pulse")
    form["lot_id"].select(text="BC-1")
    page = form.submit(status=303).follow()
    assert "Adeunis Pulse" in text(page)
    assert "10 minutes" in text(page)
    technician = house.person("technician")
    assert "BC-1" in text(technician.get("/lots"))
    assert "79,90" not in technician.get("/lots").text
    assert "BC-1" in text(technician.get(page.request.path))
