"""Where the broker is, from one address: mqtt://user:password@host:1883, mqtts:// for TLS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from foundation.errors import Refusal

if TYPE_CHECKING:
    from paho.mqtt.client import Client

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """An MQTT broker and how to sign in to it."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Read `url`; refuse one that names no broker."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            parts, port = urlsplit(""), 0
        if not parts.hostname:
            raise Refusal("L'adresse du courtier MQTT doit s'écrire mqtt://utilisateur:motdepasse@hôte:port.")
        username = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.hostname, port, parts.scheme == "mqtts", username, password)

    def prepare(self, client: Client) -> None:
        """Give `client` the credentials and, where asked, TLS with the system's authorities."""
        if self.username is not None:
            client.username_pw_set(self.username, self.password)
        if self.tls:
            client.tls_set()
