"""When a message that carries no time was heard first, so that its redelivery is the same reading and not a new one.

QoS 1 may deliver a message again after its commit, if its acknowledgement did not reach the broker (MQTT 5 § 4.3.2).
What the message dates itself meets its unique key; what only its reception dates would be another reading. So the
packet identifier and the content of each such message are kept in the transaction that stores it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from psycopg import Connection

    from devices.ingest.message import Message
    from devices.ingest.sorting import Row

# Two processes under one name may hold the same message; the second waits here and finds what the first kept.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%b, 0))"
_KNOWN = "SELECT mid, digest, received_at FROM devices.undated_delivery WHERE client_id = %b AND mid = ANY(%b)"
_REMEMBER = """
INSERT INTO devices.undated_delivery (client_id, mid, digest, received_at)
SELECT %b, a.* FROM unnest(%b::int[], %b::bytea[], %b::timestamptz[]) AS a
ON CONFLICT (client_id, mid) DO UPDATE SET digest = excluded.digest, received_at = excluded.received_at
"""


def dated(connection: Connection[Any], client_id: str, rows: Sequence[Row]) -> list[Row]:
    """Return `rows` at the instant their message was heard first, and remember it; in the open transaction."""
    messages = list({id(row.message): row.message for row in rows if row.message.receipt is not None}.values())
    if not messages:
        return list(rows)
    connection.execute(_ALONE, [client_id])
    mids = [message.receipt.mid for message in messages if message.receipt is not None]
    known = {mid: (digest, received_at) for mid, digest, received_at in connection.execute(_KNOWN, [client_id, mids])}
    heard = {id(message): _first_heard(message, known) for message in messages}
    changed = {mid: known[mid] for mid in dict.fromkeys(mids)}
    connection.execute(
        _REMEMBER,
        [client_id, list(changed), [digest for digest, _ in changed.values()], [at for _, at in changed.values()]],
    )
    return [
        row._replace(ts=row.ts + (heard[id(row.message)] - row.message.received_at))
        if id(row.message) in heard
        else row
        for row in rows
    ]


def _first_heard(message: Message, known: dict[int, tuple[bytes, dt.datetime]]) -> dt.datetime:
    """Return when `message` was heard first, and bring `known` up to date.

    It was before if the broker says it may have been (DUP), or if another process under our name kept a later
    delivery of it: an identifier is not used again before it is acknowledged. DUP alone proves nothing: a message
    marked so that nobody kept is new.
    """
    mid, digest = message.receipt.mid if message.receipt else 0, message.digest
    before = known.get(mid)
    if before and before[0] == digest and (message.dup or before[1] >= message.received_at):
        return before[1]
    known[mid] = (digest, message.received_at)
    return message.received_at
