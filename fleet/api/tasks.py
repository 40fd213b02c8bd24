"""What the worker does for the programming interface."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from devices.dialects.listening import Listening
from devices.dialects.spl import topic_of
from devices.ingest.hearing import Reader
from devices.ingest.inventory import Inventory
from devices.ingest.message import Message
from devices.ingest.sorting import sort
from devices.ingest.store import store
from foundation.attachments.models import Attachment
from foundation.errors import Refusal
from foundation.jobs.queue import handles

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg
    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

TAKE_READINGS = "api.take_readings"


@handles(TAKE_READINGS)
def take_readings(session: Session, params: Mapping[str, Any], _moment: Moment) -> dict[str, Any]:
    """Store what a program brought for a device as if the device had sent it; a second time nothing is new.

    Raises:
        Refusal: it is not understood, or the device serves no point then; nothing is stored.

    """
    original = session.get_one(Attachment, params["attachment_id"])
    message = Message(
        topic_of(params["serial"]), original.content, dt.datetime.fromisoformat(params["received_at"]), None
    )
    reader = Reader(Listening.parse("spl"))
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    found = sort(connection, Inventory(), reader, [reader.read(message)])
    if found.refused:
        raise Refusal(found.refused[0].sentence)
    counts = store(connection, found, set())
    return {
        "new": counts.readings,
        "known": counts.duplicates,
        "conflicts": counts.conflicts,
        "unserved": len(found.ignored),
    }
