"""Hand queued letters to the mail server: leased, handed over, marked, each step in a transaction of its own.

At least once. A process killed before the server's answer has sent nothing and the lease runs out: the letter goes
again. Killed after the answer and before the mark, the server has it and the row does not know: it goes a second time,
under the same Message-ID, by which mailboxes tell a copy. The other order would be at most once, and lose a letter at
each such kill; an alert that is read twice is better than one nobody reads.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, update

from foundation.mail.models import Mail
from foundation.mail.smtp import connected, letter_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session, sessionmaker

    from foundation.mail.smtp import Relay

LEASE = dt.timedelta(minutes=10)
"""Longer than a dozen answers of a slow server: nobody takes a letter that is still being handed over."""
A_ROUND = 200
MAX_ATTEMPTS = 12
"""With the delays below, about two days."""
FIRST_DELAY, LONGEST_DELAY = dt.timedelta(minutes=1), dt.timedelta(hours=8)

NO_SERVER = (
    "Aucun serveur de courrier n'est réglé : donnez FLEET_SMTP_URL et FLEET_MAIL_SENDER à la tâche de fond (worker),"
    " puis redémarrez-la ; la lettre attend."
)
UNREACHABLE = "Le serveur de courrier ne répond pas ({error}) ; la lettre attend, l'essai suivant est automatique."

log = logging.getLogger(__name__)


def deliver(sessions: sessionmaker[Session], relay: Relay | None) -> int:
    """Hand over the letters that are due and return how many the server took; without `relay` say why they wait."""
    if not _due(sessions):
        return 0
    if relay is None:
        _explain(sessions, NO_SERVER)
        return 0
    taken = 0
    try:
        with connected(relay) as client:
            for _ in range(A_ROUND):
                mail = _lease(sessions)
                if mail is None:
                    break
                taken += _hand_over(sessions, client, relay, mail)
    except OSError as error:  # smtplib's own are OSErrors too
        log.warning("mail server: %s", error)
        _explain(sessions, UNREACHABLE.format(error=_said(error)))
    return taken


def _ready() -> tuple[ColumnElement[bool], ...]:
    free = or_(Mail.leased_until.is_(None), Mail.leased_until < func.now())
    return Mail.state == "queued", Mail.next_try_at <= func.now(), free


def _due(sessions: sessionmaker[Session]) -> bool:
    with sessions() as session:
        return session.scalar(select(Mail.id).where(*_ready()).limit(1)) is not None


def _explain(sessions: sessionmaker[Session], sentence: str) -> None:
    """Write on what is due why nothing left; no attempt was made, none is counted."""
    with sessions.begin() as session:
        session.execute(update(Mail).where(*_ready(), Mail.last_error != sentence).values(last_error=sentence))


def _lease(sessions: sessionmaker[Session]) -> Mail | None:
    """Take the next letter that is due for `LEASE`; None where there is none, or another worker has them all."""
    with sessions.begin() as session:
        mail = session.scalar(
            select(Mail).where(*_ready()).order_by(Mail.next_try_at, Mail.id).limit(1).with_for_update(skip_locked=True)
        )
        if mail is not None:
            mail.attempts += 1
            mail.leased_until = session.scalars(select(func.now())).one() + LEASE
        return mail


def _hand_over(sessions: sessionmaker[Session], client: smtplib.SMTP, relay: Relay, mail: Mail) -> bool:
    """Hand `mail` over and mark what became of it; a server that went away is the caller's to know."""
    try:
        client.send_message(letter_of(mail, relay.sender), relay.sender, [mail.recipient])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        _mark_refused(sessions, mail, *_code_of(error))
        client.rset()
        return False
    except OSError as error:
        _mark_refused(sessions, mail, 0, _said(error))
        raise
    # What was said in private has been said.
    forgotten = {"text": "", "html": None} if mail.private else {}
    _mark(sessions, mail, state="sent", sent_at=func.now(), last_error="", **forgotten)
    return True


def _mark_refused(sessions: sessionmaker[Session], mail: Mail, code: int, answer: str) -> None:
    """Try later what may pass later (RFC 5321 § 4.2.1: 4yz), fail at once what will not (5yz)."""
    if code >= 500 or mail.attempts >= MAX_ATTEMPTS:
        sentence = f"Le serveur de courrier refuse cette lettre ({answer}) ; vérifiez l'adresse, puis renvoyez-la."
        _mark(sessions, mail, state="failed", last_error=sentence)
    else:
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (mail.attempts - 1))
        sentence = f"Le serveur de courrier n'a pas pris cette lettre ({answer}) ; un autre essai est prévu."
        _mark(sessions, mail, next_try_at=func.now() + delay, last_error=sentence)


def _mark(sessions: sessionmaker[Session], mail: Mail, **values: object) -> None:
    """Write what became of a letter, if it is still ours: a lease that ran out is another worker's."""
    ours = Mail.id == mail.id, Mail.state == "queued", Mail.leased_until == mail.leased_until
    with sessions.begin() as session:
        session.execute(update(Mail).where(*ours).values(leased_until=None, **values))


def _code_of(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> tuple[int, str]:
    code: int
    answer: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
    else:
        code, answer = error.smtp_code, error.smtp_error
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return code, f"{code} {' '.join(text.split())[:200]}"


def _said(error: OSError) -> str:
    """Return what an error says in one line, never what was sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "il refuse le mot de passe de FLEET_SMTP_URL"
    return " ".join(str(error).split())[:200] or type(error).__name__
