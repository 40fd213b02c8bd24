"""Web sessions: a browser that is signed in, what it was last seen doing it from, and how each is ended."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, text, update

from fleet.accounts.journal import Event, note
from fleet.accounts.models import Account, WebSession
from fleet.accounts.secrets_shown import digest, new_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

STAYS_SIGNED_IN = dt.timedelta(hours=12)
SEEN_EVERY = dt.timedelta(minutes=5)
HANDLE = 16
"""Signs of a session's hash that name it on a page."""


def open_session(
    session: Session,
    account: Account,
    *,
    remote_address: str = "",
    browser: str = "",
    method: str = "password",
    id_token: str | None = None,
) -> str:
    """Return the secret of a new web session of `account`; runs as the public role."""
    secret = new_secret()
    session.add(
        WebSession(
            token_sha256=digest(secret),
            account_id=account.id,
            expires_at=dt.datetime.now(dt.UTC) + STAYS_SIGNED_IN,
            remote_address=remote_address,
            browser=browser[:200],
            method=method,
            id_token=id_token,
        )
    )
    session.flush()
    note(session, Event.SIGNED_IN, account_id=account.id, remote_address=remote_address, detail=browser)
    return secret


def account_of(session: Session, secret: str) -> Account | None:
    """Return the active account signed in with `secret`, or None; runs as the public role."""
    account = session.scalars(
        select(Account).from_statement(text("SELECT * FROM fleet.account_by_token(:digest)")),
        {"digest": digest(secret)},
    ).one_or_none()
    if account is not None:
        _seen(session, secret)
    return account


def _seen(session: Session, secret: str) -> None:
    """Say that the session lives, now and then; of two requests at once neither waits for the other."""
    stale = (
        select(WebSession.token_sha256)
        .where(WebSession.token_sha256 == digest(secret), WebSession.last_seen_at < func.now() - SEEN_EVERY)
        .with_for_update(skip_locked=True, key_share=True)
    )
    session.execute(
        update(WebSession)
        .where(WebSession.token_sha256.in_(stale))
        .values(last_seen_at=func.now())
        .execution_options(synchronize_session=False)
    )


def sessions_of(session: Session, account: Account) -> Sequence[WebSession]:
    """Return the open sessions of `account`, the one seen last first."""
    return session.scalars(
        select(WebSession)
        .where(WebSession.account_id == account.id, WebSession.expires_at > func.now())
        .order_by(WebSession.last_seen_at.desc(), WebSession.created_at.desc())
    ).all()


def end_session(session: Session, account: Account, handle: str, *, by: int | None = None) -> bool:
    """End the session of `account` that `handle` names; False where there is none."""
    ended = session.execute(
        delete(WebSession).where(
            WebSession.account_id == account.id, func.left(WebSession.token_sha256, HANDLE) == handle
        )
    )
    if not getattr(ended, "rowcount", 0):
        return False
    note(session, Event.SESSION_ENDED, account_id=account.id, by=by)
    return True


def end_sessions(session: Session, account: Account, *, but: str = "", by: int | None = None) -> None:
    """End every session of `account`, but the one whose secret is `but`."""
    session.execute(
        delete(WebSession).where(WebSession.account_id == account.id, WebSession.token_sha256 != digest(but))
    )
    note(session, Event.SESSION_ENDED, account_id=account.id, by=by)


def sign_out(session: Session, secret: str) -> tuple[str, str] | None:
    """End the web session of `secret`; unknown ones are already ended. Runs as the public role.

    Returns how it was opened and what its provider of identities asks to see, where one opened it.
    """
    row = session.execute(
        delete(WebSession)
        .where(WebSession.token_sha256 == digest(secret))
        .returning(WebSession.account_id, WebSession.method, WebSession.id_token)
    ).one_or_none()
    if row is None:
        return None
    note(session, Event.SIGNED_OUT, account_id=row.account_id)
    return (row.method, row.id_token) if row.id_token else None
