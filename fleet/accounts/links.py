"""One-time secrets: what a letter or a half-finished sign-in proves, once and not for long."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import undefer

from fleet.accounts.models import Account, OneTimeSecret
from fleet.accounts.secrets_shown import digest, new_secret
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Purpose = Literal["invitation", "reset", "new_email", "second_factor"]
LASTS = {
    "invitation": dt.timedelta(days=7),
    "reset": dt.timedelta(hours=1),
    "new_email": dt.timedelta(hours=24),
    "second_factor": dt.timedelta(minutes=10),
}
STALE = N_(
    "Ce lien ne vaut plus rien : il a servi, il a expiré, ou un plus récent l'a remplacé. Demandez-en un autre"
    " depuis la page d'entrée."
)


def make_secret(session: Session, account: Account, purpose: Purpose, *, email: str = "") -> str:
    """Return a secret that proves `purpose` once; those made before for the same purpose are worth nothing any more."""
    forget_secrets(session, account, purpose)
    secret = new_secret()
    session.add(
        OneTimeSecret(
            secret_sha256=digest(secret),
            account_id=account.id,
            purpose=purpose,
            email=email,
            expires_at=dt.datetime.now(dt.UTC) + LASTS[purpose],
        )
    )
    session.flush()
    return secret


def forget_secrets(session: Session, account: Account, *purposes: Purpose) -> None:
    """Make worthless what was handed out to `account` for `purposes`, all of it where none is named."""
    whose = delete(OneTimeSecret).where(OneTimeSecret.account_id == account.id)
    session.execute(whose.where(OneTimeSecret.purpose.in_(purposes)) if purposes else whose)


def look_up(session: Session, secret: str, *purposes: Purpose) -> tuple[OneTimeSecret, Account] | None:
    """Return what `secret` proves and for whom, or None; it is not used up. Runs as the public role."""
    proof = session.scalar(
        select(OneTimeSecret).where(
            OneTimeSecret.secret_sha256 == digest(secret),
            OneTimeSecret.purpose.in_(purposes),
            OneTimeSecret.expires_at > func.now(),
        )
    )
    account = account_by_id(session, proof.account_id) if proof is not None else None
    return (proof, account) if proof is not None and account is not None and account.active else None


def use_up(session: Session, secret: str, *purposes: Purpose) -> tuple[OneTimeSecret, Account]:
    """Return what `secret` proves and for whom, the first time only; of two at once one gets it.

    Raises:
        Refusal: it proves nothing, or nothing any more.

    """
    found = look_up(session, secret, *purposes)
    if found is not None:
        used = delete(OneTimeSecret).where(OneTimeSecret.secret_sha256 == found[0].secret_sha256)
        if session.scalar(used.returning(OneTimeSecret.account_id)) is not None:
            session.expunge(found[0])
            return found
    raise Refusal(STALE)


def account_by_id(session: Session, number: int) -> Account | None:
    """Return the account of that number; runs as the public role."""
    return session.scalars(
        select(Account)
        .options(undefer(Account.password_hash))
        .from_statement(text("SELECT * FROM fleet.account_by_id(:number)")),
        {"number": number},
    ).one_or_none()
