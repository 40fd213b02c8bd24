"""Whose account an identity of a provider is: known by its `sub`, linked once to an account that was invited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from contracts.parties.models import Company, Shareholder
from fleet.accounts.invitations import actor_for_writing
from fleet.accounts.journal import Event, note
from fleet.accounts.models import Account, ExternalIdentity
from fleet.accounts.sign_in import account_by_email
from foundation.actors import PUBLIC
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fleet.accounts.provider import Identity


def account_for(session: Session, identity: Identity) -> Account | str:
    """Return the account of `identity`, or in one word for the journal why there is none; runs as the public role.

    Nobody comes in who was not invited; who comes for another public body than the account's is refused each time
    (SIRET, never the domain of an address).
    """
    account = session.scalars(
        select(Account).from_statement(text("SELECT * FROM fleet.account_by_identity(:issuer, :subject)")),
        {"issuer": identity.issuer, "subject": identity.subject},
    ).one_or_none()
    linked = account is not None
    account = account or account_by_email(session, identity.email)
    if account is None or not account.active:
        return "not invited"
    bind_actor(session, actor_for_writing(account))
    try:
        if not _comes_from(session, account, identity.siret):
            return "siret"
        if not linked:
            taken = select(ExternalIdentity).where(
                ExternalIdentity.issuer == identity.issuer, ExternalIdentity.account_id == account.id
            )
            if session.scalar(taken) is not None:
                return "another subject"
            session.add(ExternalIdentity(issuer=identity.issuer, subject=identity.subject, account_id=account.id))
            session.flush()
            note(session, Event.IDENTITY_LINKED, account_id=account.id, detail=identity.issuer)
    finally:
        bind_actor(session, PUBLIC)
    return account


def _comes_from(session: Session, account: Account, siret: str) -> bool:
    """Say whether `siret` is of the public body the account belongs to; a guest may come from anywhere."""
    if account.role == "guest":
        return True
    siren = siret[:9]
    if account.shareholder_id is not None:
        town = session.get(Shareholder, account.shareholder_id)
        return town is not None and siren == town.siren
    company = session.get(Company, 1)
    return company is not None and siren == company.siret[:9]
