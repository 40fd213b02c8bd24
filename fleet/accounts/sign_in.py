"""Sign in with a password, stay signed in by a secret cookie, sign out."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, text

from fleet.accounts.models import Account, SignInAttempt, WebSession
from fleet.accounts.passwords import matches
from foundation.actors import Actor, Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STAYS_SIGNED_IN = dt.timedelta(hours=12)
# Ten failures a quarter of an hour for an address, forty for a place on the network (hostile input 20).
WINDOW = dt.timedelta(minutes=15)
FAILURES_PER_EMAIL = 10
FAILURES_PER_ADDRESS = 40
WRONG = "Adresse ou mot de passe incorrect. Vérifiez les deux, ou demandez un nouveau mot de passe à la SPL."
TOO_MANY = "Trop d'essais. Attendez un quart d'heure avant de recommencer."


def sign_in(session: Session, email: str, password: str, *, remote_address: str) -> tuple[Account, str] | str:
    """Return the account and the secret of a new web session, or the sentence that refuses it.

    Runs as the public role. An unknown address and a wrong password get the same
    answer in the same time; the attempt is kept in both cases, which is why a
    refusal is returned and not raised: the caller's transaction must commit.
    """
    email = email.strip().lower()[:320]
    if _throttled(session, email, remote_address):
        return TOO_MANY
    account = session.scalars(
        select(Account).from_statement(text("SELECT * FROM fleet.account_by_email(:email)")), {"email": email}
    ).one_or_none()
    known = account is not None and account.active
    succeeded = matches(account.password_hash if account is not None and known else None, password)
    session.add(SignInAttempt(email=email, remote_address=remote_address, succeeded=succeeded))
    session.flush()
    if account is None or not succeeded:
        return WRONG
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_sha256=_digest(token), account_id=account.id, expires_at=dt.datetime.now(dt.UTC) + STAYS_SIGNED_IN
        )
    )
    session.flush()
    return account, token


def _throttled(session: Session, email: str, remote_address: str) -> bool:
    recent = select(func.count()).where(SignInAttempt.at > func.now() - WINDOW, SignInAttempt.succeeded.is_(False))
    by_email = session.scalar(recent.where(SignInAttempt.email == email)) or 0
    by_address = session.scalar(recent.where(SignInAttempt.remote_address == remote_address)) or 0
    return by_email >= FAILURES_PER_EMAIL or by_address >= FAILURES_PER_ADDRESS


def account_of(session: Session, token: str) -> Account | None:
    """Return the active account signed in with `token`, or None; runs as the public role."""
    return session.scalars(
        select(Account).from_statement(text("SELECT * FROM fleet.account_by_token(:digest)")),
        {"digest": _digest(token)},
    ).one_or_none()


def actor_for(account: Account) -> Actor:
    """Return the actor that `account` is."""
    return Actor(Role(account.role), account.id, account.shareholder_id, account.name)


def sign_out(session: Session, token: str) -> None:
    """End the web session of `token`; unknown ones are already ended."""
    session.execute(delete(WebSession).where(WebSession.token_sha256 == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
