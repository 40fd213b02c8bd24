"""Chorus Pro: a document is deposited once whatever happens, followed through its whole life, and says what to do."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DatabaseError

from billing.chorus import client, tasks
from billing.chorus.client import Chorus
from billing.chorus.follow import LOST_AFTER, go_on
from billing.chorus.models import Deposit, DepositEvent
from billing.chorus.register import deposit_of, needing_somebody, note_by_hand, note_status, to_deposit, want
from billing.chorus.rules import ENDED, STATUSES, advice, pause_after, status_of
from billing.invoices.models import Invoice
from billing.invoices.register import issue
from foundation.attachments.store import keep
from foundation.errors import Refusal
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from foundation.jobs.schedule import look_now, periodics
from foundation.tenancy import engine_for, session_factory
from tests import databases
from tests.billing.chorus_server import chorus_server, does_and_is_slow, does_and_says, says
from tests.billing.test_invoices import TODAY, ready
from tests.chain import company

NOW = dt.datetime(2026, 1, 21, 9, tzinfo=dt.UTC)
NUMBER = "F2026-0001"


@pytest.fixture
def portal():
    with chorus_server() as server:
        yield server


@pytest.fixture(scope="module")
def house(template):
    """An issued invoice with its original, in a database to commit to."""
    databases.drop("fleet_test_chorus")
    database = databases.copy(template, "fleet_test_chorus")
    with database.sessions().begin() as session:
        company(session)
        issued(session)
        for table in ("deposit", "deposit_event"):
            session.execute(text(f"ALTER TABLE billing.{table} DISABLE TRIGGER USER"))
    yield database
    database.close()


@pytest.fixture
def office(house):
    """The same, nothing of it deposited."""
    forget(house)
    return house


def forget(database):
    with database.sessions().begin() as session:
        for table in ("billing.deposit_event", "billing.deposit", "foundation.job_item", "foundation.job"):
            session.execute(text(f"DELETE FROM {table}"))


def issued(session):
    invoice = issue(session, ready(session), today=TODAY)
    invoice.pdf = keep(
        session,
        b"%PDF-1.7 " + str(invoice.number).encode(),
        name=f"{invoice.number}.pdf",
        media_type="application/pdf",
        shareholder_id=invoice.shareholder_id,
    )
    session.flush()
    return invoice


def wanted(database, api_url="http://127.0.0.1/cpro"):
    with database.sessions("worker").begin() as session:
        invoice = session.scalars(select(Invoice)).one()
        return want(session, invoice, api_url=api_url, by="Claire", now=NOW).id


def step(database, deposit_id, chorus, now=NOW):
    with database.sessions("worker").begin() as session:
        return go_on(session, deposit_id, chorus, now=now, today=now.date())


def deposit(database):
    with database.sessions()() as session:
        one = session.scalars(select(Deposit).order_by(Deposit.id.desc())).first()
        list(one.events)
        return one


def hours(number):
    return NOW + dt.timedelta(hours=number)


def test_from_the_deposit_to_the_payment(office, portal):
    chorus, one = Chorus(portal.access), wanted(office)
    assert step(office, one, chorus) == "deposited"
    assert deposit(office).flux in portal.fluxes
    assert step(office, one, chorus) == "deposited", "its report is pending"
    portal.integrate()
    assert step(office, one, chorus, hours(1)) == "integrated"
    assert deposit(office).status == "DEPOSEE"
    for hour, code, comment in (
        (11, "MISE_A_DISPOSITION", ""),
        (12, "SUSPENDUE", "Joindre le procès-verbal"),
        (13, "COMPLETEE", ""),
        (14, "SERVICE-FAIT", ""),
        (15, "MANDATEE", ""),
        (16, "COMPTABILISEE", ""),
        (17, "MISE_EN_PAIEMENT", ""),
    ):
        portal.say(NUMBER, code, f"2026-01-21 {hour}:00", comment)
        step(office, one, chorus, hours(hour))
        seen = deposit(office)
        assert (seen.status, seen.comment) == (code.replace("-", "_"), comment)
    assert seen.next_look_at is None, "nothing changes any more"
    assert [one.code for one in seen.events] == [
        "DEPOSEE", "MISE_A_DISPOSITION", "SUSPENDUE", "COMPLETEE", "SERVICE_FAIT", "MANDATEE", "COMPTABILISEE",
        "MISE_EN_PAIEMENT",
    ]  # fmt: skip
    assert portal.deposits == 1
    assert portal.tokens == 1, "one token for all of it"


def test_asking_twice_is_one_deposit_and_a_refused_one_may_be_asked_again(office, portal):
    first = wanted(office)
    assert wanted(office) == first
    chorus = Chorus(portal.access)
    step(office, first, chorus)
    flux = deposit(office).flux
    portal.fluxes[flux]["errors"] = [
        {"numeroDP": NUMBER, "libelleErreurDP": "Le code service FINANCES n'est pas actif"}
    ]
    portal.integrate()
    assert step(office, first, chorus, hours(1)) == "refused"
    refused = deposit(office)
    assert (refused.comment, refused.next_look_at) == ("Le code service FINANCES n'est pas actif", None)
    assert "demandez-le à la collectivité" in advice(refused.comment)
    with office.sessions()() as session:
        assert [one.id for one in needing_somebody(session)] == [first]
        assert to_deposit(session) == []
    second = wanted(office)
    assert second != first
    step(office, second, chorus, hours(2))
    portal.integrate()
    assert step(office, second, chorus, hours(3)) == "integrated"
    assert portal.deposits == 2
    with office.sessions()() as session:
        assert needing_somebody(session) == []


def test_a_token_that_runs_out_is_renewed_and_the_request_made_once_more(office, portal):
    chorus, one = Chorus(portal.access), wanted(office)
    step(office, one, chorus)
    portal.valid_tokens.clear()
    portal.integrate()
    assert step(office, one, chorus, hours(1)) == "integrated"
    assert portal.tokens == 2
    portal.token_seconds = 1
    portal.valid_tokens.clear()
    step(office, one, chorus, hours(2))
    step(office, one, chorus, hours(3))
    assert portal.tokens == 4, "a token about to end is not used"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (says(429, Retry_After="1800"), "attendre (429)"),
        (says(400, {"libelle": "Corps invalide"}), "Corps invalide"),
        (says(200, {"codeRetour": 20003, "libelle": "Syntaxe inconnue"}), "Syntaxe inconnue (code 20003)"),
    ],
)
def test_what_surely_was_not_taken_is_sent_again_or_refused(office, portal, fault, sentence):
    portal.wrong.append(("/deposer/flux", fault))
    chorus, one = Chorus(portal.access), wanted(office)
    state = step(office, one, chorus)
    seen = deposit(office)
    assert seen.attempts_answered == seen.attempts_begun == 1
    assert sentence in seen.error + seen.comment
    assert portal.deposits == 0
    if state == "wanted":
        assert seen.next_look_at >= NOW + dt.timedelta(seconds=1800)
        assert step(office, one, Chorus(portal.access), hours(1)) == "deposited"
    else:
        assert state == "refused"


@pytest.mark.parametrize("fault", [does_and_says(500), does_and_says(503), does_and_says(504), says(200, b"<html>")])
def test_after_an_answer_that_was_lost_the_portal_is_asked_and_nothing_sent(office, portal, fault):
    portal.wrong.append(("/deposer/flux", fault))
    one = wanted(office)
    assert step(office, one, Chorus(portal.access)) == "wanted"
    taken = portal.deposits
    assert deposit(office).uncertain
    # Its flux is not an invoice yet: the search finds nothing, and still nothing is sent.
    assert step(office, one, Chorus(portal.access), hours(1)) == "wanted"
    assert portal.deposits == taken
    portal.integrate()
    if taken:
        assert step(office, one, Chorus(portal.access), hours(2)) == "integrated"
        assert deposit(office).flux in portal.fluxes
    else:
        assert step(office, one, Chorus(portal.access), NOW + LOST_AFTER) == "wanted"
        assert step(office, one, Chorus(portal.access), NOW + LOST_AFTER + dt.timedelta(minutes=2)) == "deposited"
    assert portal.deposits == 1


def test_a_slow_answer_is_not_waited_for(office, portal, monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    portal.wrong.append(("/deposer/flux", does_and_is_slow(0.6)))
    one = wanted(office)
    assert step(office, one, Chorus(portal.access)) == "wanted"
    assert "ReadTimeout" in deposit(office).error
    monkeypatch.undo()
    portal.integrate()
    assert step(office, one, Chorus(portal.access), hours(1)) == "integrated"
    assert portal.deposits == 1


def test_wrong_credentials_are_said_and_cost_no_attempt(office, portal):
    access = portal.access
    one = wanted(office)
    wrong = replace(access, client_secret="faux")
    assert step(office, one, Chorus(wrong)) == "wanted"
    seen = deposit(office)
    assert "FLEET_CHORUS_CLIENT_ID" in seen.error
    assert seen.next_look_at == hours(1)
    nobody = replace(access, login="personne")
    assert step(office, one, Chorus(nobody)) == "wanted"
    assert "FLEET_CHORUS_LOGIN" in deposit(office).error
    assert (portal.deposits, deposit(office).attempts_begun) == (0, 0)
    for secret in (access.client_secret, access.password):
        assert secret not in repr(access)


def test_an_unreachable_portal_costs_no_attempt(office, portal):
    one = wanted(office)
    away = replace(portal.access, api_url="http://127.0.0.1:9/cpro")
    assert step(office, one, Chorus(away)) == "wanted"
    seen = deposit(office)
    assert "injoignable" in seen.error
    assert seen.next_look_at > NOW


def test_another_persons_invoice_under_our_number_is_not_taken_for_ours(office, portal):
    portal.invoices[NUMBER] = {
        "identifiantFactureCPP": 1, "numeroFacture": NUMBER, "montantTTC": 12.0, "statut": "DEPOSEE",
    }  # fmt: skip
    portal.invoices[NUMBER + "-BIS"] = portal.invoices[NUMBER] | {
        "numeroFacture": NUMBER + "-BIS",
        "montantTTC": 443.48,
    }
    assert step(office, wanted(office), Chorus(portal.access)) == "refused"
    assert "autre montant (12.00)" in deposit(office).comment
    assert portal.deposits == 0


def test_a_document_somebody_already_deposited_is_found_and_not_sent(office, portal):
    portal.fluxes["CPP1"] = {"name": f"{NUMBER}.pdf", "state": "IN_RECU", "errors": []}
    portal.integrate()
    assert step(office, wanted(office), Chorus(portal.access)) == "integrated"
    assert (deposit(office).flux, portal.deposits) == ("CPP1", 1)


def test_a_duplicate_the_portal_refuses_is_the_first_one(office, portal):
    chorus, one = Chorus(portal.access), wanted(office)
    step(office, one, chorus)
    # Somebody deposited the same file by hand meanwhile, and theirs was taken first.
    mine = portal.fluxes.pop(deposit(office).flux)
    portal.fluxes = {"CPP0": {"name": f"{NUMBER}.pdf", "state": "IN_RECU", "errors": []}, deposit(office).flux: mine}
    portal.integrate()
    assert step(office, one, chorus, hours(1)) == "integrated"
    assert deposit(office).flux == "CPP0"


def test_a_flux_the_portal_does_not_know_yet_and_a_state_nobody_knows_are_asked_again(office, portal):
    chorus, one = Chorus(portal.access), wanted(office)
    step(office, one, chorus)
    held = portal.fluxes.pop(deposit(office).flux)
    assert step(office, one, chorus, hours(1)) == "deposited"
    assert "Flux inconnu" in deposit(office).error
    portal.fluxes[deposit(office).flux] = held | {"state": "IN_LUNE"}
    assert step(office, one, chorus, hours(2)) == "deposited"
    assert "IN_LUNE" in deposit(office).error
    assert deposit(office).next_look_at


NONSENSE = b'{"codeRetour":0,"listeFactures":[3,{"numeroFacture":5}]}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"codeRetour": 0}', b"[" * 100_000, NONSENSE])
def test_nonsense_is_no_answer(office, portal, body):
    chorus, one = Chorus(portal.access), wanted(office)
    portal.wrong.append(("/rechercher/fournisseur", says(200, body)))
    assert step(office, one, chorus) in {"wanted", "deposited"}
    assert portal.deposits <= 1


def die_while_depositing(database, access, deposit_id, statements):
    """Make the step in a process of its own, killed after so many statements; return whether it was."""
    child = os.fork()
    if child == 0:
        try:
            engine = engine_for(database.worker)
            left = [statements]

            def count(*_):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(engine, "after_cursor_execute", count)
            event.listen(engine, "commit", count)
            with session_factory(engine).begin() as session:
                go_on(session, deposit_id, Chorus(access), now=NOW, today=NOW.date())
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_killed_after_each_statement_it_is_deposited_once(office, portal):
    statements, killed, sent_and_lost = 0, True, 0
    while killed:
        statements += 1
        forget(office)
        portal.fluxes, portal.invoices = {}, {}
        one = wanted(office)
        office.disconnect()
        killed = die_while_depositing(office, portal.access, one, statements)
        sent_and_lost += killed and portal.deposits == 1
        # Its successors, until it is there; the portal takes its time in between.
        chorus = Chorus(portal.access)
        for hour in (1, 2):
            step(office, one, chorus, hours(hour))
        portal.integrate()
        for hour in (3, 25, 26):
            step(office, one, chorus, hours(hour))
            portal.integrate()
        step(office, one, chorus, hours(27))
        assert portal.deposits == 1
        assert deposit(office).state == "integrated"
    assert sent_and_lost >= 1, "between the request and the commit"
    assert statements > 5


def test_two_workers_at_the_same_deposit_send_it_once(office, portal):
    one = wanted(office)
    barrier, faults = threading.Barrier(4), []

    def work():
        try:
            barrier.wait()
            step(office, one, Chorus(portal.access))
        except BaseException as fault:  # noqa: BLE001 - a thread must not take its fault with it
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert portal.deposits == 1


def test_the_worker_looks_after_what_is_due_and_after_nothing_else(office, portal):
    [look] = [one for one in periodics() if one.name == "billing.chorus.look"]
    sessions = office.sessions("worker")
    one = wanted(office)
    later = lambda _session: Moment(hours(1), TODAY)  # noqa: E731 - a clock is a function
    look_now(sessions, look, later)
    with sessions() as session:
        assert session.scalar(select(func.count(Job.id))) == 0, "off until somebody says where"
    tasks.administer(portal.access)
    try:
        look_now(sessions, look, later)
        look_now(sessions, look, later)
        with sessions() as session:
            waiting = open_jobs(session)
            assert session.scalar(select(func.count(JobItem.id))) == 1
        assert [run_job(sessions, job, later) for job in waiting] == ["done"]
        assert deposit(office).state == "deposited"
    finally:
        tasks.administer(None)
    assert one == deposit(office).id


def test_a_deposit_by_hand_and_its_statuses(dbsession):
    company(dbsession)
    invoice = issued(dbsession)
    assert to_deposit(dbsession) == [invoice]
    day = TODAY + dt.timedelta(days=1)
    with pytest.raises(Refusal, match="suit l'émission"):
        note_by_hand(dbsession, invoice, flux="CPP1", day=TODAY - dt.timedelta(days=1), by="C", now=NOW, today=day)
    by_hand = note_by_hand(dbsession, invoice, flux=" CPP 1 ", day=day, by="Claire", now=NOW, today=day)
    assert (by_hand.flux, by_hand.state, to_deposit(dbsession)) == ("CPP1", "deposited", [])
    with pytest.raises(Refusal, match="déjà déposé"):
        note_by_hand(dbsession, invoice, flux="CPP2", day=day, by="Claire", now=NOW, today=day)
    with pytest.raises(Refusal, match="Recopiez le motif"):
        note_status(dbsession, by_hand, code="REJETEE", day=day, comment=" ", by="Claire", now=NOW)
    for code, comment in (("MISE_A_DISPOSITION", ""), ("REJETEE", "Engagement soldé")):
        note_status(dbsession, by_hand, code=code, day=day, comment=comment, by="Claire", now=NOW)
    assert (by_hand.status, by_hand.comment) == ("REJETEE", "Engagement soldé")
    assert [one.said_by for one in by_hand.events] == ["Claire", "Claire"]
    assert needing_somebody(dbsession) == [by_hand]
    assert deposit_of(dbsession, invoice) is by_hand


def test_what_is_no_original_or_is_invented_does_not_leave(dbsession):
    company(dbsession)
    invoice = issue(dbsession, ready(dbsession), today=TODAY)
    with pytest.raises(Refusal, match="pas encore fabriqué"):
        want(dbsession, invoice, api_url="http://127.0.0.1", by="C", now=NOW)
    invoice.pdf = keep(dbsession, b"%PDF", name="f.pdf", media_type="application/pdf")
    real = "https://api.piste.gouv.fr/cpro"
    assert want(dbsession, invoice, api_url=real, by="C", now=NOW).state == "wanted"


def test_what_was_said_is_never_changed(dbsession):
    company(dbsession)
    invoice = issued(dbsession)
    one = note_by_hand(dbsession, invoice, flux="CPP1", day=NOW.date(), by="C", now=NOW, today=NOW.date())
    note_status(dbsession, one, code="DEPOSEE", day=NOW.date(), comment="", by="C", now=NOW)
    for statement in ("UPDATE billing.deposit_event SET code = 'X'", "DELETE FROM billing.deposit"):
        with pytest.raises(DatabaseError, match="never"), dbsession.begin_nested():
            dbsession.execute(text(statement))
    assert dbsession.scalar(select(func.count(DepositEvent.id))) == 1


def test_every_status_has_its_words_and_an_unknown_one_is_shown():
    assert all(status.word and 0 <= status.reached <= 5 for status in STATUSES.values())
    assert set(STATUSES) >= ENDED
    assert status_of("LUNE").word == "LUNE"
    assert status_of("service-fait") is STATUSES["SERVICE_FAIT"]


@given(st.integers(0, 10_000), st.booleans())
def test_looks_become_rarer_and_never_stop(tries, pending):
    pause = pause_after(tries, pending=pending)
    assert dt.timedelta(minutes=1) <= pause <= pause_after(tries + 1, pending=pending) <= dt.timedelta(days=1)


def test_what_was_deleted_in_the_portal_may_be_deposited_anew(office, portal):
    chorus, one = Chorus(portal.access), wanted(office)
    step(office, one, chorus)
    portal.integrate()
    step(office, one, chorus, hours(1))
    portal.say(NUMBER, "SUPPRIMEE", "2026-01-21 15:00")
    assert step(office, one, chorus, hours(8)) == "refused"
    second = wanted(office)
    assert second != one
    assert step(office, second, chorus, hours(9)) == "deposited"
    assert portal.deposits == 2


def test_a_mistyped_flux_is_put_right_by_the_number_of_the_invoice(office, portal):
    with office.sessions("worker").begin() as session:
        invoice = session.scalars(select(Invoice)).one()
        day = NOW.date()
        one = note_by_hand(session, invoice, flux="CPP-FAUX", day=day, by="Claire", now=NOW, today=day).id
    portal.fluxes["CPP7"] = {"name": f"{NUMBER}.pdf", "state": "IN_RECU", "errors": []}
    assert step(office, one, Chorus(portal.access)) == "deposited"
    portal.integrate()
    assert step(office, one, Chorus(portal.access), hours(1)) == "integrated"
    assert (deposit(office).flux, portal.deposits) == ("CPP7", 1)


def test_who_finds_a_lost_deposit_in_the_portal_may_note_its_flux(office, portal):
    portal.wrong.append(("/deposer/flux", does_and_says(500)))
    one = wanted(office)
    step(office, one, Chorus(portal.access))
    assert deposit(office).uncertain
    [flux] = portal.fluxes
    with office.sessions("worker").begin() as session:
        invoice = session.scalars(select(Invoice)).one()
        day = NOW.date()
        assert note_by_hand(session, invoice, flux=flux, day=day, by="Claire", now=NOW, today=day).id == one
    assert not deposit(office).uncertain
    portal.integrate()
    assert step(office, one, Chorus(portal.access), hours(1)) == "integrated"
