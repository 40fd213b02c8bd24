"""The mail server: its address, how it is spoken to, and what a letter looks like on the wire."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from foundation.mail.models import Mail

TIMEOUT = 20.0
"""Seconds the server may take for one answer; a letter takes at most a dozen answers (`deliver.LEASE`)."""
PORTS = {"smtp": 25, "smtps": 465}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Relay:
    """Where letters are handed over, and under which address they are written."""

    host: str
    port: int
    sender: str
    implicit_tls: bool = False
    starttls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT


def relay_of(url: str, sender: str) -> Relay:
    """Return the relay `url` names: smtp://user:password@host:port?starttls, or smtps:// (TLS from the start).

    Raises:
        ValueError: it names no server, or sends a password unciphered to another machine.

    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.query not in {"", "starttls"}:
        raise ValueError(url)
    relay = Relay(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        sender=sender,
        implicit_tls=parts.scheme == "smtps",
        starttls=parts.query == "starttls",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if relay.password and not (relay.implicit_tls or relay.starttls or relay.host in LOOPBACK):
        raise ValueError(url)
    return relay


@contextmanager
def connected(relay: Relay) -> Iterator[smtplib.SMTP]:
    """Yield a session with the server, signed in where it asks for it; `OSError` (smtplib's included) where not."""
    if relay.implicit_tls:
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=relay.timeout, context=ssl.create_default_context()
        )
    else:
        client = smtplib.SMTP(relay.host, relay.port, timeout=relay.timeout)
    try:
        if relay.starttls:
            client.starttls(context=ssl.create_default_context())
        if relay.user:
            client.login(relay.user, relay.password)
        yield client
    finally:
        try:
            client.quit()
        except OSError:
            client.close()


def letter_of(mail: Mail, sender: str) -> EmailMessage:
    """Return `mail` as RFC 5322 wants it; the same bytes at each try."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = mail.recipient
    letter["Subject"] = mail.subject
    letter["Date"] = format_datetime(mail.created_at)
    letter["Message-ID"] = f"<{mail.message_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834 § 5: no holiday notice answers it
    letter.set_content(mail.text)
    if mail.html is not None:
        letter.add_alternative(mail.html, subtype="html")
        # Its boundary is drawn at random unless it is told.
        letter.set_boundary(mail.message_id)
    return letter
