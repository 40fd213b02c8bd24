"""A private Redis for Celery: a private socket, nothing on disk (a message is a wake-up; the job is a row)."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

from foundation.errors import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.supervision.places import Places


def command(places: Places) -> list[str]:
    """Return the command of the server."""
    program = shutil.which("redis-server")
    if program is None:
        raise Refusal(
            "Redis n'est pas installé ; installez le paquet redis-server, "
            "ou donnez un serveur par la variable BROKER_URL."
        )
    words = (
        "--port",
        "0",
        "--unixsocket",
        _socket(places),
        "--unixsocketperm",
        "700",
        "--save",
        "",
        "--daemonize",
        "no",
    )
    return places.user.command("TERM", program, *words)


def is_ready(places: Places) -> bool:
    """Say whether the server answers."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(_socket(places)))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def address(places: Places) -> str:
    """Return the address Celery reaches it by."""
    return f"redis+socket://{_socket(places)}"


def _socket(places: Places) -> Path:
    return places.sockets / "redis.sock"
