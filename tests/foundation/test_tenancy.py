"""A transaction says who acts; a pooled connection carries nothing over."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, ProgrammingError

from contracts.parties.models import Shareholder
from foundation.actors import PUBLIC, Actor, Role
from foundation.tenancy import bind_actor


def test_without_an_actor_the_web_reads_nothing(database):
    with database.sessions("web")() as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.scalars(select(Shareholder)).all()


def test_a_pooled_connection_carries_nothing_over(database):
    sessions = database.sessions("web")
    with sessions() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, account_id=7, shareholder_id=3))
        assert session.scalar(text("SELECT foundation.current_shareholder()")) == 3
    with sessions() as session:
        assert session.scalar(text("SELECT current_user")) == "fleet_web"
        assert session.scalar(text("SELECT current_setting('app.shareholder_id', true)")) in {None, ""}


def test_signing_in_goes_on_as_the_person_in_the_same_transaction(database):
    with database.sessions("web")() as session:
        bind_actor(session, PUBLIC)
        assert session.scalar(text("SELECT current_user")) == "fleet_public"
        bind_actor(session, Actor(Role.OPERATOR, account_id=1))
        assert session.scalar(text("SELECT current_user")) == "fleet_operator"
        session.commit()
        assert session.scalar(text("SELECT current_user")) == "fleet_operator"


def test_the_public_cannot_list_accounts(database):
    with database.sessions("web")() as session:
        bind_actor(session, PUBLIC)
        with pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text("SELECT * FROM fleet.account"))
