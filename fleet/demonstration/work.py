"""Jobs of the demonstration, done as the worker does them, in this process."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING

from sqlalchemy import select

from fleet.processes.worker import ROOMS_WITH_TASKS
from foundation.errors import Refusal
from foundation.jobs.models import Job, JobItem
from foundation.jobs.run import run_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from fleet.demonstration.doors import Doors
    from foundation.jobs.queue import Moment

    Request = Callable[[Session], None]

OPEN = ("queued", "running")
BETWEEN_LOOKS = 0.5


def work_off(doors: Doors, kind: str, request: Request, *, moment: Moment, told: Callable[[], None]) -> None:
    """Do the jobs of `kind` that `request` asks for, calling `told` at each item; refuse if an item failed.

    Jobs of the kind that are under way are ended first, by us or by a worker that runs beside us: an earlier run may
    have been killed in the middle of one, and only then is known what is left to ask for.
    """
    for room in ROOMS_WITH_TASKS:
        import_module(room)

    def clock(_session: Session) -> Moment:
        told()
        return moment

    for job_id in _under_way(doors, kind):
        _end(doors, job_id, clock)
    with doors.operator() as session:
        request(session)
    for job_id in _under_way(doors, kind):
        _end(doors, job_id, clock)
        _demand_success(doors, job_id)


def _under_way(doors: Doors, kind: str) -> Sequence[int]:
    with doors.operator() as session:
        return session.scalars(select(Job.id).where(Job.kind == kind, Job.state.in_(OPEN)).order_by(Job.id)).all()


def _end(doors: Doors, job_id: int, clock: Callable[[Session], Moment]) -> None:
    """Do job `job_id`, or wait while another worker does it."""
    while run_job(doors.worker, job_id, clock) is None:
        with doors.operator() as session:
            if session.get_one(Job, job_id).state not in OPEN:
                return
        time.sleep(BETWEEN_LOOKS)


def _demand_success(doors: Doors, job_id: int) -> None:
    with doors.operator() as session:
        failed = session.scalar(
            select(JobItem).where(JobItem.job_id == job_id, JobItem.state == "failed").order_by(JobItem.id).limit(1)
        )
        if failed is not None:
            raise Refusal("{title} ({key}) : {error}", title=failed.job.title, key=failed.key, error=failed.error)
