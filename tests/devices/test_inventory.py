"""The life of a device: what may follow what, who said so and why, and nothing of it is lost."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from contracts.parties.register import register_shareholder
from contracts.sites.register import hold
from devices.inventory.catalogue import model_named, register_lot, register_model
from devices.inventory.life import change_owner, change_state, complete_loss, current_loss, declare_found, declare_lost
from devices.inventory.models import Device, DeviceModel, Installation
from devices.inventory.register import install, register_device, remove
from devices.inventory.states import AFTER, STATES, check_transition
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.tenancy import bind_actor
from tests.devices.meters import SINCE, school_point

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
SAID = {"now": NOW, "by": "Tom", "why": "Visite du 1er juin"}


def at(day):
    return SINCE + dt.timedelta(days=day)


@given(st.sampled_from(STATES), st.sampled_from(STATES), st.booleans())
def test_only_what_the_table_says_may_follow_and_never_against_an_installation(before, after, serving):
    allowed = after in AFTER[before] and serving is not (after in {"stocked", "in_van", "retired"})
    if after in {"faulty", "lost"}:
        allowed = after in AFTER[before]
    if allowed:
        check_transition(before, after, serving=serving)
    else:
        with pytest.raises(Refusal):
            check_transition(before, after, serving=serving)


def test_every_state_is_reached_and_only_the_last_is_left_by_none():
    assert set(itertools.chain.from_iterable(AFTER.values())) == set(STATES)
    assert [state for state in STATES if not AFTER[state]] == ["retired"]


def test_what_was_changed_and_not_yet_written_is_not_lost_by_installing(dbsession):
    device = register_device(dbsession, serial="A1")
    point = school_point(dbsession)
    device.model = model_named(dbsession, maker="M", name="Q")
    install(dbsession, device, point, at=at(0))
    assert device.model is not None


def test_a_device_tells_its_life(dbsession):
    point = school_point(dbsession)
    device = register_device(dbsession, serial="A1", at=at(0), by="Claire")
    change_state(dbsession, device, "in_van", at=at(1), **SAID)
    first = install(dbsession, device, point, at=at(2), by="Tom")
    change_state(dbsession, device, "commissioned", at=at(3), **SAID)
    remove(dbsession, first, at=at(4), closing_index=Decimal(12), by="Tom", why="Relevé de compteur")
    change_state(dbsession, device, "retired", at=at(5), **SAID)
    told = [(event.at, event.state_before, event.state, event.by) for event in device.events]
    assert told == [
        (at(0), None, "stocked", "Claire"),
        (at(1), "stocked", "in_van", "Tom"),
        (at(2), "in_van", "installed", "Tom"),
        (at(3), "installed", "commissioned", "Tom"),
        (at(4), "commissioned", "in_van", "Tom"),
        (at(5), "in_van", "retired", "Tom"),
    ]
    assert [event.point_id for event in device.events] == [None, None, point.id, point.id, point.id, None]


@pytest.mark.parametrize(
    ("state", "how", "words"),
    [
        ("commissioned", {}, "ne devient pas"),
        ("stocked", {}, "déjà"),
        ("installed", {}, "posez-le d'abord"),
        ("lost", {}, "Déclarer perdu"),
        ("asleep", {}, "n'existe pas"),
        ("in_van", {"why": " "}, "pourquoi"),
        ("in_van", {"at": NOW + dt.timedelta(days=1)}, "avenir"),
        ("in_van", {"at": dt.datetime(2199, 1, 1, tzinfo=dt.UTC)}, "avenir"),
        ("in_van", {"at": dt.datetime(1800, 1, 1, tzinfo=dt.UTC)}, "avant 1990"),
    ],
)
def test_a_refused_change_says_what_to_do(dbsession, state, how, words):
    device = register_device(dbsession, serial="A1")
    with pytest.raises(Refusal, match=words):
        change_state(dbsession, device, state, **({"at": at(1)} | SAID | how))
    assert device.state == "stocked"


def test_what_serves_a_point_is_taken_off_before_it_is_put_away(dbsession):
    device = register_device(dbsession, serial="A1")
    install(dbsession, device, school_point(dbsession), at=at(0))
    with pytest.raises(Refusal, match="déposez-le d'abord"):
        change_state(dbsession, device, "stocked", at=at(1), **SAID)


def test_a_lost_device_leaves_its_point_and_may_be_found(dbsession):
    device = register_device(dbsession, serial="A1")
    point = school_point(dbsession)
    install(dbsession, device, point, at=at(0))
    loss = declare_lost(dbsession, device, cause="theft", at=at(10), **SAID)
    assert (device.state, loss.borne_by, loss.event.point_id) == ("lost", "undecided", point.id)
    assert dbsession.query(Installation).one().period == Range(at(0), at(10))
    with pytest.raises(Refusal, match="hors service"):
        install(dbsession, device, point, at=at(11))
    complete_loss(
        dbsession,
        loss,
        cause="theft",
        complaint_number="2026/1234",
        complained_on=dt.date(2026, 6, 2),
        insurer="SMACL",
        claim_number="S-9",
        borne_by="insurer",
    )
    with pytest.raises(Refusal, match="retrouvé"):
        change_state(dbsession, device, "stocked", at=at(12), **SAID)
    with pytest.raises(Refusal, match="avant d'être perdu"):
        declare_found(dbsession, device, state="faulty", at=at(9), **SAID)
    found = declare_found(dbsession, device, state="faulty", at=at(12), **SAID)
    assert (device.state, loss.found_event_id, current_loss(dbsession, device)) == ("faulty", found.id, None)
    changes = dbsession.execute(
        text(
            "SELECT before, after FROM foundation.change WHERE table_name = 'devices.device_loss' AND before <> 'null'"
        )
    )
    assert {"complaint_number": "", "insurer": ""}.items() <= next(iter(changes)).before.items()


def test_what_happened_is_never_changed_and_no_device_deleted(dbsession):
    register_device(dbsession, serial="A1")
    for statement in (
        "UPDATE devices.device_event SET why = 'autre'",
        "DELETE FROM devices.device_event",
        "DELETE FROM devices.device",
    ):
        with pytest.raises(IntegrityError, match="is refused"), dbsession.begin_nested():
            dbsession.execute(text(statement))


def test_a_point_has_one_source_a_quantity_by_order_of_the_database(dbsession):
    point = school_point(dbsession)
    first, second = (register_device(dbsession, serial=serial) for serial in ("A", "B"))
    installation = install(dbsession, first, point, at=at(0))
    with pytest.raises(Refusal, match="Le capteur A mesure déjà la même chose"):
        install(dbsession, second, point, at=at(5))
    double = insert(Installation).values(
        device_id=second.id, point_id=point.id, channel="b", quantity="energy_index", period=Range(at(5), None)
    )
    with pytest.raises(IntegrityError, match="ex_installation_one_source"), dbsession.begin_nested():
        dbsession.execute(double)
    for phase in ("L1", "L2", "L3"):
        install(dbsession, second, point, at=at(5), channel=f"power_{phase}", quantity="power", phase=phase)
    remove(dbsession, installation, at=at(6), closing_index=Decimal(1))
    assert install(dbsession, second, point, at=at(6)).point_id == point.id


def test_a_model_says_how_often_its_devices_report_unless_they_say_it_themselves(dbsession):
    quarter = register_model(dbsession, maker="M", name="Q", expected_every=dt.timedelta(minutes=15))
    lone = register_device(dbsession, serial="lone")
    of_model = register_device(dbsession, serial="of-model", model=quarter)
    own = register_device(dbsession, serial="own", model=quarter, expected_every=dt.timedelta(hours=6))
    expected = [dt.timedelta(hours=1), dt.timedelta(minutes=15), dt.timedelta(hours=6)]
    assert [one.expected_every for one in (lone, of_model, own)] == expected
    asked = dbsession.query(Device.expected_every).order_by(Device.id)
    assert [row[0] for row in asked] == expected
    assert model_named(dbsession, maker="m", name="q") is quarter
    with pytest.raises(Refusal, match="déjà enregistré"):
        register_model(dbsession, maker="m", name="Q")
    assert dbsession.query(DeviceModel).count() == 1


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"unit_cost": Decimal(-1)}, "unit_cost"),
        ({"unit_grant": Decimal(81), "grant_source": "ADEME"}, "unit_grant"),
        ({"unit_grant": Decimal(20)}, "grant_source"),
        ({"warranty_ends_on": dt.date(2025, 1, 1)}, "warranty_ends_on"),
    ],
)
def test_a_lot_that_cannot_be_is_refused(dbsession, how, field):
    lot = {"reference": "BC-1", "supplier": "F", "purchased_on": dt.date(2026, 1, 1), "unit_cost": Decimal(80)}
    with pytest.raises(Refusal) as refused:
        register_lot(dbsession, **(lot | how))
    assert refused.value.field == field


def test_a_device_moves_between_municipalities_and_its_history_does_not(database):
    """Each reads what happened while it was its device, or on its building; the next owner does not."""
    with database.sessions().begin() as session:
        towns = [
            register_shareholder(session, name=name, siren=siren, street="", postcode="", city=name)
            for name, siren in (("Avant", "200000016"), ("Après", "200000024"))
        ]
        points = [school_point(session, town.name) for town in towns]
        for town, point in zip(towns, points, strict=True):
            hold(session, point.building, town, start=dt.date(2020, 1, 1))
        device = register_device(session, serial="A1", owner=towns[0], at=at(0))
        remove(session, install(session, device, points[0], at=at(1)), at=at(9))
        change_owner(session, device, towns[1], at=at(10), **SAID)
        install(session, device, points[1], at=at(11))
        device_id, owners = device.id, [town.id for town in towns]
    seen = []
    for owner in owners:
        with database.sessions("web")() as session:
            bind_actor(session, Actor(Role.SHAREHOLDER, account_id=1, shareholder_id=owner))
            device = session.get_one(Device, device_id)
            seen.append(([event.at for event in device.events], [one.period.lower for one in device.installations]))
    assert seen == [([at(0), at(1), at(9)], [at(1)]), ([at(10), at(11)], [at(11)])]


def test_a_technician_does_not_read_what_was_paid(database):
    with database.sessions().begin() as session:
        register_lot(
            session, reference="BC-1", supplier="F", purchased_on=dt.date(2026, 1, 1), unit_cost=Decimal("79.90")
        )
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.TECHNICIAN, account_id=1))
        assert session.scalar(text("SELECT reference FROM devices.stock_lot")) == "BC-1"
        with pytest.raises(Exception, match="permission denied"):
            session.execute(text("SELECT unit_cost FROM devices.stock_lot"))
