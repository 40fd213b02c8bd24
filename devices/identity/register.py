"""Give devices what they sign in to the broker with, take it away, and make the broker agree with the inventory.

Whoever changes accounts holds one lock until the transaction ends: nobody takes for a stranger's what another is just
about to commit. The broker is changed before the commit where something is given (nobody has seen the password if it
fails) and after it where something is taken away (`agree` ends what a kill in between left).
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from devices.dialects.spl import DIALECT as SPL
from devices.identity.document import Entry, hashed
from devices.identity.models import BrokerIdentity
from devices.identity.rules import PASSWORD_BYTES, PREFIX, account_of, device_rights, topics_of, username_of
from devices.inventory.models import Device
from devices.inventory.states import OUT_OF_SERVICE
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from devices.identity.broker import DynamicSecurity
    from devices.identity.rules import Account

RECONCILIATION = "réconciliation"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is shown once; the user name is the client id too."""

    serial: str
    username: str
    topics: tuple[str, ...]
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What making the broker agree took, by user name: nothing at all where it agreed already."""

    revoked: tuple[str, ...]
    """Of devices that are lost or retired by now."""
    removed: tuple[str, ...]
    """The broker had them and should not, or with a password that is not the one we know of."""
    mended: tuple[str, ...]
    """Their client id or rights had been changed at the broker."""
    missing: tuple[str, ...]
    """The broker has lost them: to be renewed, or filled in again from the database."""


class Keeper(Protocol):
    """Who is given new accounts with their passwords: a broker that runs, or whoever writes its file."""

    def put(self, wanted: Sequence[tuple[Account, str]]) -> None:
        """Make each account with its password, in the place of one that is there."""


def provision(
    session: Session,
    broker: Keeper,
    devices: Sequence[Device],
    *,
    by: str,
    now: dt.datetime,
    dialect: str | None = None,
    name: str | None = None,
    renew: bool = False,
) -> list[Credentials]:
    """Make an account for each of `devices` that has none, or for all where `renew`; return those made, to show once.

    A gateway says in which `dialect` it speaks and, where that is not its serial, under which `name`. The caller
    commits at once.

    Raises:
        Refusal: a device is out of service or cannot be named in a topic, or the broker does not follow.

    """
    if name is not None and len(devices) != 1:
        raise Refusal("Un nom n'est qu'à un appareil ; donnez-en un seul à la fois.", field="name")
    _alone(session)
    session.scalars(_anew(devices)).all()
    known = {identity.device_id: identity for identity in session.scalars(_of(devices))}
    wanted: list[tuple[Account, str]] = []
    named: list[BrokerIdentity] = []
    for device in devices:
        if device.state in OUT_OF_SERVICE:
            raise Refusal(
                "Le capteur {serial} est hors service ; il ne peut pas avoir d'identité au courtier.",
                serial=device.serial,
            )
        identity = known.get(device.id)
        if identity is not None and identity.revoked_at is None and not renew:
            _unchanged(identity, dialect, name)
            continue
        password = base64.urlsafe_b64encode(secrets.token_bytes(PASSWORD_BYTES)).rstrip(b"=").decode()
        if identity is None:
            identity = BrokerIdentity(device=device, dialect=SPL.name, name=device.serial, made_at=now, made_by=by)
            session.add(identity)
        else:
            identity.renewed_at, identity.renewed_by = now, by
            identity.revoked_at = identity.revoked_by = identity.cut_off_at = identity.missing_since = None
        identity.dialect, identity.name = dialect or identity.dialect, name or identity.name
        identity.generation, identity.password_hash = secrets.token_hex(8), hashed(password)
        wanted.append((_account(identity), password))
        named.append(identity)
    _alone_under_their_names(session, named)
    session.flush()
    broker.put(wanted)
    return [
        Credentials(one.username.removeprefix(PREFIX), one.username, tuple(sorted(one.topics)), password)
        for one, password in wanted
    ]


def revoke(session: Session, device: Device, *, by: str, now: dt.datetime) -> BrokerIdentity:
    """Write that the account of `device` is no more; once that is committed, `agree` takes it from the broker."""
    _alone(session)
    identity = session.scalar(_of([device]))
    if identity is None or identity.revoked_at is not None:
        raise Refusal(
            "Le capteur {serial} n'a pas d'identité au courtier ; il n'y a rien à révoquer.", serial=device.serial
        )
    _end(identity, by, now)
    session.flush()
    return identity


def agree(session: Session, broker: DynamicSecurity, *, now: dt.datetime) -> Agreement:
    """Make the broker's accounts those the inventory has: lost and retired devices cut off, strangers taken away."""
    _alone(session)
    identities = session.scalars(_all()).all()
    revoked = [one for one in identities if one.device.state in OUT_OF_SERVICE]
    for identity in revoked:
        _end(identity, RECONCILIATION, now)
    kept = [(_account(identity), identity) for identity in identities if identity not in revoked]
    wanted = {account.username: (account, identity) for account, identity in kept}
    had = broker.accounts()
    removed = [name for name, one in had.items() if name not in wanted or wanted[name][0].generation != one.generation]
    broker.remove(removed)
    there = had.keys() - set(removed)
    mended = [name for name in sorted(there) if wanted[name][0] != had[name]]
    for name in mended:
        broker.mend(wanted[name][0])
    missing = sorted(wanted.keys() - there)
    for name, (_, identity) in wanted.items():
        identity.missing_since = (identity.missing_since or now) if name in missing else None
    for identity in session.scalars(_to_cut_off()):
        identity.cut_off_at = now
    session.flush()
    return Agreement(
        tuple(sorted(username_of(one.device.serial) for one in revoked)),
        tuple(sorted(removed)),
        tuple(mended),
        tuple(missing),
    )


def is_pending(session: Session) -> bool:
    """Say whether the inventory has taken something away that the broker may still have."""
    out_of_service = (
        select(BrokerIdentity.id)
        .join(Device)
        .where(BrokerIdentity.revoked_at.is_(None), Device.state.in_(OUT_OF_SERVICE))
    )
    return bool(session.scalar(select(out_of_service.exists() | _to_cut_off().exists())))


def identity_of(session: Session, device: Device) -> BrokerIdentity | None:
    """Return what `device` has or had."""
    return session.scalar(_of([device]))


def entries(session: Session) -> list[Entry]:
    """Return every account in force as the broker's file holds it, to fill a broker that has lost its own."""
    found = [(_account(identity), identity.password_hash) for identity in session.scalars(_all())]
    return [Entry(a.username, kept, device_rights(a.topics), a.client_id, a.generation) for a, kept in found]


def _alone_under_their_names(session: Session, identities: Sequence[BrokerIdentity]) -> None:
    """Refuse a name under which another device publishes in the same dialect."""
    wanted: dict[tuple[str, str], str] = {}
    for one in identities:
        _refuse_two(one, wanted.setdefault((one.dialect, one.name), one.device.serial))
    with session.no_autoflush:
        rows = session.execute(
            select(BrokerIdentity.dialect, BrokerIdentity.name, Device.serial)
            .join(Device)
            .where(
                BrokerIdentity.name.in_([one.name for one in identities]),
                BrokerIdentity.revoked_at.is_(None),
            )
        )
        there = {(dialect, name): serial for dialect, name, serial in rows}
    for one in identities:
        _refuse_two(one, there.get((one.dialect, one.name), one.device.serial))


def _refuse_two(identity: BrokerIdentity, other: str) -> None:
    if other != identity.device.serial:
        raise Refusal(
            "Le capteur {other} publie déjà sous le nom {name} ({dialect}) ; donnez un autre nom.",
            field="name",
            other=other,
            name=identity.name,
            dialect=identity.dialect,
        )


def _unchanged(identity: BrokerIdentity, dialect: str | None, name: str | None) -> None:
    """Refuse to pass over what is asked: other topics need another account."""
    if topics_of(dialect or identity.dialect, name or identity.name) != topics_of(identity.dialect, identity.name):
        raise Refusal(
            "Le capteur {serial} publie sous le nom {name} ({dialect}) ; pour en changer, renouvelez son "
            "identité (--renew).",
            serial=identity.device.serial,
            name=identity.name,
            dialect=identity.dialect,
        )


def _end(identity: BrokerIdentity, by: str, now: dt.datetime) -> None:
    identity.revoked_at, identity.revoked_by, identity.missing_since = now, by, None


def _account(identity: BrokerIdentity) -> Account:
    return account_of(identity.device.serial, identity.dialect, identity.name, identity.generation)


def _anew(devices: Iterable[Device]) -> Select[Device]:
    """Return the query of these as they are now: somebody may have waited for the lock."""
    query = select(Device).where(Device.id.in_([device.id for device in devices]))
    return query.execution_options(populate_existing=True)


def _of(devices: Iterable[Device]) -> Select[BrokerIdentity]:
    """Return the query of what these have or had, read anew: somebody may have waited for the lock."""
    query = select(BrokerIdentity).where(BrokerIdentity.device_id.in_([device.id for device in devices]))
    return query.execution_options(populate_existing=True)


def _all() -> Select[BrokerIdentity]:
    """Return the query of those in force."""
    return (
        select(BrokerIdentity)
        .where(BrokerIdentity.revoked_at.is_(None))
        .options(joinedload(BrokerIdentity.device))
        .order_by(BrokerIdentity.id)
        .execution_options(populate_existing=True)
    )


def _to_cut_off() -> Select[BrokerIdentity]:
    return select(BrokerIdentity).where(BrokerIdentity.revoked_at.is_not(None), BrokerIdentity.cut_off_at.is_(None))


def _alone(session: Session) -> None:
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("devices.broker_identity"))))
