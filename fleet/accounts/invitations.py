"""Invite, let somebody choose a password, move an account to another address: each proven by a letter's link."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.accounts.journal import Event, note
from fleet.accounts.letters import write
from fleet.accounts.links import STALE, make_secret, use_up
from fleet.accounts.register import change_password, checked_email, create_account
from fleet.accounts.sign_in import account_by_email, actor_for
from fleet.accounts.throttle import may_write
from foundation.actors import PUBLIC
from foundation.errors import Refusal
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder
    from fleet.accounts.models import Account
    from foundation.actors import Actor

    Address = Callable[[str], str]
    """Turns a secret into the address its letter names."""


def invite(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    shareholder: Shareholder | None = None,
    language: str = "fr",
    company: str,
    address: Address,
    by: int,
) -> Account:
    """Open an account without a password and write to its person, who chooses one."""
    account = create_account(
        session, email=email, name=name, role=role, password=None, shareholder=shareholder, language=language
    )
    invite_again(session, account, company=company, address=address, by=by)
    return account


def invite_again(session: Session, account: Account, *, company: str, address: Address, by: int) -> None:
    """Write another letter to who has no password yet, or has lost every way in; the link before is worth nothing."""
    if not account.active:
        raise Refusal("Ce compte est fermé ; rouvrez-le avant d'écrire à la personne.")
    secret = make_secret(session, account, "invitation")
    write(session, account, "invitation", to=account.email, company=company, address=address(secret))
    note(session, Event.INVITED, account_id=account.id, by=by)


def ask_for_new_password(session: Session, email: str, *, remote_address: str, company: str, address: Address) -> None:
    """Write a link to `email` where it has an account, and say nothing of whether it has; runs as the public role."""
    email = email.strip().lower()[:320]
    allowed = may_write(session, email, remote_address=remote_address)
    account = account_by_email(session, email)
    about = account.id if account is not None else None
    note(session, Event.LINK_ASKED, account_id=about, email=email, remote_address=remote_address)
    if account is not None and account.active and allowed:
        secret = make_secret(session, account, "reset")
        write(session, account, "reset", to=account.email, company=company, address=address(secret))


def choose_password(
    session: Session, secret: str, password: str, *, remote_address: str, company: str, sign_in_address: str
) -> Account:
    """Give the account `secret` was written to a password; the link is used up, and every session of it ends.

    Runs as the public role, and as the account once the secret has proven it.

    Raises:
        Refusal: the secret is worth nothing any more, or the password is too weak; nothing has changed then.

    """
    proof, account = use_up(session, secret, "invitation", "reset")
    bind_actor(session, actor_for_writing(account))
    change_password(session, account, password, remote_address=remote_address)
    if proof.purpose == "reset":
        write(session, account, "changed", to=account.email, company=company, address=sign_in_address)
    bind_actor(session, PUBLIC)
    return account


def ask_for_new_email(session: Session, account: Account, email: str, *, company: str, address: Address) -> None:
    """Write to the new address; the account moves once its link has been followed."""
    email = checked_email(session, email)
    secret = make_secret(session, account, "new_email", email=email)
    write(session, account, "new_email", to=email, company=company, address=address(secret))


def move(session: Session, secret: str, *, company: str, sign_in_address: str) -> Account:
    """Give the account its new address, and say so at the old one; runs as the public role."""
    proof, account = use_up(session, secret, "new_email")
    if account_by_email(session, proof.email) is not None:
        raise Refusal(STALE)
    bind_actor(session, actor_for_writing(account))
    before, account.email = account.email, proof.email
    session.flush()
    write(session, account, "moved", to=before, company=company, address=sign_in_address)
    note(session, Event.EMAIL_CHANGED, account_id=account.id, email=before)
    bind_actor(session, PUBLIC)
    return account


def actor_for_writing(account: Account) -> Actor:
    """Return the actor that looks after its own account: a guest too may choose its password."""
    return replace(actor_for(account), guest=False)
