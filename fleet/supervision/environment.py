"""The addresses and secrets of an environment: taken from whoever starts it, or made once and kept in settings.env."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import secrets
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from fleet.database.bootstrap import LOGIN_ROLES
from fleet.setting_values import Mode
from fleet.settings import all_variables, ini_path, mode_of
from fleet.supervision.services import mosquitto, postgresql, redis
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.supervision.places import Places

DATABASE_VARIABLES = {role: f"FLEET_DATABASE_{role.removeprefix('fleet_').upper()}_URL" for role in LOGIN_ROLES}
MQTT_USERS = {
    "administrator": "FLEET_PROVISIONING_MQTT_URL",
    "ingest": "MQTT_URL",
    "fleet-simulator": "FLEET_SIMULATOR_MQTT_URL",
    "fleet-demonstration": "FLEET_DEMONSTRATION_MQTT_URL",
}
PREFERRED_WEB_PORT = 6543
# Below the range from which the system hands out ports to outgoing connections.
PORTS = range(20000, 30000)


@dataclass(frozen=True, slots=True)
class Environment:
    """What runs where: every variable, and which services are private to this environment."""

    places: Places
    variables: Mapping[str, str]
    private: frozenset[str]

    @property
    def mqtt_port(self) -> int:
        """Where the private broker listens."""
        return urlsplit(self.variables["MQTT_URL"]).port or 0

    def passwords_of_mqtt(self) -> dict[str, str]:
        """Return who may sign in to the private broker."""
        return {user: urlsplit(self.variables[name]).password or "" for user, name in MQTT_USERS.items()}

    @property
    def administrator_password(self) -> str:
        """Who may do everything on the private cluster signs in with this."""
        return urlsplit(self.variables["DATABASE_URL"]).password or ""


def compose(places: Places, environ: Mapping[str, str]) -> Environment:
    """Return the environment of `places`: what `environ` gives is used, what it lacks is made, kept and private.

    In production nothing is made: what is lacking is refused by the process that needs it.
    """
    mode = mode_of(ini_path(environ), environ)
    ini = str(ini_path(environ).absolute())
    if mode is Mode.PRODUCTION:
        return Environment(places, dict(environ) | {"FLEET_INI": ini}, frozenset())
    kept = _read(places.settings)
    given = _given(environ, kept, _read(Path(environ.get("FLEET_DIRECTORY", places.root)) / places.settings.name))
    made, private = {"FLEET_INI": ini}, set()
    if not given.keys() >= set(DATABASE_VARIABLES.values()):
        if "DATABASE_URL" not in given:
            private.add("postgresql")
        made |= _databases(places, kept, given)
    if "MQTT_URL" in given:
        for user in ("fleet-simulator", "fleet-demonstration"):
            made[MQTT_USERS[user]] = given["MQTT_URL"]
        # Its administrator is who gave it: without the address, accounts are not ours to make.
        made[MQTT_USERS["administrator"]] = ""
    else:
        private.add("mosquitto")
        port = _free_port(_port_in(kept.get("MQTT_URL")))
        for user, name in MQTT_USERS.items():
            bound = f"?client_id={user}" if mosquitto.RIGHTS[user][1] else ""
            made[name] = f"mqtt://{user}:{_password(kept, name)}@127.0.0.1:{port}{bound}"
    if "BROKER_URL" not in given:
        private.add("redis")
        made["BROKER_URL"] = redis.address(places)
    made["FLEET_SIGNING_KEY"] = kept.get("FLEET_SIGNING_KEY") or base64.b64encode(secrets.token_bytes(32)).decode()
    made |= _web(kept, PREFERRED_WEB_PORT if mode is Mode.DEMONSTRATION else 0)
    variables = made | {name: given[name] for name in made if name in given}
    variables["FLEET_MADE"] = " ".join(sorted(made.keys() - given.keys()))
    variables["FLEET_DIRECTORY"] = str(places.root)
    _write(places.settings, variables)
    return Environment(places, dict(environ) | variables, frozenset(private))


def without_addresses(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without any address or secret: what programs inherit before each is given what it needs."""
    ours = all_variables() | set(MQTT_USERS.values())
    return {name: value for name, value in environ.items() if name not in ours}


def _given(environ: Mapping[str, str], *files: Mapping[str, str]) -> dict[str, str]:
    """Return what `environ` really gives: not what one of the `files` made, sourced by whoever calls us."""
    made = {(name, file.get(name)) for file in files for name in file.get("FLEET_MADE", "").split()}
    return {name: value for name, value in environ.items() if value and (name, value) not in made}


def _databases(places: Places, kept: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the address of the administrator, and from it those of the roles."""
    administrator = given.get("DATABASE_URL") or postgresql.address(
        places, postgresql.ADMINISTRATOR, _password(kept, "DATABASE_URL"), "postgres"
    )
    server = urlsplit(administrator)
    host = server.netloc.rpartition("@")[2]
    made = {"DATABASE_URL": administrator}
    for role, name in DATABASE_VARIABLES.items():
        account = server._replace(netloc=f"{role}:{_password(kept, name)}@{host}", path=f"/fleet_{places.name}")
        made[name] = urlunsplit(account)
    return made


def _web(kept: Mapping[str, str], preferred: int) -> dict[str, str]:
    port = _free_port(_port_in(kept.get("FLEET_WEB_URL")) or preferred)
    return {
        "FLEET_WEB_SECRET": kept.get("FLEET_WEB_SECRET") or secrets.token_hex(32),
        "FLEET_WEB_LISTEN": f"127.0.0.1:{port}",
        "FLEET_WEB_URL": f"http://127.0.0.1:{port}",
    }


def _password(kept: Mapping[str, str], name: str) -> str:
    """Return the password in the address that was kept under `name`, or a new one of 128 bits."""
    return urlsplit(kept.get(name, "")).password or secrets.token_hex(16)


def _port_in(address: str | None) -> int:
    return urlsplit(address or "").port or 0


def _free_port(wanted: int) -> int:
    """Return `wanted` where nobody listens there, another port otherwise."""
    for port in (wanted, *random.sample(PORTS, 100)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port:
                probe.bind(("127.0.0.1", port))
                return port
    raise Refusal(
        "Aucun port libre entre {start} et {stop} sur 127.0.0.1 ; arrêtez ce qui les occupe.",
        start=PORTS.start,
        stop=PORTS.stop,
    )


def _read(path: Path) -> dict[str, str]:
    """Return the variables of a file of NAME='value' lines, as a shell would read them."""
    if not path.exists():
        return {}
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def _write(path: Path, variables: Mapping[str, str]) -> None:
    """Write `variables` for a shell to read, readable by ourselves only, all at once."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("# Made once by fleet up; addresses and secrets of this environment only.\n")
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
    fresh.rename(path)
