"""Open accounts and change what lets people in; each act leaves a line in the journal of access."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, text, update

from fleet.accounts.journal import Event, note
from fleet.accounts.links import forget_secrets
from fleet.accounts.models import ROLES, Account, ApiToken, ExternalIdentity, OneTimeSecret, WebSession
from fleet.accounts.passwords import hash_password
from foundation.errors import Refusal
from foundation.mail.headers import ADDRESS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder

# CNIL, délibération 2022-100: 50 bits of guessing are enough where tries are slowed down.
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
"""Signs: argon2 reads them all, and somebody may send megabytes."""
FEWEST_DIFFERENT_SIGNS = 6
OF_A_MUNICIPALITY = ("shareholder", "guest")


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    password: str | None,
    shareholder: Shareholder | None = None,
    language: str = "fr",
) -> Account:
    """Open an account; those of a municipality name it, the others none. Without password it waits for one."""
    email = checked_email(session, email)
    if role not in ROLES:
        raise Refusal("Choisissez le rôle dans la liste.", field="role")
    if (role in OF_A_MUNICIPALITY) != (shareholder is not None):
        raise Refusal(
            "Un compte de collectivité nomme sa collectivité ; les autres comptes n'en ont pas.", field="shareholder"
        )
    account = Account(
        email=email,
        name=name,
        role=role,
        shareholder_id=shareholder.id if shareholder is not None else None,
        password_hash=hash_password(checked_password(password, email)) if password is not None else None,
        language=language,
        active=True,
    )
    session.add(account)
    session.flush()
    return account


def checked_email(session: Session, email: str) -> str:
    """Return `email` as it is kept; refuse what is no address, and one that has an account."""
    email = email.strip().lower()
    if not ADDRESS.fullmatch(email):
        raise Refusal("« {email} » n'est pas une adresse électronique.", field="email", email=email[:80])
    if session.scalar(select(Account.id).where(Account.email == email)) is not None:
        raise Refusal("{email} a déjà un compte.", field="email", email=email)
    return email


def checked_password(password: str, email: str = "") -> str:
    """Return `password` where it is worth something: long enough, not one sign again and again, not the address."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(
            "Le mot de passe est trop court : {shortest} signes au moins.", field="password", shortest=SHORTEST_PASSWORD
        )
    if len(password) > LONGEST_PASSWORD:
        raise Refusal("Le mot de passe est trop long : {most} signes au plus.", field="password", most=LONGEST_PASSWORD)
    if len(set(password.lower())) < FEWEST_DIFFERENT_SIGNS or password.lower() in {email, email.partition("@")[0]}:
        raise Refusal(
            "Ce mot de passe se devine : prenez une phrase que vous seul connaissez, de quatre mots sans lien.",
            field="password",
        )
    return password


def change_password(session: Session, account: Account, password: str, *, remote_address: str = "") -> None:
    """Give `account` a new password; all its web sessions end, and links that would set another."""
    account.password_hash = hash_password(checked_password(password, account.email))
    session.execute(delete(WebSession).where(WebSession.account_id == account.id))
    forget_secrets(session, account, "invitation", "reset", "second_factor")
    note(session, Event.PASSWORD_CHOSEN, account_id=account.id, remote_address=remote_address)
    session.flush()


def close_account(session: Session, account: Account, *, by: int) -> None:
    """Let `account` in no more: sessions end, tokens and links are worth nothing; what it did stays written.

    Raises:
        Refusal: it is one's own, or the last of the SPL.

    """
    if account.id == by:
        raise Refusal("On ne ferme pas son propre compte ; demandez-le à un collègue.")
    others = select(func.count()).where(Account.role == "operator", Account.active, Account.id != account.id)
    if account.role == "operator" and not session.scalar(others):
        raise Refusal("C'est le dernier compte de la SPL ; ouvrez-en un autre d'abord.")
    account.active = False
    session.execute(delete(WebSession).where(WebSession.account_id == account.id))
    revoked = update(ApiToken).where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
    session.execute(revoked.values(revoked_at=func.now()))
    forget_secrets(session, account)
    note(session, Event.CLOSED, account_id=account.id, by=by)
    session.flush()


def reopen_account(session: Session, account: Account, *, by: int) -> None:
    """Let a closed account in again, by the password it had; its tokens stay revoked."""
    if account.active:
        raise Refusal("Ce compte n'est pas fermé.")
    if account.email.endswith(FORGOTTEN):
        raise Refusal("Les données de cette personne ont été effacées ; invitez-la de nouveau.")
    account.active = True
    note(session, Event.REOPENED, account_id=account.id, by=by)
    session.flush()


FORGOTTEN = "@efface.invalid"
"""Ends the address of an account whose person has been forgotten; a domain that can never be (RFC 2606)."""


def forget_person(session: Session, account: Account, *, by: int) -> None:
    """Take name, address and secrets out of a closed account (GDPR art. 17); what was signed keeps its signatory.

    Documents, invoices and history are kept as long as the law asks (code de commerce art. L123-22).
    """
    if account.active:
        raise Refusal("Fermez ce compte avant d'en effacer les données.")
    # The journal's older lines keep the address until they are a year old, and go then.
    session.execute(delete(ExternalIdentity).where(ExternalIdentity.account_id == account.id))
    session.execute(delete(OneTimeSecret).where(OneTimeSecret.account_id == account.id))
    session.execute(text("SELECT fleet.remove_second_factor(:number)"), {"number": account.id})
    account.name, account.email, account.password_hash = "Compte effacé", f"compte-{account.id}{FORGOTTEN}", None
    note(session, Event.FORGOTTEN, account_id=account.id, by=by)
    session.flush()
