"""The worker: does jobs (rows in PostgreSQL) when Celery wakes it up, and looks for forgotten ones.

Messages carry a job id and nothing else. A lost message costs a few seconds, until
the sweep; a message delivered twice finds the lease taken or the items done.
"""

from __future__ import annotations

import os
import threading
import time
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from celery.signals import beat_embedded_init

from baseline.weather import tasks as weather
from billing.chorus import tasks as chorus
from billing.pack.keys import sign_with
from billing.pack.signing import signer_of
from devices.identity import tasks as identity
from devices.sources.inbox import tasks as source_files
from fleet.processes.wake import WAKE, celery_app
from fleet.settings import settings_for
from foundation.clock import now
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from foundation.jobs.schedule import Periodic, look_now, periodics
from foundation.mail.deliver import deliver
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery
    from sqlalchemy.orm import Session, sessionmaker

    from fleet.settings import WorkerSettings

SWEEP_EVERY = 5.0
MAIL_EVERY = 15.0
LOCAL = ZoneInfo("Europe/Paris")
ROOMS_WITH_TASKS = (
    "devices.imports.tasks",
    "devices.sources.inbox.tasks",
    "devices.energy.tasks",
    "devices.identity.tasks",
    "devices.storage.tasks",
    "devices.alerts.tasks",
    "devices.field.tasks",
    "baseline.weather.tasks",
    "baseline.reports.tasks",
    "baseline.documents.tasks",
    "baseline.eligibility.tasks",
    "baseline.prospects.tasks",
    "baseline.monitoring.tasks",
    "billing.invoices.tasks",
    "billing.year_end.tasks",
    "billing.simulation.tasks",
    "billing.reports.tasks",
    "billing.chorus.tasks",
    "fleet.accounts.tasks",
    "fleet.api.tasks",
    "fleet.web.people",
)


def worker_app(settings: WorkerSettings) -> Celery:
    """Return the Celery application of a worker process, its tasks and its schedule bound to `settings`."""
    for room in ROOMS_WITH_TASKS:
        import_module(room)
    sign_with(signer_of(settings.signing_key))
    app = celery_app(settings.broker_url)
    identity.administer(settings.provisioning_url)
    weather.administer(settings.weather)
    chorus.administer(settings.chorus)
    source_files.administer(settings.enedis_folder, settings.enedis_keys)

    @cache
    def sessions() -> sessionmaker[Session]:
        # Made in the child process that does the work: connections do not survive a fork.
        return session_factory(engine_for(settings.database_url))

    def moment(session: Session) -> Moment:
        instant = now(session, settable=settings.mode.clock_settable)
        return Moment(instant, instant.astimezone(LOCAL).date(), settings.url)

    @app.task(name=WAKE)
    def do(job_id: int) -> None:
        run_job(sessions(), job_id, moment)

    @app.task(name="fleet.sweep")
    def sweep() -> None:
        with sessions().begin() as session:
            waiting = open_jobs(session)
        for job_id in waiting:
            run_job(sessions(), job_id, moment)

    @app.task(name="fleet.mail")
    def mail() -> None:
        deliver(sessions(), settings.relay)

    _every(app, "fleet.sweep", SWEEP_EVERY)
    _every(app, "fleet.mail", MAIL_EVERY)
    for periodic in periodics():
        _declare(app, periodic, sessions, moment)
    return app


def _declare(
    app: Celery,
    periodic: Periodic,
    sessions: Callable[[], sessionmaker[Session]],
    moment: Callable[[Session], Moment],
) -> None:
    """Make a task of `periodic` and put it on the schedule."""

    @app.task(name=periodic.name)
    def look() -> None:
        look_now(sessions(), periodic, moment)

    _every(app, periodic.name, periodic.seconds)


def _every(app: Celery, task: str, seconds: float) -> None:
    """Schedule `task`; a call that could not start before the next one is dropped."""
    app.conf.beat_schedule[task] = {"task": task, "schedule": seconds, "options": {"expires": seconds}}


@beat_embedded_init.connect
def end_with_worker(**_signal: object) -> None:
    """End this process, the schedule's own, with the worker that started it, even a killed one."""
    worker_pid = os.getppid()

    def watch() -> None:
        while os.getppid() == worker_pid:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, name="watch", daemon=True).start()


@click.command("worker", help="Faire les tâches : dérivation d'énergie, rapports, documents.")
@click.option("--concurrency", default=2, show_default=True, help="Nombre de tâches faites en même temps.")
def worker(concurrency: int) -> None:
    """Run the worker with its schedule until it is told to stop."""
    app = worker_app(settings_for("worker"))
    # The schedule is kept in memory: nothing is due for longer than the next start.
    app.worker_main(
        [
            "worker",
            "--beat",
            "--scheduler=celery.beat:Scheduler",
            f"--concurrency={concurrency}",
            "--loglevel=warning",
            "-Ofair",
        ]
    )
