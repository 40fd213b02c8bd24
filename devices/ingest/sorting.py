"""What becomes of each message of a batch, before anything is written: readings, or a dead letter, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.ingest.vitals import CHANNELS, Vital, vitals_in

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from psycopg import Connection

    from devices.dialects.measurement import Measurement
    from devices.ingest.hearing import Read, Reader
    from devices.ingest.inventory import Inventory
    from devices.ingest.message import Message


class Row(NamedTuple):
    """A reading about to be stored, and the message it came in."""

    installation_id: int
    ts: dt.datetime
    value: Decimal
    message: Message


class Refused(NamedTuple):
    """A message no reading could be made of."""

    read: Read
    reason: str
    sentence: str


@dataclass(slots=True)
class Sorted:
    """A batch, sorted: what a message says of points is stored whole or refused whole.

    `undated` are the rows only their reception dates. `ignored` are the measurements of channels that serve no point.
    """

    rows: list[Row] = field(default_factory=list)
    undated: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: list[Measurement] = field(default_factory=list)
    announcements: list[Message] = field(default_factory=list)
    retained: int = 0
    unmeasured: int = 0
    vitals: list[Vital] = field(default_factory=list)
    """Besides: what devices said of themselves in the messages that were stored."""


def sort(connection: Connection[Any], inventory: Inventory, reader: Reader, batch: Sequence[Read]) -> Sorted:
    """Find where each measurement belongs."""
    inventory.learn(connection, (one.serial for read in batch for one in (*read.dated, *read.undated)))
    result = Sorted()
    for read in batch:
        try:
            _place(inventory, _with_zone(read, inventory, reader), result)
        except Unreadable as refusal:
            result.refused.append(Refused(read, refusal.reason, refusal.sentence))
    return result


def _with_zone(read: Read, inventory: Inventory, reader: Reader) -> Read:
    """Return a message that says a local time read again, now that its device says in which zone."""
    if not read.local:
        return read
    zone = next((zone for one in read.measurements if (zone := inventory.zone_of(one.serial))), None)
    return reader.read(read.message, read.heard, zone) if zone is not None else read


def _place(inventory: Inventory, read: Read, result: Sorted) -> None:
    """Add `read` to `result`, or raise why it cannot be."""
    if read.refusal is not None:
        if read.message.retain:  # it comes again with every connection: said once, when it was new
            result.retained += 1
            return
        raise read.refusal
    message = read.message
    rows, ignored = _placed(inventory, read.dated, message)
    if read.undated:
        undated, also_ignored = _placed(inventory, read.undated, message)
        result.undated += undated
        ignored += also_ignored
    result.rows += rows
    result.ignored += ignored
    result.vitals += vitals_in((*read.dated, *read.undated))
    if read.teaches:
        result.announcements.append(message)
    result.retained += message.retain
    result.unmeasured += not (read.dated or read.undated or message.retain or message.copy)


def _placed(
    inventory: Inventory, measurements: Sequence[Measurement], message: Message
) -> tuple[list[Row], list[Measurement]]:
    """Return the rows of `measurements` and those that serve no point; what a device says of itself need not."""
    rows, ignored = [], []
    for one in measurements:
        if one.channel in CHANNELS and not inventory.serves(one.serial, one.channel):
            continue
        installation_id = inventory.installation_of(one)
        if installation_id is None:
            ignored.append(one)
        else:
            rows.append(Row(installation_id, one.time, one.value, message))
    return rows, ignored
