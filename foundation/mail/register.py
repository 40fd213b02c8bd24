"""Write a letter beside what caused it; put one that failed back in the queue."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from foundation.errors import Refusal
from foundation.mail.headers import ADDRESS, one_line
from foundation.mail.models import Mail

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def post(
    session: Session, *, to: str, subject: str, body: str, html: str | None = None, key: str | None = None
) -> Mail | None:
    """Add a letter to the caller's transaction: no commit, no letter.

    A second one of the same `key` is not written and None is returned, whoever writes at the same time. A subject made
    of other people's words is put on one line; control characters never reach a header.
    """
    statement = (
        insert(Mail)
        .values(
            key=key,
            message_id=uuid.uuid4().hex,
            recipient=_checked(to),
            subject=one_line(subject),
            text=_printable(body),
            html=None if html is None else _printable(html),
            state="queued",
            attempts=0,
            last_error="",
        )
        .on_conflict_do_nothing(index_elements=[Mail.key])
        .returning(Mail)
    )
    return session.scalars(statement).one_or_none()


def post_privately(session: Session, *, to: str, subject: str, body: str) -> None:
    """Add a letter that carries a secret of its reader's, such as a link that lets them in; any role may.

    Raises:
        Refusal: `to` is no address a letter can go to.

    """
    letter = insert(Mail).values(
        message_id=uuid.uuid4().hex,
        recipient=_checked(to),
        subject=one_line(subject),
        text=_printable(body),
        state="queued",
        attempts=0,
        last_error="",
        private=True,
    )
    # Inline: nothing is read back, since who asks for a link may not read letters.
    session.execute(letter.inline())


def _checked(address: str) -> str:
    if not ADDRESS.fullmatch(address):
        raise Refusal(
            "« {address} » n'est pas une adresse électronique à laquelle on peut écrire ; corrigez-la.",
            field="email",
            address=address[:80],
        )
    return address


def _printable(text: str) -> str:
    """Return `text` as PostgreSQL can keep it and a letter can carry it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def send_again(session: Session, mail: Mail) -> Mail:
    """Put a letter that failed back in the queue."""
    session.refresh(mail, with_for_update=True)
    if mail.state != "failed":
        raise Refusal("Cette lettre n'est pas en échec ; il n'y a rien à renvoyer.")
    mail.state, mail.attempts, mail.last_error = "queued", 0, ""
    mail.next_try_at = session.scalars(select(func.now())).one()
    session.flush()
    return mail
