"""A worker that is killed leaves nothing behind."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

from fleet.processes.worker import end_with_worker


def _schedule(told):
    end_with_worker()
    told.send(os.getpid())
    time.sleep(60)


def _worker(told):
    multiprocessing.Process(target=_schedule, args=(told,)).start()
    time.sleep(60)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_schedule_ends_with_a_worker_that_is_killed():
    hears, tells = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(target=_worker, args=(tells,))
    worker.start()
    assert hears.poll(30)
    schedule = hears.recv()
    assert _runs(schedule)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    until = time.monotonic() + 15
    while _runs(schedule) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(schedule)
