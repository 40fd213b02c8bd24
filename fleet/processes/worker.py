"""The worker: does jobs (rows in PostgreSQL) when Celery wakes it up, and looks for forgotten ones.

Messages carry a job id and nothing else. A lost message costs a few seconds, until
the sweep; a message delivered twice finds the lease taken or the items done.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from celery import Celery

from fleet.settings import WorkerSettings, settings_for
from fleet.tasks import register_all
from foundation.clock import now
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

WAKE = "fleet.wake"
SWEEP = "fleet.sweep"
SWEEP_EVERY = timedelta(seconds=5)
LOCAL = ZoneInfo("Europe/Paris")


def celery_app(broker_url: str) -> Celery:
    """Return the Celery application both sides agree on: JSON only, no results kept, one job at a time a process."""
    app = Celery("fleet", broker=broker_url)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue="fleet",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": 3600},
        timezone="UTC",
    )
    return app


def wake(app: Celery, job_id: int) -> None:
    """Tell a worker that job `job_id` waits; should the broker be down, the sweep finds the job later."""
    try:
        app.send_task(WAKE, args=[job_id], retry=False)
    except app.connection_for_write().connection_errors:
        return


def worker_app(settings: WorkerSettings) -> Celery:
    """Return the Celery application of a worker process, its tasks and its schedule bound to `settings`."""
    register_all()
    app = celery_app(settings.broker_url)

    @cache
    def sessions() -> sessionmaker[Session]:
        # Made in the child process that does the work: connections do not survive a fork.
        return session_factory(engine_for(settings.database_url))

    def moment(session: Session) -> Moment:
        instant = now(session, settable=settings.clock_settable)
        return Moment(instant, instant.astimezone(LOCAL).date())

    @app.task(name=WAKE)
    def do(job_id: int) -> None:
        run_job(sessions(), job_id, moment)

    @app.task(name=SWEEP, expires=SWEEP_EVERY.total_seconds())
    def sweep() -> None:
        with sessions().begin() as session:
            waiting = open_jobs(session)
        for job_id in waiting:
            run_job(sessions(), job_id, moment)

    app.conf.beat_schedule = {"sweep": {"task": SWEEP, "schedule": SWEEP_EVERY}}
    return app


@click.command("worker", help="Faire les tâches : dérivation d'énergie, rapports, documents.")
@click.option("--concurrency", default=2, show_default=True, help="Nombre de tâches faites en même temps.")
def worker(concurrency: int) -> None:
    """Run the worker with its schedule until it is told to stop."""
    app = worker_app(settings_for("worker"))
    app.worker_main(["worker", "-B", f"--concurrency={concurrency}", "--loglevel=warning", "--without-gossip"])
    sys.exit(0)


