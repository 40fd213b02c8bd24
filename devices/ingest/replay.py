"""Dead letters read again, once what was wrong has been put right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import psycopg
from sqlalchemy import select

from devices.codecs.book import CodecBook
from devices.codecs.runner import shared_runner
from devices.dialects.listening import Heard, Listening
from devices.dialects.measurement import Measurement, Unreadable
from devices.dialects.registry import dialect_named, recognise
from devices.ingest.announcements import recall
from devices.ingest.hearing import Read, Reader
from devices.ingest.inventory import Inventory
from devices.ingest.message import Counts, Message
from devices.ingest.models import DeadLetter
from devices.ingest.sorting import sort
from devices.ingest.store import store

if TYPE_CHECKING:
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
    reader = Reader(Listening(()))
    reader.codec = CodecBook(
        lambda statement, values: connection.execute(statement.encode(), values).fetchall(), shared_runner()
    )
    recall(connection, reader)
    read = [_read(reader, letter) for letter in letters]
    result = sort(connection, Inventory(), reader, read)
    reason_of = {id(refused.read.message): refused.reason for refused in result.refused}
    result.refused.clear()
    result.announcements.clear()  # what was announced since is newer
    still = {
        letter.id: reason_of[id(one.message)]
        for letter, one in zip(letters, read, strict=True)
        if id(one.message) in reason_of
    }
    return still, store(connection, result, set())


def _read(reader: Reader, letter: DeadLetter) -> Read:
    """Read a letter as it was when it arrived: by the same dialect, with the memory of then where it needs one."""
    message = Message(letter.topic, letter.payload, letter.received_at, None)
    if letter.measured is not None:
        said = [Measurement(s, c, dt.datetime.fromisoformat(time), Decimal(v)) for s, c, time, v in letter.measured]
        return Read(message, dated=said)
    try:
        dialect = dialect_named(letter.dialect) if letter.dialect else recognise(letter.topic)
    except Unreadable as refusal:
        return Read(message, refusal=refusal)
    return reader.read(message, Heard(dialect, letter.prefix))
