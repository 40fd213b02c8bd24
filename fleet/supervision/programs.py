"""What runs: the services that are private, then our own processes, each with the settings it needs and no other."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.settings import ingest_processes, variables_of
from fleet.supervision.services import mosquitto, postgresql, redis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet.supervision.environment import Environment

SERVICES = "services"
APPLICATION = "application"
INGEST = "ingest"
PROCESSES = ("worker", "web")


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised program; `stop_signal` asks it to end, `patience` is how many seconds it has for that."""

    name: str
    group: str
    command: list[str]
    directory: Path
    stop_signal: str
    patience: int
    variables: Mapping[str, str] = field(default_factory=dict)


def services_of(environment: Environment) -> list[Program]:
    """Return the private services of `environment`."""
    places = environment.places
    found = []
    if "postgresql" in environment.private:
        command = postgresql.command(places)
        found.append(Program("postgresql", SERVICES, command, places.services, stop_signal="INT", patience=5))
    if "mosquitto" in environment.private:
        command = mosquitto.command(places)
        found.append(Program("mosquitto", SERVICES, command, places.services / "mosquitto", "TERM", patience=3))
    if "redis" in environment.private:
        found.append(Program("redis", SERVICES, redis.command(places), places.services, "TERM", patience=3))
    return found


def processes_of(environment: Environment, directory: Path) -> list[Program]:
    """Return our own processes; they run in `directory`, where the ini file and the installation are."""
    members = ingest_processes(Path(environment.variables["FLEET_INI"]), environment.variables)
    ingest = [
        _process(
            INGEST if members == 1 else f"{INGEST}-{number}",
            (INGEST, "--partition", f"{number}/{members}"),
            variables_of(INGEST),
            environment,
            directory,
        )
        for number in range(1, members + 1)
    ]
    return ingest + [_process(name, (name,), variables_of(name), environment, directory) for name in PROCESSES]


def sensors_of(environment: Environment, directory: Path) -> Program:
    """Return what speaks for the sensors of a demonstration while it is served."""
    needed = (*variables_of("web"), *variables_of("worker"), "FLEET_DEMONSTRATION_MQTT_URL")
    return _process("sensors", ("demo", "live", "--go-on"), needed, environment, directory)


def fleet_command(*words: str) -> list[str]:
    """Return `fleet WORDS` run by this very Python."""
    return [sys.executable, "-m", "fleet", *words]


def _process(
    name: str, words: Sequence[str], needed: Iterable[str], environment: Environment, directory: Path
) -> Program:
    variables = environment.variables
    return Program(
        name,
        APPLICATION,
        ["setpriv", "--pdeathsig", "TERM", "--", *fleet_command(*words)],
        directory,
        stop_signal="TERM",
        patience=4,
        variables={name: variables[name] for name in (*needed, "FLEET_INI", "FLEET_DIRECTORY") if name in variables},
    )
