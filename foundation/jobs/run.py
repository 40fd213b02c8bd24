"""Do a job: lease it, do each item in its own transaction, close it.

Killed anywhere and rerun, the result is the same.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, update

from foundation.errors import Refusal
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, handler_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session, sessionmaker

LEASE = dt.timedelta(seconds=60)
MAX_ATTEMPTS = 3
UNEXPECTED = (
    "Ce calcul s'est interrompu {attempts} fois sur une erreur du programme ({error}) ; "
    "signalez-la avec le numéro de la tâche, puis relancez."
)

log = logging.getLogger(__name__)


def open_jobs(session: Session) -> list[int]:
    """Return the ids of jobs nobody is working on: queued, or running under a lease that ran out."""
    return list(
        session.scalars(
            select(Job.id)
            .where(Job.state.in_(("queued", "running")), or_(Job.leased_until.is_(None), Job.leased_until < func.now()))
            .order_by(Job.id)
        )
    )


def run_job(sessions: sessionmaker[Session], job_id: int, clock: Callable[[Session], Moment]) -> str | None:
    """Do what is left of job `job_id`; return its state, or None where another worker holds its lease."""
    if not _lease(sessions, job_id, first=True):
        return None
    while _do_next_item(sessions, job_id, clock):
        if not _lease(sessions, job_id, first=False):
            return None
    return _close(sessions, job_id)


def _lease(sessions: sessionmaker[Session], job_id: int, *, first: bool) -> bool:
    """Take (`first`) or renew the lease in a short transaction of its own; False where it is not ours to have."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_(("queued", "running")))
        .values(state="running", leased_until=func.now() + LEASE)
    )
    if first:
        statement = statement.where(or_(Job.leased_until.is_(None), Job.leased_until < func.now()))
    with sessions.begin() as session:
        return session.execute(statement.returning(Job.id)).first() is not None


def _do_next_item(sessions: sessionmaker[Session], job_id: int, clock: Callable[[Session], Moment]) -> bool:
    """Do one queued item together with its effect; False when none is left."""
    item_id = None
    try:
        with sessions.begin() as session:
            # SKIP LOCKED: should a lease have run out under a slow item, the second worker takes the next one.
            item = session.scalar(
                select(JobItem)
                .where(JobItem.job_id == job_id, JobItem.state == "queued")
                .order_by(JobItem.attempts, JobItem.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if item is None:
                return False
            item_id = item.id
            result = handler_of(item.job.kind)(session, item.params, clock(session))
            item.result = dict(result) if result is not None else None
            item.state = "done"
            item.attempts += 1
    except Refusal as refusal:
        _fail(sessions, item_id, refusal.sentence, final=True)
    except Exception as error:  # an item that breaks must not stop the others
        log.exception("job %s, item %s", job_id, item_id)
        _fail(sessions, item_id, type(error).__name__, final=False)
    return True


def _fail(sessions: sessionmaker[Session], item_id: int | None, error: str, *, final: bool) -> None:
    """Write on the item why it failed; a fault of the program is tried again, `MAX_ATTEMPTS` times in all."""
    with sessions.begin() as session:
        item = session.get_one(JobItem, item_id)
        item.attempts += 1
        if final or item.attempts >= MAX_ATTEMPTS:
            item.state = "failed"
            item.error = error if final else UNEXPECTED.format(attempts=item.attempts, error=error)


def _close(sessions: sessionmaker[Session], job_id: int) -> str:
    """Give the lease back and, where every item has ended, the job its final state."""
    with sessions.begin() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        states = dict(
            session.execute(
                select(JobItem.state, func.count()).where(JobItem.job_id == job_id).group_by(JobItem.state)
            ).all()
        )
        job.leased_until = None
        if not states.get("queued") and job.state == "running":
            job.state = "failed" if states.get("failed") else "done"
            job.finished_at = func.now()
            session.flush()
        return job.state
