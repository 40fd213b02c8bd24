"""What every dialect is turned into, and how it says no."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from foundation.errors import Refusal

if TYPE_CHECKING:
    from decimal import Decimal


class Measurement(NamedTuple):
    """One value of one channel of one device, in the unit of its register, for the instant `time` (UTC)."""

    serial: str
    channel: str
    time: dt.datetime
    value: Decimal


class Unreadable(Refusal):
    """A message no measurement can be made of; `reason` is a stable code, `sentence` is for people."""

    def __init__(self, reason: str, sentence: str, /) -> None:
        """Keep the code and the sentence (French: what is wrong and what to do)."""
        super().__init__(sentence)
        self.reason = reason


Decoder = Callable[[str, bytes, dt.datetime], list[Measurement]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of speaking: which topics it uses, how its payloads are read.

    `decode(topic, payload, received_at)` is pure and takes a message whole or refuses it whole (`Unreadable`).
    """

    name: str
    subscription: str
    """MQTT topic filter (MQTT 5 § 4.7) that catches its topics."""
    decode: Decoder
