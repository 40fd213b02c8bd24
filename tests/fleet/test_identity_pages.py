"""On a device's page: what it signs in to the broker with, a password shown once, and a way to take it back."""

import datetime as dt

import pytest
from sqlalchemy import select

from devices.identity.broker import DynamicSecurity
from devices.identity.models import BrokerIdentity
from devices.identity.register import agree
from devices.inventory.models import Device
from devices.inventory.register import register_device
from tests.devices.own_broker import broker_at
from tests.webhouse import open_house

NOW = dt.datetime(2026, 1, 15, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with broker_at(tmp_path_factory.mktemp("pages") / "own") as running:
        yield running


@pytest.fixture(scope="module")
def house(template, broker):
    for house in open_house(template, "fleet_test_identity_pages"):
        house.app.registry["provisioning_url"] = broker.url("administrator")
        with house.database.sessions("owner").begin() as session:
            for serial in ("S-1", "S-2"):
                register_device(session, serial=serial, at=NOW, by="essai")
        yield house


def number_of(house, serial):
    return house.scalar(select(Device.id).where(Device.serial == serial))


def identity_of(house, serial):
    return house.scalar(select(BrokerIdentity).join(Device).where(Device.serial == serial))


def agreed(house, broker):
    with DynamicSecurity(broker.url("administrator")) as admin, house.database.sessions("worker").begin() as session:
        return agree(session, admin, now=NOW)


def test_from_nothing_to_a_password_to_another_to_none(house, broker):
    operator = house.person("operator")
    address = f"/devices/{number_of(house, 'S-1')}"
    page = operator.get(address)
    assert "Il n'a pas d'identité au courtier" in page.html.get_text()
    shown = page.click("Lui en donner une").forms["form"].submit()
    password = [code.get_text() for code in shown.html.find_all("code")][1]
    assert len(password) == 22
    assert "spl/v1/S-1/#" in shown.text
    page = operator.get(address)
    assert password not in page.text
    assert "Claire" not in page.text
    known = identity_of(house, "S-1")
    assert known.made_by in page.text
    form = page.click("Renouveler").forms["form"]
    form.submit(status=200)
    again = form.submit(status=422)
    assert "Cette identité vient d'être changée" in again.html.get_text()
    renewed = identity_of(house, "S-1")
    assert renewed.generation != known.generation
    assert not any([agreed(house, broker).missing, agreed(house, broker).removed])
    operator.get(address).click("Révoquer").forms["form"].submit(status=303)
    assert "le courtier ne l'a pas encore coupé" in operator.get(address).html.get_text()
    assert agreed(house, broker).removed == ("device-S-1",)
    page = operator.get(address)
    assert "coupé du courtier le" in page.html.get_text()
    page.click("Lui en donner une").forms["form"].submit(status=200)


def test_a_name_that_opens_the_topics_of_others_is_refused_beside_its_field(house):
    form = house.person("operator").get(f"/devices/{number_of(house, 'S-2')}/identity").forms["form"]
    form["name"] = "+"
    answer = form.submit(status=422)
    assert "ouvriraient les sujets des autres" in answer.html.find(id="name-error").get_text()
    assert identity_of(house, "S-2") is None


def test_a_broker_that_does_not_answer_changes_nothing(house, broker):
    house.app.registry["provisioning_url"] = "mqtt://administrator:x@127.0.0.1:9"
    try:
        form = house.person("operator").get(f"/devices/{number_of(house, 'S-2')}/identity").forms["form"]
        assert "ne répond pas" in form.submit(status=422).html.get_text()
        house.app.registry["provisioning_url"] = None
        assert "mqtt.provisioning_url" in form.submit(status=422).html.get_text()
    finally:
        house.app.registry["provisioning_url"] = broker.url("administrator")
    assert identity_of(house, "S-2") is None


def test_only_operators_give_and_see_identities(house):
    address = f"/devices/{number_of(house, 'S-1')}"
    for who in ("technician", "shareholder"):
        person = house.person(who)
        assert "identité au courtier" not in person.get(address, expect_errors=True).text
        person.get(f"{address}/identity", status=403)
