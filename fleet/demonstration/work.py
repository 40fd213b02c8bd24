"""Jobs of the demonstration, done as the worker does them, in this process."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from devices.ingest.models import Arrival
from fleet.processes.worker import ROOMS_WITH_TASKS
from foundation.errors import Refusal
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, ask
from foundation.jobs.run import open_jobs, run_job
from foundation.jobs.schedule import look_now, periodics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from fleet.demonstration.doors import Doors

    Left = Callable[[Session], Mapping[str, Mapping[str, Any]]]

OPEN = ("queued", "running")
LOOK_FOR_ARRIVALS = "devices.look_for_arrivals"
BETWEEN_LOOKS = 0.5


def work_off(doors: Doors, kind: str, title: str, left: Left, *, moment: Moment, told: Callable[[], None]) -> None:
    """Do what is `left` (items by key) as a job of `kind`, calling `told` at each item; refuse if one of them failed.

    A job an earlier run was killed in is ended first, by us or by a worker that runs beside us.
    """
    _load_rooms()
    with doors.operator() as session:
        begun = session.scalar(select(Job.id).where(Job.kind == kind, Job.title == title, Job.state.in_(OPEN)))
    if begun is not None:
        _end(doors, begun, moment, told)
    with doors.operator() as session:
        items = left(session)
        asked = ask(session, kind, title, items).id if items else None
    if asked is not None:
        _end(doors, asked, moment, told)


def derive(doors: Doors, moment: Moment, told: Callable[[], None]) -> None:
    """Derive the energy of every reading that waits, as the worker's schedule would ask for it."""
    _load_rooms()
    (look,) = (periodic for periodic in periodics() if periodic.name == LOOK_FOR_ARRIVALS)
    while True:
        with doors.operator() as session:
            waiting = session.scalar(select(Arrival.id).limit(1)) is not None
        if not waiting:
            return
        look_now(doors.worker, look, lambda _session: moment)
        with doors.worker.begin() as session:
            jobs = open_jobs(session)
        for job_id in jobs:
            _end(doors, job_id, moment, told)
        if not jobs:  # another worker is at it
            time.sleep(BETWEEN_LOOKS)


def _end(doors: Doors, job_id: int, moment: Moment, told: Callable[[], None]) -> None:
    """Do job `job_id`, or wait while another worker does it."""

    def clock(_session: Session) -> Moment:
        told()
        return moment

    while True:
        run_job(doors.worker, job_id, clock)
        with doors.operator() as session:
            job = session.get_one(Job, job_id)
            if job.state not in OPEN:
                break
        time.sleep(BETWEEN_LOOKS)
    with doors.operator() as session:
        failed = session.scalar(
            select(JobItem).where(JobItem.job_id == job_id, JobItem.state == "failed").order_by(JobItem.id).limit(1)
        )
        if failed is not None:
            raise Refusal(f"{job.title} ({failed.key}) : {failed.error}")


def _load_rooms() -> None:
    for room in ROOMS_WITH_TASKS:
        import_module(room)
