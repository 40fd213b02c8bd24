"""Row-level security: every table is closed, a municipality sees what it holds for the time it held it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DatabaseError

from contracts.parties.register import add_budget, register_shareholder
from contracts.sites.models import Holding
from contracts.sites.register import hold, register_building, register_site
from devices.ingest.models import Reading
from devices.inventory.register import install, register_device
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from fleet.models import SCHEMAS
from foundation.actors import Actor, Role
from foundation.attachments.store import keep
from foundation.tenancy import bind_actor

# Tables everybody may read, each with its reason.
SHARED = {
    "foundation.set_clock": "one instant, the same for all; empty in production",
    "contracts.company": "the SPL is printed on every document",
    "baseline.temperature": "outdoor temperature, by the number of a station",
    "baseline.weather_import": "which public weather file arrived when",
    "fleet.alembic_version": "granted to nobody but its owner",
}
SALE = dt.date(2025, 7, 1)


@pytest.fixture
def town(database):
    """A school held by Avant until the sale and by Après since, with readings on both sides; and a third party."""
    with database.sessions().begin() as session:
        before, after, stranger = (
            register_shareholder(session, name=name, siren=siren, street="1 place", postcode="56000", city=name)
            for name, siren in (("Avant", "200000016"), ("Après", "200000024"), ("Ailleurs", "200000032"))
        )
        site = register_site(session, name="École", city="Avant", timezone="Europe/Paris")
        school = register_building(session, site, name="Élémentaire", use="école")
        hold(session, school, before, start=dt.date(2020, 1, 1), end=SALE)
        hold(session, school, after, start=SALE)
        point = register_point(session, school, name="Général", energy="electricity")
        register_boundary(
            session,
            name="École",
            energy="electricity",
            buildings=[school],
            terms=[(point, Decimal(1))],
            start=dt.date(2020, 1, 1),
        )
        device = register_device(session, serial="A1")
        installation = install(session, device, point, at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        # Midnight of the sale in Paris is 22:00 UTC the day before.
        sold_at = dt.datetime(2025, 6, 30, 22, tzinfo=dt.UTC)
        session.execute(text("SELECT devices.ensure_reading_partitions(:a, :b)"), {"a": sold_at, "b": SALE})
        for hours in (-2, -1, 0, 1, 2):
            at = sold_at + dt.timedelta(hours=hours)
            session.add(Reading(installation_id=installation.id, ts=at, value=Decimal(100 + hours), received_at=at))
        keep(session, b"Lettre", name="lettre.pdf", media_type="application/pdf", shareholder_id=before.id)
        add_budget(session, before, siret="20000001600010")
        people = {"before": before.id, "after": after.id, "stranger": stranger.id}
    return database, people


def seen_by(database, shareholder_id, query):
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, account_id=1, shareholder_id=shareholder_id))
        return session.execute(text(query)).all()


def test_every_table_has_a_policy_or_a_reason(dbsession):
    rows = dbsession.execute(
        text(
            "SELECT n.nspname || '.' || c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
            " EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY(:schemas)"
        ),
        {"schemas": list(SCHEMAS)},
    ).all()
    assert len(rows) > 30
    assert {table for table, closed, policy in rows if not (closed and policy)} == set(SHARED)


def test_nobody_is_superuser_or_bypasses_policies(dbsession):
    rows = dbsession.execute(
        text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'fleet%' AND (rolsuper OR rolbypassrls)")
    )
    assert rows.all() == []


def test_a_sale_parts_what_each_party_sees(town):
    database, people = town
    count = "SELECT array_agg(value::int ORDER BY ts) FROM devices.reading"
    assert seen_by(database, people["before"], count) == [([98, 99],)]
    assert seen_by(database, people["after"], count) == [([100, 101, 102],)]
    assert seen_by(database, people["stranger"], count) == [(None,)]


@pytest.mark.parametrize(
    "table",
    [
        "contracts.site",
        "contracts.building",
        "contracts.budget",
        "devices.metering_point",
        "devices.measurement_boundary",
        "devices.boundary_term",
        "devices.device",
        "devices.installation",
        "foundation.attachment",
    ],
)
def test_a_stranger_sees_nothing_the_former_holder_sees(town, table):
    database, people = town
    query = f"SELECT count(*) FROM {table}"
    assert seen_by(database, people["before"], query) == [(1,)]
    assert seen_by(database, people["stranger"], query) == [(0,)]


def test_a_shareholder_sees_itself_only(town):
    database, people = town
    assert seen_by(database, people["after"], "SELECT name FROM contracts.shareholder") == [("Après",)]


def test_a_partition_asked_directly_gives_nothing(town):
    database, people = town
    with pytest.raises(DatabaseError, match="permission denied"):
        seen_by(database, people["before"], "SELECT * FROM devices.reading_y2025m06")
    with database.sessions("ingest")() as session, pytest.raises(DatabaseError, match="permission denied"):
        session.execute(text("SELECT * FROM devices.reading_y2025m06"))


def test_a_shareholder_writes_nothing_of_what_it_sees(town):
    database, people = town
    with pytest.raises(DatabaseError, match="permission denied"):
        seen_by(database, people["before"], "UPDATE contracts.building SET name = 'À moi'")


def test_migrations_see_all_rows(town):
    database, _ = town
    with database.sessions("owner")() as session:
        assert session.scalar(text("SELECT count(*) FROM devices.reading")) == 5
        assert session.scalar(text("SELECT count(*) FROM contracts.shareholder")) == 3


def test_ingest_may_add_readings_and_nothing_else(town):
    database, _ = town
    with database.sessions("ingest")() as session:
        for statement in (
            "UPDATE devices.reading SET value = 0",
            "DELETE FROM devices.reading",
            "SELECT * FROM contracts.agreement",
            "SELECT * FROM fleet.account",
            "INSERT INTO devices.device (serial, model, state) VALUES ('X', '', 'stocked')",
        ):
            with pytest.raises(DatabaseError, match="permission denied"):
                session.execute(text(statement))
            session.rollback()


def test_readings_are_never_changed_even_by_the_owner(town):
    database, _ = town
    with database.sessions("owner")() as session, pytest.raises(DatabaseError, match="kept as it arrived"):
        session.execute(text("UPDATE devices.reading SET value = 0"))


def test_changes_are_recorded_with_who_and_from_what_to_what(town):
    database, people = town
    with database.sessions("web").begin() as session:
        bind_actor(session, Actor(Role.OPERATOR, account_id=42))
        session.execute(text("UPDATE contracts.building SET use = 'médiathèque'"))
    with database.sessions("owner")() as session:
        change = session.execute(
            text(
                "SELECT account_id, role, before, after FROM foundation.change"
                " WHERE table_name = 'contracts.building' AND before IS NOT NULL"
            )
        ).one()
    assert change == (42, "fleet_operator", {"use": "école"}, {"use": "médiathèque"})
    assert people


def test_one_holder_at_a_time(dbsession):
    holder = register_shareholder(dbsession, name="A", siren="200000016", street="", postcode="", city="A")
    site = register_site(dbsession, name="S", city="A", timezone="Europe/Paris")
    building = register_building(dbsession, site, name="B", use="mairie")
    hold(dbsession, building, holder, start=dt.date(2020, 1, 1))
    dbsession.add(Holding(building=building, shareholder=holder, period=Range(dt.date(2021, 1, 1), None)))
    with pytest.raises(DatabaseError, match="ex_holding_one_holder"):
        dbsession.flush()
