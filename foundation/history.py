"""Who changed what, from what to what: written by a trigger on every table worth asking about."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from foundation.base import Base, identifier

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_WATCHED = text(
    "SELECT n.nspname || '.' || c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgname = 'record_change'"
)


class Change(Base):
    """One insertion or update of one row, with the columns that changed; append-only."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_row", "table_name", "row_id"), {"schema": "foundation"})

    id: Mapped[identifier]
    at: Mapped[dt.datetime]
    account_id: Mapped[int | None]
    """Who acted; None for the worker and for migrations."""
    role: Mapped[str]
    table_name: Mapped[str]
    """With its schema: "contracts.agreement"."""
    row_id: Mapped[int]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any]]


def watched(session: Session) -> frozenset[str]:
    """Return the tables whose changes are kept ("schema.name")."""
    return frozenset(session.scalars(_WATCHED))
