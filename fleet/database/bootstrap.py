"""Make the database and its roles on a PostgreSQL server, as its administrator; run again, nothing changes.

The owner makes the schema and owns every table. The web signs in as `fleet_web`, which may read nothing by itself
and takes one of the group roles for each transaction. Nobody is superuser and nobody bypasses row-level security.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from fleet.settings import AdministratorSettings

OLDEST_SERVER = 150000
# Any number, as long as it is always this one.
BOOTSTRAP_LOCK = 20170519
GROUP_ROLES = ("fleet_operator", "fleet_shareholder", "fleet_technician", "fleet_public")
LOGIN_ROLES = ("fleet_owner", "fleet_web", "fleet_worker", "fleet_ingest")
# Whatever a role was before, it leaves with these.
RIGHTS = sql.SQL("NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION")


@dataclass(frozen=True, slots=True)
class Account:
    """How one of the login roles signs in, as its address says."""

    role: str
    password: str
    database: str


def bootstrap_all(settings: AdministratorSettings) -> None:
    """Make what the settings of an installation promise."""
    bootstrap(
        settings.administrator_url,
        {
            "fleet_owner": settings.owner_url,
            "fleet_web": settings.web_url,
            "fleet_worker": settings.worker_url,
            "fleet_ingest": settings.ingest_url,
        },
    )


def bootstrap(administrator_url: str, addresses: dict[str, str]) -> None:
    """Make what `addresses` (login role → address) promise, on the server of `administrator_url`.

    Raises:
        Refusal: the server does not answer or is too old, or an address names another role or lacks a password.

    """
    accounts = [_account(role, addresses[role]) for role in LOGIN_ROLES]
    database = accounts[0].database
    with _connect(administrator_url) as connection:
        _demand_version(connection)
        # Roles belong to the whole server: one at a time.
        connection.execute("SELECT pg_advisory_lock(%s)", (BOOTSTRAP_LOCK,))
        for role in GROUP_ROLES:
            _make_role(connection, role, sql.SQL("NOLOGIN"))
        for account in accounts:
            inherits = sql.SQL("NOINHERIT" if account.role == "fleet_web" else "INHERIT")
            _make_role(connection, account.role, sql.SQL("LOGIN {} PASSWORD {}").format(inherits, account.password))
        _let_web_become(connection)
        _make_database(connection, database)
    with _connect(administrator_url, database) as connection:
        # Exclusion constraints on (id =, period &&) need it, and only an administrator may be trusted to add it.
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        for statement in _rights_on(database):
            connection.execute(statement)


def _account(role: str, address: str) -> Account:
    parts = conninfo_to_dict(address)
    if parts.get("user") != role or not parts.get("password") or not parts.get("dbname"):
        raise Refusal(
            "L'adresse de la base pour {role} doit s'écrire postgresql://{role}:motdepasse@hôte/base ; corrigez"
            " le réglage qui la donne.",
            role=role,
        )
    return Account(role, str(parts["password"]), str(parts["dbname"]))


def _connect(url: str, database: str | None = None) -> Connection[tuple[object, ...]]:
    """Return a connection where each statement stands for itself: CREATE DATABASE allows no transaction."""
    conninfo = make_conninfo(url, dbname=database) if database else url
    try:
        return psycopg.connect(conninfo, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Refusal(
            "PostgreSQL ne répond pas à l'administrateur ({error}) ; vérifiez DATABASE_URL et le serveur.",
            error=" ".join(str(error).split()),
        ) from None


def _demand_version(connection: Connection[tuple[object, ...]]) -> None:
    if connection.info.server_version < OLDEST_SERVER:
        raise Refusal("Ce serveur PostgreSQL est trop ancien ; il faut la version 15 ou une plus récente.")


def _exists(connection: Connection[tuple[object, ...]], query: str, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None


def _make_role(connection: Connection[tuple[object, ...]], role: str, login: sql.Composable) -> None:
    verb = "ALTER" if _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", role) else "CREATE"
    connection.execute(sql.SQL("{} ROLE {} {} {}").format(sql.SQL(verb), sql.Identifier(role), RIGHTS, login))


def _let_web_become(connection: Connection[tuple[object, ...]]) -> None:
    """Let `fleet_web` take a group role by SET ROLE and inherit nothing from it."""
    # Since 16 a membership says itself whether it inherits; before, the NOINHERIT of the member decides.
    how = " WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= 160000 else ""
    for role in GROUP_ROLES:
        connection.execute(sql.SQL("GRANT {} TO fleet_web" + how).format(sql.Identifier(role)))


def _make_database(connection: Connection[tuple[object, ...]], database: str) -> None:
    if _exists(connection, "SELECT FROM pg_database WHERE datname = %s", database):
        return
    # Names sort as French readers expect (Écully between Eaubonne and Evry), whatever the server's locale.
    statement = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'fr' OWNER {}"
    if connection.info.parameter_status("is_superuser") != "on":
        # Only a member of a role may give it a database.
        connection.execute("GRANT fleet_owner TO CURRENT_USER")
    connection.execute(sql.SQL(statement).format(sql.Identifier(database), sql.Identifier("fleet_owner")))


def _rights_on(database: str) -> Iterator[sql.SQL | sql.Composed]:
    name = sql.Identifier(database)
    yield sql.SQL("ALTER DATABASE {} OWNER TO fleet_owner").format(name)
    # Truth 4: time is UTC, on a server set otherwise too.
    yield sql.SQL("ALTER DATABASE {} SET timezone TO 'UTC'").format(name)
    yield sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name)
    yield sql.SQL("GRANT CONNECT ON DATABASE {} TO fleet_web, fleet_worker, fleet_ingest").format(name)
    # Bulk writers copy into a temporary table first.
    yield sql.SQL("GRANT TEMPORARY ON DATABASE {} TO fleet_worker, fleet_ingest").format(name)
    yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
