"""Who sends a document: the SPL, or its place where it has not said who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.parties.models import Company
from contracts.prices.energies import ENERGY_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session


class Sender(NamedTuple):
    """The name on top of a document."""

    name: str
    email: str
    synthetic: bool
    energy_words: Mapping[str, str] = ENERGY_NAMES


NOBODY: Final = Sender("SPL", "", synthetic=False)


def sender(session: Session) -> Sender:
    """Return who the SPL is; documents of savings are made before anybody bills, so it need not be known yet."""
    company = session.get(Company, 1)
    return Sender(company.name, company.email, company.synthetic) if company else NOBODY
