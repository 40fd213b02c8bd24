"""One settlement at a time for an agreement: proposing, accepting and disputing wait for one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Any number, as long as it is always this one: the class of these locks.
SETTLEMENT_LOCK = 20170521


def take_turn(session: Session, agreement_id: int) -> None:
    """Wait until no other transaction settles this agreement; the turn ends with the transaction.

    An advisory lock, because neither the worker nor a shareholder may lock rows of agreements.
    """
    session.execute(select(func.pg_advisory_xact_lock(SETTLEMENT_LOCK, agreement_id)))
