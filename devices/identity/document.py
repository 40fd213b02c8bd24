"""The file of Mosquitto's dynamic security plugin: accounts, roles, and nothing allowed that is not named.

The plugin rewrites it at each change and reads it at its start only; what is written here is written while it is down.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devices.identity.rules import Rights, acls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ITERATIONS = 101
"""What Mosquitto itself takes; the passwords are random, so that more would only slow the broker down."""
DEFAULTS = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")


@dataclass(frozen=True, slots=True)
class Entry:
    """An account to write: `password_hash` as `hashed` returns it, `client_id` None where it may choose."""

    username: str
    password_hash: str
    rights: Rights
    client_id: str | None = None
    generation: str = ""


def hashed(password: str) -> str:
    """Return `password` as Mosquitto's own password tool writes it: $7$, PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def with_entries(document: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """Return `document` with `entries` in the place of what it said of them; all else stays, and no default allows."""
    clients = {client["username"]: client for client in document.get("clients", [])}
    roles = {role["rolename"]: role for role in document.get("roles", [])}
    for entry in entries:
        clients[entry.username] = _client(entry)
        roles[entry.username] = {"rolename": entry.username, "acls": acls(entry.rights)}
    return {
        **document,
        "defaultACLAccess": dict.fromkeys(DEFAULTS, False),
        "clients": list(clients.values()),
        "roles": list(roles.values()),
    }


def _client(entry: Entry) -> dict[str, Any]:
    _, _, iterations, salt, digest = entry.password_hash.split("$")
    client: dict[str, Any] = {
        "username": entry.username,
        "textdescription": entry.generation,
        "roles": [{"rolename": entry.username}],
        "password": digest,
        "salt": salt,
        "iterations": int(iterations),
    }
    return client | ({"clientid": entry.client_id} if entry.client_id else {})
