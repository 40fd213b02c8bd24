"""The writer: what is acknowledged is committed, in order, while the next messages are read already."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql

from devices.dialects.listening import Listening
from devices.ingest import database as database_module
from devices.ingest import writer as writer_module
from devices.ingest.buffer import Buffer
from devices.ingest.database import connect
from devices.ingest.hearing import Reader
from devices.ingest.message import Message, Receipt
from devices.ingest.publish import payload_of
from devices.ingest.writer import Writer
from foundation.errors import Refusal
from tests.devices.ingest_process import until
from tests.devices.meters import HOUR, SINCE, hourly, metered

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SERIAL = "A"


class Line:
    """The broker's side: what it was told is committed, and how much of it was, then."""

    connected, subscribed = True, ()

    def __init__(self, owner):
        self.acknowledged = []
        self.unfounded = []
        self._owner = owner

    def acknowledge(self, receipts):
        """Look whether all of them are in the database."""
        self.acknowledged += [receipt.mid for receipt in receipts]
        (stored,) = self._owner.execute("SELECT count(*) FROM devices.reading").fetchone()
        if stored < len(self.acknowledged):
            self.unfounded.append((stored, len(self.acknowledged)))


@pytest.fixture
def house(database, monkeypatch):
    """A writer that takes ten messages at a time, its buffer, and the two sides it stands between."""
    monkeypatch.setattr(writer_module, "BATCH", 10)
    with database.sessions().begin() as session:
        metered(session, SERIAL)
    owner = psycopg.connect(database.owner, autocommit=True)
    buffer, line = Buffer(), Line(owner)
    writer = Writer(database.ingest, "essai", buffer, Reader(Listening.parse("spl")), line)
    yield SimpleNamespace(writer=writer, buffer=buffer, line=line, owner=owner, url=database.owner)
    buffer.close()
    writer.give_up()
    writer.join()
    owner.close()


def put(house, *numbers, payload=None):
    for number in numbers:
        said = payload or payload_of("index", hourly(SINCE + number * HOUR, number))
        house.buffer.put(Message(f"spl/v1/{SERIAL}/readings", said, NOW, Receipt(1, number)))


def test_nothing_is_acknowledged_before_it_is_committed_and_all_of_it_in_order(house):
    put(house, *range(1, 251))
    house.writer.start()
    until(lambda: len(house.line.acknowledged), 250)
    assert house.line.acknowledged == list(range(1, 251))
    assert house.line.unfounded == []
    until(lambda: house.writer.busy_since, None)
    assert house.writer.counts.readings == 250


def test_while_the_database_is_held_the_next_messages_are_read_and_no_more_of_them(house):
    with psycopg.connect(house.url) as holder:
        holder.execute("LOCK TABLE devices.reading IN ACCESS EXCLUSIVE MODE")
        put(house, *range(1, 41))
        house.writer.start()
        until(lambda: len(house.buffer), 20)
        since = house.writer.busy_since
        assert since is not None
        assert house.line.acknowledged == []
        assert house.writer.busy_since == since, "since the oldest of them was taken"
    until(lambda: house.line.acknowledged, list(range(1, 41)))
    assert house.line.unfounded == []


def test_a_message_the_database_refuses_costs_one_letter_and_keeps_the_order(house):
    house.owner.execute("ALTER TABLE devices.reading ADD CONSTRAINT poison CHECK (value <> 7)")
    put(house, *range(1, 31))
    house.writer.start()
    until(lambda: house.line.acknowledged, list(range(1, 31)))
    assert house.owner.execute("SELECT mid, reason FROM devices.dead_letter").fetchall() == [(7, "refused_by_database")]
    assert house.owner.execute("SELECT count(*) FROM devices.reading").fetchone() == (29,)


@pytest.mark.parametrize("table", ["dead_letter", "reading_conflict", "arrival"])
def test_readings_letters_contradictions_and_arrivals_are_one_transaction(house, table):
    put(house, 1)
    house.writer.start()
    until(lambda: house.line.acknowledged, [1])
    with psycopg.connect(house.url) as holder:
        holder.execute(sql.SQL("LOCK TABLE devices.{} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        put(house, 2)
        put(house, 3, payload=b"?")
        put(house, 4, payload=payload_of("index", hourly(SINCE + HOUR, 9)))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        until(lambda: house.owner.execute(waits, [f"devices.{table}"]).fetchone(), (1,))
        assert house.line.acknowledged == [1]
        assert house.owner.execute("SELECT count(*) FROM devices.reading").fetchone() == (1,)
    until(lambda: house.line.acknowledged, [1, 2, 3, 4])
    for kept, number in (("reading", 2), ("dead_letter", 1), ("reading_conflict", 1)):
        counted = sql.SQL("SELECT count(*) FROM devices.{}").format(sql.Identifier(kept))
        assert house.owner.execute(counted).fetchone() == (number,)


def test_a_server_that_may_forget_what_it_committed_is_refused(database, monkeypatch):
    monkeypatch.setattr(database_module, "_MUST_BE_ON", ("transaction_read_only",))  # off on any server of ours
    with pytest.raises(Refusal, match="transaction_read_only = off"):
        connect(database.ingest, lambda: None)


def test_a_commit_is_on_disk_whatever_the_role_s_own_default(database):
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(database.name)))
    with psycopg.connect(database.ingest) as bare, connect(database.ingest, lambda: None) as ours:
        found = [one.execute("SHOW synchronous_commit").fetchone() for one in (bare, ours)]
    assert found == [("off",), ("on",)]


def test_told_to_give_up_it_ends_and_acknowledges_nothing_it_could_not_commit(house):
    house.writer._url = "host=/nowhere"
    put(house, *range(1, 31))
    house.writer.start()
    until(lambda: house.writer.busy_since is not None, wanted=True)
    house.writer.give_up()
    house.writer.join()
    assert house.writer.failure is None
    assert house.line.acknowledged == []


def test_what_ends_one_thread_ends_the_other_with_its_reason(house):
    house.owner.execute("REVOKE INSERT ON devices.reading FROM fleet_ingest")
    put(house, *range(1, 31))
    house.writer.start()
    house.writer.join()
    assert isinstance(house.writer.failure, psycopg.errors.InsufficientPrivilege)
    assert house.line.acknowledged == []
