"""Two people who sign or annex at once: one does, the other is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from contracts.agreements.models import Agreement
from contracts.agreements.register import add_price, annex, sign
from foundation.errors import Refusal
from tests.billing.agreement_example import START, draft, town
from tests.contracts.test_agreements_register import SIGNATURE

HASH = "a" * 64


@pytest.fixture
def agreement_id(database):
    with database.sessions("owner").begin() as session:
        agreement = draft(session, town(session))
        add_price(session, agreement, energy="electricity", start=START, end=None, price=Decimal("0.20"))
        annex(session, agreement, "Plan de mesure", HASH)
        return agreement.id


def waits(session):
    """Say whether another transaction waits for this one's locks."""
    return session.scalar(
        text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    )


@pytest.mark.parametrize(
    "late",
    [
        lambda session, agreement: sign(session, agreement, **{**SIGNATURE, "signatory": "Un autre"}),
        lambda session, agreement: annex(session, agreement, "Un autre plan", "b" * 64),
    ],
)
def test_what_comes_during_a_signature_is_refused(database, agreement_id, late):
    sessions = database.sessions("owner")

    def at_once():
        with sessions.begin() as session:
            late(session, session.get_one(Agreement, agreement_id))

    with ThreadPoolExecutor(1) as other:
        with sessions.begin() as first:
            sign(first, first.get_one(Agreement, agreement_id), **SIGNATURE)
            answer = other.submit(at_once)
            while not answer.done() and not waits(first):
                pass
        with pytest.raises(Refusal, match="signé"):
            answer.result()
    with sessions() as session:
        agreement = session.get_one(Agreement, agreement_id)
        assert agreement.signatory == SIGNATURE["signatory"]
        assert [one.sha256 for one in agreement.annexes] == [HASH]
