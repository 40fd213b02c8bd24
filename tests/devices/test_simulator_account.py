"""The ledger of simulated sensors, and what it finds in the database."""

from __future__ import annotations

import datetime as dt
import itertools
import json
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
from foundation.errors import Refusal
from tests.databases import from_environment
from tests.devices.ingest_process import Ingest, until
from tests.devices.meters import arrive

FLEET = Fleet(name="t", sensors=3, faults={Fault.DUPLICATE: 0.1, Fault.BAD_PAYLOAD: 0.1, Fault.CONFLICT: 0.1})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger"


def test_what_is_written_down_is_read_again(path):
    group_of = [Said("a", b'{"x": 1}', ""), Said("b/é", b"\xff\x00", "bad-payload"), Said("c", "né\n".encode(), "late")]
    with Ledger(path) as ledger:
        ledger.write(group_of)
        ledger.acknowledge(2)
    assert [(e.topic, e.payload, e.fault) for e in read_entries(path)] == [tuple(said) for said in group_of]
    assert [e.n for e in read_entries(path)] == [1, 2, 3]
    assert acknowledged_in(path) == 2


def test_a_last_line_cut_short_is_left_out(path):
    with Ledger(path) as ledger:
        ledger.write([Said("a", b"1", ""), Said("b", b"2", "")])
    path.write_bytes(path.read_bytes()[:-5])
    assert [entry.topic for entry in read_entries(path)] == ["a"]


def test_a_ledger_is_never_written_over(path):
    path.touch()
    with pytest.raises(Refusal, match="existe déjà"):
        Ledger(path)


def test_a_file_that_is_no_ledger_is_refused_with_its_line(path):
    path.write_text('{"n":1,"topic":"a","payload":""}\nbonjour\n')
    with pytest.raises(Refusal, match="ligne 2"):
        list(read_entries(path))


def test_nothing_is_published_before_it_is_written_down(path, monkeypatch):
    published = []

    class Sender:
        acknowledged = 0

        def __init__(self, _url):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def publish(self, said):
            assert json.dumps(said.payload.decode()) in path.read_text()
            published.append(said)

        def count(self):
            return len(published)

        def wait(self, at_most):
            assert at_most == 0

    monkeypatch.setattr(run, "Sender", Sender)
    with Ledger(path) as ledger:
        run.speak(Fleet(name="t"), "mqtt://nobody", ledger, count=1200)
    assert len(published) == acknowledged_in(path) == 1200


@pytest.fixture
def registered(database):
    with database.sessions().begin() as session:
        register_fleet(session, FLEET)
    return database


def written(path, count=200, acknowledged=None):
    """Write `count` messages down as published, and return them."""
    said = list(itertools.islice(messages(FLEET), count))
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
        return reconcile(connection, path, lambda: queued)


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


def test_a_letter_kept_twice_is_a_duplicate(registered, path):
    said = written(path)
    received(registered, said)
    bad = next(one for one in said if one.fault is Fault.BAD_PAYLOAD and one.payload)
    received(registered, [bad])
    account = account_of(registered, path)
    assert (account.duplicates, account.sound) == (1, False)


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
