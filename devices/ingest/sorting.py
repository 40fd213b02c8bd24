"""What becomes of each message of a batch, before anything is written: readings, or a dead letter."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.dialects.registry import decode
from devices.ingest.vitals import CHANNELS, Vital, vitals_in

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from psycopg import Connection

    from devices.dialects.measurement import Measurement
    from devices.ingest.inventory import Inventory
    from devices.ingest.message import Message

log = logging.getLogger(__name__)


class Row(NamedTuple):
    """A reading about to be stored, and the message it came in."""

    installation_id: int
    ts: dt.datetime
    value: Decimal
    message: Message


class Refused(NamedTuple):
    """A message no reading could be made of."""

    message: Message
    reason: str
    sentence: str


@dataclass(slots=True)
class Sorted:
    """A batch, sorted: each message is in one of the three, whole."""

    rows: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    retained: int = 0
    vitals: list[Vital] = field(default_factory=list)
    """Besides: what devices said of themselves in the messages that were stored."""


def understand(messages: Sequence[Message]) -> list[tuple[Message, list[Measurement] | Unreadable]]:
    """Return what each message says; a retained one says nothing: it is the copy of one delivered before."""
    understood: list[tuple[Message, list[Measurement] | Unreadable]] = []
    for message in messages:
        said: list[Measurement] | Unreadable
        try:
            said = [] if message.retain else decode(message.topic, message.payload, message.received_at)
        except Unreadable as refusal:
            said = refusal
        except Exception as error:  # a decoder that stumbles must not stop the messages behind, now and at each start
            log.exception("message on %s", message.topic)
            said = Unreadable(
                "decoder_failed",
                f"Notre lecteur de ce format a échoué sur ce message ({type(error).__name__}) ; signalez-le,"
                " puis rejouez les messages en attente.",
            )
        understood.append((message, said))
    return understood


def sort(
    connection: Connection[Any],
    inventory: Inventory,
    understood: Sequence[tuple[Message, list[Measurement] | Unreadable]],
) -> Sorted:
    """Find where each measurement belongs; a message is stored whole or refused whole."""
    inventory.learn(
        connection, (measurement.serial for _, said in understood if isinstance(said, list) for measurement in said)
    )
    result = Sorted()
    for message, said in understood:
        try:
            if isinstance(said, Unreadable):
                raise said
            vitals = vitals_in(said)
            rows = [
                Row(inventory.installation_of(m), m.time, m.value, message)
                for m in said
                if m.channel not in CHANNELS or inventory.serves(m.serial, m.channel)
            ]
        except Unreadable as refusal:
            result.refused.append(Refused(message, refusal.reason, refusal.sentence))
        else:
            result.rows += rows
            result.vitals += vitals
            result.retained += message.retain
    return result
