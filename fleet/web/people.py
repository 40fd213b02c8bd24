"""The accounts, as the floors below know people (foundation.people)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from fleet.accounts.models import Account
from fleet.web.translations import languages
from foundation.actors import Role
from foundation.look.language import FRENCH, learn
from foundation.people import Person, people_come_from

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session


def people_of_accounts(session: Session) -> list[Person]:
    """Return whoever has an active account, by name; guests read, and are written to by nobody."""
    columns = Account.id, Account.name, Account.email, Account.role, Account.shareholder_id, Account.language
    rows = session.execute(
        select(*columns).where(Account.active, Account.role != "guest").order_by(Account.name, Account.id)
    )
    return [
        Person(number, name, email, Role(role), shareholder_id, languages().get(language, FRENCH))
        for number, name, email, role, shareholder_id, language in rows
    ]


people_come_from(people_of_accounts)
for _known in languages().values():
    learn(_known)


def includeme(_config: Configurator) -> None:
    """Be imported: that is all it takes."""
