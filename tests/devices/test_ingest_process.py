"""The ingest process on a real broker and a real database: nothing is lost, nothing counts twice."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
import threading
import time
import uuid
from decimal import Decimal
from functools import partial

import paho.mqtt.publish
import psycopg
import pytest
from click.testing import CliRunner
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.cli import group
from devices.dialects.protobuf_wire import field
from devices.ingest.address import BrokerAddress
from devices.ingest.publish import Publisher, payload_of, publish_readings
from foundation.errors import Refusal
from tests.databases import from_environment
from tests.devices.ingest_process import PATIENCE, Ingest, until
from tests.devices.meters import HOUR, SINCE, hourly, metered


@pytest.fixture
def ingest(database, mqtt_url, tmp_path):
    found = Ingest(database, mqtt_url, tmp_path / "ingest.log")
    yield found
    found.close()


@pytest.fixture
def publisher_url():
    return from_environment("FLEET_SIMULATOR_MQTT_URL")


def register(database, *serials):
    with database.sessions().begin() as session:
        for serial in serials:
            metered(session, serial)


def serials_of_this_test(number):
    """Return names no other test publishes under: the broker is shared."""
    own = uuid.uuid4().hex[:8]
    return [f"T{own}-{n}" for n in range(number)]


def test_a_published_series_is_stored_to_the_last_digit(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    ingest.start()
    series = [(SINCE + n * HOUR, Decimal(n) * Decimal("0.001")) for n in range(2500)]
    assert publish_readings(publisher_url, serial, "index", series) == 2500
    until(ingest.count, 2500)
    assert ingest.rows("SELECT ts, value FROM devices.reading ORDER BY ts") == series
    assert ingest.stop() == 0


def test_what_was_published_while_it_was_away_is_there_when_it_is_back(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    ingest.start()
    assert ingest.stop() == 0
    publish_readings(publisher_url, serial, "index", hourly(SINCE, *range(3000)), per_message=1)
    ingest.start()
    until(ingest.count, 3000)


def test_a_device_registered_meanwhile_is_known_at_once(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    ingest.start()
    publish_readings(publisher_url, serial, "index", hourly(SINCE, 1))
    until(lambda: ingest.count("dead_letter"), 1)
    register(ingest.database, serial)
    publish_readings(publisher_url, serial, "index", hourly(SINCE + HOUR, 2))
    until(ingest.count, 1)
    answer = CliRunner().invoke(group, ["replay", "--json", "--database-url", ingest.database.worker])
    assert json.loads(answer.output) == {"replayed": 1, "readings": 1, "waiting": {}}
    assert ingest.count() == 2


def test_hostile_messages_end_as_letters_and_the_next_reading_is_stored(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    ingest.start()
    topic = f"spl/v1/{serial}/readings"
    hostile = [
        (topic, b"", "empty"),
        (topic, b"[" * 60_000, "not_json"),
        (topic, b"\x00\xff", "not_utf8"),
        (topic, b'{"readings": [NaN]}', "not_a_number"),
        (topic, b'{"readings": [' + b"9" * 10_000 + b"]}", "out_of_range"),
        (topic, b'{"readings": [{"time": "2099-01-01T00:00:00Z", "channel": "index", "value": 1}]}', "in_the_future"),
        (topic, b'{"readings": [{"time": "2024-01-01T00:00:00Z", "channel": "index", "value": "1"}]}', "not_a_number"),
        (f"spl/v1/{serial}'; DROP TABLE reading; --/readings", b"{}", "bad_serial"),
        (f"spl/v1/{serial}🔥/readings", b"{}", "bad_serial"),
        (f"spl/v1/{serial}-unknown/readings", payload_of("index", hourly(SINCE, 1)), "unknown_device"),
    ]
    with Publisher(publisher_url) as publisher:
        for to, payload, _ in hostile:
            publisher.publish(to, payload)
    publish_readings(publisher_url, serial, "index", hourly(SINCE, 1))
    until(ingest.count, 1)
    letters = ingest.rows("SELECT topic, payload, reason FROM devices.dead_letter ORDER BY id")
    assert [tuple(letter) for letter in letters] == hostile
    assert ingest.stop() == 0


def test_a_retained_message_is_not_a_new_reading_at_every_start(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    topic = f"spl/v1/{serial}/readings"
    broker = BrokerAddress.parse(publisher_url)
    retain = partial(
        paho.mqtt.publish.single,
        topic,
        qos=1,
        retain=True,
        client_id=broker.client_id,
        hostname=broker.host,
        port=broker.port,
        auth={"username": broker.username, "password": broker.password} if broker.username else None,
    )
    retain(payload_of("index", hourly(SINCE, 1)))
    try:
        for number in range(2):
            ingest.start()
            publish_readings(publisher_url, serial, "index", hourly(SINCE + (number + 1) * HOUR, 2))
            until(ingest.count, number + 1)
            ingest.stop()
        assert ingest.rows("SELECT min(ts) FROM devices.reading") == [(SINCE + HOUR,)]
    finally:
        retain(b"")


def test_a_message_the_database_refuses_does_not_hold_up_the_others(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    ingest.owner.execute("ALTER TABLE devices.reading ADD CONSTRAINT poison CHECK (value <> 666)")
    ingest.start()
    ingest.stop()
    publish_readings(publisher_url, serial, "index", hourly(SINCE, *range(500, 800)), per_message=1)
    ingest.start()
    until(ingest.count, 299)
    until(lambda: ingest.rows("SELECT reason FROM devices.dead_letter"), [("refused_by_database",)])
    ingest.stop()
    ingest.start()
    ingest.stop()
    assert ingest.count("dead_letter") == 1, "it was acknowledged"


def test_it_waits_for_a_database_that_hangs_up_or_is_slow(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    ingest.start()
    administrator = psycopg.connect(from_environment("DATABASE_URL"), autocommit=True)
    hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'fleet_ingest'"
    for number in range(5):
        publish_readings(
            publisher_url, serial, "index", hourly(SINCE + number * 200 * HOUR, *range(200)), per_message=1
        )
        administrator.execute(hang_up, [ingest.database.name])
    administrator.close()
    with psycopg.connect(ingest.database.owner) as connection:
        connection.execute("LOCK TABLE devices.reading IN ACCESS EXCLUSIVE MODE")
        publish_readings(publisher_url, serial, "index", hourly(SINCE + 1000 * HOUR, *range(200)), per_message=1)
        time.sleep(1)
    until(ingest.count, 1200)
    assert ingest.count("dead_letter") == 0
    assert ingest.stop() == 0


def kill_again_and_again(ingest, publisher_url, kills, messages):
    """Kill ingest at full load at random moments; every published reading must be stored, once."""
    serials = serials_of_this_test(20)
    register(ingest.database, *serials)
    ingest.start()

    def publish():
        with Publisher(publisher_url) as publisher:
            for number in range(messages):
                at = SINCE + number // len(serials) * HOUR
                readings = [(at + part * HOUR / 4, Decimal(number * 4 + part)) for part in range(4)]
                publisher.publish(f"spl/v1/{serials[number % len(serials)]}/readings", payload_of("index", readings))

    publishing = threading.Thread(target=publish)
    publishing.start()
    chance = random.Random(1)
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.6))
        ingest.kill()
        ingest.start()
    publishing.join()
    until(ingest.count, messages * 4)
    assert ingest.count("reading_conflict") == 0
    assert ingest.count("dead_letter") == 0
    announced = "SELECT sum(n) FROM devices.arrival"
    assert ingest.rows(announced) == [(messages * 4,)], "each is announced to whoever derives energy, once"


def test_killed_at_full_load_it_loses_nothing_and_doubles_nothing(ingest, publisher_url):
    kill_again_and_again(ingest, publisher_url, kills=4, messages=8_000)


@pytest.mark.long
def test_killed_twenty_times_at_full_load_it_loses_nothing_and_doubles_nothing(ingest, publisher_url):
    kill_again_and_again(ingest, publisher_url, kills=20, messages=80_000)


def test_killed_between_commit_and_acknowledgement_it_stores_nothing_twice(ingest, publisher_url):
    serial, unknown = serials_of_this_test(2)
    register(ingest.database, serial)
    ingest.start()
    ingest.stop()
    publish_readings(publisher_url, serial, "index", hourly(SINCE, *range(50)), per_message=1)
    publish_readings(publisher_url, unknown, "index", hourly(SINCE, 1))
    die_unacknowledged = (
        "import os, sys; from devices.ingest.connection import Connection; from devices.ingest.process import run;"
        "from devices.ingest.share import Share;"
        "Connection.acknowledge = lambda self, receipts: os._exit(9); run(*sys.argv[1:3], Share(sys.argv[3]))"
    )
    for _ in range(3):
        killed = subprocess.run(
            [sys.executable, "-c", die_unacknowledged, ingest.database.ingest, ingest.mqtt_url, ingest.client_id],
            check=False,
        )
        assert killed.returncode == 9
    ingest.start()
    until(ingest.count, 50)
    until(lambda: ingest.count("dead_letter"), 1)
    ingest.stop()
    assert (ingest.count(), ingest.count("dead_letter"), ingest.count("reading_conflict")) == (50, 1, 0)


def test_told_to_stop_it_commits_and_acknowledges_what_it_has(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    register(ingest.database, serial)
    ingest.start()
    publish_readings(publisher_url, serial, "index", hourly(SINCE, *range(2000)), per_message=1)
    assert ingest.stop() == 0
    stored = ingest.count()
    ingest.start()
    until(ingest.count, 2000)
    ingest.stop()
    beats = "SELECT messages, readings, duplicates FROM devices.ingest_heartbeat ORDER BY id DESC LIMIT 1"
    assert ingest.rows(beats) == [(2000 - stored, 2000 - stored, 0)], "what was stored had been acknowledged"


def test_what_a_device_announces_is_listened_to_and_still_is_after_a_kill(ingest, publisher_url):
    (serial,) = serials_of_this_test(1)
    with ingest.database.sessions().begin() as session:
        metered(session, serial, channel="energie")
    announced = {
        "state_topic": f"tele/{serial}/SENSOR",
        "value_template": "{{ value_json.kwh }}",
        "device_class": "energy",
        "unit_of_measurement": "kWh",
        "state_class": "total_increasing",
        "device": {"identifiers": [serial]},
    }
    ingest.start(FLEET_INGEST_DIALECTS="spl home_assistant")
    with Publisher(publisher_url) as publisher:
        publisher.publish(f"homeassistant/sensor/{serial}/energie/config", json.dumps(announced).encode())
    subscribed = "SELECT subscriptions FROM devices.ingest_heartbeat ORDER BY id DESC LIMIT 1"
    until(lambda: f"tele/{serial}/SENSOR" in ingest.rows(subscribed)[0][0], wanted=True)
    time.sleep(0.5)
    ingest.kill()
    with Publisher(publisher_url) as publisher:
        for kwh in range(5):
            publisher.publish(f"tele/{serial}/SENSOR", json.dumps({"kwh": kwh}).encode())
    ingest.start(FLEET_INGEST_DIALECTS="spl home_assistant")
    until(ingest.count, 5)
    assert ingest.count("dead_letter") == 0, "what waited came before any announcement, and was understood"


def test_a_gateway_whose_birth_was_missed_is_asked_for_it(ingest, publisher_url):
    group = f"g{uuid.uuid4().hex[:8]}"
    asked = []
    listener = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    address = BrokerAddress.parse(ingest.mqtt_url)
    address.prepare(listener)
    subscribed = threading.Event()
    listener.on_connect = lambda client, *_: client.subscribe(f"spBv1.0/{group}/NCMD/n")
    listener.on_subscribe = lambda *_: subscribed.set()
    listener.on_message = lambda _client, _userdata, message: asked.append(message.payload)
    address.connect(listener)
    listener.loop_start()
    try:
        assert subscribed.wait(PATIENCE)
        ingest.start()
        alias = field(2, field(2, 1) + field(4, 8) + field(11, 5)) + field(3, 7)
        with Publisher(publisher_url) as publisher:
            publisher.publish(f"spBv1.0/{group}/NDATA/n", alias)
        until(lambda: len(asked), 1)
        assert b"Node Control/Rebirth" in asked[0]
    finally:
        listener.disconnect()
        listener.loop_stop()


def test_two_processes_under_one_name_do_not_fight_for_ever(ingest):
    ingest.start()
    first = ingest.process
    ingest.start()
    second = ingest.process
    until(lambda: {first.poll(), second.poll()}, {None, 2})
    assert "sous le même nom" in ingest.said
    for process in (first, second):
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("REVOKE INSERT ON devices.reading FROM fleet_ingest", "refuse à la collecte une table ou un droit"),
        ("DROP TABLE devices.ingest_heartbeat", "refuse à la collecte une table ou un droit"),
    ],
)
def test_what_waiting_does_not_mend_ends_the_process_with_a_sentence(ingest, publisher_url, statement, sentence):
    (serial,) = serials_of_this_test(1)
    ingest.start()
    ingest.stop()
    register(ingest.database, serial)
    ingest.owner.execute(statement)
    ingest.launch()
    publish_readings(publisher_url, serial, "index", hourly(SINCE, 1))
    assert ingest.process.wait(PATIENCE) == 2
    assert sentence in ingest.said


def test_a_wrong_password_of_the_broker_ends_the_process_with_a_sentence(ingest):
    right = BrokerAddress.parse(ingest.mqtt_url)
    ingest.launch(MQTT_URL=f"mqtt://{right.username}:wrong@{right.host}:{right.port}")
    assert ingest.process.wait(PATIENCE) == 2
    assert "vérifiez l'utilisateur et le mot de passe de l'adresse MQTT" in ingest.said


@pytest.mark.parametrize("url", ["mqtt://", "http://localhost", "mqtt://localhost:99999", "localhost:1883"])
def test_an_address_that_names_no_broker_is_refused(url):
    with pytest.raises(Refusal, match="mqtt://"):
        BrokerAddress.parse(url)


def test_an_address_carries_who_signs_in_and_never_shows_the_password():
    address = BrokerAddress.parse("mqtts://in%40gest:s%3Acret@broker.example")
    assert (address.host, address.port, address.tls) == ("broker.example", 8883, True)
    assert (address.username, address.password) == ("in@gest", "s:cret")
    assert "cret" not in repr(address)


def test_a_broker_that_is_not_there_is_named():
    with pytest.raises(Refusal, match=r"127\.0\.0\.1:9 ne répond pas"):
        publish_readings("mqtt://127.0.0.1:9", "A", "index", hourly(dt.datetime.now(dt.UTC), 1))


def test_ingest_loads_neither_pyramid_nor_celery_nor_weasyprint():
    program = "import sys, fleet.processes.ingest; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split()
    # numpy is not among them: pint, which reads units at the door, loads it where it is installed.
    assert not {"pyramid", "celery", "weasyprint", "sqlalchemy", "pandas"} & set(loaded)
