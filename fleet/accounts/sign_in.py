"""Prove who one is with a password: the first half of signing in, and all of it where no second factor is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.orm import undefer

from fleet.accounts.journal import Event, note
from fleet.accounts.models import Account, SignInAttempt
from fleet.accounts.passwords import matches
from fleet.accounts.throttle import wait_before
from foundation.actors import Actor, Role
from foundation.messages import N_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WRONG = N_("Adresse ou mot de passe incorrect. Vérifiez les deux, ou demandez un nouveau mot de passe.")
WAIT = N_("Trop d'essais : attendez {seconds} secondes avant le suivant.")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nobody came in; `seconds` to wait, where it is that."""

    sentence: str
    seconds: int = 0


def prove(session: Session, email: str, password: str, *, remote_address: str, browser: str = "") -> Account | Refused:
    """Return the account `email` and `password` prove, or the refusal.

    Runs as the public role. An unknown address, an account without a password, a closed one and a wrong password get
    the same answer in the same time; the attempt is kept in all cases, which is why a refusal is returned and not
    raised: the caller's transaction must commit.
    """
    email = email.strip().lower()[:320]
    seconds = wait_before(session, email, remote_address=remote_address, browser=browser)
    if seconds:
        note(session, Event.SLOWED_DOWN, email=email, remote_address=remote_address)
        return Refused(WAIT, seconds)
    account = account_by_email(session, email)
    known = account is not None and account.active
    succeeded = matches(account.password_hash if account is not None and known else None, password)
    session.add(SignInAttempt(email=email, remote_address=remote_address, succeeded=succeeded, browser=browser))
    session.flush()
    if account is None or not succeeded:
        about = account.id if account is not None else None
        note(session, Event.REFUSED, account_id=about, email=email, remote_address=remote_address)
        return Refused(WRONG)
    return account


def account_by_email(session: Session, email: str) -> Account | None:
    """Return the account of that address, its password's hash included; runs as the public role."""
    return session.scalars(
        select(Account)
        .options(undefer(Account.password_hash))
        .from_statement(text("SELECT * FROM fleet.account_by_email(:email)")),
        {"email": email},
    ).one_or_none()


def actor_for(account: Account) -> Actor:
    """Return the actor that `account` is; a guest acts as its municipality and only reads."""
    guest = account.role == "guest"
    role = Role.SHAREHOLDER if guest else Role(account.role)
    return Actor(role, account.id, account.shareholder_id, account.name, guest=guest)
