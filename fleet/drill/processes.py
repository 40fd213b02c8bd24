"""The processes of a drill: ingest, which is killed, and simulated sensors, which are not."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.ingest.address import BrokerAddress
from fleet.drill.patience import Patience
from foundation.errors import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.drill.ground import Ground

CONNECTED = "connected, session"
LISTENING = "listening to"
PATIENCE = 60.0
BACK_WITHIN = 15.0


class Ingest:
    """An ingest process under a client id of its own, started and killed at will."""

    def __init__(self, ground: Ground, client_id: str, *, log: str = "") -> None:
        self.client_id = client_id
        self.starts = 0
        self.connected_at = 0.0
        """When the broker began to send (`time.perf_counter`): by the last `start`."""
        self._ground = ground
        self._log = ground.folder / f"{log or client_id}.log"
        self._log.write_bytes(b"")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that runs, 0 where none does."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def launch(self, *command: str, **variables: str) -> None:
        """Start `python -m COMMAND` (fleet ingest without) with `variables` besides, and wait for nothing."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *(command or ("fleet", "ingest")), "--client-id", self.client_id],
                env={**self._ground.environ, **variables},
                stdout=log,
                stderr=log,
            )
        self.starts += 1

    def start(self) -> None:
        """Start a process and wait until it listens to the broker."""
        before = {line: self._times(line) for line in (CONNECTED, LISTENING)}
        self.launch()
        self._wait_beyond(CONNECTED, before[CONNECTED])
        self.connected_at = time.perf_counter()
        self._wait_beyond(LISTENING, before[LISTENING])

    def _wait_beyond(self, line: str, times: int) -> None:
        patience = Patience(self.pid)
        while self._times(line) <= times:
            if patience.is_over or not self.pid:
                raise Refusal("L'ingestion n'a pas démarré ; son journal est {log}.", log=self._log)
            time.sleep(0.01)

    def wait(self) -> int:
        """Wait for the process to end by itself; return its status."""
        patience = Patience(self.pid)
        while self._process and self._process.poll() is None:
            if patience.is_over:
                raise Refusal(f"L'ingestion ne s'est pas arrêtée ; son journal est {self._log}.")
            time.sleep(0.01)
        return self._process.returncode if self._process else 0

    def kill(self) -> None:
        """Kill it, giving it no time for anything."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Let it commit what it has and end."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()

    def _times(self, line: str) -> int:
        return self._log.read_text("utf-8", "replace").count(line)


class Sensors:
    """`fleet devices simulate` in a process of its own."""

    def __init__(self, ground: Ground, ledger: Path, *words: str) -> None:
        self.ledger = ledger
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fleet", "devices", "simulate", "--json", "--ledger", str(ledger), *words],
            env=ground.environ,
            stdout=subprocess.PIPE,
        )

    @property
    def pid(self) -> int:
        """The process, ended or not."""
        return self._process.pid

    @property
    def speaking(self) -> bool:
        """Whether it still publishes."""
        return self._process.poll() is None

    def wait_until_heard(self) -> None:
        """Wait for their first word: they are connected then, and reconnect by themselves whatever happens."""
        patience = Patience(self.pid)
        while not (self.ledger.exists() and self.ledger.stat().st_size):
            if patience.is_over or not self.speaking:
                raise Refusal("Les capteurs simulés n'ont rien dit ; leur message est au-dessus.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Tell them to fall silent."""
        self._process.terminate()

    def end(self) -> dict[str, Any]:
        """Wait until all they said is acknowledged; return what they say of it."""
        said, _ = self._process.communicate()
        if self._process.returncode:
            raise Refusal("Les capteurs simulés se sont arrêtés avant la fin ; leur message est au-dessus.")
        result: dict[str, Any] = json.loads(said)
        return result

    def kill(self) -> None:
        """End them where nobody waits for them any more."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


def forget_session(mqtt_url: str, client_id: str) -> None:
    """Let the broker forget a client and what it keeps for it: a clean start without expiry (MQTT 5 § 3.1.2.4)."""
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5)
    address = BrokerAddress.parse(mqtt_url)
    address.prepare(client)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    deadline = time.monotonic() + BACK_WITHIN
    while True:
        try:
            client.connect(address.host, address.port, clean_start=True)
            break
        except OSError:
            if time.monotonic() > deadline:
                return  # it is down, and forgets by itself in a week
            time.sleep(0.5)
    client.loop_start()
    connected.wait(PATIENCE)
    client.disconnect()
    client.loop_stop()
