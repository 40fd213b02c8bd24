"""Migrations: run as the owner, on a server that keeps what it commits; models that differ are named."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Column, Integer, Table, text

from fleet.database.durability import demand_durability
from fleet.database.history import check, upgrade
from fleet.models import metadata
from foundation.errors import Refusal


def test_models_and_migrations_agree_and_a_second_upgrade_changes_nothing(database):
    upgrade(database.owner)
    check(database.owner)


def test_a_database_that_a_newer_version_has_upgraded_is_said_in_a_sentence(database):
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("UPDATE fleet.alembic_version SET version_num = '9999'")
        for act in (upgrade, check):
            with pytest.raises(Refusal, match="version 9999, que ce programme ne connaît pas"):
                act(database.owner)


def test_a_model_without_its_migration_is_named(database):
    forgotten = Table("forgotten", metadata, Column("id", Integer, primary_key=True), schema="fleet")
    try:
        with pytest.raises(Refusal, match="forgotten"):
            check(database.owner)
    finally:
        metadata.remove(forgotten)


def test_a_server_that_may_forget_a_commit_is_refused_by_name(dbsession):
    connection = dbsession.connection()
    demand_durability(connection)
    connection.execute(text("SET LOCAL synchronous_commit = off"))
    with pytest.raises(Refusal, match="synchronous_commit = off"):
        demand_durability(connection)


def test_a_database_that_does_not_answer_is_said_with_its_setting():
    with pytest.raises(Refusal, match="FLEET_DATABASE_OWNER_URL") as refused:
        upgrade("postgresql://fleet_owner:secret@127.0.0.1:1/fleet")
    assert "secret" not in refused.value.sentence
