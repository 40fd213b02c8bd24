"""A job is a row, its items are rows: killed anywhere and rerun, each effect happens once."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from sqlalchemy import func, select, text, update

from contracts.parties.models import Shareholder
from foundation.errors import Refusal
from foundation.jobs import queue
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, ask
from foundation.jobs.run import open_jobs, run_job

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def clock(_session):
    return Moment(NOON, NOON.date())


@pytest.fixture
def kind(monkeypatch):
    """Registers handlers for one test only."""
    monkeypatch.setattr(queue, "_handlers", {})
    return queue.handles


def states(database, job_id):
    with database.sessions()() as session:
        job = session.get_one(Job, job_id)
        return job.state, [(item.key, item.state, item.attempts) for item in job.items]


def asked(database, **items):
    with database.sessions().begin() as session:
        return ask(session, "test", "Essai", {key: {"n": n} for key, n in items.items()}).id


def test_each_item_is_done_once_and_its_result_kept(database, kind):
    seen = []

    @kind("test")
    def double(_session, params, moment):
        seen.append((params["n"], moment.today))
        return {"twice": 2 * params["n"]}

    job_id = asked(database, a=1, b=2)
    assert run_job(database.sessions(), job_id, clock) == "done"
    assert run_job(database.sessions(), job_id, clock) is None
    assert seen == [(1, NOON.date()), (2, NOON.date())]
    with database.sessions()() as session:
        assert session.scalars(select(JobItem.result).order_by(JobItem.key)).all() == [{"twice": 2}, {"twice": 4}]


def test_a_refusal_fails_its_item_with_its_sentence_and_the_others_go_on(database, kind):
    @kind("test")
    def odd(_session, params, _moment):
        if params["n"] % 2:
            raise Refusal("Les nombres impairs ne passent pas.")

    job_id = asked(database, a=1, b=2)
    assert run_job(database.sessions(), job_id, clock) == "failed"
    assert states(database, job_id) == ("failed", [("a", "failed", 1), ("b", "done", 1)])
    with database.sessions()() as session:
        assert session.scalar(select(JobItem.error).where(JobItem.key == "a")) == "Les nombres impairs ne passent pas."


def test_a_fault_is_tried_three_times_and_leaves_nothing_behind(database, kind):
    @kind("test")
    def broken(session, _params, _moment):
        session.add(Shareholder(name="X", kind="commune", siren="1", street="", postcode="", city=""))
        session.flush()
        raise ZeroDivisionError

    job_id = asked(database, a=1)
    assert run_job(database.sessions(), job_id, clock) == "failed"
    assert states(database, job_id)[1] == [("a", "failed", 3)]
    with database.sessions()() as session:
        assert session.scalar(select(func.count(Shareholder.id))) == 0


def test_nobody_does_a_job_somebody_holds_the_lease_of(database, kind):
    @kind("test")
    def nothing(_session, _params, _moment):
        return None

    job_id = asked(database, a=1)
    with database.sessions().begin() as session:
        session.execute(update(Job).values(state="running", leased_until=func.now() + dt.timedelta(seconds=30)))
    assert run_job(database.sessions(), job_id, clock) is None
    with database.sessions().begin() as session:
        assert open_jobs(session) == []
        session.execute(update(Job).values(leased_until=func.now() - dt.timedelta(seconds=1)))
    with database.sessions().begin() as session:
        assert open_jobs(session) == [job_id]
    assert run_job(database.sessions(), job_id, clock) == "done"


WORKER = """
    import datetime as dt, sys, time
    from sqlalchemy import text
    from foundation.jobs.queue import Moment, handles
    from foundation.jobs.run import run_job
    from foundation.tenancy import engine_for, session_factory

    @handles("test")
    def slow(session, params, moment):
        session.execute(text("INSERT INTO fleet.sign_in_attempt (email, remote_address, succeeded)"
                             " VALUES (:n, '', false)"), {"n": str(params["n"])})
        print(params["n"], flush=True)
        time.sleep(0.05)

    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    run_job(session_factory(engine_for(sys.argv[1])), int(sys.argv[2]), lambda session: Moment(now, now.date()))
"""


def test_kill_9_in_the_middle_loses_nothing_and_doubles_nothing(database):
    job_id = asked(database, **{f"k{n:02}": n for n in range(12)})
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), database.owner, str(job_id)], stdout=subprocess.PIPE
        ) as worker:
            assert worker.stdout is not None
            for _ in range(3):
                worker.stdout.readline()
            os.kill(worker.pid, signal.SIGKILL)
        with database.sessions().begin() as session:
            # The lease of the dead runs out.
            session.execute(update(Job).values(leased_until=None))
            if session.scalar(select(Job.state)) == "done":
                break
        time.sleep(0.05)
    assert states(database, job_id)[0] == "done"
    with database.sessions()() as session:
        effects = session.scalars(text("SELECT email::int FROM fleet.sign_in_attempt ORDER BY 1")).all()
    assert effects == list(range(12))
