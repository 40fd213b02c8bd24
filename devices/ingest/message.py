"""A message between the broker and the commit, and what became of a batch of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt


class Receipt(NamedTuple):
    """What it takes to acknowledge a message: packet identifiers mean something on one connection only."""

    generation: int
    mid: int


class Message(NamedTuple):
    """One message as it arrived; `receipt` is None where the broker expects no acknowledgement (QoS 0)."""

    topic: str
    payload: bytes
    received_at: dt.datetime
    receipt: Receipt | None
    dup: bool = False
    retain: bool = False
    copy: bool = False
    """Whether it also comes by another of our filters, and counts there."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of topic and payload."""
        return hashlib.sha256(self.topic.encode() + b"\0" + self.payload).digest()


def readable(text: str) -> str:
    """Return `text` as PostgreSQL can keep it: no NUL, no half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


@dataclass(slots=True)
class Counts:
    """What was committed, in numbers; `messages` = all that were acknowledged."""

    messages: int = 0
    readings: int = 0
    duplicates: int = 0
    conflicts: int = 0
    dead_letters: int = 0
    retained: int = 0
    unmeasured: int = 0
    """Messages that rightly carried nothing measured: a join, a life sign, an empty pack."""
    ignored: int = 0
    """Values of channels that serve no point."""

    def add(self, other: Counts) -> None:
        """Add the numbers of `other`."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
