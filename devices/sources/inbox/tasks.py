"""Work of the worker: look into the folder, and take each file in a transaction of its own."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, Final

from devices.sources.inbox.models import SourceFile
from devices.sources.inbox.process import process
from devices.sources.inbox.receive import receive, seen_in
from devices.sources.inbox.ring import due, ring_in
from foundation.errors import Refusal
from foundation.jobs.queue import ask, handles
from foundation.jobs.schedule import periodically
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

TAKE: Final = "devices.take_source_file"
SETTLED: Final = dt.timedelta(seconds=10)
"""A file written to since is still being dropped."""

log = logging.getLogger(__name__)
_folder: Path | None = None
_keys: Path | None = None


def administer(folder: Path | None, keys: Path | None) -> None:
    """Say where files are dropped and where their keys are; until then nobody looks."""
    global _folder, _keys
    _folder, _keys = folder, keys


@periodically("devices.sources.inbox.look", seconds=60.0)
def look(session: Session, moment: Moment) -> None:
    """Keep what is new in the folder, and ask for what waits: files not taken yet, and closed ones once keys change."""
    if _folder is None:
        return
    try:
        # The clock of files is the machine's, whatever day a demonstration believes it is.
        seen = seen_in(_folder, written_before=dt.datetime.now(dt.UTC) - SETTLED)
        receive(session, seen, now=moment.now)
        waiting = due(session, ring_in(_keys))
    except Refusal as refusal:
        log.warning("%s", refusal.sentence)
        return
    if waiting:
        job = ask(
            session,
            TAKE,
            N_("Fichiers du gestionnaire de réseau"),
            {str(file.id): {"file_id": file.id} for file in waiting},
        )
        for file in waiting:
            file.job_id = job.id


@handles(TAKE)
def take(session: Session, params: Mapping[str, Any], moment: Moment) -> Mapping[str, Any]:
    """Take one file; what it became is on it, and comes with its readings or not at all."""
    file = session.get_one(SourceFile, params["file_id"])
    process(session, file, ring_in(_keys), now=moment.now, reason=params.get("reason", ""))
    return {"file_id": file.id, "state": file.state}
