"""What grows with time alone and is kept no longer than somebody may ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# By the machine's clock, as they are written. A beat a minute tells a week in detail; before, the last one of each run
# of each process holds all its counters; after 400 days, nothing.
_HEARTBEATS = text("""
    DELETE FROM devices.ingest_heartbeat b
    WHERE b.at < now() - interval '400 days' OR (b.at < now() - interval '7 days' AND EXISTS (
        SELECT FROM devices.ingest_heartbeat later
        WHERE later.client_id = b.client_id AND later.started_at = b.started_at AND later.at > b.at))
""")
# A year and a bit: last winter's battery beside this one's.
_VITALS = text("DELETE FROM devices.vital WHERE day < current_date - 400")


def forget(session: Session) -> None:
    """Delete heartbeats of ingest and daily values of devices that are older than anybody asks for."""
    session.execute(_HEARTBEATS)
    session.execute(_VITALS)
