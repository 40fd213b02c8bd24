"""A private Mosquitto: loopback only, nobody anonymous, each user on its own topics, queues that do not drop."""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
import socket
from typing import TYPE_CHECKING

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet.supervision.places import Places

# max_queued_messages defaults to 1000 and drops silently above it: no count, a bound in bytes.
CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file passwords
acl_file topics
persistence true
persistence_location ./
autosave_interval 30
max_queued_messages 0
max_queued_bytes 536870912
max_packet_size 65536
set_tcp_nodelay true
log_dest stdout
log_type error
log_type warning
"""

# `ingest` reads everything and writes nothing; a publisher writes where it is told to, and reads nothing.
TOPICS = """\
user ingest
topic read #
topic read $SYS/#

user fleet-simulator
topic write #
"""

ITERATIONS = 101


def prepare(places: Places, port: int, passwords: Mapping[str, str]) -> None:
    """Write the configuration: where it listens, who may sign in (user → password), on which topics."""
    folder = places.services / "mosquitto"
    folder.mkdir(exist_ok=True)
    places.user.own(folder, 0o700)
    lines = [f"{user}:{_hashed(password)}\n" for user, password in passwords.items()]
    _write(places, folder / "passwords", "".join(lines))
    _write(places, folder / "topics", TOPICS)
    _write(places, folder / "mosquitto.conf", CONFIGURATION.format(port=port))


def command(places: Places) -> list[str]:
    """Return the command of the broker, to be run in its folder."""
    program = shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
    if program is None:
        raise Refusal(
            "Mosquitto n'est pas installé ; installez le paquet mosquitto, "
            "ou donnez un serveur par la variable MQTT_URL."
        )
    return places.user.command("TERM", program, "-c", "mosquitto.conf")


def is_ready(port: int) -> bool:
    """Say whether the broker listens."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _write(places: Places, path: Path, text: str) -> None:
    path.write_text(text)
    places.user.own(path, 0o600)


def _hashed(password: str) -> str:
    """Return `password` as Mosquitto's own password tool writes it: $7$, PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
