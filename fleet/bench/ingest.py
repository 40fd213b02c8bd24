"""How many values a second ingest commits, beside the bare database and a bare consumer, in the same run.

In each round the sensors speak while ingest is away: publishing is not in what is timed. Then the same rows go to the
database from memory, ingest takes its backlog, and a client that only counts takes its own copy of it.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import psycopg

from devices.dialects.spl import SUBSCRIPTION, decode
from devices.ingest.store import make_partitions, month_of
from devices.ingest.writer import BATCH
from devices.simulator.ledger import read_entries
from devices.simulator.reconcile import reconcile
from devices.simulator.sensors import SINCE, Fleet
from fleet.bench.figures import Found, Measured
from fleet.bench.history import History
from fleet.bench.limits import Counting, Rows, database_seconds, installations_of
from fleet.bench.memory import watch
from fleet.drill.measure import cpu_seconds, listener_on, peak_megabytes
from fleet.drill.processes import Ingest, Sensors, forget_session
from fleet.drill.run import register
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fleet.bench.memory import Memory
    from fleet.drill.ground import Ground

START = SINCE + dt.timedelta(days=20)
"""Where rounds begin and history ends: in the middle of a month."""
POLL = 0.05
PATIENCE = 120.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


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
        self._steady = Fleet(name=f"{run}-steady", sensors=sensors, values_per_message=values)
        self._rounds = 0
        self._ingest = Ingest(ground, run)
        self._counting = Counting(ground["MQTT_URL"], f"{run}-counting", SUBSCRIPTION)
        self._clients = (run, f"{run}-counting")

    def run(self, messages: int, rounds: int, stored: Sequence[int], minutes: float) -> Found:
        """Measure `rounds` rounds of `messages` each at every history of `stored`, then memory for `minutes`.

        Rounds begin where the history ends, in the middle of a month: its table is as large as it gets in practice.
        """
        found = []
        try:
            for fleet in (self._fleet, self._bare, self._steady):
                register(self._ground, fleet)
            self._ingest.start()
            self._ingest.stop()
            self._counting.subscribe()
            with self._history() as history:
                for level in sorted(set(stored)) or [0]:
                    history.fill(level)
                    found.append(Measured(level))
                    for _ in range(rounds):
                        self._round(messages, found[-1])
                memory = self._memory(minutes) if minutes else None
        finally:
            self._ingest.kill()
            for client in self._clients:
                forget_session(self._ground["MQTT_URL"], client)
        return Found(
            messages * rounds * len(found), self._fleet.values_per_message, self._fleet.sensors, rounds, found, memory
        )

    def _history(self) -> History:
        installations = installations_of(self._ground["FLEET_DATABASE_WORKER_URL"], self._fleet.name)
        return History(self._ground["FLEET_DATABASE_OWNER_URL"], sorted(installations.values()), START, self._tell)

    def _memory(self, minutes: float) -> Memory:
        self._counting.unsubscribe()
        self._ingest.start()
        memory = watch(self._ground, self._ingest, self._steady, minutes, self._tell)
        self._ingest.stop()
        return memory

    def _round(self, messages: int, measured: Measured) -> None:
        ledger = self._publish(messages)
        values = messages * self._fleet.values_per_message
        batches = self._rows(ledger)
        with psycopg.connect(self._ground["FLEET_DATABASE_INGEST_URL"], autocommit=True) as connection:
            make_partitions(connection, {month_of(row[1]) for batch in batches for row in batch})
        measured.database.add(values, database_seconds(self._ground["FLEET_DATABASE_INGEST_URL"], batches))
        self._drain(values, measured)
        measured.consumer.add(values, self._counting.seconds(messages))
        self._account(ledger, measured)
        self._tell(
            f"{self._rounds}: ingest {measured.ingest.per_second:,.0f}, base {measured.database.per_second:,.0f},"
            f" client {measured.consumer.per_second:,.0f} valeurs/s"
        )

    def _publish(self, messages: int) -> Path:
        """Let the sensors speak while nobody listens; return their ledger."""
        fleet = self._fleet
        turns = -(-messages // fleet.sensors)
        since = START + self._rounds * turns * fleet.values_per_message * fleet.step
        ledger = self._ground.folder / f"{fleet.name}-{self._rounds}.ledger"
        self._rounds += 1
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
                        "L'ingestion s'est arrêtée à {last} valeurs sur {values} ; voyez {folder}.",
                        last=last,
                        values=values,
                        folder=self._ground.folder,
                    )
        measured.ingest.add(values, last_at - self._ingest.connected_at)
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
