"""What web and worker agree on to reach each other: a Celery application and two task names."""

from __future__ import annotations

import logging

from celery import Celery
from kombu.exceptions import OperationalError

WAKE = "fleet.wake"

log = logging.getLogger(__name__)


def celery_app(broker_url: str) -> Celery:
    """Return the Celery application both sides use: JSON only, no results kept, one job at a time a process."""
    app = Celery("fleet", broker=broker_url)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue="fleet",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_connect_timeout": 2},
        timezone="UTC",
    )
    return app


def hurried(app: Celery) -> Celery:
    """Let `app` give up at once where the broker is down: a page does not wait for what the sweep does as well."""
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
    return app


def wake(app: Celery, job_id: int) -> None:
    """Tell a worker that job `job_id` waits; where the broker is down, the sweep finds the job all the same."""
    try:
        app.send_task(WAKE, args=[job_id], retry=False)
    except OperationalError:
        log.warning("the broker is down; job %s waits for the sweep", job_id)
