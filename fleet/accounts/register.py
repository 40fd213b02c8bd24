"""Open accounts and change passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from fleet.accounts.models import Account, WebSession
from fleet.accounts.passwords import hash_password
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder

# CNIL, délibération 2022-100: 50 bits of guessing are enough where tries are slowed down.
SHORTEST_PASSWORD = 12


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    shareholder: Shareholder | None = None,
    language: str = "fr",
) -> Account:
    """Open an account; a shareholder's account names its municipality, the others none."""
    email = email.strip().lower()
    if "@" not in email or " " in email:
        raise Refusal("« {email} » n'est pas une adresse électronique.", field="email", email=email)
    if session.scalar(select(Account.id).where(Account.email == email)) is not None:
        raise Refusal("{email} a déjà un compte.", field="email", email=email)
    if (role == "shareholder") != (shareholder is not None):
        raise Refusal(
            "Un compte de collectivité nomme sa collectivité ; les autres comptes n'en ont pas.", field="role"
        )
    account = Account(
        email=email,
        name=name,
        role=role,
        shareholder=shareholder,
        password_hash=hash_password(_checked(password)),
        language=language,
        active=True,
    )
    session.add(account)
    session.flush()
    return account


def change_password(session: Session, account: Account, password: str) -> None:
    """Give `account` a new password and end all its web sessions."""
    account.password_hash = hash_password(_checked(password))
    session.execute(delete(WebSession).where(WebSession.account_id == account.id))
    session.flush()


def _checked(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(
            "Le mot de passe est trop court : {shortest} signes au moins.",
            field="password",
            shortest=SHORTEST_PASSWORD,
        )
    return password
