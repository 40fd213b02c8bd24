"""Tokens of the programming interface: shown once, kept as a hash, good for some things and for some time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, text, update

from fleet.accounts.journal import Event, note
from fleet.accounts.models import Account, ApiToken
from fleet.accounts.scopes import Scope, permissions_of
from fleet.accounts.secrets_shown import digest, new_secret
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from foundation.permissions import Permission

PREFIX = "fleet_"
"""So that who finds one in a file knows what it is, and scanners of secrets too."""
LONGEST_LIFE = dt.timedelta(days=366)
MOST_TOKENS = 20
"""Of one account, that still count."""
USED_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the programming interface, and what its token lets it do."""

    account: Account
    token_id: int
    permissions: frozenset[Permission]


def make_token(
    session: Session, account: Account, *, name: str, scopes: Sequence[str], days: int
) -> tuple[ApiToken, str]:
    """Return a new token of `account` and its secret, which is never shown again."""
    if not scopes or not set(scopes) <= set(Scope):
        raise Refusal("Choisissez ce que ce jeton permet.", field="scopes")
    if not 1 <= days <= LONGEST_LIFE.days:
        raise Refusal("Un jeton dure de 1 à {most} jours.", field="days", most=LONGEST_LIFE.days)
    counting = select(func.count()).where(ApiToken.account_id == account.id, *_counts())
    if (session.scalar(counting) or 0) >= MOST_TOKENS:
        raise Refusal("Ce compte a déjà {most} jetons ; révoquez-en un d'abord.", most=MOST_TOKENS)
    secret = PREFIX + new_secret()
    token = ApiToken(
        account_id=account.id,
        name=name,
        secret_sha256=digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=days),
    )
    session.add(token)
    session.flush()
    note(session, Event.TOKEN_MADE, account_id=account.id, detail=name)
    return token, secret


def _counts() -> tuple[ColumnElement[bool], ...]:
    return ApiToken.revoked_at.is_(None), ApiToken.expires_at > func.now()


def tokens_of(session: Session, account: Account) -> Sequence[ApiToken]:
    """Return the tokens of `account` that are not revoked, the newest first."""
    mine = select(ApiToken).where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
    return session.scalars(mine.order_by(ApiToken.id.desc())).all()


def revoke(session: Session, token: ApiToken, *, by: int | None = None) -> None:
    """Make `token` worthless from now on; it stays written."""
    if token.revoked_at is None:
        token.revoked_at = session.scalars(select(func.now())).one()
        note(session, Event.TOKEN_REVOKED, account_id=token.account_id, by=by, detail=token.name)
        session.flush()


def caller_of(session: Session, secret: str) -> Caller | None:
    """Return who shows `secret`, or None where it is worth nothing; runs as the public role."""
    if not secret.startswith(PREFIX):
        return None
    token = session.scalar(select(ApiToken).where(ApiToken.secret_sha256 == digest(secret), *_counts()))
    if token is None:
        return None
    account = session.scalars(
        select(Account).from_statement(text("SELECT * FROM fleet.account_by_id(:number)")),
        {"number": token.account_id},
    ).one_or_none()
    if account is None or not account.active:
        return None
    _used(session, token)
    return Caller(account, token.id, permissions_of(token.scopes))


def _used(session: Session, token: ApiToken) -> None:
    """Say when it was last used, to the minute; of two calls at once neither waits for the other."""
    stale = (
        select(ApiToken.id)
        .where(
            ApiToken.id == token.id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < func.now() - USED_EVERY),
        )
        .with_for_update(skip_locked=True, key_share=True)
    )
    session.execute(
        update(ApiToken)
        .where(ApiToken.id.in_(stale))
        .values(last_used_at=func.now())
        .execution_options(synchronize_session=False)
    )
