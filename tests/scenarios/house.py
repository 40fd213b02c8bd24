"""The running house: web, worker and ingest as real processes on a database of their own."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.databases import Database

PATIENCE = 60.0


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class House:
    """Starts and stops processes of the product with the settings of one test."""

    database: Database
    mqtt_url: str
    broker_url: str
    sensors_url: str
    """The broker again, as a user that may publish."""
    logs: Path
    environment: dict[str, str] = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the settings every process of this house reads."""
        self.identity = f"-{secrets.token_hex(4)}"
        listen = f"127.0.0.1:{free_port()}"
        self.url = f"http://{listen}"
        self.environment = os.environ | {
            "FLEET_DATABASE_OWNER_URL": self.database.owner,
            "FLEET_DATABASE_WEB_URL": self.database.web,
            "FLEET_DATABASE_WORKER_URL": self.database.worker,
            "FLEET_DATABASE_INGEST_URL": self.database.ingest,
            "MQTT_URL": self.mqtt_url,
            "BROKER_URL": self.broker_url,
            "FLEET_WEB_LISTEN": listen,
            "FLEET_WEB_URL": self.url,
            "FLEET_WEB_SECRET": secrets.token_hex(32),
            "FLEET_MODE": "test",
        }

    def start(self, *names: str) -> None:
        """Start processes by their `fleet` command."""
        for name in names:
            # The broker keeps messages by client id: each house has its own, and finds nobody else's.
            options = ["--client-id", self.database.name + self.identity] if name == "ingest" else []
            log = (self.logs / f"{name}.log").open("ab")
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "fleet", name, *options], env=self.environment, stdout=log, stderr=log
            )
            log.close()
        if "web" in names:
            self._wait_for_web()
        if "ingest" in names:
            # What is published before the very first subscription reaches nobody.
            wait_until(lambda: "listening to" in self.log_of("ingest"), "ingest is not listening")

    def run(self, *arguments: str) -> str:
        """Run a `fleet` command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "fleet", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"fleet {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kill(self, name: str) -> None:
        """Kill -9 one process."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop everything as Ctrl-C would, and say which process would not."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self.processes.items():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(f"{name} did not stop within 15 s of SIGTERM") from None
        self.processes.clear()

    def log_of(self, name: str) -> str:
        """Return what a process wrote."""
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.processes["web"].poll() is not None:
                break
            try:
                with urlopen(f"{self.url}/sign-in", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the web did not come up:\n{self.log_of('web')}")


def wait_until(condition: Callable[[], bool], what: str, patience: float = 120.0) -> None:
    """Wait until `condition` holds, and say what did not happen where it never does."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def scalar(database: Database, query: str, **parameters: object) -> Any:
    """Return one value as the owner of the database sees it."""
    with database.sessions("owner")() as session:
        return session.scalar(text(query), parameters)
