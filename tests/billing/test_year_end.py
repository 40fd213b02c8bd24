"""The year-end run: every agreement settled, issued and printed once, however often and wherever it is killed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from billing.evidence.audit import audit
from billing.invoices.credits import cancel
from billing.invoices.models import Invoice
from billing.invoices.register import check, issue
from billing.settlements.models import Settlement
from billing.settlements.register import accept
from billing.year_end import tasks
from billing.year_end.register import RUN, items_of, know_their_job, planned
from foundation.jobs.models import Job
from foundation.jobs.queue import Moment, ask
from foundation.jobs.run import run_job
from tests.chain import SIRENS, company, signed_agreement

NOW = dt.datetime(2026, 1, 20, 9, tzinfo=dt.UTC)


class Killed(BaseException):
    """A process that ends here."""


def clock(_session):
    return Moment(NOW, NOW.date(), "https://spl.example")


def run_again(database):
    """Ask for what is to be done and do it with the worker's rights; return what was planned."""
    with database.sessions().begin() as session:
        plans = planned(session, 2025)
        steps = [one.step for one in plans]
        items = items_of(plans)
        if not items:
            return steps
        job = ask(session, RUN, "Clôture", items)
        know_their_job(job)
        job_id = job.id
    assert run_job(database.sessions("worker"), job_id, clock) == "done"
    return steps


def accept_all(database):
    with database.sessions().begin() as session:
        for one in session.scalars(select(Settlement).where(Settlement.state == "proposed")):
            accept(session, one, by="La maire", today=NOW.date())


@pytest.fixture
def agreements(database):
    with database.sessions().begin() as session:
        company(session)
        for siren in SIRENS[:2]:
            signed_agreement(session, siren)
        signed_agreement(session, SIRENS[2], daily_kwh=Decimal(-3))
    return database


def test_a_year_is_settled_then_issued_and_printed_and_a_second_run_finds_nothing(agreements):
    assert run_again(agreements) == ["propose"] * 3
    assert run_again(agreements) == ["wait"] * 3
    accept_all(agreements)
    assert sorted(run_again(agreements)) == ["issue", "issue", "nothing"]
    assert sorted(run_again(agreements)) == ["done", "done", "nothing"]
    with agreements.sessions("worker")() as session:
        assert audit(session) == ()
    with agreements.sessions()() as session:
        invoices = session.scalars(select(Invoice).order_by(Invoice.number)).all()
        assert [one.number for one in invoices] == ["F2026-0001", "F2026-0002"]
        assert all(one.pdf_id for one in invoices)
        items = [item.key for job in session.scalars(select(Job).order_by(Job.id)) for item in job.items]
        assert items[-2:] == ["F2026-0001", "F2026-0002"]


def test_an_invoice_a_person_cancelled_is_not_issued_anew_by_the_run(agreements):
    run_again(agreements)
    accept_all(agreements)
    run_again(agreements)
    with agreements.sessions().begin() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.number == "F2026-0001")).one()
        issue(session, check(session, cancel(session, invoice, reason="Double", today=NOW.date())), today=NOW.date())
    assert sorted(run_again(agreements)) == ["cancelled", "done", "nothing"]
    with agreements.sessions()() as session:
        assert len(session.scalars(select(Invoice)).all()) == 3


def test_killed_before_and_after_each_item_the_result_is_the_same(agreements, monkeypatch):
    run_again(agreements)
    accept_all(agreements)
    with agreements.sessions().begin() as session:
        job = ask(session, RUN, "Clôture", items_of(planned(session, 2025)))
        know_their_job(job)
        job_id = job.id
    settle, kills = tasks.settle_one, iter([True, False, True])

    def dies(*args):
        done = settle(*args)
        if next(kills, False):
            raise Killed
        return done

    monkeypatch.setattr(tasks, "settle_one", dies)
    state = None
    while state != "done":
        try:
            state = run_job(agreements.sessions("worker"), job_id, clock)
        except Killed:
            with agreements.sessions().begin() as session:
                # The lease of a process that is gone runs out.
                session.get_one(Job, job_id).leased_until = None
    with agreements.sessions()() as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == ["F2026-0001", "F2026-0002"]
    with agreements.sessions("worker")() as session:
        assert audit(session) == ()
