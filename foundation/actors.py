"""Who acts: the person or process a transaction is carried out for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The database role a transaction runs under (`SET LOCAL ROLE fleet_<role>`)."""

    OPERATOR = "operator"
    """Works at the SPL: sees and changes everything, alone creates and issues."""
    SHAREHOLDER = "shareholder"
    """Reads what its municipality holds, for the time it held it; proposes, disputes, deposits."""
    TECHNICIAN = "technician"
    """Sees sites, points and devices; never agreements or money."""
    PUBLIC = "public"
    """Not signed in."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The one for whom a transaction runs; row-level security and history read it."""

    role: Role
    account_id: int | None = None
    shareholder_id: int | None = None
    name: str = ""
    guest: bool = False
    """Reads what its role reads and writes nothing: its transactions are read-only in the database too."""


PUBLIC = Actor(Role.PUBLIC)
