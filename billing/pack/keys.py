"""Which key signs, and which ones did: the signer is given to the process, its public half is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from billing.pack.models import SigningKey
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from billing.pack.signing import Signer


class _Hand:
    """The signer this process was given at its start."""

    signer: Signer | None = None


def sign_with(signer: Signer | None) -> None:
    """Let this process sign with `signer`; called once, where the process is composed."""
    _Hand.signer = signer


def signer_in_use(session: Session, today: dt.date) -> Signer:
    """Return the signer of this process, its public half published from `today` on; refuse where there is none.

    A key that takes over retires the one before: what that one signed stays good. A retired key never signs again.
    """
    signer = _Hand.signer
    if signer is None:
        raise Refusal(
            "La clé de signature manque : donnez-la au processus de tâches (FLEET_SIGNING_KEY), puis relancez ce"
            " document."
        )
    fingerprint = signer.public.fingerprint
    in_use = select(SigningKey).where(SigningKey.retired_on.is_(None))
    # Shared: those who print sign side by side, and a key that takes over waits until they are done.
    shared = in_use.where(SigningKey.fingerprint == fingerprint).with_for_update(read=True)
    if session.scalar(shared) is not None:
        return signer
    current = session.scalar(in_use.with_for_update().execution_options(populate_existing=True))
    if current is not None and current.fingerprint == fingerprint:
        return signer
    if session.scalar(select(SigningKey.id).where(SigningKey.fingerprint == fingerprint)) is not None:
        raise Refusal("Cette clé de signature a été remplacée ; donnez au processus de tâches celle qui est en usage.")
    if current is not None:
        current.retired_on = max(today, current.used_from)
        session.flush()
    session.add(SigningKey(fingerprint=fingerprint, pem=signer.public.pem, used_from=today))
    session.flush()
    return signer


def published_keys(session: Session) -> Sequence[SigningKey]:
    """Return the keys the SPL has signed with, the one in use first."""
    return session.scalars(select(SigningKey).order_by(SigningKey.retired_on.desc().nulls_first())).all()
