"""A school with meters, for tests of this floor."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from contracts.sites.register import register_building, register_site
from devices.dialects.listening import Listening
from devices.ingest.hearing import Reader
from devices.ingest.inventory import Inventory
from devices.ingest.message import Message
from devices.ingest.publish import payload_of
from devices.ingest.sorting import sort
from devices.ingest.store import store
from devices.inventory.register import install, register_device
from devices.points.register import register_point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from devices.ingest.message import Counts
    from devices.inventory.models import Installation
    from devices.points.models import MeteringPoint

SINCE = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

Series = list[tuple[dt.datetime, Decimal]]


def school_point(session: Session, name: str = "Général", timezone: str = "Europe/Paris") -> MeteringPoint:
    """Register a point in a school of its own."""
    site = register_site(session, name=f"École {name}", city="Lorient", timezone=timezone)
    building = register_building(session, site, name="Élémentaire", use="école")
    return register_point(session, building, name=name, energy="electricity")


def metered(session: Session, serial: str, point: MeteringPoint | None = None, **how: object) -> Installation:
    """Register device `serial` and let its channel "index" serve `point` (a new one without)."""
    device = register_device(session, serial=serial)
    return install(session, device, point or school_point(session, serial), **({"at": SINCE} | how))


def hourly(start: dt.datetime, *kwh: float | str) -> Series:
    """Return the readings of a register: `kwh` at `start` and each hour after it; None is an hour without reading."""
    return [(start + number * HOUR, Decimal(str(value))) for number, value in enumerate(kwh) if value is not None]


def message(serial: str, readings: Series, channel: str = "index") -> Message:
    """Return the message that brings `readings`, received now."""
    return Message(f"spl/v1/{serial}/readings", payload_of(channel, readings), dt.datetime.now(dt.UTC), None)


def arrive(session: Session, *messages: Message) -> Counts:
    """Store `messages` as ingest does, in the session's transaction."""
    connection = session.connection().connection.driver_connection
    reader = Reader(Listening.parse("all"))
    batch = [reader.read(message) for message in messages]
    return store(connection, sort(connection, Inventory(), reader, batch), set(), "test")


def in_batches(readings: Series, size: int) -> Iterable[Series]:
    """Yield `readings`, `size` at a time."""
    for first in range(0, len(readings), size):
        yield readings[first : first + size]
