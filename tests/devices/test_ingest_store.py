"""What is written for a batch: each message is stored whole, refused whole, or was there before."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from devices.dialects.registry import measured_by_spl
from devices.ingest.latest import latest_readings
from devices.ingest.message import Message, Receipt
from devices.ingest.models import Arrival, DeadLetter, Reading, ReadingConflict
from devices.ingest.replay import replay
from devices.inventory.register import install, register_device, remove
from tests.devices.meters import HOUR, SINCE, arrive, hourly, message, metered, school_point

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def number_of(session, model):
    return session.scalar(select(func.count()).select_from(model))


def reasons(session):
    return session.scalars(select(DeadLetter.reason).order_by(DeadLetter.id)).all()


def test_readings_are_stored_with_when_they_were_measured_and_when_they_came(dbsession):
    installation = metered(dbsession, "A")
    told = message("A", hourly(SINCE, "1.5", "2.75"))
    counts = arrive(dbsession, told)
    assert (counts.readings, counts.duplicates, counts.conflicts, counts.dead_letters) == (2, 0, 0, 0)
    stored = dbsession.scalars(select(Reading).order_by(Reading.ts)).all()
    assert [(r.installation_id, r.ts, r.value, r.received_at) for r in stored] == [
        (installation.id, SINCE, Decimal("1.5"), told.received_at),
        (installation.id, SINCE + HOUR, Decimal("2.75"), told.received_at),
    ]


def test_what_arrived_is_announced_once_per_batch_and_installation(dbsession):
    first, second = metered(dbsession, "A"), metered(dbsession, "B")
    dbsession.execute(text("DELETE FROM devices.arrival"))
    arrive(dbsession, message("A", hourly(SINCE, 1, 2)), message("A", hourly(SINCE + 9 * HOUR, 3)))
    arrive(dbsession, message("A", hourly(SINCE, 1)), message("B", hourly(SINCE, 1)))
    announced = dbsession.execute(
        select(Arrival.installation_id, Arrival.first_ts, Arrival.last_ts, Arrival.n).order_by(Arrival.id)
    ).all()
    assert [tuple(row) for row in announced] == [
        (first.id, SINCE, SINCE + 9 * HOUR, 3),
        (second.id, SINCE, SINCE, 1),
    ], "a duplicate announces nothing"


def test_a_late_reading_never_passes_for_the_latest(dbsession):
    point = metered(dbsession, "A").point
    arrive(dbsession, message("A", hourly(SINCE + 5 * HOUR, 50)))
    arrive(dbsession, message("A", hourly(SINCE, 10)))
    latest = latest_readings(dbsession, [point.id], SINCE + 6 * HOUR)[point.id]
    assert (latest.ts, latest.index_kwh) == (SINCE + 5 * HOUR, 50)


def test_the_same_value_again_is_a_duplicate_however_often(dbsession):
    metered(dbsession, "A")
    again = [message("A", hourly(SINCE, "1.50")), message("A", hourly(SINCE, "1.5"))]
    counts = arrive(dbsession, *again * 500)
    assert (counts.readings, counts.duplicates, counts.conflicts) == (1, 999, 0)
    assert number_of(dbsession, Reading) == 1


def test_another_value_for_the_same_instant_is_a_conflict_and_the_first_stays(dbsession):
    installation = metered(dbsession, "A")
    arrive(dbsession, message("A", hourly(SINCE, 1)))
    for _ in range(2):
        arrive(dbsession, message("A", hourly(SINCE, 2, 3)))
    assert dbsession.scalars(select(Reading.value).order_by(Reading.ts)).all() == [1, 3]
    conflict = dbsession.scalars(select(ReadingConflict)).one()
    assert (conflict.installation_id, conflict.ts) == (installation.id, SINCE)
    assert (conflict.stored_value, conflict.arrived_value, conflict.topic) == (1, 2, "spl/v1/A/readings")


def test_two_values_in_one_message_conflict_too(dbsession):
    metered(dbsession, "A")
    counts = arrive(dbsession, message("A", [(SINCE, Decimal(1)), (SINCE, Decimal(2))]))
    assert (counts.readings, counts.conflicts) == (1, 1)


def test_old_stamps_are_welcome(dbsession):
    metered(dbsession, "A", at=dt.datetime(1991, 5, 1, tzinfo=dt.UTC))
    instants = [dt.datetime(year, 12, 31, 23, 30, tzinfo=dt.UTC) for year in (1991, 2003, 2025)]
    assert arrive(dbsession, message("A", [(at, Decimal(1)) for at in instants])).readings == 3


def test_a_device_nobody_registered_leaves_a_letter_that_says_what_to_do(dbsession):
    arrive(dbsession, message("NOBODY", hourly(SINCE, 1)))
    letter = dbsession.scalars(select(DeadLetter)).one()
    assert letter.reason == "unknown_device"
    assert letter.sentence.startswith("Le capteur NOBODY n'est pas enregistré ; enregistrez-le")
    assert b'"value":1' in letter.payload


def test_what_cannot_be_placed_is_refused_whole_and_loses_nothing(dbsession):
    installation = metered(dbsession, "A")
    register_device(dbsession, serial="STOCKED")
    remove(dbsession, installation, at=SINCE + 10 * HOUR)
    arrive(
        dbsession,
        message("A", hourly(SINCE + 8 * HOUR, 1, 2, 3)),
        message("A", hourly(SINCE - HOUR, 1)),
        message("STOCKED", hourly(SINCE, 1)),
        Message("spl/v1/A/readings", b"\x00\xff", NOW, Receipt(1, 7)),
        message("A", hourly(SINCE, 5)),
    )
    assert reasons(dbsession) == [
        "not_installed",
        "not_installed",
        "unknown_channel",
        "not_utf8",
    ]
    assert number_of(dbsession, Reading) == 1


def test_a_decoder_that_fails_costs_one_letter(dbsession, monkeypatch):
    metered(dbsession, "A")

    def stumble(said):
        if said.payload == b"{}":
            raise ZeroDivisionError
        return measured_by_spl(said)

    monkeypatch.setattr("devices.ingest.hearing.measured_by_spl", stumble)
    counts = arrive(dbsession, Message("spl/v1/A/readings", b"{}", NOW, None), message("A", hourly(SINCE, 1)))
    assert (counts.readings, reasons(dbsession)) == (1, ["decoder_failed"])


def test_text_postgresql_cannot_keep_is_kept_as_bytes_and_described(dbsession):
    key = b'{"readings": [{"a\\u0000\\ud800": 1, "a\\u0000\\ud800": 2}]}'
    arrive(dbsession, Message("spl/v1/A/readings", key, NOW, None))
    letter = dbsession.scalars(select(DeadLetter)).one()
    assert letter.reason == "duplicate_key"
    assert letter.payload == key
    assert "\\x00" in letter.sentence


def test_a_letter_redelivered_is_one_letter_and_a_letter_sent_twice_is_two(dbsession):
    sent = Message("spl/v1/A/readings", b"?", NOW, Receipt(1, 7))
    arrive(dbsession, sent)
    arrive(dbsession, sent._replace(dup=True, received_at=NOW + HOUR, receipt=Receipt(2, 7)))
    arrive(dbsession, sent)  # our own second try, after a commit whose answer was lost
    assert number_of(dbsession, DeadLetter) == 1
    arrive(dbsession, sent._replace(received_at=NOW + HOUR, receipt=Receipt(2, 8)))
    assert number_of(dbsession, DeadLetter) == 2


def test_a_retained_message_is_a_copy_and_makes_no_row(dbsession):
    metered(dbsession, "A")
    counts = arrive(dbsession, message("A", hourly(SINCE, 1))._replace(retain=True))
    assert (counts.retained, counts.readings, counts.dead_letters) == (1, 0, 0)
    assert number_of(dbsession, Reading) == 0


def test_dead_letters_become_readings_once_the_device_is_registered(dbsession):
    arrive(dbsession, message("NEW", hourly(SINCE, 1, 2)), message("OTHER", hourly(SINCE, 1)))
    arrive(dbsession, Message("spl/v1/NEW/readings", b"?", NOW, None))
    metered(dbsession, "NEW")
    dbsession.execute(text("DELETE FROM devices.arrival"))
    replayed = replay(dbsession, NOW)
    assert (replayed.letters, replayed.counts.readings) == (1, 2)
    assert replayed.waiting == {"unknown_device": 1, "not_json": 1}
    assert number_of(dbsession, Reading) == 2
    assert number_of(dbsession, Arrival) == 1, "energy will be derived from them"
    assert dbsession.scalars(select(DeadLetter.replayed_at).order_by(DeadLetter.id)).all() == [NOW, None, None]
    assert replay(dbsession, NOW).letters == 0


def test_a_letter_the_database_refuses_does_not_hold_up_the_others(dbsession):
    for number in range(5):
        arrive(dbsession, message("NEW", hourly(SINCE + number * HOUR, 660 + number * 3)))
    metered(dbsession, "NEW")
    dbsession.execute(text("ALTER TABLE devices.reading ADD CONSTRAINT poison CHECK (value <> 666)"))
    replayed = replay(dbsession, NOW)
    assert (replayed.letters, replayed.waiting) == (4, {"unknown_device": 1})
    assert number_of(dbsession, Reading) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE devices.reading SET value = 0",
        "DELETE FROM devices.reading",
        "TRUNCATE devices.reading",
        "UPDATE devices.reading_y2024m01 SET value = 0",
        "DELETE FROM devices.reading_conflict",
    ],
)
def test_what_arrived_stays_even_for_the_owner(dbsession, statement):
    metered(dbsession, "A")
    arrive(dbsession, message("A", hourly(SINCE, 1)), message("A", hourly(SINCE, 2)))
    with pytest.raises(DatabaseError, match="kept as it arrived"), dbsession.begin_nested():
        dbsession.execute(text(statement))


def test_the_ingest_role_can_add_and_nothing_else(database):
    with database.sessions().begin() as session:
        install(session, register_device(session, serial="A"), school_point(session), at=SINCE)
    with database.sessions("ingest").begin() as session:
        assert arrive(session, message("A", hourly(SINCE, 1, 2)), message("B", hourly(SINCE, 1))).readings == 2
    for statement in (
        "DELETE FROM devices.dead_letter",
        "UPDATE devices.arrival SET n = 0",
        "SELECT * FROM devices.reading_y2024m01",
        "SELECT * FROM devices.hourly_energy",
        "SELECT * FROM fleet.account",
        "INSERT INTO devices.device (serial) VALUES ('X')",
        "CREATE TABLE devices.mine ()",
    ):
        with psycopg.connect(database.ingest) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_partitions_are_not_made_for_dates_no_reading_may_have(database):
    with psycopg.connect(database.ingest) as connection:
        for instant in ("1989-12-31T23:59:59Z", "2099-01-01T00:00:00Z"):
            with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute("SELECT devices.ensure_reading_partitions(%s, %s)", [instant, instant])
