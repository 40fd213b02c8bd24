"""How many values a second ingest commits, beside the bare database and a bare consumer, in the same run.

In each round the sensors speak while ingest is away: publishing is not in what is timed. Then the same rows go to the
database from memory, ingest takes its backlog, and a client that only counts takes its own copy of it.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import psycopg

from devices.dialects.spl import SUBSCRIPTION, decode
from devices.ingest.store import make_partitions, month_of
from devices.ingest.writer import BATCH
from devices.simulator.ledger import read_entries
from devices.simulator.reconcile import reconcile
from devices.simulator.sensors import SINCE, Fleet
from fleet.bench.limits import Counting, Rows, database_seconds, installations_of
from fleet.bench.measure import cpu_seconds, listener_on, peak_megabytes
from fleet.drill.processes import Ingest, Sensors, forget_session
from fleet.drill.run import register
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet.drill.ground import Ground

POLL = 0.05
PATIENCE = 120.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(slots=True)
class Times:
    """Seconds and values, added up over the rounds."""

    values: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Values a second."""
        return self.values / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Measured:
    """What a bench found."""

    messages: int
    values_per_message: int
    sensors: int
    rounds: int
    stored_before: int
    ingest: Times = field(default_factory=Times)
    database: Times = field(default_factory=Times)
    consumer: Times = field(default_factory=Times)
    missing: int = 0
    duplicates: int = 0
    ingest_peak_mb: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    """Seconds by process, over `cpu_values` values: starting is not in it."""
    cpu_values: int = 0

    @property
    def possible(self) -> float:
        """Values a second of somebody who does both things one after the other, and nothing else."""
        return 1 / (1 / self.database.per_second + 1 / self.consumer.per_second)

    def as_json(self) -> dict[str, object]:
        """Return the figures as one flat object."""
        return {
            "values_per_s": round(self.ingest.per_second),
            "database_limit_per_s": round(self.database.per_second),
            "consumer_limit_per_s": round(self.consumer.per_second),
            "possible_per_s": round(self.possible),
            "ratio": round(self.ingest.per_second / self.possible, 3),
            "missing": self.missing,
            "duplicates": self.duplicates,
            "values": self.ingest.values,
            "messages": self.messages,
            "values_per_message": self.values_per_message,
            "sensors": self.sensors,
            "rounds": self.rounds,
            "stored_before": self.stored_before,
            "qos": 1,
            "publishing_timed": False,
            "ingest_peak_mb": round(self.ingest_peak_mb, 1),
            "cpu_seconds_per_million_values": {
                name: round(seconds / self.cpu_values * 1e6, 1) for name, seconds in self.cpu.items()
            },
        }


class Commits:
    """How many values were committed since it was opened: what was announced, read on from where it was read."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._last, self._count = 0, 0
        self.count()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def count(self) -> int:
        """Return the number, as it is now; nobody else may be storing readings."""
        query = "SELECT coalesce(max(id), %s), coalesce(sum(n), 0) FROM devices.arrival WHERE id > %s"
        row = self._connection.execute(query, [self._last, self._last]).fetchone()
        if row:
            self._last = row[0]
            self._count += int(row[1])
        return self._count


class Bench:
    """One bench: its fleets, its clients, its rounds."""

    def __init__(self, ground: Ground, *, sensors: int, values: int, tell: Callable[[str], None]) -> None:
        self._ground = ground
        self._tell = tell
        run = f"bench-{uuid.uuid4().hex[:8]}"
        self._fleet = Fleet(name=run, sensors=sensors, values_per_message=values)
        self._bare = Fleet(name=f"{run}-bare", sensors=sensors)
        self._ingest = Ingest(ground, run)
        self._counting = Counting(ground["MQTT_URL"], f"{run}-counting", SUBSCRIPTION)
        self._clients = (run, f"{run}-counting")

    def run(self, messages: int, rounds: int, stored: int) -> Measured:
        """Measure `rounds` rounds of `messages` each, after filling in `stored` values of history."""
        measured = Measured(messages * rounds, self._fleet.values_per_message, self._fleet.sensors, rounds, stored)
        try:
            for fleet in (self._fleet, self._bare):
                register(self._ground, fleet)
            if stored:
                self._fill(stored)
            self._ingest.start()
            self._ingest.stop()
            self._counting.subscribe()
            for number in range(rounds):
                self._round(number, messages, measured)
        finally:
            self._ingest.kill()
            for client in self._clients:
                forget_session(self._ground["MQTT_URL"], client)
        return measured

    def _round(self, number: int, messages: int, measured: Measured) -> None:
        ledger = self._publish(number, messages)
        values = messages * self._fleet.values_per_message
        batches = self._rows(ledger)
        with psycopg.connect(self._ground["FLEET_DATABASE_INGEST_URL"], autocommit=True) as connection:
            make_partitions(connection, {month_of(row[1]) for batch in batches for row in batch})
        measured.database.seconds += database_seconds(self._ground["FLEET_DATABASE_INGEST_URL"], batches)
        measured.database.values += values
        self._drain(values, measured)
        measured.consumer.seconds += self._counting.seconds(messages)
        measured.consumer.values += values
        self._account(ledger, measured)
        self._tell(
            f"{number + 1}: ingest {measured.ingest.per_second:,.0f}, base {measured.database.per_second:,.0f},"
            f" client {measured.consumer.per_second:,.0f} valeurs/s"
        )

    def _publish(self, number: int, messages: int) -> Path:
        """Let the sensors speak while nobody listens; return their ledger."""
        fleet = self._fleet
        turns = -(-messages // fleet.sensors)
        since = SINCE + number * turns * fleet.values_per_message * fleet.step
        ledger = self._ground.folder / f"{fleet.name}-{number}.ledger"
        words = {
            "--name": fleet.name,
            "--sensors": fleet.sensors,
            "--messages": messages,
            "--values": fleet.values_per_message,
            "--since": f"{since:%Y-%m-%dT%H:%M:%S}",
        }
        sensors = Sensors(self._ground, ledger, *(str(word) for pair in words.items() for word in pair))
        try:
            sensors.end()
        finally:
            sensors.kill()
        return ledger

    def _rows(self, ledger: Path) -> list[Rows]:
        """Return what the ledger says as rows of the bare fleet, in batches such as ingest's."""
        installations = installations_of(self._ground["FLEET_DATABASE_WORKER_URL"], self._bare.name)
        of_serial = {
            self._fleet.serial(number): installations[self._bare.serial(number)]
            for number in range(self._fleet.sensors)
        }
        now = dt.datetime.now(dt.UTC)
        batches: list[Rows] = []
        for n, entry in enumerate(read_entries(ledger)):
            if n % BATCH == 0:
                batches.append([])
            batches[-1] += [
                (of_serial[said.serial], said.time, said.value, now) for said in decode(entry.topic, entry.payload, now)
            ]
        return batches

    def _drain(self, values: int, measured: Measured) -> None:
        """Let ingest take its backlog; time it from its connection to the broker to the last commit."""
        with Commits(self._ground["FLEET_DATABASE_WORKER_URL"]) as commits:
            self._ingest.start()
            pids = self._pids()
            used = {name: cpu_seconds(pid) for name, pid in pids.items()}
            measured.cpu_values += values - commits.count()
            last_at, last = time.perf_counter(), 0
            while last < values:
                time.sleep(POLL)
                count, now = commits.count(), time.perf_counter()
                if count != last:
                    last, last_at = count, now
                elif now - last_at > PATIENCE:
                    raise Refusal(
                        f"L'ingestion s'est arrêtée à {last} valeurs sur {values} ; voyez {self._ground.folder}."
                    )
        measured.ingest.values += values
        measured.ingest.seconds += last_at - self._ingest.connected_at
        for name, pid in pids.items():
            measured.cpu[name] = measured.cpu.get(name, 0.0) + cpu_seconds(pid) - used[name]
        measured.ingest_peak_mb = max(measured.ingest_peak_mb, peak_megabytes(self._ingest.pid))
        self._ingest.stop()

    def _pids(self) -> dict[str, int]:
        """Return the processes that work while ingest does, those that are on this machine."""
        pids = {"ingest": self._ingest.pid}
        broker = urlsplit(self._ground["MQTT_URL"])
        if broker.hostname in LOOPBACK and (pid := listener_on(broker.port or 1883)):
            pids["broker"] = pid
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fleet-ingest' AND usename = current_user"
        with psycopg.connect(self._ground["FLEET_DATABASE_INGEST_URL"]) as connection:
            row = connection.execute(query).fetchone()
            if row and connection.info.host.startswith("/"):
                pids["postgresql"] = row[0]
        return pids

    def _account(self, ledger: Path, measured: Measured) -> None:
        with psycopg.connect(self._ground["FLEET_DATABASE_WORKER_URL"], autocommit=True) as connection:
            account = reconcile(connection, ledger)
        measured.missing += account.missing
        measured.duplicates += account.duplicates + account.stowaways

    def _fill(self, stored: int) -> None:
        """Give the sensors a history of `stored` values, a minute apart, up to where they begin to speak."""
        from_serial = installations_of(self._ground["FLEET_DATABASE_WORKER_URL"], self._fleet.name)
        installations = sorted(from_serial.values())
        until, left = SINCE, stored
        with psycopg.connect(self._ground["FLEET_DATABASE_INGEST_URL"], autocommit=True) as connection:
            while left > 0:
                start = (until - dt.timedelta(days=1)).replace(day=1)
                minutes = min((until - start) // self._fleet.step, -(-left // len(installations)))
                start = until - minutes * self._fleet.step
                make_partitions(connection, {month_of(start)})
                connection.execute(_HISTORY, {"of": installations, "start": start, "until": until})
                left -= minutes * len(installations)
                until = start
                self._tell(f"historique : reste {max(0, left):,} valeurs")


_HISTORY = """
INSERT INTO devices.reading (installation_id, ts, value, received_at)
SELECT i, t, 0, now() FROM generate_series(%(start)s, %(until)s - interval '1 minute', interval '1 minute') t,
    unnest(%(of)s::int[]) i
"""
