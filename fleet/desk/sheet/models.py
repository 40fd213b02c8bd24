"""The views of the sheet that people keep."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fleet.accounts.models import Account
from foundation.base import Base, created, identifier


class SheetView(Base):
    """A state of the sheet under a name: its maker's, and everybody's at the SPL where it is shared."""

    __tablename__ = "sheet_view"
    __table_args__ = (UniqueConstraint("account_id", "name"), {"schema": "fleet"})

    id: Mapped[identifier]
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id))
    role: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    """The address after its question mark (`fleet.desk.sheet.asked`)."""
    shared: Mapped[bool]
    created_at: Mapped[created]

    account: Mapped[Account] = relationship()
