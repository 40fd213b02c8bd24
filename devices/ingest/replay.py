"""Dead letters read again, once what was wrong has been put right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import psycopg
from sqlalchemy import select

from devices.ingest.inventory import Inventory
from devices.ingest.message import Counts, Message
from devices.ingest.models import DeadLetter
from devices.ingest.sorting import sort, understand
from devices.ingest.store import store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

CHUNK = 500


@dataclass(slots=True)
class Replayed:
    """How many letters became readings, what they brought, and why the others still wait (reason -> how many)."""

    letters: int = 0
    counts: Counts = field(default_factory=Counts)
    waiting: dict[str, int] = field(default_factory=dict)


def replay(session: Session, now: dt.datetime) -> Replayed:
    """Read every waiting dead letter again, oldest first; those that are understood now are stored and marked.

    Each is judged as on the day it arrived: what was dated in the future then is so still.
    """
    result = Replayed()
    last = 0
    while letters := session.scalars(
        select(DeadLetter)
        .where(DeadLetter.replayed_at.is_(None), DeadLetter.id > last)
        .order_by(DeadLetter.id)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    ).all():
        last = letters[-1].id
        _replay(session, letters, now, result)
    return result


def _replay(session: Session, letters: Sequence[DeadLetter], now: dt.datetime, result: Replayed) -> None:
    """Replay `letters` together; one the database cannot take is found by halving and goes on waiting."""
    try:
        with session.begin_nested():
            refused, counts = _store(session, letters)
    except (psycopg.DataError, psycopg.IntegrityError):
        if len(letters) > 1:
            half = len(letters) // 2
            _replay(session, letters[:half], now, result)
            _replay(session, letters[half:], now, result)
            return
        refused, counts = {letters[0].id: letters[0].reason}, Counts()
    result.counts.add(counts)
    for letter in letters:
        if letter.id in refused:
            reason = refused[letter.id]
            result.waiting[reason] = result.waiting.get(reason, 0) + 1
        else:
            letter.replayed_at = now
            result.letters += 1
    session.flush()


def _store(session: Session, letters: Sequence[DeadLetter]) -> tuple[dict[int, str], Counts]:
    """Store what the letters say; return the reason of each that still says nothing, and what was new."""
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    messages = [Message(letter.topic, letter.payload, letter.received_at, None) for letter in letters]
    result = sort(connection, Inventory(), understand(messages))
    reason_of = {refused.message: refused.reason for refused in result.refused}
    result.refused.clear()
    still = {one.id: reason_of[said] for one, said in zip(letters, messages, strict=True) if said in reason_of}
    return still, store(connection, result, set())
