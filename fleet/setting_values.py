"""What a setting may be: each kind read from its text, or ValueError where it is none."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from foundation.errors import Refusal
from foundation.mail.headers import ADDRESS
from foundation.mail.smtp import relay_of

if TYPE_CHECKING:
    from devices.dialects.listening import Listening

LANGUAGES = ("fr", "en")
MAX_INGEST_PROCESSES = 64


class Mode(StrEnum):
    """What the installation is for; only production forbids setting the clock (truth 13)."""

    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"
    TEST = "test"

    @property
    def clock_settable(self) -> bool:
        """Whether another day than the machine's may be believed."""
        return self is not Mode.PRODUCTION


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the web server listens; port 0 lets the system choose one."""

    host: str
    port: int


Parser = Callable[[str], Any]


def url_of(*schemes: str) -> Parser:
    """Return the reader of an address with one of `schemes` (`redis+socket` counts as redis)."""

    def parse(text: str) -> str:
        if urlsplit(text).scheme.partition("+")[0] not in schemes:
            raise ValueError
        return text

    return parse


def listen_of(text: str) -> Listen:
    """Read an address and a port."""
    host, _, port = text.rpartition(":")
    if not host or not 0 <= int(port) <= 65535:
        raise ValueError
    return Listen(host.strip("[]"), int(port))


def secret_of(text: str) -> str:
    """Read a secret; a short one is none."""
    if len(text) < 32:
        raise ValueError
    return text


def seed_of(text: str) -> str:
    """Read 32 bytes in base64."""
    if len(base64.b64decode(text, validate=True)) != 32:
        raise ValueError
    return text


def smtp_url_of(text: str) -> str:
    """Read where letters are handed over."""
    relay_of(text, "")
    return text


def address_of(text: str) -> str:
    """Read an e-mail address."""
    if not ADDRESS.fullmatch(text):
        raise ValueError
    return text


def listening_of(text: str) -> Listening:
    """Read which dialects the collection hears, under which topics."""
    from devices.dialects.listening import Listening  # noqa: PLC0415 - dialects are dear to load, and ingest's alone

    try:
        return Listening.parse(text)
    except Refusal:
        raise ValueError(text) from None


def key_of(text: str) -> str:
    """Read a credential that stands in a header: one line of visible signs."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def processes_of(text: str) -> int:
    """Read how many processes share the collection."""
    if not 1 <= int(text) <= MAX_INGEST_PROCESSES:
        raise ValueError(text)
    return int(text)


SECOND_FACTOR = {
    "optional": frozenset[str](),
    "operators": frozenset({"operator"}),
    "everyone": frozenset({"operator", "technician", "shareholder", "guest"}),
}
"""Who must have one, by what the setting says."""


def second_factor_of(text: str) -> frozenset[str]:
    """Read who must have a second factor."""
    if text not in SECOND_FACTOR:
        raise ValueError(text)
    return SECOND_FACTOR[text]


def languages_of(text: str) -> tuple[str, ...]:
    """Read the languages offered, the first being the default."""
    languages = tuple(text.split())
    if not languages or not set(languages) <= set(LANGUAGES):
        raise ValueError
    return languages
