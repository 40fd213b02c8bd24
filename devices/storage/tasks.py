"""What the worker does about storage: months ahead are made, months and heartbeats beyond the rule removed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from devices.storage.register import detach_months, make_months_ahead
from foundation.jobs.schedule import periodically

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

log = logging.getLogger(__name__)

# The server's clock decides, as it does for partitions: a day set for a demonstration detaches nothing.
_OLD_HEARTBEATS = text("""
    DELETE FROM devices.ingest_heartbeat
    WHERE at < now() - (SELECT make_interval(months => keep_months) FROM devices.retention
        WHERE kind = 'ingest_heartbeat')
""")


@periodically("devices.storage.look", seconds=600.0)
def look(session: Session, _moment: Moment) -> None:
    """Do it; where somebody holds the readings, leave them for the next look."""
    make_months_ahead(session)
    session.execute(_OLD_HEARTBEATS)
    try:
        with session.begin_nested():
            detached = detach_months(session)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        log.warning("readings are in use: months are detached at the next look")
    else:
        for month in detached:
            log.warning("readings of %s detached, kept in archive.reading_y%s", month, f"{month:%Ym%m}")
