"""Issuing under stress: many at once, and killed after each statement; an invoice is whole or is not."""

from __future__ import annotations

import os
import signal
import threading

import psycopg
from sqlalchemy import create_engine, event, func, select, text

from billing.evidence.audit import audit
from billing.invoices.models import Invoice
from billing.invoices.register import issue
from billing.ledger.models import Entry
from foundation.tenancy import engine_for, session_factory
from tests.billing.test_invoices import TODAY, ready
from tests.chain import SIRENS, company

THREADS, WANTED = 20, 1000


def issue_and_die(url, invoice_id, statements):
    """Issue in a process of its own that is killed after so many statements, or commits; return whether it was."""
    child = os.fork()
    if child == 0:
        try:
            engine = engine_for(url)
            left = [statements]

            def count(*_):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(engine, "after_cursor_execute", count)
            # The commit is a statement too: a death right after it loses the answer, never the invoice.
            factory = session_factory(engine)
            event.listen(factory, "after_commit", count)
            with factory.begin() as session:
                issue(session, session.get_one(Invoice, invoice_id), today=TODAY)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


WHOLE = """
    SELECT i.number, i.state, s.state, (SELECT count(*) FROM billing.entry), (SELECT count(*) FROM billing.posting),
        (SELECT coalesce(sum(last_number), 0) FROM billing.invoice_series)
    FROM billing.invoice i JOIN billing.settlement s ON s.id = i.settlement_id"""


def multiply(session, wanted):
    """Make ready drafts of one settlement's until there are `wanted`: series and books do not look at the savings."""
    session.execute(text("DROP INDEX billing.uq_invoice_settlement_once"))
    ready(session, SIRENS[0])
    session.execute(
        text(
            "INSERT INTO billing.invoice (settlement_id, shareholder_id, state, net, vat, gross, snapshot, problems)"
            " SELECT settlement_id, shareholder_id, state, net, vat, gross, snapshot, problems"
            " FROM billing.invoice, generate_series(2, :wanted)"
        ),
        {"wanted": wanted},
    )


def test_twenty_threads_issue_a_thousand_ready_drafts_without_a_gap(database):
    with database.sessions().begin() as session:
        company(session)
        multiply(session, WANTED)
    with database.sessions()() as session:
        waiting = list(session.scalars(select(Invoice.id)))
    # A connection for each thread: none waits for another's but in the database.
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database.worker), pool_size=THREADS)
    sessions, faults = session_factory(engine), []

    def work():
        try:
            while waiting:
                with sessions.begin() as session:
                    issue(session, session.get_one(Invoice, waiting.pop()), today=TODAY)
        except IndexError:
            pass
        except BaseException as fault:  # noqa: BLE001 - a thread must not take its fault with it
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    engine.dispose()
    assert faults == []
    with database.sessions()() as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.position)).all()
        booked = session.scalar(select(func.count(Entry.id)))
    assert numbers == [f"F2026-{position:04d}" for position in range(1, WANTED + 1)]
    assert booked == WANTED


def test_a_process_killed_after_each_statement_leaves_no_invoice_or_a_whole_one(database):
    with database.sessions().begin() as session:
        company(session)
        invoice_id = ready(session).id
    statements, killed = 0, True
    while killed:
        statements += 1
        database.disconnect()
        killed = issue_and_die(database.worker, invoice_id, statements)
        with database.sessions()() as session:
            found = session.execute(text(WHOLE)).one()
        committed = found == ("F2026-0001", "issued", "invoiced", 1, 3, 1)
        assert committed or (killed and found[:5] == (None, "ready", "accepted", 0, 0))
        if committed:
            break
    assert killed, "the last death came right after the commit"
    assert statements >= 5
    with database.sessions("worker")() as session:
        assert audit(session) == ()
