"""Row-level security's other half: every transaction says who acts before it reads a row.

The web signs in to PostgreSQL as `fleet_web`, which by itself may read nothing;
each transaction takes the actor's role and identity with `SET LOCAL`, so that
a pooled connection carries nothing over to the next request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import SessionTransaction

    from foundation.actors import Actor


def engine_for(url: str) -> Engine:
    """Return an engine for `url` (postgresql://…), driven by psycopg 3.

    libpq itself reads the address, so that a socket's folder may stand for the host as everywhere else.
    """
    return create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), pool_pre_ping=True, pool_recycle=1800
    )


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return the factory of sessions on `engine`; objects stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


def act_as(connection: Connection, actor: Actor) -> None:
    """Take the role and identity of `actor` for the current transaction only."""
    connection.execute(text(f"SET LOCAL ROLE fleet_{actor.role.value}"))
    connection.execute(
        text(
            "SELECT set_config('app.account_id', :account, true), set_config('app.shareholder_id', :shareholder, true)"
        ),
        {
            "account": str(actor.account_id or ""),
            "shareholder": str(actor.shareholder_id or ""),
        },
    )
    if actor.guest:
        connection.execute(text("SET LOCAL transaction_read_only = on"))


def bind_actor(session: Session, actor: Actor) -> None:
    """Make each transaction that `session` begins from now on run as `actor`.

    A transaction already begun is switched at once, so sign-in can go on as the person signed in.
    """
    if "actor" not in session.info:

        def after_begin(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
            act_as(connection, session.info["actor"])

        event.listen(session, "after_begin", after_begin)
    session.info["actor"] = actor
    if session.in_transaction():
        connection = session.connection()
        connection.execute(text("RESET ROLE"))
        act_as(connection, actor)
