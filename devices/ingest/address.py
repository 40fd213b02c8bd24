"""Where the broker is and who we are there, from one address: mqtt://user:password@host:1883, mqtts:// for TLS.

`?ca=FILE` names the authority of the broker's certificate (the system's without it), `?client_id=NAME` the only client
id the broker lets this account have.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from paho.mqtt.client import Client

PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEPALIVE = 60
EXPIRED, WRONG_NAMES = 10, {62, 64}
"""X509_V_ERR_CERT_HAS_EXPIRED; X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (OpenSSL)."""


class _ClosedWhenRefused(ssl.SSLSocket):
    """A socket that does not stay open after a certificate we do not believe: paho 2.2 forgets it."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as the standard library has it
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """An MQTT broker and how to sign in to it."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None = field(repr=False)
    ca: str | None = None
    client_id: str = ""
    """"" where the account may have any: paho or the broker then chooses one."""

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Read `url`; refuse one that names no broker."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
            query = parse_qs(parts.query, strict_parsing=bool(parts.query))
        except (ValueError, KeyError):
            parts, port, query = urlsplit(""), 0, {}
        if not parts.hostname or not query.keys() <= {"ca", "client_id"}:
            raise Refusal(
                "L'adresse du courtier MQTT doit s'écrire mqtt://utilisateur:motdepasse@hôte:port, ou mqtts:// pour un"
                " courtier chiffré, suivie de ?ca=FICHIER où son autorité n'est pas de celles du système."
            )
        username = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        ca, client_id = (query.get(name, [""])[0] for name in ("ca", "client_id"))
        return cls(parts.hostname, port, parts.scheme == "mqtts", username, password, ca or None, client_id)

    def prepare(self, client: Client) -> None:
        """Give `client` the credentials and, where asked, TLS with the authority of the address."""
        if self.username is not None:
            client.username_pw_set(self.username, self.password)
        if self.tls:
            try:
                context = ssl.create_default_context(cafile=self.ca)
            except OSError as error:
                raise Refusal(
                    "Le fichier d'autorité « {ca} » de l'adresse MQTT ne se lit pas ({error}) ; donnez le certificat de"
                    " l'autorité au format PEM.",
                    ca=self.ca,
                    error=error.strerror or error,
                ) from None
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.sslsocket_class = _ClosedWhenRefused
            client.tls_set_context(context)

    def connect(self, client: Client, **how: Any) -> None:
        """Let `client` connect, with paho's own words for `how`; what keeps it from that is a refusal."""
        try:
            client.connect(self.host, self.port, KEEPALIVE, **how)
        except OSError as error:
            raise self.refusal(error) or Refusal(
                "Le courtier MQTT {host}:{port} ne répond pas ({error}) ; mettez-le en marche.",
                host=self.host,
                port=self.port,
                error=error,
            ) from None

    def refusal(self, error: OSError) -> Refusal | None:
        """Return what to say of an `error` that waiting does not mend: a certificate we do not believe; else None."""
        if not isinstance(error, ssl.SSLCertVerificationError):
            return None
        if error.verify_code == EXPIRED:
            sentence = N_("Le certificat du courtier MQTT {host}:{port} a expiré ; faites-le renouveler.")
        elif error.verify_code in WRONG_NAMES:
            sentence = N_(
                "Le certificat du courtier MQTT {host}:{port} est au nom d'un autre hôte ; écrivez dans l'adresse MQTT"
                " le nom qu'il porte."
            )
        else:
            sentence = N_(
                "Le certificat du courtier MQTT {host}:{port} n'est pas signé par une autorité connue ({reason}) ;"
                " donnez le fichier de son autorité, ?ca=FICHIER à la fin de l'adresse MQTT."
            )
        return Refusal(sentence, host=self.host, port=self.port, reason=error.verify_message)
