"""Each device has its own account at the broker and publishes on its own topics only, whatever is killed when."""

from __future__ import annotations

import datetime as dt
import json
import os
import queue
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import delete, select, update

from devices.cli import group
from devices.dialects.spl import topic_of
from devices.identity import tasks
from devices.identity.broker import ANSWERS, DynamicSecurity
from devices.identity.models import BrokerIdentity
from devices.identity.register import agree, entries, provision, revoke
from devices.ingest import fight
from devices.ingest.address import BrokerAddress
from devices.ingest.buffer import Buffer
from devices.ingest.connection import Connection
from devices.ingest.publish import Publisher, publish_readings
from devices.ingest.subscriptions import Subscriptions
from devices.inventory.models import Device
from devices.inventory.register import register_device
from fleet.supervision.services import mosquitto
from foundation.errors import Refusal
from foundation.jobs.queue import Moment
from tests import databases
from tests.devices.ingest_process import until
from tests.devices.own_broker import PATIENCE, Authority, broker_at

NOW = dt.datetime(2026, 1, 15, 8, tzinfo=dt.UTC)
NOT_AUTHORIZED, NOBODY_LISTENS = 0x87, 0x10
SESSION = 3600


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with broker_at(tmp_path_factory.mktemp("identity") / "own") as running:
        yield running


@pytest.fixture
def admin(broker):
    with DynamicSecurity(broker.url("administrator")) as connected:
        yield connected
        connected.remove(connected.accounts())


@pytest.fixture(scope="module")
def house(template):
    """One database for all tests here, with three devices in stock."""
    databases.drop("fleet_test_identity")
    own = databases.copy(template, "fleet_test_identity")
    with own.sessions().begin() as session:
        for serial in ("A", "B", "C"):
            register_device(session, serial=serial, at=NOW, by="essai")
    yield own
    own.close()


@pytest.fixture
def stock(house):
    """The devices as they came, without any account."""
    yield house
    with house.sessions().begin() as session:
        session.execute(delete(BrokerIdentity))
        session.execute(update(Device).values(state="stocked"))


def given(database, admin, *serials, **said):
    """Provision devices and commit, as the command does; return the credentials by serial."""
    with database.sessions("worker").begin() as session:
        found = session.scalars(select(Device).where(Device.serial.in_(serials)).order_by(Device.serial)).all()
        return {one.serial: one for one in provision(session, admin, found, by="essai", now=NOW, **said)}


def agreed(database, admin):
    with database.sessions("worker").begin() as session:
        return agree(session, admin, now=NOW)


def identity_of(database, serial):
    with database.sessions()() as session:
        return session.scalar(select(BrokerIdentity).join(Device).where(Device.serial == serial))


def change_state(database, serial, state):
    with database.sessions().begin() as session:
        session.scalars(select(Device).where(Device.serial == serial)).one().state = state


class Visitor:
    """A bare MQTT 5 client that remembers what it is told."""

    def __init__(self, url, client_id=None, *, stays=0):
        address = BrokerAddress.parse(url)
        self.heard, self.answers = queue.Queue(), queue.Queue()
        self.left = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            address.client_id if client_id is None else client_id,
            protocol=MQTTv5,
            reconnect_on_failure=False,
        )
        address.prepare(self._client)
        connected = queue.Queue()
        self._client.on_connect = lambda *said: connected.put((said[3].value, said[2].session_present))
        self._client.on_disconnect = lambda *_: self.left.set()
        self._client.on_publish = lambda *said: self.answers.put(said[3].value)
        self._client.on_subscribe = lambda *said: self.answers.put(said[3][0].value)
        self._client.on_message = lambda *said: self.heard.put((said[2].topic, said[2].payload))
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = stays
        self._client.connect(address.host, address.port, clean_start=not stays, properties=properties)
        self._client.loop_start()
        self.reason, self.resumed = connected.get(timeout=PATIENCE)

    def publish(self, topic, payload=b"1"):
        """Publish with QoS 1; return the reason the broker acknowledges it with."""
        self._client.publish(topic, payload, qos=1)
        return self.answers.get(timeout=PATIENCE)

    def subscribe(self, topics):
        """Subscribe; return what the broker grants, or the reason it does not."""
        self._client.subscribe(topics, qos=1)
        return self.answers.get(timeout=PATIENCE)

    def leave(self):
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()


@pytest.fixture
def listener(broker):
    """Ingest, connected under its usual client id."""
    with Visitor(broker.url("ingest"), "fleet-ingest") as listening:
        assert listening.subscribe("spl/v1/+/readings") == 1
        yield listening


def signs_in(broker, one):
    with Visitor(broker.url(one.username, one.password)) as visitor:
        return visitor.reason == 0


def test_a_device_publishes_on_its_own_topic_and_is_refused_on_any_other(stock, broker, admin, listener):
    one = given(stock, admin, "A")["A"]
    assert one.password not in repr(one)
    with Visitor(broker.url(one.username, one.password)) as device:
        assert device.publish(topic_of("A"), b"mine") == 0
        assert listener.heard.get(timeout=PATIENCE) == (topic_of("A"), b"mine")
        for foreign in (topic_of("B"), "spl/v1", "zigbee2mqtt/A/x", "$CONTROL/dynamic-security/v1"):
            assert device.publish(foreign) == NOT_AUTHORIZED
        assert device.publish("spl/v1/A/other") == NOBODY_LISTENS
        for topics in ("#", topic_of("A"), "$SYS/#", f"$share/g/{topic_of('A')}"):
            assert device.subscribe(topics) == NOT_AUTHORIZED
    assert listener.heard.empty()


def test_a_message_beyond_64_kb_is_stopped_at_the_broker_and_the_next_one_passes(stock, broker, admin, listener):
    one = given(stock, admin, "A")["A"]
    with Visitor(broker.url(one.username, one.password)) as device:
        device._client.publish(topic_of("A"), b"x" * (65_536 + 1), qos=1)
        assert device.left.wait(PATIENCE)
    with Visitor(broker.url(one.username, one.password)) as device:
        assert device.publish(topic_of("A"), b"small") == 0
    assert listener.heard.get(timeout=PATIENCE) == (topic_of("A"), b"small")


def test_a_publisher_says_a_refusal_and_that_nobody_listens(stock, broker, admin):
    one = given(stock, admin, "A")["A"]
    url = broker.url(one.username, one.password)
    reading = [(NOW, Decimal(1))]
    with pytest.raises(Refusal, match="n'a pas le droit de publier sur ce sujet"):
        publish_readings(url, "B", "index", reading)
    with pytest.raises(Refusal, match="a jeté 1 messages : personne n'y est abonné"):
        publish_readings(url, "A", "index", reading)
    with pytest.raises(Refusal, match="connexion refusée"):
        publish_readings(broker.url(one.username, "wrong"), "A", "index", reading)


def test_nobody_takes_over_the_client_id_of_ingest_nor_what_waits_for_it(stock, broker, admin):
    one = given(stock, admin, "A")["A"]
    with Visitor(broker.url("ingest"), "fleet-ingest-1", stays=SESSION) as ingest:
        ingest.subscribe("spl/v1/+/readings")
    with Visitor(broker.url(one.username, one.password)) as device:
        assert device.publish(topic_of("A"), b"waits") == 0
    others = [broker.url(user) for user, (_, bound) in mosquitto.RIGHTS.items() if bound]
    for url in [*others, broker.url(one.username, one.password)]:
        with Visitor(url, "fleet-ingest-1") as thief:
            assert thief.reason == NOT_AUTHORIZED
    with Visitor(broker.url("ingest"), "fleet-ingest-1", stays=SESSION) as ingest:
        assert ingest.resumed
        assert ingest.heard.get(timeout=PATIENCE) == (topic_of("A"), b"waits")
        for url in others:
            with Visitor(url, "fleet-ingest-1") as thief:
                assert thief.reason == NOT_AUTHORIZED
        assert not ingest.left.is_set()
    with Visitor(broker.url("ingest"), "fleet-ingest-1"):
        """Begins anew, so that the session ends here."""


def test_a_device_takes_over_no_other_device(stock, broker, admin):
    both = given(stock, admin, "A", "B")
    with (
        Visitor(broker.url(both["A"].username, both["A"].password)) as first,
        Visitor(broker.url(both["B"].username, both["B"].password), both["A"].username) as thief,
    ):
        assert (first.reason, thief.reason) == (0, NOT_AUTHORIZED)
        assert not first.left.is_set()


def test_several_ingest_processes_share_under_ids_of_their_own_and_write_nothing(broker):
    with Visitor(broker.url("ingest"), "ingest-1") as one, Visitor(broker.url("ingest"), "ingest-2") as two:
        for visitor in (one, two):
            assert visitor.subscribe("$share/ingest/spl/v1/+/readings") == 1
        assert one.subscribe("$SYS/broker/uptime") == 0x01
        for orders in ("$CONTROL/#", ANSWERS, f"$share/ingest/{ANSWERS}"):
            assert one.subscribe(orders) == NOT_AUTHORIZED
        assert one.publish(topic_of("A")) == NOT_AUTHORIZED
        assert one.heard.get(timeout=PATIENCE)[0] == "$SYS/broker/uptime"
        with Publisher(broker.url("fleet-simulator")) as publisher:
            for _ in range(4):
                publisher.publish(topic_of("A"), b"shared")
        both = [visitor.heard.get(timeout=PATIENCE) for visitor in (one, two) for _ in range(2)]
        assert both == [(topic_of("A"), b"shared")] * 4


def test_nobody_is_anonymous(broker):
    with Visitor(f"mqtt://127.0.0.1:{broker.port}") as visitor:
        assert visitor.reason == NOT_AUTHORIZED


def test_provisioning_again_changes_nothing_and_renewing_cuts_off_the_old_password(stock, broker, admin):
    first = given(stock, admin, "A")["A"]
    assert given(stock, admin, "A") == {}
    with Visitor(broker.url(first.username, first.password)) as device:
        second = given(stock, admin, "A", renew=True)["A"]
        assert device.left.wait(PATIENCE)
    assert [signs_in(broker, one) for one in (first, second)] == [False, True]
    known = identity_of(stock, "A")
    assert (known.made_by, known.renewed_at) == ("essai", NOW)
    assert second.password not in known.password_hash


def test_a_gateway_publishes_under_its_own_prefix(stock, broker, admin):
    one = given(stock, admin, "A", dialect="zigbee2mqtt", name="mairie")["A"]
    with Visitor(broker.url(one.username, one.password)) as gateway:
        assert gateway.publish("zigbee2mqtt/mairie/salle 1") == NOBODY_LISTENS
        assert gateway.publish("zigbee2mqtt/ecole/salle 1") == NOT_AUTHORIZED
        assert gateway.publish(topic_of("A")) == NOT_AUTHORIZED
    with pytest.raises(Refusal, match="A publie déjà sous le nom mairie"):
        given(stock, admin, "B", dialect="zigbee2mqtt", name="mairie")
    with pytest.raises(Refusal, match="--renew"):
        given(stock, admin, "A", dialect="tasmota")
    with pytest.raises(Refusal, match="ouvriraient les sujets"):
        given(stock, admin, "B", name="+")


@pytest.mark.parametrize("state", ["lost", "retired"])
def test_a_device_out_of_service_is_cut_off_and_gets_nothing_new(stock, broker, admin, state):
    both = given(stock, admin, "A", "B")
    with (
        Visitor(broker.url(both["A"].username, both["A"].password)) as lost,
        Visitor(broker.url(both["B"].username, both["B"].password)) as kept,
    ):
        change_state(stock, "A", state)
        assert agreed(stock, admin).revoked == ("device-A",)
        assert lost.left.wait(PATIENCE)
        assert not kept.left.is_set()
    assert [signs_in(broker, one) for one in both.values()] == [False, True]
    known = identity_of(stock, "A")
    assert (known.revoked_at, known.revoked_by, known.cut_off_at) == (NOW, "réconciliation", NOW)
    assert not any(getattr(agreed(stock, admin), what) for what in ("revoked", "removed", "mended", "missing"))
    with pytest.raises(Refusal, match="hors service"):
        given(stock, admin, "A")


def test_what_was_changed_behind_our_back_is_put_right(stock, broker, admin):
    one = given(stock, admin, "A")["A"]
    admin._ask(
        [
            {"command": "modifyClient", "username": "device-A", "clientid": "fleet-ingest"},
            {
                "command": "addRoleACL",
                "rolename": "device-A",
                "acltype": "subscribePattern",
                "topic": "#",
                "allow": True,
            },
            {"command": "disableClient", "username": "device-A"},
            {"command": "createClient", "username": "device-Z", "password": "x", "roles": []},
        ]
    )
    done = agreed(stock, admin)
    assert (done.removed, done.mended, done.missing) == (("device-Z",), ("device-A",), ())
    assert signs_in(broker, one)
    with Visitor(broker.url(one.username, one.password)) as device:
        assert device.subscribe("#") == NOT_AUTHORIZED


RUN = """
import os, signal, sys
from devices.identity import broker, cli
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
{fault}
from devices.cli import group
group.main(sys.argv[1:])
"""
AFTER_COMMIT = "cli._agree = lambda *_, **__: die()"
BEFORE_COMMIT = """
put = broker.DynamicSecurity.put
def put_and_die(self, wanted):
    put(self, wanted)
    die()
broker.DynamicSecurity.put = put_and_die
"""


def killed(database, broker, fault, *words):
    environ = os.environ | {
        "FLEET_DATABASE_WORKER_URL": database.worker,
        "FLEET_PROVISIONING_MQTT_URL": broker.url("administrator"),
    }
    done = subprocess.run([sys.executable, "-c", RUN.format(fault=fault), *words], env=environ, check=False)
    assert done.returncode == -9


def test_killed_between_the_commit_and_the_broker_a_revocation_is_carried_out_by_the_worker(stock, broker, admin):
    one = given(stock, admin, "A")["A"]
    killed(stock, broker, AFTER_COMMIT, "provision", "--revoke", "A")
    assert identity_of(stock, "A").cut_off_at is None
    assert signs_in(broker, one)
    look(stock, broker)
    assert identity_of(stock, "A").cut_off_at == NOW
    assert not signs_in(broker, one)


def test_killed_between_the_broker_and_the_commit_nothing_is_left_behind(stock, broker, admin):
    killed(stock, broker, BEFORE_COMMIT, "provision", "A")
    assert identity_of(stock, "A") is None
    assert set(admin.accounts()) == {"device-A"}
    look(stock, broker)
    assert admin.accounts() == {}
    assert signs_in(broker, given(stock, admin, "A")["A"])


def test_killed_while_renewing_the_device_is_told_to_be_unknown(stock, broker, admin):
    given(stock, admin, "A")
    killed(stock, broker, BEFORE_COMMIT, "provision", "A", "--renew")
    assert agreed(stock, admin).missing == ("device-A",)
    assert identity_of(stock, "A").missing_since == NOW
    assert signs_in(broker, given(stock, admin, "A", renew=True)["A"])
    assert identity_of(stock, "A").missing_since is None


def look(database, broker, at=NOW):
    tasks.administer(broker.url("administrator"))
    try:
        with database.sessions("worker").begin() as session:
            tasks.look(session, Moment(at, at.date()))
    finally:
        tasks.administer(None)


def test_a_broker_that_is_down_stops_no_worker(stock, admin, caplog):
    given(stock, admin, "A")
    tasks.administer("mqtt://administrator:x@127.0.0.1:9")
    try:
        with stock.sessions("worker").begin() as session:
            tasks.look(session, Moment(NOW, NOW.date()))
    finally:
        tasks.administer(None)
    assert "ne répond pas" in caplog.text


def test_two_provisions_at_once_make_one_account_whose_password_is_valid(stock, broker, admin):
    def one(_):
        with DynamicSecurity(broker.url("administrator")) as own:
            return given(stock, own, "A", "B")

    with ThreadPoolExecutor(4) as pool:
        made = [serial_and_one for found in pool.map(one, range(4)) for serial_and_one in found.items()]
    assert sorted(serial for serial, _ in made) == ["A", "B"]
    assert all(signs_in(broker, one) for _, one in made)
    assert agreed(stock, admin).missing == ()


def test_credentials_survive_the_broker_even_killed(stock, broker, admin):
    one = given(stock, admin, "A")["A"]
    broker.kill()
    broker.start()
    assert signs_in(broker, one)
    broker.stop()
    broker.start()
    assert signs_in(broker, one)
    with Visitor(broker.url("ingest"), "fleet-ingest") as ingest:
        assert ingest.reason == 0


def test_a_broker_that_lost_its_file_is_filled_again_with_the_passwords_devices_have(stock, broker, admin):
    both = given(stock, admin, "A", "B")
    with stock.sessions("worker").begin() as session:
        revoke(session, session.scalars(select(Device).where(Device.serial == "B")).one(), by="essai", now=NOW)
    broker.stop()
    broker.accounts.unlink()
    broker.start()
    until(lambda: run(stock, broker, "provision", "--sync")["missing"], ["device-A"])
    broker.stop()
    CliRunner().invoke(
        group, ["provision", "--file", str(broker.accounts), "--database-url", stock.worker], catch_exceptions=False
    )
    broker.start()
    assert [signs_in(broker, one) for one in both.values()] == [True, False]
    assert run(stock, broker, "provision", "--sync")["missing"] == []
    with stock.sessions("worker")() as session:
        assert [entry.username for entry in entries(session)] == ["device-A"]


def test_a_whole_fleet_is_provisioned_while_the_broker_is_down(stock, broker):
    broker.stop()
    made = run(stock, broker, "provision", "--all", "--file", str(broker.accounts))
    broker.start()
    assert [one["serial"] for one in made] == ["A", "B", "C"]
    assert all(signs_in(broker, SimpleNamespace(**one)) for one in made)
    done = run(stock, broker, "provision", "--sync")
    assert not any(done.values())
    with DynamicSecurity(broker.url("administrator")) as admin:
        admin.remove(admin.accounts())


def test_a_file_of_accounts_that_cannot_be_read_stops_the_start_with_a_sentence(tmp_path):
    broken = tmp_path / "dynamic-security.json"
    broken.write_text('{"clients": [')
    with pytest.raises(Refusal, match="mettez-le de côté"):
        mosquitto.read(broken)


def run(database, broker, *words):
    """Run the command as a person would; return what it says as JSON, one line or several."""
    environ = {
        "FLEET_DATABASE_WORKER_URL": database.worker,
        "FLEET_PROVISIONING_MQTT_URL": broker.url("administrator"),
    }
    done = CliRunner().invoke(group, [*words, "--json"], env=environ, catch_exceptions=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines if len(lines) > 1 else lines[0]


@pytest.mark.usefixtures("admin")
def test_the_command_shows_a_password_once_and_revokes(stock, broker):
    change_state(stock, "C", "retired")
    made = run(stock, broker, "provision", "--all")
    assert [(one["serial"], one["made"], one["topics"]) for one in made] == [
        ("A", True, ["spl/v1/A/#"]),
        ("B", True, ["spl/v1/B/#"]),
    ]
    assert len({one["password"] for one in made}) == 2
    assert all(len(one["password"]) == 22 for one in made)
    assert signs_in(broker, SimpleNamespace(**made[0]))
    assert [one["made"] for one in run(stock, broker, "provision", "--all")] == [False, False]
    run(stock, broker, "provision", "--revoke", "A")
    assert not signs_in(broker, SimpleNamespace(**made[0]))
    assert identity_of(stock, "A").revoked_by.endswith("(commande)")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "l'un des trois"),
        (["A", "--all"], "l'un des trois"),
        (["unknown"], "Aucun capteur ne s'appelle unknown"),
        (["A/#"], "ouvriraient les sujets des autres"),
        (["A", "B", "--as", "x"], "Un nom n'est qu'à un appareil"),
        (["A", "--revoke"], "il n'y a rien à révoquer"),
        (["--sync", "--file", "x"], "ni avec --sync"),
    ],
)
def test_the_command_refuses_in_a_sentence(stock, broker, words, sentence):
    with pytest.raises(Refusal, match=sentence):
        run(stock, broker, "provision", *words)


def test_an_account_that_is_not_the_administrator_cannot_make_accounts(broker):
    for user in ("ingest", "fleet-simulator"):
        with pytest.raises(Refusal, match="ne nous laisse pas gérer ses comptes"), DynamicSecurity(broker.url(user)):
            pass


def test_two_publishers_under_one_account_are_told_so(broker, monkeypatch):
    monkeypatch.setattr(fight, "IN_A_ROW", 3)
    ended = queue.Queue()

    def go_on():
        try:
            with Publisher(broker.url("fleet-simulator")) as publisher:
                while True:
                    publisher._complain()
                    threading.Event().wait(0.05)
        except Refusal as refusal:
            ended.put(str(refusal))

    for thread in (both := [threading.Thread(target=go_on) for _ in range(2)]):
        thread.start()
    assert "quelqu'un d'autre publie sous le même compte" in ended.get(timeout=3 * PATIENCE)
    # The one that is left would speak on: what it does not know ends it.
    with DynamicSecurity(broker.url("administrator")) as admin:
        admin._ask([{"command": "setClientPassword", "username": "fleet-simulator", "password": "other"}])
    for thread in both:
        thread.join(3 * PATIENCE)
    assert "connexion refusée" in ended.get(timeout=1)
    broker.stop()
    broker.start()


@pytest.fixture
def tls(tmp_path):
    """A broker that is not started yet, and an authority."""
    with broker_at(tmp_path / "tls") as running:
        running.kill()
        yield running, Authority(tmp_path / "ours", "ours")


def test_over_tls_all_who_speak_to_the_broker_believe_their_authority_and_no_other(stock, tls, tmp_path):
    broker, ours = tls
    broker.tls = ours.sign(broker, "localhost")
    broker.start()
    right = {"host": "localhost", "query": f"ca={ours.file}"}
    with DynamicSecurity(broker.url("administrator", **right)) as admin:
        one = given(stock, admin, "A")["A"]
    buffer = Buffer()
    ingest = Connection(
        BrokerAddress.parse(broker.url("ingest", **right)), "fleet-ingest", Subscriptions(["spl/v1/+/readings"]), buffer
    )
    ingest.start()
    until(lambda: (ingest.connected, ingest.failure), (True, None))
    publish_readings(broker.url(one.username, one.password, **right), "A", "index", [(NOW, Decimal(1))])
    until(lambda: len(buffer), 1)
    ingest.leave()
    ingest.join(PATIENCE)
    stranger = Authority(tmp_path / "other", "other")
    for wrong, sentence in (
        ({"host": "localhost", "query": f"ca={stranger.file}"}, "n'est pas signé par une autorité connue"),
        ({"host": "localhost"}, "n'est pas signé par une autorité connue"),
        ({"query": f"ca={ours.file}"}, "au nom d'un autre hôte"),
        ({"host": "localhost", "query": f"ca={tmp_path / 'nowhere.pem'}"}, "ne se lit pas"),
    ):
        everybody_refuses(broker, wrong, sentence)


def test_a_certificate_and_a_key_that_do_not_belong_together_stop_the_start(tls):
    broker, ours = tls
    broker.tls = ours.sign(broker, "localhost")
    key = broker.tls.key.read_bytes()
    other = ours.sign(broker, "localhost")
    other.key.write_bytes(key)
    broker.tls = other
    with pytest.raises(Refusal, match="ne vont pas ensemble ou ne se lisent pas"):
        broker.start()
    other.key.unlink()
    with pytest.raises(Refusal, match="ne vont pas ensemble ou ne se lisent pas"):
        broker.start()


def test_an_expired_certificate_is_refused(tls):
    broker, ours = tls
    broker.tls = ours.sign(broker, "localhost", until=-dt.timedelta(minutes=5))
    broker.start()
    everybody_refuses(broker, {"host": "localhost", "query": f"ca={ours.file}"}, "a expiré")


def everybody_refuses(broker, where, sentence):
    """Each of those who speak to the broker ends with `sentence`."""
    with pytest.raises(Refusal, match=sentence), DynamicSecurity(broker.url("administrator", **where)):
        pass
    with pytest.raises(Refusal, match=sentence), Publisher(broker.url("fleet-simulator", **where)):
        pass
    try:
        address = BrokerAddress.parse(broker.url("ingest", **where))
        ingest = Connection(address, "fleet-ingest", Subscriptions(["spl/#"]), Buffer())
        ingest.start()
        ingest.join(PATIENCE)
        refusal = ingest.failure
    except Refusal as said:
        refusal = said
    assert sentence in str(refusal)
