"""The ingest process, started, killed and watched by tests."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.ingest.address import BrokerAddress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.databases import Database

PATIENCE = 60


def until(what: Callable[[], object], wanted: object) -> None:
    """Wait until `what()` is `wanted`; say what it was where it never becomes so."""
    deadline = time.monotonic() + PATIENCE
    while (found := what()) != wanted:
        if time.monotonic() > deadline:
            pytest.fail(f"{found!r} is still not {wanted!r}")
        time.sleep(0.05)


class Ingest:
    """One installation of ingest: a database, a client id, and the process while it runs."""

    def __init__(self, database: Database, mqtt_url: str, log: Path, *, beside: Ingest | None = None) -> None:
        self.database = database
        self.mqtt_url = mqtt_url
        self.client_id = beside.client_id if beside else f"test-{uuid.uuid4().hex[:12]}"
        self.partition = "1/1"
        self.process: Any = None
        self.owner = psycopg.connect(database.owner, autocommit=True)
        self._log = log
        log.touch()

    @property
    def said(self) -> str:
        """What the processes have written so far."""
        return self._log.read_text()

    def launch(self, **variables: str) -> None:
        """Start a process, with `variables` of its environment set otherwise."""
        settings = {"FLEET_DATABASE_INGEST_URL": self.database.ingest, "MQTT_URL": self.mqtt_url}
        environ = os.environ | settings | variables
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fleet", "ingest", "--client-id", self.client_id, "--partition", self.partition],
                env=environ,
                stderr=log,
            )

    def start(self, **variables: str) -> None:
        """Start a process and wait until it listens."""
        before = self.said.count("listening to")
        self.launch(**variables)
        until(lambda: self.said.count("listening to") > before, wanted=True)

    def kill(self) -> None:
        """Kill the process, giving it no time for anything."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Tell the process to stop; return its status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def count(self, table: str = "reading") -> int:
        """Return how many rows a table has."""
        return self.rows(f"SELECT count(*) FROM devices.{table}")[0][0]

    def rows(self, query: Any) -> list[Any]:
        """Return what the owner of the database sees."""
        return self.owner.execute(query).fetchall()

    def close(self) -> None:
        """Kill what still runs and let the broker forget this client."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.owner.close()
        number = self.partition.partition("/")[0]
        forget_session(self.mqtt_url, self.client_id if number == "1" else f"{self.client_id}-{number}")


def forget_session(mqtt_url: str, client_id: str) -> None:
    """Let the broker forget a client: a clean start without expiry."""
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5)
    address = BrokerAddress.parse(mqtt_url)
    address.prepare(client)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect(address.host, address.port, clean_start=True)
    client.loop_start()
    connected.wait(PATIENCE)
    client.disconnect()
    client.loop_stop()
