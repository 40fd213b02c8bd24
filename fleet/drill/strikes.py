"""What is struck: each drill does one thing wrong, once, while readings arrive."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from devices.dialects.spl import topic_of
from devices.ingest.publish import Publisher
from devices.simulator.ledger import Entry
from devices.simulator.run import say_again
from fleet.drill.faulty_ingest import COMMITS
from fleet.drill.patience import Patience
from fleet.drill.processes import Ingest, Sensors
from fleet.drill.supervised import Supervised

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from fleet.drill.ground import Ground


RECOVERS_WITHIN = 600.0
"""Seconds: PostgreSQL reads its log again since the last checkpoint, on a busy machine for minutes."""
SENSORS = 20
VALUES = 4


class Speech(NamedTuple):
    """How the sensors speak: `step` seconds from one value to the next, `messages` in all (0: until they are stopped).

    `faults` is what they do wrong meanwhile.
    """

    faults: tuple[str, ...] = ("duplicate", "out-of-order", "late", "bad-payload", "clock-skew", "conflict")
    step: int = 60
    messages: int = 0


USUAL = Speech()
# 31 days of quarters of an hour. No message that is kept as a letter: one that comes again is kept again.
MONTHLY = Speech(("duplicate", "out-of-order", "late", "conflict"), step=900, messages=SENSORS * 31 * 96 // VALUES)


class Scene(NamedTuple):
    """What a strike may touch."""

    ground: Ground
    ingest: Ingest
    chance: random.Random
    sensors: Sensors


def kill_ingest(scene: Scene) -> None:
    """Kill -9 of ingest at a random moment of full load, then start it again."""
    time.sleep(scene.chance.uniform(0.5, 4))
    scene.ingest.kill()
    scene.ingest.start()


def kill_between_commit_and_ack(scene: Scene) -> None:
    """Kill ingest right after a commit: all of it is delivered again, and must change nothing."""
    scene.ingest.stop()
    commits = str(scene.chance.randint(1, 5))
    scene.ingest.launch("fleet.drill.faulty_ingest", **{COMMITS: commits})
    scene.ingest.wait()
    scene.ingest.start()
    time.sleep(scene.chance.uniform(0.2, 1))


def restart_broker(scene: Scene) -> None:
    """Stop the broker in good order, and start it again."""
    time.sleep(scene.chance.uniform(1, 4))
    Supervised(scene.ground, "mosquitto").restart()


def kill_broker(scene: Scene) -> None:
    """Kill -9 of the broker while ingest is away: what it acknowledged and had not written to its disk is lost."""
    time.sleep(scene.chance.uniform(1, 3))
    scene.ingest.stop()
    time.sleep(scene.chance.uniform(0.5, 2))
    Supervised(scene.ground, "mosquitto").kill()
    scene.ingest.start()


def two_processes(scene: Scene) -> None:
    """Start a second ingest under the same name: they take the connection from each other until one gives up."""
    rival = Ingest(scene.ground, scene.ingest.client_id, log=f"{scene.ingest.client_id}-rival")
    rival.launch()
    time.sleep(scene.chance.uniform(4, 10))
    rival.kill()
    if not scene.ingest.pid:
        scene.ingest.start()


def restart_database(scene: Scene) -> None:
    """Stop PostgreSQL in good order, and start it again."""
    time.sleep(scene.chance.uniform(1, 4))
    Supervised(scene.ground, "postgresql").restart()
    _wait_for_database(scene)


def kill_database(scene: Scene) -> None:
    """Kill -9 of PostgreSQL's first process: it recovers from its log."""
    time.sleep(scene.chance.uniform(1, 4))
    Supervised(scene.ground, "postgresql").kill()
    _wait_for_database(scene)


def _wait_for_database(scene: Scene) -> None:
    deadline = time.monotonic() + RECOVERS_WITHIN
    while True:
        try:
            psycopg.connect(scene.ground["FLEET_DATABASE_WORKER_URL"]).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def hang_up_database(scene: Scene) -> None:
    """End every connection of ingest, in the middle of whatever it does."""
    time.sleep(scene.chance.uniform(0.2, 2))
    with psycopg.connect(scene.ground["FLEET_DATABASE_INGEST_URL"], autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'fleet-ingest'"
        )


def lock_database(scene: Scene) -> None:
    """Hold a lock on the readings for a while: nothing can be written."""
    time.sleep(scene.chance.uniform(0.5, 2))
    with psycopg.connect(scene.ground["FLEET_DATABASE_OWNER_URL"]) as connection:
        connection.execute("LOCK TABLE devices.reading IN ACCESS EXCLUSIVE MODE")
        time.sleep(scene.chance.uniform(2, 5))


def slow_database(scene: Scene) -> None:
    """Let every batch wait two seconds more, for a while: a lock taken again as soon as one batch has passed.

    Nothing is left behind where the drill is killed, as a slow trigger would be.
    """
    time.sleep(scene.chance.uniform(0.5, 2))
    until = time.monotonic() + scene.chance.uniform(4, 8)
    while time.monotonic() < until:
        with psycopg.connect(scene.ground["FLEET_DATABASE_OWNER_URL"]) as connection:
            connection.execute("LOCK TABLE devices.reading IN ACCESS EXCLUSIVE MODE")
            time.sleep(2)


def replay_month(scene: Scene) -> None:
    """Let the sensors finish their month, then say all of it again: none of it is new."""
    patience = Patience(scene.sensors.pid)
    while scene.sensors.speaking and not patience.is_over:
        time.sleep(0.2)
    url = scene.ground["FLEET_SIMULATOR_MQTT_URL"]
    say_again(url, scene.sensors.ledger, range(1, MONTHLY.messages + 1))
    # Said last, and kept as a letter: once it is there, ingest has taken all that came before.
    last = Entry(0, topic_of("SIM-drill"), uuid.uuid4().bytes, "")
    with Publisher(url) as publisher:
        publisher.publish(last.topic, last.payload)
    query = "SELECT FROM devices.dead_letter WHERE digest = %s"
    patience = Patience(scene.ingest.pid)
    with psycopg.connect(scene.ground["FLEET_DATABASE_WORKER_URL"], autocommit=True) as connection:
        while connection.execute(query, [last.digest]).fetchone() is None and not patience.is_over:
            time.sleep(0.1)


STRIKES: dict[str, Callable[[Scene], None]] = {
    "kill-ingest": kill_ingest,
    "kill-between-commit-and-ack": kill_between_commit_and_ack,
    "restart-broker": restart_broker,
    "kill-broker": kill_broker,
    "two-processes": two_processes,
    "restart-database": restart_database,
    "kill-database": kill_database,
    "hang-up-database": hang_up_database,
    "lock-database": lock_database,
    "slow-database": slow_database,
    "replay-month": replay_month,
}
SPEECHES = {"replay-month": MONTHLY}
"""Of the drills whose sensors do not speak as usual."""
