"""Databases for tests: built by the migrations once, then copied for whoever needs to commit."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fleet.database.bootstrap import bootstrap
from fleet.database.history import upgrade
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

ROLES = ("owner", "web", "worker", "ingest")


@dataclass(frozen=True)
class Database:
    """Addresses of one database, one per login role."""

    name: str
    owner: str
    web: str
    worker: str
    ingest: str
    engines: dict[str, Engine] = field(default_factory=dict, repr=False)

    def sessions(self, role: str = "owner") -> sessionmaker[Session]:
        """Return a factory of sessions signed in as `role`."""
        if role not in self.engines:
            self.engines[role] = engine_for(getattr(self, role))
        return session_factory(self.engines[role])

    def disconnect(self) -> None:
        """Close every connection the factories opened."""
        for engine in self.engines.values():
            engine.dispose()

    def close(self) -> None:
        """Close every connection and drop the database."""
        self.disconnect()
        drop(self.name)


def from_environment(variable: str) -> str:
    """Return what scripts/test put in `variable`; without it no test of a service can say anything."""
    value = os.environ.get(variable)
    if not value:
        pytest.fail(f"{variable} is not set: run the tests with scripts/test, which brings the services", pytrace=False)
    return value


def address(url: str, database: str) -> str:
    """Return `url` pointing to another database of the same server."""
    parts = conninfo_to_dict(url)
    host = f"?host={parts['host']}&port={parts.get('port', 5432)}"
    return f"postgresql://{parts['user']}:{parts.get('password', '')}@/{database}{host}"


def called(name: str) -> Database:
    """Return the addresses of the database called `name` on the tests' server."""
    urls = {role: address(from_environment(f"FLEET_DATABASE_{role.upper()}_URL"), name) for role in ROLES}
    return Database(name, **urls)


def administer(statement: str, *names: str) -> None:
    """Run one statement about databases as the server's administrator."""
    with psycopg.connect(from_environment("DATABASE_URL"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def migrate(name: str) -> Database:
    """Make the database `name` anew and bring it to the head of the migrations."""
    database = called(name)
    drop(name)
    bootstrap(from_environment("DATABASE_URL"), {f"fleet_{role}": getattr(database, role) for role in ROLES})
    upgrade(database.owner)
    return database


def copy(template: str, name: str) -> Database:
    """Make `name` a copy of `template`, which nobody may be connected to; rights to connect are said again."""
    administer("CREATE DATABASE {} TEMPLATE {} OWNER fleet_owner", name, template)
    administer("REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    administer("GRANT CONNECT, TEMPORARY ON DATABASE {} TO fleet_web, fleet_worker, fleet_ingest", name)
    administer("ALTER DATABASE {} SET timezone TO 'UTC'", name)
    return called(name)


def drop(name: str) -> None:
    """Drop the database `name` and whoever is connected to it."""
    administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
