"""Ingest understands every dialect: by its topic, with what it learned, at the site's hour, and each reading once."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from devices.dialects import sparkplug
from devices.dialects.listening import Listening
from devices.dialects.protobuf_wire import field
from devices.ingest.announcements import recall
from devices.ingest.hearing import Reader
from devices.ingest.inventory import Inventory
from devices.ingest.limit import Limit
from devices.ingest.message import Message, Receipt
from devices.ingest.models import Announcement, DeadLetter, Reading
from devices.ingest.replay import replay
from devices.ingest.sorting import sort
from devices.ingest.store import store
from devices.ingest.unserved import Unserved
from devices.inventory.register import install, register_device
from tests.devices.meters import HOUR, SINCE, arrive, metered, school_point

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
UP = "application/a/device/a81758fffe001122/event/up"


def says(topic, payload, at=NOW, **how):
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Message(topic, payload, at, None)._replace(**how)


def chirpstack(value, serial="a81758fffe001122", at="2026-03-01T11:00:00Z"):
    info = {"devEui": serial}
    heard = [{"rssi": -90, "snr": 7}]
    return says(
        UP,
        {
            "deviceInfo": info,
            "time": at,
            "fPort": 1,
            "object": {"index": value, "door": 1, "leak": value},
            "rxInfo": heard,
        },
    )


def stored(session):
    return [(r.ts, r.value) for r in session.scalars(select(Reading).order_by(Reading.ts, Reading.installation_id))]


def letters(session):
    return session.scalars(
        select(DeadLetter.reason).where(DeadLetter.replayed_at.is_(None)).order_by(DeadLetter.id)
    ).all()


class House:
    """One ingest process without its threads: a reader, and a way to the database."""

    def __init__(self, session, listening="all", limit=None):
        self.reader = Reader(Listening.parse(listening), limit)
        self.connection = session.connection().connection.driver_connection
        recall(self.connection, self.reader)

    def hear(self, *messages, client_id="test"):
        """Read, sort and store `messages` as one batch."""
        batch = [self.reader.read(message) for message in messages]
        result = sort(self.connection, Inventory(), self.reader, batch)
        return store(self.connection, result, set(), client_id), result


def test_channels_that_serve_no_point_are_ignored_and_counted(dbsession):
    metered(dbsession, "a81758fffe001122")
    counts = arrive(dbsession, chirpstack(5))
    assert (counts.readings, counts.ignored, counts.dead_letters) == (1, 2, 0), (
        "and what it says of its radio is no channel"
    )
    only_door = says(
        UP, {"deviceInfo": {"devEui": "a81758fffe001122"}, "time": "2026-03-01T11:00:00Z", "object": {"door": 1}}
    )
    counts = arrive(dbsession, only_door)
    assert (counts.readings, counts.ignored, counts.dead_letters) == (0, 1, 0)


def test_a_message_that_measures_nothing_is_no_failure(dbsession):
    counts = arrive(
        dbsession,
        says("zigbee2mqtt/salle/availability", b"online"),
        says("zigbee2mqtt/bridge/devices", b"x" * 200_000),
        says("zigbee2mqtt/salle/set", b"ON"),
        says("v3/app/devices/d/join", {"end_device_ids": {"device_id": "d"}, "join_accept": {}}),
    )
    assert (counts.unmeasured, counts.dead_letters, counts.readings) == (4, 0, 0)


def test_channels_that_are_ignored_are_shown_to_whoever_installs(database):
    with database.sessions().begin() as session:
        metered(session, "a81758fffe001122")
    with database.sessions("ingest").begin() as session:
        unserved = Unserved()
        house = House(session)
        for value in (1, 2):
            unserved.add(house.hear(chirpstack(value, at=f"2026-03-01T11:0{value}:00Z"))[1].ignored)
            unserved.write(house.connection)
            unserved.clear()
        rows = house.connection.execute("SELECT channel, heard, last_value FROM devices.unserved_channel ORDER BY 1")
        assert rows.fetchall() == [("door", 2, Decimal(1)), ("leak", 2, Decimal(2))]


def test_a_deveui_is_the_same_device_however_a_network_or_a_label_spells_it(dbsession):
    install(dbsession, register_device(dbsession, serial="A8-17-58-FF-FE-00-11-22"), school_point(dbsession), at=SINCE)
    uplink = {"decoded_payload": {"index": 6}, "received_at": "2026-03-01T11:30:00Z"}
    things = {"end_device_ids": {"device_id": "d", "dev_eui": "A81758FFFE001122"}, "uplink_message": uplink}
    counts = arrive(dbsession, chirpstack(5), says("v3/app/devices/d/up", things))
    assert (counts.readings, counts.dead_letters) == (2, 0)


def tasmota(time, value, at, topic="tele/compteur/SENSOR", **how):
    return says(topic, {"Time": time, "ENERGY": {"Total": value, "Power": 5}}, at, **how)


@pytest.mark.parametrize("timezone", ["Europe/Paris", "Indian/Reunion"])
def test_a_local_time_is_that_of_the_site(dbsession, timezone):
    metered(dbsession, "compteur", school_point(dbsession, timezone=timezone), channel="ENERGY.Total")
    arrive(dbsession, tasmota("2026-03-01T12:00:00", 1.5, NOW))
    hour = 11 if timezone == "Europe/Paris" else 8
    assert stored(dbsession) == [(NOW.replace(hour=hour), Decimal("1.5"))]


def test_in_the_night_of_autumn_both_hours_are_kept_apart(dbsession):
    metered(dbsession, "compteur", channel="ENERGY.Total")
    midnight = dt.datetime(2025, 10, 25, 22, tzinfo=dt.UTC)
    local = ["00:30", "01:30", "02:30", "02:30", "03:30"]
    for number, hour in enumerate(local):
        heard = midnight + dt.timedelta(minutes=30, seconds=2) + number * HOUR
        arrive(dbsession, tasmota(f"2025-10-26T{hour}:00", number, heard))
    half_past = midnight + dt.timedelta(minutes=30)
    assert stored(dbsession) == [(half_past + number * HOUR, number) for number in range(5)]


def test_two_sites_may_use_one_name(dbsession):
    for school in ("jaures", "pagnol"):
        metered(dbsession, f"ecoles.{school}.chaufferie", channel="energy")
    house = House(dbsession, "zigbee2mqtt=ecoles/+")
    for school, kwh in (("jaures", 1), ("pagnol", 2)):
        house.hear(says(f"ecoles/{school}/zigbee2mqtt/chaufferie", {"energy": kwh}))
    assert sorted(value for _, value in stored(dbsession)) == [1, 2]
    assert letters(dbsession) == []


def test_a_message_without_a_time_delivered_again_is_the_same_reading(dbsession):
    metered(dbsession, "salle", channel="energy")
    first = says("zigbee2mqtt/salle", {"energy": 1}, receipt=Receipt(1, 7))
    again = first._replace(received_at=NOW + HOUR, receipt=Receipt(2, 7), dup=True)
    counts = arrive(dbsession, first)
    counts.add(arrive(dbsession, again))
    counts.add(arrive(dbsession, again._replace(received_at=NOW + 2 * HOUR, receipt=Receipt(3, 7))))
    assert (counts.readings, counts.duplicates) == (1, 2)
    assert stored(dbsession) == [(NOW, 1)]


def test_the_mark_of_a_redelivery_alone_drops_nothing(dbsession):
    metered(dbsession, "salle", channel="energy")
    never_committed = says("zigbee2mqtt/salle", {"energy": 1}, receipt=Receipt(2, 7), dup=True)
    the_same_said_later = never_committed._replace(received_at=NOW + HOUR, receipt=Receipt(2, 8), dup=False)
    identifier_used_again = the_same_said_later._replace(received_at=NOW + 2 * HOUR, receipt=Receipt(2, 7))
    for one in (never_committed, the_same_said_later, identifier_used_again):
        arrive(dbsession, one)
    assert stored(dbsession) == [(NOW + number * HOUR, 1) for number in range(3)]


def test_two_processes_that_hold_one_undated_message_store_it_once(dbsession):
    metered(dbsession, "salle", channel="energy")
    held = says("zigbee2mqtt/salle", {"energy": 1}, receipt=Receipt(1, 7))
    taken_over = held._replace(received_at=NOW + HOUR, receipt=Receipt(2, 7), dup=True)
    arrive(dbsession, taken_over)
    arrive(dbsession, held)
    assert stored(dbsession) == [(NOW + HOUR, 1)]


CONFIG = "homeassistant/sensor/pac/energie/config"
ANNOUNCED = {
    "state_topic": "maison/pac",
    "value_template": "{{ value_json.kwh }}",
    "device_class": "energy",
    "unit_of_measurement": "kWh",
    "state_class": "total_increasing",
    "device": {"identifiers": ["PAC-1"]},
}


def test_what_was_announced_is_known_to_the_next_process_before_its_first_message(dbsession):
    metered(dbsession, "PAC-1", channel="energie")
    first = House(dbsession)
    first.hear(says(CONFIG, ANNOUNCED, retain=True))
    assert first.reader.announced == {"maison/pac"}
    second = House(dbsession)
    assert second.reader.announced == {"maison/pac"}
    counts, _ = second.hear(says("maison/pac", {"kwh": 3}), says("maison/pac", {"kwh": 2}, retain=True))
    assert (counts.readings, counts.retained) == (1, 1)
    second.hear(says(CONFIG, b""))
    assert House(dbsession).reader.announced == frozenset()
    assert dbsession.scalar(select(func.count()).select_from(Announcement)) == 1


@pytest.mark.parametrize("topic", ["#", "a/+", "$SYS/broker/uptime", "zigbee2mqtt/salle", "spl/v1/EM-1/readings"])
def test_an_announcement_cannot_make_us_listen_to_everything_or_to_another_dialects_topics(dbsession, topic):
    house = House(dbsession)
    house.hear(says(CONFIG, ANNOUNCED | {"state_topic": topic}))
    assert house.reader.announced == frozenset()


def test_a_retained_announcement_we_cannot_read_is_no_new_failure_at_every_start(dbsession):
    computed = ANNOUNCED | {"value_template": "{{ states('x') | float + 1 }}"}
    House(dbsession).hear(says(CONFIG, computed))
    for _ in range(3):
        House(dbsession).hear(says(CONFIG, computed, retain=True))
    assert letters(dbsession) == ["template_not_supported"]


def metric(name="", alias=None, value=0):
    named = field(1, name.encode()) if name else b""
    numbered = field(2, alias) if alias is not None else b""
    return field(2, named + numbered + field(4, 8) + field(11, value))


def node(kind, sequence, *metrics, at=NOW, device="/compteur"):
    stamp = int(at.timestamp() * 1000)
    return says(f"spBv1.0/g/{kind}/n{device}", field(1, stamp) + b"".join(metrics) + field(3, sequence), at)


def test_an_alias_whose_birth_was_not_heard_asks_the_gateway_for_it_once(dbsession):
    metered(dbsession, "g.n.compteur", channel="energie")
    house = House(dbsession)
    house.hear(node("DDATA", 5, metric(alias=1, value=10)), node("DDATA", 6, metric(alias=1, value=11)))
    assert house.reader.births_to_ask() == {"spBv1.0/g/NCMD/n"}
    assert letters(dbsession) == ["birth_missing"] * 2
    house.hear(
        node("NBIRTH", 0, metric("bdSeq"), device=""),
        node("DBIRTH", 1, metric("energie", 1, 12), at=NOW + HOUR),
        node("DDATA", 2, metric(alias=1, value=13), at=NOW + 2 * HOUR),
    )
    assert [value for _, value in stored(dbsession)] == [12, 13]
    assert house.reader.births_to_ask() == set()


def test_after_a_gap_nothing_the_gateway_said_before_is_trusted(dbsession):
    metered(dbsession, "g.n.compteur", channel="energie")
    house = House(dbsession)
    house.hear(
        node("NBIRTH", 0, metric("bdSeq"), device=""),
        node("DBIRTH", 1, metric("energie", 1, 12)),
        node("DDATA", 3, metric(alias=1, value=13), at=NOW + HOUR),
        node("DDATA", 4, metric(alias=1, value=14), at=NOW + 2 * HOUR),
    )
    assert [value for _, value in stored(dbsession)] == [12]
    assert letters(dbsession) == ["birth_missing"] * 2
    assert house.reader.births_to_ask() == {"spBv1.0/g/NCMD/n"}


def test_the_command_that_asks_for_births_is_one_gateways_understand():
    payload = sparkplug.payload_of(sparkplug.rebirth(NOW))
    (asked,) = payload.metrics
    assert (asked.name, asked.datatype) == ("Node Control/Rebirth", sparkplug.BOOLEAN)
    assert sparkplug.rebirth(NOW).endswith(field(14, 1)), "boolean_value: true"


def test_letters_of_every_dialect_become_readings_once_their_device_is_registered(dbsession):
    house = House(dbsession, "chirpstack tasmota sparkplug home_assistant zigbee2mqtt=ecoles/+")
    house.hear(
        chirpstack(5),
        tasmota("2026-03-01T12:00:00", 1.5, NOW),
        says("ecoles/jaures/zigbee2mqtt/salle", {"energy": 1}),
        says(CONFIG, ANNOUNCED),
        says("maison/pac", {"kwh": 3}),
        node("NBIRTH", 0, metric("bdSeq"), device=""),
        node("DBIRTH", 1, metric("energie", 1, 12)),
        node("DDATA", 2, metric(alias=1, value=13), at=NOW - HOUR),
    )
    assert letters(dbsession) == ["unknown_device"] * 6
    for serial, channel in (
        ("A81758FFFE001122", "index"),
        ("compteur", "ENERGY.Total"),
        ("ecoles.jaures.salle", "energy"),
        ("PAC-1", "energie"),
        ("g.n.compteur", "energie"),
    ):
        metered(dbsession, serial, channel=channel)
    replayed = replay(dbsession, NOW + 9 * HOUR)
    assert (replayed.letters, replayed.counts.readings, replayed.waiting) == (6, 6, {})
    hours = {(ts - NOW) / HOUR: value for ts, value in stored(dbsession) if value != Decimal("1.5")}
    assert hours[-1] in {5, 13}
    assert {value for _, value in stored(dbsession)} == {5, Decimal("1.5"), 1, 3, 12, 13}


def test_a_device_that_floods_is_kept_aside_alone_and_loses_nothing(dbsession):
    for serial in ("calme", "fou"):
        metered(dbsession, serial, channel="energy")
    house = House(dbsession, limit=Limit(per_minute=3))
    flood = [says("zigbee2mqtt/fou", {"energy": n}, NOW + dt.timedelta(seconds=n)) for n in range(10)]
    calm = [says("zigbee2mqtt/calme", {"energy": n}, NOW + dt.timedelta(seconds=n)) for n in range(3)]
    house.hear(*flood, *calm)
    assert letters(dbsession) == ["too_fast"] * 7
    assert len(stored(dbsession)) == 6
    house.hear(says("zigbee2mqtt/fou", {"energy": 10}, NOW + dt.timedelta(minutes=1)))
    assert len(stored(dbsession)) == 7, "the next minute it is read again"
    assert replay(dbsession, NOW).counts.readings == 7
    assert len(stored(dbsession)) == 14
