"""Outgoing mail: written with its cause, handed over by real SMTP, kept while the server is away, never injected."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from email import message_from_bytes
from email.policy import default as modern

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from fleet.settings import settings_for
from foundation.errors import Refusal
from foundation.mail.deliver import MAX_ATTEMPTS, deliver
from foundation.mail.headers import one_line
from foundation.mail.models import Mail
from foundation.mail.register import post, send_again
from foundation.mail.smtp import Relay, letter_of, relay_of
from tests.fleet.test_settings import COMPLETE

SENDER = "spl@spl.example"


class Server:
    """A mail server that keeps what it takes, and refuses or waits as told."""

    def __init__(self):
        self.taken = []
        self.answers = {}
        self.wait = 0.0

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: D102, N802 - aiosmtpd's name
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: D102, N802 - aiosmtpd's name
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=modern)))
        await asyncio.sleep(self.wait)
        return "250 OK"


@pytest.fixture
def server():
    handler = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        handler.port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    handler.relay = Relay("127.0.0.1", handler.port, SENDER)
    yield handler
    controller.stop()


def written(database, to="claire@spl.example", subject="Bonjour", **more):
    with database.sessions().begin() as session:
        return post(session, to=to, subject=subject, body="Texte\n", **more).id


def row(database, mail_id):
    with database.sessions()() as session:
        return session.get_one(Mail, mail_id)


def due_now(database):
    with database.sessions().begin() as session:
        session.execute(update(Mail).values(next_try_at=text("now()"), leased_until=None))


def test_a_letter_is_handed_over_once_as_it_was_written(database, server):
    mail_id = written(database, subject="École : « relevé » manquant", html="<p>Texte</p>")
    sessions = database.sessions("worker")
    assert [deliver(sessions, server.relay) for _ in range(2)] == [1, 0]
    ((recipients, letter),) = server.taken
    assert recipients == ["claire@spl.example"]
    assert letter["Subject"] == "École : « relevé » manquant"
    assert letter["From"] == SENDER
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_body(("plain",)).get_content().strip() == "Texte"
    assert letter.get_body(("html",)).get_content().strip() == "<p>Texte</p>"
    mail = row(database, mail_id)
    assert (mail.state, mail.attempts, mail.last_error) == ("sent", 1, "")
    assert letter["Message-ID"] == f"<{mail.message_id}@spl.example>"


def test_no_commit_no_letter_and_one_letter_a_key(database):
    with database.sessions()() as session:
        post(session, to="a@b.example", subject="Perdue", body="")
    with database.sessions().begin() as session:
        assert post(session, to="a@b.example", subject="Une", body="", key="k") is not None
        assert post(session, to="a@b.example", subject="Deux", body="", key="k") is None
    with database.sessions()() as session:
        assert session.scalars(select(Mail.subject)).all() == ["Une"]


def test_a_refused_recipient_fails_with_the_server_s_words_and_the_others_go(database, server):
    server.answers["parti@spl.example"] = "550 5.1.1 inconnu ici"
    refused, taken = written(database, "parti@spl.example"), written(database)
    assert deliver(database.sessions("worker"), server.relay) == 1
    assert row(database, taken).state == "sent"
    mail = row(database, refused)
    assert mail.state == "failed"
    assert "550 5.1.1 inconnu ici" in mail.last_error
    with database.sessions("owner").begin() as session:
        send_again(session, session.get_one(Mail, refused))
    del server.answers["parti@spl.example"]
    assert deliver(database.sessions("worker"), server.relay) == 1
    with database.sessions("owner")() as session, pytest.raises(Refusal, match="pas en échec"):
        send_again(session, session.get_one(Mail, refused))


def test_what_is_refused_for_now_waits_longer_each_time_and_fails_in_the_end(database, server):
    server.answers["claire@spl.example"] = "451 revenez plus tard"
    mail_id = written(database)
    sessions = database.sessions("worker")
    assert deliver(sessions, server.relay) == 0
    first = row(database, mail_id)
    assert (first.state, first.attempts) == ("queued", 1)
    assert first.next_try_at > first.created_at
    for _ in range(MAX_ATTEMPTS - 1):
        due_now(database)
        deliver(sessions, server.relay)
    assert (row(database, mail_id).state, row(database, mail_id).attempts) == ("failed", MAX_ATTEMPTS)


def test_while_the_server_is_down_letters_wait_and_say_so(database, server):
    mail_id = written(database)
    down = Relay("127.0.0.1", 1, SENDER)
    assert deliver(database.sessions("worker"), down) == 0
    mail = row(database, mail_id)
    assert (mail.state, mail.attempts) == ("queued", 0)
    assert "ne répond pas" in mail.last_error
    assert deliver(database.sessions("worker"), server.relay) == 1


def test_without_a_server_letters_wait_and_say_what_to_set(database):
    mail_id = written(database)
    assert deliver(database.sessions("worker"), None) == 0
    assert "FLEET_SMTP_URL" in row(database, mail_id).last_error


def test_a_server_too_slow_to_answer_gets_the_letter_again_under_the_same_name(database, server):
    server.wait = 2.0
    hasty = Relay("127.0.0.1", server.port, SENDER, timeout=0.2)
    mail_id = written(database)
    assert deliver(database.sessions("worker"), hasty) == 0
    assert row(database, mail_id).state == "queued"
    server.wait = 0.0
    due_now(database)
    assert deliver(database.sessions("worker"), server.relay) == 1
    assert len({letter["Message-ID"] for _, letter in server.taken}) == 1


def test_two_workers_never_hand_over_the_same_letter(database, server):
    ids = [written(database, subject=f"Lettre {n}") for n in range(6)]
    with database.sessions("worker")() as busy:
        busy.scalars(select(Mail).where(Mail.id.in_(ids[:3])).with_for_update()).all()
        assert deliver(database.sessions("worker"), server.relay) == 3
    assert deliver(database.sessions("worker"), server.relay) == 3
    assert len(server.taken) == len({letter["Message-ID"] for _, letter in server.taken}) == 6


KILLED = """
    import os, signal, sys
    from foundation.mail import deliver
    from foundation.mail.smtp import Relay
    from foundation.tenancy import engine_for, session_factory

    def die(*args, **values):
        os.kill(os.getpid(), signal.SIGKILL)

    if sys.argv[3] == "after":
        deliver._mark = die
    else:
        deliver.letter_of = die
    deliver.deliver(session_factory(engine_for(sys.argv[1])), Relay("127.0.0.1", int(sys.argv[2]), "spl@spl.example"))
"""


@pytest.mark.parametrize(("when", "copies"), [("before", 1), ("after", 2)])
def test_killed_around_the_hand_over_a_letter_is_never_lost(database, server, when, copies):
    mail_id = written(database)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), database.worker, str(server.port), when]
    assert subprocess.run(command, check=False, env=os.environ).returncode == -signal.SIGKILL
    assert row(database, mail_id).state == "queued"
    assert deliver(database.sessions("worker"), server.relay) == 0, "the lease still runs"
    due_now(database)
    assert deliver(database.sessions("worker"), server.relay) == 1
    deadline = time.monotonic() + 5
    while len(server.taken) < copies and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(server.taken) == copies
    assert len({letter["Message-ID"] for _, letter in server.taken}) == 1, "a mailbox knows the copy by its name"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "claire",
        "a@b\nBcc: c@d.example",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "a b@c.example",
        "é@b.example",
    ],
)
def test_an_address_that_is_none_or_more_than_one_is_refused(dbsession, address):
    with pytest.raises(Refusal, match="adresse électronique"):
        post(dbsession, to=address, subject="x", body="")


@given(st.text())
def test_no_subject_makes_a_second_header(words):
    mail = Mail(recipient="a@b.example", subject=one_line(words), text=words, message_id="m", html=None)
    mail.created_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    letter = message_from_bytes(letter_of(mail, SENDER).as_bytes(), policy=modern)
    assert set(letter.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip
    assert letter.get_all("To") == ["a@b.example"]


@pytest.mark.parametrize("column", ["recipient", "subject"])
def test_the_database_itself_refuses_a_second_header(dbsession, column):
    mail = post(dbsession, to="a@b.example", subject="x", body="")
    with pytest.raises(IntegrityError):
        dbsession.execute(
            text(f"UPDATE foundation.mail SET {column} = E'a@b.example\\nBcc: c@d' WHERE id = :id"), {"id": mail.id}
        )


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://u:p@mail.example", "smtp://mail.example?tls", "smtp://u:p@mail.example?x=1"]
)
def test_an_address_of_a_server_that_is_wrong_or_tells_the_password_is_refused(url):
    with pytest.raises(ValueError, match=r".*"):
        relay_of(url, SENDER)


def test_the_relay_comes_from_the_settings_or_letters_wait(tmp_path):
    ini = tmp_path / "site.ini"
    ini.write_text("[app:main]\nmode = test\nlanguages = fr\n")
    assert settings_for("worker", ini, COMPLETE).relay is None
    given_ = {"FLEET_SMTP_URL": "smtp://u:p%40ss@mail.example:587?starttls", "FLEET_MAIL_SENDER": SENDER}
    relay = settings_for("worker", ini, COMPLETE | given_).relay
    assert (relay.host, relay.port, relay.password, relay.starttls) == ("mail.example", 587, "p@ss", True)
    assert "p@ss" not in repr(relay)
    with pytest.raises(Refusal, match="FLEET_MAIL_SENDER"):
        settings_for("worker", ini, COMPLETE | given_ | {"FLEET_MAIL_SENDER": "a@b\nBcc: c"})
