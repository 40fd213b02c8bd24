"""A private Mosquitto: loopback only, nobody anonymous, each account on its own topics, queues that do not drop."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devices.identity.document import Entry, hashed, with_entries
from devices.identity.file import read
from devices.identity.rules import administrator_rights, ingest_rights, publisher_rights
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.supervision.places import Places

# max_queued_messages defaults to 1000 and drops silently above it: in effect no count, a bound in bytes. Not 0: 2.0.11
# then hangs up on whoever it has just refused a message, in place of saying so only.
CONFIGURATION = """\
listener {port} 127.0.0.1
{outside}allow_anonymous false
plugin {plugin}
plugin_opt_config_file dynamic-security.json
persistence true
persistence_location ./
autosave_interval 30
max_queued_messages 1000000000
max_queued_bytes 536870912
max_packet_size 65536
set_tcp_nodelay true
log_dest stdout
log_type error
log_type warning
"""
OUTSIDE = """\
listener {port} {host}
certfile listener.pem
keyfile listener.key
tls_version tlsv1.2
"""

PLUGIN = "mosquitto_dynamic_security.so"
FOLDERS = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
ACCOUNTS = "dynamic-security.json"

# Client ids are what sessions, and the messages waiting in them, hang on: `ingest` chooses its own, one a process,
# because every other account of the broker is bound to a single one.
RIGHTS = {
    "administrator": (administrator_rights, None),
    "ingest": (ingest_rights, None),
    "fleet-simulator": (publisher_rights, "fleet-simulator"),
    "fleet-demonstration": (publisher_rights, "fleet-demonstration"),
}


@dataclass(frozen=True, slots=True)
class Outside:
    """A second listener, with TLS, for devices that are not of this machine; files in PEM."""

    host: str
    port: int
    certificate: Path
    key: Path


def prepare(places: Places, port: int, passwords: Mapping[str, str], outside: Outside | None = None) -> None:
    """Write the configuration: where it listens, and who of ours may do what (user → password).

    What the broker already knows of other accounts stays: they are those of devices.
    """
    folder = places.services / "mosquitto"
    folder.mkdir(exist_ok=True)
    places.user.own(folder, 0o700)
    entries = [
        Entry(user, hashed(password), rights(), client_id)
        for user, password in passwords.items()
        for rights, client_id in [RIGHTS[user]]
    ]
    _write(places, folder / ACCOUNTS, json.dumps(with_entries(read(folder / ACCOUNTS), entries), indent=1))
    second = ""
    if outside:
        certificate, key = _pair(outside)
        # Copies of the broker's own: whoever it runs as may not read the originals.
        _write(places, folder / "listener.pem", certificate)
        _write(places, folder / "listener.key", key)
        second = OUTSIDE.format(host=outside.host, port=outside.port)
    _write(places, folder / "mosquitto.conf", CONFIGURATION.format(port=port, outside=second, plugin=_plugin()))


def _pair(outside: Outside) -> tuple[str, str]:
    """Return certificate and key as text; refuse files that cannot be read or that do not belong together."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(outside.certificate, outside.key)
        return outside.certificate.read_text("ascii"), outside.key.read_text("ascii")
    except (OSError, ValueError) as error:
        raise Refusal(
            "Le certificat « {certificate} » et la clé « {key} » du courtier MQTT ne vont pas ensemble ou ne se lisent"
            " pas ({reason}) ; donnez deux fichiers PEM, la clé sans mot de passe.",
            certificate=outside.certificate,
            key=outside.key,
            reason=error.strerror or error if isinstance(error, OSError) else error,
        ) from None


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


def _plugin() -> Path:
    """Return the dynamic security plugin; Debian keeps libraries in a folder named after the processor."""
    for folder in map(Path, FOLDERS):
        for found in sorted([*folder.glob(PLUGIN), *folder.glob(f"*/{PLUGIN}")]):
            return found
    raise Refusal(
        "Le greffon {plugin} de Mosquitto n'est pas installé ; installez Mosquitto 2.0 ou plus récent, ou "
        "donnez un serveur par la variable MQTT_URL.",
        plugin=PLUGIN,
    )


def _write(places: Places, path: Path, text: str) -> None:
    """Write `path` all at once: a file of accounts cut short would shut everybody out."""
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.write_text(text)
    places.user.own(fresh, 0o600)
    fresh.rename(path)
