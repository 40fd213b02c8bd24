"""What tests of all floors share: databases built by the migrations, one rolled back, others thrown away."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from foundation.tenancy import engine_for
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.databases import Database

pytest_plugins = ["tests._network"]

TEMPLATE = "fleet_test_template"
_serial = itertools.count(1)


@pytest.fixture(scope="session")
def template() -> str:
    """Return the name of a database at the head of the migrations, to be copied and never opened."""
    databases.migrate(TEMPLATE)
    return TEMPLATE


@pytest.fixture(scope="session")
def owner_engine(template: str) -> Iterator[Engine]:
    """Yield an engine of the owner on a copy that no test commits to."""
    databases.drop("fleet_test_rolled_back")
    engine = engine_for(databases.copy(template, "fleet_test_rolled_back").owner)
    yield engine
    engine.dispose()
    databases.drop("fleet_test_rolled_back")


@pytest.fixture
def dbsession(owner_engine: Engine) -> Iterator[Session]:
    """Yield a session of the owner whose transaction is always rolled back, whatever the test commits."""
    with owner_engine.connect() as connection:
        outermost = connection.begin()
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            yield session
        outermost.rollback()


@pytest.fixture
def database(template: str) -> Iterator[Database]:
    """Yield a database of the test's own, to commit to, to connect to as any role, to kill processes over."""
    name = f"fleet_test_{next(_serial)}"
    databases.drop(name)
    own = databases.copy(template, name)
    yield own
    own.close()


@pytest.fixture(scope="session")
def mqtt_url() -> str:
    """Return the address of the tests' own broker."""
    return databases.from_environment("MQTT_URL")


@pytest.fixture(scope="session")
def sensors_url() -> str:
    """Return the address of the same broker for one that publishes."""
    return databases.from_environment("FLEET_SIMULATOR_MQTT_URL")


@pytest.fixture(scope="session")
def broker_url() -> str:
    """Return the address of the tests' own Redis."""
    return databases.from_environment("BROKER_URL")
