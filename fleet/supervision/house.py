"""An environment from the first lock to the last stop: services, database, processes, in that order and back."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fleet.database.bootstrap import bootstrap_all
from fleet.database.history import upgrade
from fleet.settings import mqtt_outside, settings_for
from fleet.supervision.environment import Environment, compose, without_addresses
from fleet.supervision.places import prepare_places
from fleet.supervision.programs import INGEST, fleet_command, processes_of, sensors_of, services_of
from fleet.supervision.services import mosquitto, postgresql, redis
from fleet.supervision.supervisor import Supervisor, end_the_previous
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LEFTOVERS_END_WITHIN = 30.0
ENDS_WITHIN = 5.0


class House:
    """An environment whose services run and whose database is migrated."""

    def __init__(self, environment: Environment, supervisor: Supervisor, say: Callable[[str], None]) -> None:
        """Keep what runs."""
        self.environment = environment
        self._supervisor = supervisor
        self._say = say
        self._ini = Path(environment.variables["FLEET_INI"])

    def run(self, command: Sequence[str]) -> int:
        """Run `command` in the foreground with every address of the environment; return its exit status."""
        words = ["setpriv", "--pdeathsig", "TERM", "--", *command]
        with subprocess.Popen(words, env=self.environment.variables) as process:
            try:
                return process.wait()
            except BaseException:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(ENDS_WITHIN)
                process.kill()
                raise

    def step(self, *words: str) -> None:
        """Run `fleet WORDS` in the foreground; a step that fails ends the whole."""
        status = self.run(fleet_command(*words))
        if status:
            raise Refusal(
                "« fleet {command} » s'est arrêté (code {status}) ; son message est au-dessus.",
                command=" ".join(words),
                status=status,
            )

    def listen(self) -> None:
        """Start ingest: from then on the broker keeps what sensors publish."""
        # What a process lacks is said here, once, and not by one that falls and stands up again.
        settings_for("ingest", self._ini, self.environment.variables)
        self._supervisor.start_application(*(name for name in self._supervisor.states() if name.startswith(INGEST)))

    def serve(self) -> None:
        """Start web, wait until pages are served, and start what does not run yet."""
        settings_for("worker", self._ini, self.environment.variables)
        where = settings_for("web", self._ini, self.environment.variables).listen
        if _listens(where.host, where.port):
            # Another program would answer in our place, and we would say that the pages are ready.
            raise Refusal(
                "Le port {port} de {host} est pris par un autre programme ; arrêtez-le, ou relancez la commande.",
                port=where.port,
                host=where.host,
            )
        # Processes that load at once make a visitor wait for the slowest: the pages go first.
        self._supervisor.start_application("web")
        self._supervisor.wait_for("web", lambda: _listens(where.host, where.port))
        self._supervisor.start_application()

    def watch(self) -> NoReturn:
        """Say who falls and who stands up again, until interrupted; a program given up ends the whole."""
        known = self._supervisor.states()
        while True:
            time.sleep(1)
            states = self._supervisor.states()
            for name, state in states.items():
                if state.name == "FATAL":
                    raise self._supervisor.failure_of(name)
                if state.pid != known[name].pid:
                    what = "redémarré" if state.pid else "tombé, redémarrage"
                    self._say(f"{name} : {what} (journal : {self.environment.places.logs / name}.log)")
            known = states


@contextlib.contextmanager
def house(
    root: Path, environ: Mapping[str, str], say: Callable[[str], None], *, sensors: bool = False
) -> Iterator[House]:
    """Bring the environment `root` up to a migrated database; take everything down on the way out.

    With `sensors`, somebody speaks for the sensors of a demonstration once the processes run.
    """
    root.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        places = prepare_places(root)
        end_the_previous(places)
        environment = compose(places, environ)
        _prepare_services(environment, say)
        programs = [*services_of(environment), *processes_of(environment, Path.cwd())]
        if sensors:
            programs.append(sensors_of(environment, Path.cwd()))
        supervisor = Supervisor(places, programs)
        try:
            supervisor.start(without_addresses(environ))
            _wait_for_services(environment, supervisor)
            _prepare_database(environment.variables, say)
            yield House(environment, supervisor, say)
        finally:
            supervisor.stop()


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the environment for ourselves; the lock goes with the process, however it ends."""
    with (root / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refusal(
                "L'environnement « {root} » est déjà en marche (processus {process}) ; arrêtez-le d'abord par "
                "Ctrl-C, ou servez-vous-en.",
                root=root,
                process=lock.read().strip(),
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _prepare_services(environment: Environment, say: Callable[[str], None]) -> None:
    places = environment.places
    if "postgresql" in environment.private:
        say("base de données privée")
        postgresql.prepare(places, environment.administrator_password)
        deadline = time.monotonic() + LEFTOVERS_END_WITHIN
        while not postgresql.forget_the_dead(places):
            if time.monotonic() > deadline:
                raise Refusal(
                    "Une base PostgreSQL tourne encore sur {services} ; arrêtez-la, puis relancez.",
                    services=places.services,
                )
            time.sleep(0.2)
    if "mosquitto" in environment.private:
        given = mqtt_outside(Path(environment.variables["FLEET_INI"]), environment.variables)
        outside = mosquitto.Outside(given[0].host, given[0].port, *given[1:]) if given else None
        mosquitto.prepare(places, environment.mqtt_port, environment.passwords_of_mqtt(), outside)


def _wait_for_services(environment: Environment, supervisor: Supervisor) -> None:
    if "postgresql" in environment.private:
        administrator_url = environment.variables["DATABASE_URL"]
        supervisor.wait_for("postgresql", lambda: postgresql.is_ready(administrator_url))
    if "mosquitto" in environment.private:
        supervisor.wait_for("mosquitto", lambda: _listens("127.0.0.1", environment.mqtt_port))
    if "redis" in environment.private:
        supervisor.wait_for("redis", lambda: redis.is_ready(environment.places))


def _prepare_database(variables: Mapping[str, str], say: Callable[[str], None]) -> None:
    if variables.get("DATABASE_URL"):
        bootstrap_all(settings_for("administrator", Path(variables["FLEET_INI"]), variables))
    if variables.get("FLEET_DATABASE_OWNER_URL"):
        say("migrations")
        upgrade(variables["FLEET_DATABASE_OWNER_URL"])


def _listens(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
        client.settimeout(2)
        return client.connect_ex((host, port)) == 0
