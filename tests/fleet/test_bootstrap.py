"""The database as its administrator makes it: nobody above row-level security, the web nothing by itself."""

from __future__ import annotations

import psycopg
import pytest

from fleet.database.bootstrap import GROUP_ROLES, LOGIN_ROLES, bootstrap
from foundation.errors import Refusal
from tests import databases


def addresses(database) -> dict[str, str]:
    return {f"fleet_{role}": getattr(database, role) for role in databases.ROLES}


def ask(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_nobody_is_superuser_or_above_row_level_security(database):
    rows = ask(
        database.owner,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'fleet\\_%'"
        " AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)",
    )
    assert rows == []


def test_the_web_inherits_nothing_and_may_become_its_four_roles(database):
    usage = ", ".join(
        f"pg_has_role('fleet_web', '{role}', 'MEMBER'), pg_has_role('fleet_web', '{role}', 'USAGE')"
        for role in GROUP_ROLES
    )
    assert ask(database.web, f"SELECT {usage}") == [(True, False) * len(GROUP_ROLES)]
    for role in ("worker", "ingest"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(getattr(database, role), "SET ROLE fleet_operator")


def test_a_second_time_changes_nothing(database):
    state = "SELECT rolname, rolcanlogin, rolinherit FROM pg_roles WHERE rolname LIKE 'fleet\\_%' ORDER BY 1"
    rights = "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
    administrator = databases.from_environment("DATABASE_URL")
    bootstrap(administrator, addresses(database))
    before = ask(database.owner, state), ask(database.owner, rights)
    bootstrap(administrator, addresses(database))
    assert (ask(database.owner, state), ask(database.owner, rights)) == before


def test_names_sort_as_french_readers_expect(database):
    rows = ask(database.owner, "SELECT n FROM (VALUES ('Evry'), ('Écully'), ('Eaubonne')) v(n) ORDER BY n")
    assert [name for (name,) in rows] == ["Eaubonne", "Écully", "Evry"]


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_an_address_for_another_role_is_refused_by_name(database, role):
    wrong = addresses(database) | {role: "postgresql://somebody:secret@/fleet"}
    with pytest.raises(Refusal, match=role) as refused:
        bootstrap(databases.from_environment("DATABASE_URL"), wrong)
    assert "secret@" not in refused.value.sentence


def test_a_server_that_does_not_answer_is_said(database):
    with pytest.raises(Refusal, match="DATABASE_URL"):
        bootstrap("postgresql://postgres:x@127.0.0.1:1/postgres", addresses(database))
