"""Several ingest processes share the messages: each reading once, whoever is killed, joins or leaves."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
import uuid
from decimal import Decimal

import pytest

from devices.dialects.listening import Listening
from devices.ingest.publish import Publisher, payload_of
from devices.ingest.share import Share
from foundation.errors import Refusal
from tests.databases import from_environment
from tests.devices.ingest_process import Ingest, until
from tests.devices.meters import HOUR, SINCE, metered


def test_members_subscribe_as_one_group_and_the_first_alone_hears_dialects_with_a_memory():
    listening = Listening.parse("spl sparkplug")
    assert Share().filters(listening) == ("spl/v1/+/readings", "spBv1.0/+/+/+", "spBv1.0/+/+/+/+")
    shared = "$share/fleet-ingest/spl/v1/+/readings"
    first, second = Share.parse("fleet-ingest", "1/2"), Share.parse("fleet-ingest", "2/2")
    assert first.filters(listening) == ("spBv1.0/+/+/+", "spBv1.0/+/+/+/+", shared)
    assert second.filters(listening) == (shared,)
    assert (first.client_id, second.client_id) == ("fleet-ingest", "fleet-ingest-2")


def test_the_first_member_knows_who_is_no_more():
    names = ["a", "a-2", "a-3", "a-12", "a-x", "b-3", "a-3-4"]
    assert Share("a", 1, 2).members_gone(names) == ["a-12", "a-3"]
    assert Share("a", 2, 2).members_gone(names) == []


@pytest.mark.parametrize("written", ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2"])
def test_a_share_that_is_none_is_refused(written):
    with pytest.raises(Refusal, match="1/3"):
        Share.parse("a", written)


@pytest.mark.parametrize("name", ["", "#", "+", "a/b", "é"])
def test_a_name_no_broker_should_see_is_refused(name):
    with pytest.raises(Refusal, match="nom de client"):
        Share(name)


@pytest.fixture
def group(database, mqtt_url, tmp_path):
    """Return what starts member `number` of `members`, under one name."""
    with contextlib.ExitStack() as ending:
        found: dict[int, Ingest] = {}

        def member(number, members, **variables):
            if number not in found:
                found[number] = Ingest(database, mqtt_url, tmp_path / f"{number}.log", beside=found.get(1))
                ending.callback(found[number].close)
            found[number].partition = f"{number}/{members}"
            found[number].start(**variables)
            return found[number]

        yield member


@pytest.fixture
def sensors(database):
    serials = [f"T{uuid.uuid4().hex[:8]}-{n}" for n in range(10)]
    with database.sessions().begin() as session:
        for serial in serials:
            metered(session, serial)
    return serials


def publish(sensors, count, start=0):
    with Publisher(from_environment("FLEET_SIMULATOR_MQTT_URL")) as publisher:
        for number in range(start, start + count):
            reading = [(SINCE + number * HOUR / 60, Decimal(number))]
            publisher.publish(f"spl/v1/{sensors[number % len(sensors)]}/readings", payload_of("index", reading))


def took(ingest):
    """Return how many messages a member says it committed, over all its lives."""
    number, _, _ = ingest.partition.partition("/")
    name = ingest.client_id if number == "1" else f"{ingest.client_id}-{number}"
    query = (
        "SELECT coalesce(sum(messages), 0) FROM (SELECT max(messages) AS messages FROM devices.ingest_heartbeat"
        f" WHERE client_id = '{name}' GROUP BY started_at) x"
    )
    return ingest.rows(query)[0][0]


def test_members_killed_again_and_again_lose_nothing_and_double_nothing(group, sensors):
    members = [group(number, 2) for number in (1, 2)]
    publishing = threading.Thread(target=publish, args=(sensors, 6_000))
    publishing.start()
    chance = random.Random(1)
    for number in (1, 2, 2, 1):
        time.sleep(chance.uniform(0.1, 0.6))
        members[number - 1].kill()
        group(number, 2)
    publishing.join()
    publish(sensors, 1_000, start=6_000)
    until(members[0].count, 7_000)
    assert [member.stop() for member in members] == [0, 0]
    assert members[0].count("dead_letter") == members[0].count("reading_conflict") == 0
    assert members[0].rows("SELECT sum(n) FROM devices.arrival") == [(7_000,)]
    assert all(took(member) > 300 for member in members), "both had their part"


def test_what_waits_for_a_member_that_is_no_more_is_taken_by_the_first(group, sensors):
    first, second = group(1, 2), group(2, 2)
    first.stop()
    second.stop()
    publish(sensors, 300)
    group(1, 1)
    until(first.count, 300)
    assert f"{first.client_id}-2 is no more" in first.said
    last = "SELECT subscriptions FROM devices.ingest_heartbeat WHERE client_id LIKE '%-2' ORDER BY id DESC LIMIT 1"
    assert first.rows(last) == [([],)]
    publish(sensors, 300, start=300)
    until(first.count, 600)
    first.stop()
    group(1, 1)
    assert first.said.count("is no more") == 1


def test_one_alone_becomes_two_without_hearing_anything_twice(group, sensors):
    first = group(1, 1)
    publish(sensors, 100)
    first.stop()
    group(1, 2)
    second = group(2, 2)
    publish(sensors, 300, start=100)
    until(first.count, 400)
    assert [first.stop(), second.stop()] == [0, 0]
    assert took(first) + took(second) == 400, "the old subscription is gone"


def test_a_dialect_that_is_turned_off_is_heard_no_more_and_one_turned_on_is(group, database):
    serial = f"t{uuid.uuid4().hex[:8]}"
    with database.sessions().begin() as session:
        metered(session, serial, channel="energy")

    def say(kwh):
        with Publisher(from_environment("FLEET_SIMULATOR_MQTT_URL")) as publisher:
            publisher.publish(f"zigbee2mqtt/{serial}", json.dumps({"energy": kwh}).encode())

    first = group(1, 1)
    say(1)
    until(first.count, 1)
    first.stop()
    group(1, 1, FLEET_INGEST_DIALECTS="spl")
    first.stop()
    with pytest.raises(Refusal, match="personne n'y est abonné"):
        say(2)
    group(1, 1, FLEET_INGEST_DIALECTS="spl zigbee2mqtt")
    say(3)
    until(first.count, 2)
    assert first.rows("SELECT value FROM devices.reading ORDER BY ts") == [(1,), (3,)]


def test_a_topic_two_filters_catch_is_one_message(group, database):
    name = uuid.uuid4().hex[:8]
    with database.sessions().begin() as session:
        metered(session, f"status.{name}", channel="energy")
    first = group(1, 1)
    with Publisher(from_environment("FLEET_SIMULATOR_MQTT_URL")) as publisher:
        for kwh in range(20):
            # Under `zigbee2mqtt/#` and under Shelly's `+/status/+`.
            publisher.publish(f"zigbee2mqtt/status/{name}", json.dumps({"energy": kwh}).encode())
    until(first.count, 20)
    first.stop()
    assert (first.count(), took(first)) == (20, 40), "the broker sends both copies, and both are acknowledged"
