"""A second factor: codes of thirty seconds from a telephone (RFC 6238), and codes on paper for a lost one."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

import pyotp
from sqlalchemy import delete, func, select, text

from fleet.accounts.journal import Event, note
from fleet.accounts.models import Account, RecoveryCode, SecondFactor, SignInAttempt
from fleet.accounts.throttle import wait_before
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

STEP = 30
"""Seconds a code lasts (RFC 6238 § 5.2)."""
DRIFT = 1
"""Steps a telephone's clock may be off, either way."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits each: there is nothing to guess, and a plain hash keeps them."""
WRONG_CODE = N_("Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant et vérifiez l'heure du téléphone.")


def begin(session: Session, account: Account) -> SecondFactor:
    """Return the secret to put on a telephone, the same until it is confirmed; one that counts already is refused."""
    factor = session.get(SecondFactor, account.id)
    if factor is None:
        factor = SecondFactor(account_id=account.id, secret=pyotp.random_base32(32), last_step=0)
        session.add(factor)
        session.flush()
    elif factor.confirmed_at is not None:
        raise Refusal("Ce compte a déjà un second facteur ; retirez-le pour en poser un autre.")
    return factor


def address_for_telephone(factor: SecondFactor, account: Account, issuer: str) -> str:
    """Return the otpauth:// address a telephone's application reads from a QR code."""
    return pyotp.TOTP(factor.secret).provisioning_uri(name=account.email, issuer_name=issuer.replace(":", " "))


def confirm(
    session: Session, account: Account, code: str, *, now: dt.datetime, remote_address: str = ""
) -> list[str] | str:
    """Make the secret count with a first right code; return the recovery codes, to be shown once, or the refusal.

    A refusal is returned and not raised: the attempt has to be committed.
    """
    factor = begin(session, account)
    if refused := _tried(session, account, factor, code, now=now, remote_address=remote_address):
        return refused
    factor.confirmed_at = now
    note(session, Event.SECOND_FACTOR_SET, account_id=account.id, remote_address=remote_address)
    return _new_recovery_codes(session, account)


def has_factor(session: Session, account: Account) -> bool:
    """Say whether `account` has a second factor that counts; runs as that account."""
    factor = session.get(SecondFactor, account.id)
    return factor is not None and factor.confirmed_at is not None


def check(session: Session, account: Account, code: str, *, now: dt.datetime, remote_address: str = "") -> str:
    """Return "" where `code` is right, of the telephone or of the paper, else the refusal; runs as that account.

    A code counts once: the same one again is refused, as is an older one (RFC 6238 § 5.2).
    """
    factor = session.get(SecondFactor, account.id, with_for_update=True)
    if factor is None or factor.confirmed_at is None:
        return WRONG_CODE
    return _tried(session, account, factor, code, now=now, remote_address=remote_address)


def _tried(
    session: Session, account: Account, factor: SecondFactor, code: str, *, now: dt.datetime, remote_address: str
) -> str:
    # Tries at the code are counted by themselves: they say the password is known to somebody.
    seconds = wait_before(session, account.email, remote_address=remote_address, browser=CODE)
    if seconds:
        return WRONG_CODE
    written = "".join(code.split()).replace("-", "").upper()
    right = _accept(factor, written, now) or _use_recovery_code(session, account, written, remote_address)
    session.add(
        SignInAttempt(
            email=account.email, remote_address=remote_address, succeeded=right, kind="second_factor", browser=CODE
        )
    )
    if not right:
        note(session, Event.SECOND_FACTOR_REFUSED, account_id=account.id, remote_address=remote_address)
    session.flush()
    return "" if right else WRONG_CODE


CODE = "second factor"
"""Stands for the browser where tries at a code are counted."""


def _accept(factor: SecondFactor, code: str, now: dt.datetime) -> bool:
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return False
    totp = pyotp.TOTP(factor.secret, interval=STEP)
    current = int(now.timestamp()) // STEP
    for step in range(max(current - DRIFT, factor.last_step + 1), current + DRIFT + 1):
        if secrets.compare_digest(totp.at(step * STEP), code):
            factor.last_step = step
            return True
    return False


def _use_recovery_code(session: Session, account: Account, code: str, remote_address: str) -> bool:
    used = delete(RecoveryCode).where(RecoveryCode.account_id == account.id, RecoveryCode.code_sha256 == _digest(code))
    if session.scalar(used.returning(RecoveryCode.account_id)) is None:
        return False
    note(session, Event.RECOVERY_CODE_USED, account_id=account.id, remote_address=remote_address)
    return True


def recovery_codes_left(session: Session, account: Account) -> int:
    """Return how many codes on paper still count."""
    return session.scalar(select(func.count()).where(RecoveryCode.account_id == account.id)) or 0


def _new_recovery_codes(session: Session, account: Account) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(account_id=account.id, code_sha256=_digest(code)) for code in codes)
    session.flush()
    return ["-".join(code[place : place + 4] for place in range(0, len(code), 4)) for code in codes]


def remove(session: Session, account: Account, *, remote_address: str = "") -> None:
    """Take one's own second factor away, and its codes on paper; runs as that account."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    session.expire_all()
    note(session, Event.SECOND_FACTOR_REMOVED, account_id=account.id, remote_address=remote_address)


def remove_for(session: Session, account: Account, *, by: int) -> None:
    """Take away the second factor of somebody who has lost it; runs as an operator, who never reads the secret."""
    session.execute(text("SELECT fleet.remove_second_factor(:number)"), {"number": account.id})
    note(session, Event.SECOND_FACTOR_REMOVED, account_id=account.id, by=by)


def holders(session: Session) -> set[int]:
    """Return the numbers of the accounts that have one; runs as an operator."""
    return set(session.scalars(text("SELECT fleet.second_factor_holders()")))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
