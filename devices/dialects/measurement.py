"""What every dialect is turned into, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from decimal import Decimal

    from devices.dialects.quantities import Quantity


class Measurement(NamedTuple):
    """One value of one channel of one device, in the unit of its register, for the instant `time` (UTC)."""

    serial: str
    channel: str
    time: dt.datetime
    value: Decimal


class Stamp(StrEnum):
    """Who said at what time a value was true."""

    DEVICE = "device"
    """The device's own clock, with its offset or in the time zone we were given."""
    NETWORK = "network"
    """The network server or gateway, when it heard the device."""
    RECEIVED = "received"
    """Nobody usable: `received_at` stands in. A redelivered message then looks like a new reading (MQTT 5 § 4.3.2)."""


class Quality(StrEnum):
    """What the source itself says of a value."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    """The device or its gateway reports a fault with it."""


class Observation(NamedTuple):
    """A measurement and what the message says it is.

    `unit` is canonical (devices.dialects.quantities) or, where no exact conversion exists, the unit said; "" means
    that the message does not say it: the installation's factor does, as for the SPL's own registers.
    """

    serial: str
    channel: str
    time: dt.datetime
    value: Decimal
    quantity: Quantity
    unit: str
    stamp: Stamp
    quality: Quality = Quality.GOOD
    phase: str = ""
    """L1, L2 or L3 where it is that of one phase; "" for all together."""

    @property
    def measurement(self) -> Measurement:
        """What is stored of it."""
        return Measurement(self.serial, self.channel, self.time, self.value)


class Event(NamedTuple):
    """Something a message tells that is no measurement: a join, a fault, an announcement; `sentence` is French."""

    serial: str
    kind: str
    time: dt.datetime
    sentence: str


class Said(NamedTuple):
    """A message and what it takes to understand it.

    `zone` is the site's, for clocks that write local time without an offset. `state` is what the dialect learned from
    earlier messages (`Understood.state`): decoders remember nothing themselves. `decoded` is what a codec of ours made
    of its bytes (devices.dialects.uplink.Decoded), where the message was refused for want of one.
    """

    topic: str
    payload: bytes
    received_at: dt.datetime
    zone: dt.tzinfo | None = None
    state: Any = None
    decoded: Any = None


class Understood(NamedTuple):
    """What a message says; `state` is what the next message of the dialect has to be read with."""

    observations: tuple[Observation, ...] = ()
    events: tuple[Event, ...] = ()
    state: Any = None


class Unreadable(Refusal):
    """A message no measurement can be made of; `reason` is a stable code, `sentence` is for people."""

    def __init__(self, reason: str, sentence: str, /, **values: Any) -> None:
        """Keep the code and the sentence (French: what is wrong and what to do), with the values of its `{name}`s."""
        super().__init__(sentence, **values)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of speaking: which topics it uses, how its payloads are read.

    `understand` is pure and takes a message whole or refuses it whole (`Unreadable`).
    """

    name: str
    subscriptions: tuple[str, ...]
    """MQTT topic filters (MQTT 5 § 4.7) that catch its topics as its makers set them."""
    uses: Callable[[str], bool]
    """Whether a topic is one of its own, wherever its prefix was moved to."""
    understand: Callable[[Said], Understood]
    looks_like: Callable[[Any], bool] = lambda _: False
    """Whether a JSON value can only be its own, for messages pasted under another topic."""
    empty_tells: bool = False
    """Whether an empty message means something (a removal)."""
    tells_nothing: Callable[[str], bool] = lambda _: False
    """Whether nothing is ever measured under a topic, of whatever size: what the gateway says of itself."""
    local_names: bool = False
    """Whether serials are names people chose, which another site may choose too."""
    has_memory: bool = False
    """Whether messages are read with what earlier ones taught: one process has to hear them all."""
    teaches: Callable[[str], bool] = lambda _: False
    """Whether the messages of a topic are kept, retained ones too: after a restart those to come need them."""
