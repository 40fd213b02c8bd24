"""What runs: the services that are private, then our own processes, each with the settings it needs and no other."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.settings import variables_of
from fleet.supervision.services import mosquitto, postgresql, redis

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet.supervision.environment import Environment

SERVICES = "services"
APPLICATION = "application"
PROCESSES = ("ingest", "worker", "web")


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
    return [
        Program(
            name,
            APPLICATION,
            ["setpriv", "--pdeathsig", "TERM", "--", *fleet_command(name)],
            directory,
            stop_signal="TERM",
            patience=4,
            variables={
                variable: environment.variables[variable]
                for variable in (*variables_of(name), "FLEET_INI")
                if variable in environment.variables
            },
        )
        for name in PROCESSES
    ]


def fleet_command(*words: str) -> list[str]:
    """Return `fleet WORDS` run by this very Python."""
    return [sys.executable, "-m", "fleet", *words]
