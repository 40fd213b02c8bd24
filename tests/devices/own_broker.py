"""A Mosquitto of a test's own, as `fleet services` configures it: to be killed, restarted and given certificates."""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fleet.supervision.places import prepare_places
from fleet.supervision.services import mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

PATIENCE = 20
DAY = dt.timedelta(days=1)


class Broker:
    """One broker with the accounts of an environment; passwords are made anew for each test run."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True)
        self.places = prepare_places(root)
        self.passwords = {user: secrets.token_hex(8) for user in mosquitto.RIGHTS}
        self.tls: mosquitto.Outside | None = None
        self._log = root / "mosquitto.log"
        self.port = free_port()

    @property
    def folder(self) -> Path:
        """Where it keeps what it knows."""
        return self.places.services / "mosquitto"

    @property
    def accounts(self) -> Path:
        """Its file of accounts."""
        return self.folder / mosquitto.ACCOUNTS

    def url(self, user: str, password: str = "", *, host: str = "127.0.0.1", query: str = "") -> str:
        """Return the address of `user`, under the client id it is bound to."""
        rights = mosquitto.RIGHTS.get(user)
        bound = f"client_id={user}" if rights is None or rights[1] else ""
        tail = "&".join(word for word in (bound, query) if word)
        scheme = "mqtts" if self.tls else "mqtt"
        port = self.tls.port if self.tls else self.port
        return f"{scheme}://{user}:{password or self.passwords[user]}@{host}:{port}" + (f"?{tail}" if tail else "")

    def start(self) -> None:
        """Configure it as `fleet services` does at each start, run it, and wait until it listens."""
        mosquitto.prepare(self.places, self.port, self.passwords, self.tls)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(mosquitto.command(self.places), cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not mosquitto.is_ready(self.port):
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it end in order."""
        self._process.terminate()
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill it, giving it no time for anything."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def close(self) -> None:
        """End it and take away what it kept."""
        self.kill()
        for outside in (self.places.services, self.places.sockets):
            shutil.rmtree(outside, ignore_errors=True)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def broker_at(root: Path) -> Iterator[Broker]:
    """Run a broker whose things stand under `root`."""
    broker = Broker(root)
    broker.start()
    try:
        yield broker
    finally:
        broker.close()


class Authority:
    """A certificate authority for tests: signs certificates for one host and one stretch of time."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        now = dt.datetime.now(dt.UTC)
        authority = (
            _certificate(self._subject, self._subject, self._key.public_key(), now - DAY, now + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))

    def sign(self, broker: Broker, host: str, until: dt.timedelta = DAY) -> mosquitto.Outside:
        """Return a certificate for `host` that ends `until` from now (in the past: expired), for `broker` to read."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = dt.datetime.now(dt.UTC) + until
        name: x509.GeneralName
        try:
            name = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            name = x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        signed = (
            _certificate(subject, self._subject, key.public_key(), end - 3 * DAY, end)
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files = broker.folder / "server.pem", broker.folder / "server.key"
        for path, text in zip(files, (signed.public_bytes(serialization.Encoding.PEM), private), strict=True):
            path.write_bytes(text)
            broker.places.user.own(path, 0o600)
        return mosquitto.Outside("127.0.0.1", free_port(), *files)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: CertificateIssuerPrivateKeyTypes,
    start: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
