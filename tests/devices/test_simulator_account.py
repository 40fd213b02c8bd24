"""The ledger of simulated sensors, and what it finds in the database."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import threading
import time
import uuid
from decimal import Decimal

import psycopg
import pytest
from click.testing import CliRunner

from devices.cli import group
from devices.ingest.message import Message
from devices.ingest.publish import payload_of
from devices.simulator import run
from devices.simulator.faults import Fault
from devices.simulator.ledger import Ledger, acknowledged_in, read_entries
from devices.simulator.reconcile import missing_from, reconcile
from devices.simulator.register import register_fleet
from devices.simulator.sensors import Fleet, Said, messages
from devices.simulator.voices import VOICES, Meant
from foundation.errors import Refusal
from tests.databases import from_environment
from tests.devices.ingest_process import Ingest, until
from tests.devices.meters import arrive

FLEET = Fleet(name="t", sensors=3, faults={Fault.DUPLICATE: 0.1, Fault.BAD_PAYLOAD: 0.1, Fault.CONFLICT: 0.1})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger"


def test_what_is_written_down_is_read_again(path):
    means = (Meant("index", FLEET.since, Decimal("0.025")), Meant("energy", None, Decimal(1)))
    group_of = [
        Said("a", b'{"x": 1}', "", "EM-1", means),
        Said("b/é", b"\xff\x00", "bad-payload"),
        Said("c", "né\n".encode(), "late"),
    ]
    with Ledger(path) as ledger:
        ledger.write(group_of)
        ledger.acknowledge(2)
    assert [(e.topic, e.payload, e.fault) for e in read_entries(path)] == [said[:3] for said in group_of]
    assert [(e.serial, e.means) for e in read_entries(path)] == [
        ("EM-1", [("index", "2020-01-01T00:00:00+00:00", "0.025"), ("energy", None, "1")]),
        ("", []),
        ("", []),
    ]
    assert [e.n for e in read_entries(path)] == [1, 2, 3]
    assert acknowledged_in(path) == 2


def test_a_last_line_cut_short_is_left_out(path):
    with Ledger(path) as ledger:
        ledger.write([Said("a", b"1", ""), Said("b", b"2", "")])
    path.write_bytes(path.read_bytes()[:-5])
    assert [entry.topic for entry in read_entries(path)] == ["a"]


@pytest.mark.parametrize("name", ["a/#b", "+", "", "é", "x" * 60])
def test_a_name_no_sensor_could_have_is_refused_before_anything_is_written(path, name):
    refused = CliRunner().invoke(
        group,
        ["simulate", "--ledger", str(path), "--messages", "1", "--mqtt-url", "mqtt://127.0.0.1:1", "--name", name],
    )
    assert isinstance(refused.exception, Refusal)
    assert "parc simulé" in refused.exception.sentence
    assert not path.exists()


def test_a_ledger_that_has_no_place_is_refused(path):
    with pytest.raises(Refusal, match="ne s'écrit pas"):
        Ledger(path / "absent")


def test_a_ledger_is_never_written_over(path):
    path.touch()
    with pytest.raises(Refusal, match="existe déjà"):
        Ledger(path)


@pytest.mark.parametrize(
    "line",
    [
        "bonjour",
        "[1]",
        "42",
        '{"n":2}',
        '{"n":"x","topic":"a","payload":"a"}',
        '{"n":2,"topic":1,"payload":"a"}',
        '{"n":2,"topic":"a","hex":"zz"}',
        '{"n":2,"topic":"a","payload":"a","means":[["c","hier","1"]]}',
        '{"n":2,"topic":"a","payload":"a","means":[["c",null,"x"]]}',
    ],
)
def test_a_file_that_is_no_ledger_is_refused_with_its_line(path, line):
    path.write_text('{"n":1,"topic":"a","payload":""}\n' + line + "\n")
    with pytest.raises(Refusal, match="ligne 2"):
        list(read_entries(path))


def test_nothing_is_published_before_it_is_written_down(path, monkeypatch):
    published = []

    class Publisher:
        acknowledged = 0

        def __init__(self, _url, *, unheard_is_refused):
            assert not unheard_is_refused, "the account says what nobody listened to"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def publish(self, _topic, payload):
            assert json.dumps(payload.decode()) in path.read_text()
            published.append(payload)

        def count(self):
            return len(published)

        def wait(self, at_most):
            assert at_most == 0

    monkeypatch.setattr(run, "Publisher", Publisher)
    with Ledger(path) as ledger:
        run.speak(Fleet(name="t"), "mqtt://nobody", ledger, count=1200)
    assert len(published) == acknowledged_in(path) == 1200


@pytest.fixture
def registered(database):
    with database.sessions().begin() as session:
        register_fleet(session, FLEET)
    return database


def written(path, count=200, acknowledged=None, fleet=FLEET):
    """Write `count` messages down as published, and return them."""
    said = list(itertools.islice(messages(fleet), count))
    with Ledger(path) as ledger:
        ledger.write(said)
        ledger.acknowledge(count if acknowledged is None else acknowledged)
    return said


def received(database, said):
    """Store what arrives, as ingest does."""
    now = dt.datetime.now(dt.UTC)
    with database.sessions().begin() as session:
        arrive(session, *(Message(one.topic, one.payload, now, None) for one in said))


def account_of(database, path, queued=0):
    with psycopg.connect(database.worker, autocommit=True) as connection:
        return reconcile(connection, path, lambda waiting: min(len(waiting), queued))


def test_when_all_has_arrived_the_sum_is_exact_and_nothing_is_missing(registered, path):
    said = written(path)
    received(registered, said)
    account = account_of(registered, path)
    distinct = {(one.topic, one.payload) for one in said}
    bad = {(one.topic, one.payload) for one in said if one.fault is Fault.BAD_PAYLOAD}
    assert account.sound
    assert account.published == len(distinct) == account.stored + account.dead_letters
    assert account.dead_letters == len(bad)
    assert account.repeated == len(said) - len(distinct)
    assert account.conflicts == 4 * sum(one.fault is Fault.CONFLICT for one in said) // 2


def test_arrived_twice_or_in_another_order_the_account_is_the_same(registered, path):
    said = written(path)
    received(registered, [*reversed(said), *(one for one in said if one.fault is not Fault.BAD_PAYLOAD)])
    account = account_of(registered, path)
    assert account.sound
    assert account.published == account.stored + account.dead_letters


def test_what_has_not_arrived_is_queued_as_far_as_the_broker_holds_it_and_missing_beyond(registered, path):
    said = written(path)
    received(registered, said[:150])
    lost = account_of(registered, path)
    assert not lost.sound
    assert lost.published == lost.stored + lost.dead_letters + lost.missing
    assert {gap.serial for gap in lost.gaps} == set(FLEET.serials)
    held = account_of(registered, path, queued=lost.missing)
    assert held.sound
    assert (held.queued, held.missing) == (lost.missing, 0)
    short = account_of(registered, path, queued=lost.missing - 1)
    assert (short.queued, short.missing) == (lost.missing - 1, 1)


def test_what_is_missing_closes_the_gap_once_it_is_said_again(registered, path):
    said = written(path)
    received(registered, said[:120])
    with psycopg.connect(registered.worker, autocommit=True) as connection:
        missing = missing_from(connection, path)
    assert len(missing) == account_of(registered, path).missing
    received(registered, [said[n - 1] for n in sorted(missing)])
    assert account_of(registered, path).sound


def test_what_was_never_acknowledged_is_not_held_against_ingest(registered, path):
    said = written(path, acknowledged=150)
    received(registered, said[:150])
    account = account_of(registered, path)
    assert account.sound
    assert account.unacknowledged > 0


def test_a_reading_no_ledger_says_is_seen(registered, path):
    said = written(path)
    received(registered, said)
    between = FLEET.since + dt.timedelta(seconds=30)
    received(registered, [Said(said[0].topic, payload_of("index", [(between, Decimal(1))]), "")])
    assert account_of(registered, path).stowaways == 1


def test_another_value_in_the_place_of_the_published_one_is_missing(registered, path):
    said = written(path)
    received(registered, [Said(said[0].topic, payload_of("index", [(FLEET.since, Decimal(9))]), "")])
    received(registered, said)
    account = account_of(registered, path)
    assert account.stowaways == 1
    assert account.missing == 0, "ours stands beside it, as a conflict"


def test_a_month_nobody_has_counted_yet_takes_no_longer(registered, path):
    alone = Fleet(name=FLEET.name, sensors=1)
    said = written(path, 6_000, fleet=alone)
    received(registered, said)
    with psycopg.connect(registered.worker, autocommit=True) as connection:
        # Comparing each of 24,000 readings with each takes minutes.
        connection.execute("SET statement_timeout = '20s'")
        account = reconcile(connection, path)
    assert (account.values_stored, account.missing, account.stowaways) == (24_000, 0, 0)


def test_a_letter_kept_twice_is_a_duplicate(registered, path):
    said = written(path)
    received(registered, said)
    bad = next(one for one in said if one.fault is Fault.BAD_PAYLOAD and one.payload)
    received(registered, [bad])
    account = account_of(registered, path)
    assert (account.duplicates, account.sound) == (1, False)


MIXED = Fleet(name="m", sensors=14, dialects=tuple(VOICES), faults=FLEET.faults | {Fault.CLOCK_SKEW: 0.1})


@pytest.fixture
def mixed(database):
    with database.sessions().begin() as session:
        register_fleet(session, MIXED)
    return database


def heard(database, said, minutes=0):
    """Store what arrives, each message a second after the one before."""
    now = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1) + dt.timedelta(minutes=minutes)
    with database.sessions().begin() as session:
        arrive(session, *(
            Message(one.topic, one.payload, now + dt.timedelta(milliseconds=n), None) for n, one in enumerate(said)
        ))  # fmt: skip


def test_every_dialect_is_accounted_for_to_the_message(mixed, path):
    said = written(path, 600, fleet=MIXED)
    heard(mixed, said[:400])
    half = account_of(mixed, path)
    assert half.missing > 0
    assert half.published == half.stored + half.dead_letters + half.missing
    heard(mixed, said[400:], minutes=10)
    whole = account_of(mixed, path)
    assert whole.sound
    assert (whole.published, whole.missing) == (half.published, 0)
    assert whole.dead_letters >= 60
    doubled = {one.topic for one in said if one.fault is Fault.DUPLICATE and one.means and one.means[0].time is None}
    assert doubled, "what has no time of its own is said twice, and stored twice"


def test_an_undated_reading_stored_more_often_than_it_was_said_is_a_duplicate(mixed, path):
    said = written(path, 600, fleet=MIXED)
    heard(mixed, said)
    again = next(one for one in said if one.means and one.means[0].time is None and one.fault != Fault.DUPLICATE)
    heard(mixed, [again], minutes=10)
    account = account_of(mixed, path)
    assert (account.duplicates, account.missing, account.sound) == (1, 0, False)


def test_an_undated_reading_nobody_published_is_seen(mixed, path):
    said = written(path, 600, fleet=MIXED)
    number = next(n for n in range(14) if MIXED.dialects[n % len(MIXED.dialects)] == "zigbee2mqtt")
    heard(mixed, [*said, Said(f"zigbee2mqtt/{MIXED.serial(number)}", b'{"energy": 999}', "")])
    assert account_of(mixed, path).stowaways == 1


def test_simulated_through_the_real_broker_everything_is_accounted_for(database, mqtt_url, tmp_path):
    ledger, simulator = tmp_path / "ledger", from_environment("FLEET_SIMULATOR_MQTT_URL")
    ingest = Ingest(database, mqtt_url, tmp_path / "ingest.log")

    def fleet(*words):
        answer = CliRunner().invoke(group, [*words, "--ledger", str(ledger), "--json"])
        return json.loads(answer.output)

    simulate = ["simulate", "--register", "--database-url", database.owner, "--mqtt-url", simulator]
    simulate += [word for fault in Fault for word in ("--fault", f"{fault}=0.02")]
    ask = ["reconcile", "--database-url", database.worker, "--mqtt-url", mqtt_url]
    try:
        ingest.start()
        ingest.stop()
        said = fleet(*simulate, "--messages", "1000", "--sensors", "5")
        before = fleet(*ask)
        assert (before["queued"], before["missing"]) == (before["published"], 0), "all of it waits at the broker"
        ingest.start()
        until(lambda: fleet(*ask, "--mqtt-url", "")["missing"], 0)
        ingest.stop()
        after = fleet(*ask)
    finally:
        ingest.close()
    assert said["published"] == 1000
    assert after["published"] == after["stored"] + after["dead_letters"] == before["published"]
    assert (after["queued"], after["missing"], after["duplicates"], after["sound"]) == (0, 0, 0, True)


def test_six_dialects_at_once_through_an_ingest_that_is_killed_lose_nothing(database, mqtt_url, tmp_path):
    ledger, simulator = tmp_path / "ledger", from_environment("FLEET_SIMULATOR_MQTT_URL")
    ingest = Ingest(database, mqtt_url, tmp_path / "ingest.log")
    dialects = ("spl", "chirpstack", "shelly", "zigbee2mqtt", "teleinfo2mqtt", "tasmota")
    faults = dict.fromkeys((Fault.DUPLICATE, Fault.LATE, Fault.BAD_PAYLOAD, Fault.CONFLICT, Fault.CLOCK_SKEW), 0.01)
    fleet = Fleet(name=uuid.uuid4().hex[:8], sensors=30, dialects=dialects, faults=faults)
    with database.sessions().begin() as session:
        register_fleet(session, fleet)

    def speak():
        with Ledger(ledger) as account:
            run.speak(fleet, simulator, account, count=6_000, rate=1_500)

    speaking = threading.Thread(target=speak)
    try:
        ingest.start()
        speaking.start()
        for _ in range(2):
            time.sleep(0.8)
            ingest.kill()
            ingest.start()
        speaking.join()
        until(lambda: account_of(database, ledger).missing, 0)
        assert ingest.stop() == 0
        account = account_of(database, ledger)
    finally:
        ingest.close()
    assert (account.missing, account.duplicates, account.stowaways, account.unacknowledged) == (0, 0, 0, 0)
    assert account.published == account.stored + account.dead_letters
    assert account.dead_letters > 60
    channels = (
        "SELECT count(DISTINCT i.channel) FROM devices.reading r JOIN devices.installation i ON i.id = installation_id"
    )
    assert asked(database, channels) == 5, "index is a channel of two of them"


def asked(database, query):
    """Return the one value the owner of the database reads."""
    with psycopg.connect(database.owner) as connection:
        return connection.execute(query).fetchone()[0]
