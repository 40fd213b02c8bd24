"""What was changed on a row and on those that hang on it, newest first (foundation.history)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from fleet.accounts.models import Account
from foundation.base import Base
from foundation.history import Change, watched

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

MOST = 500
HIDDEN = ("hash", "secret", "token", "password")
"""A column with one of these in its name is said to have changed, never what it was."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: when, by whom, of which row, and each column with what it was and what it became."""

    at: dt.datetime
    who: str
    table: str
    row_id: int
    columns: list[tuple[str, Any, Any]]
    created: bool


def trail(session: Session, table: Table, row_id: int) -> list[Entry]:
    """Return what was changed on a row and on the rows that name it, newest first, `MOST` at most."""
    recorded = watched(session)
    own = and_(Change.table_name == table.fullname, Change.row_id == row_id)
    hanging = [
        and_(
            Change.table_name == other.fullname,
            Change.row_id.in_(select(other.c.id).where(key.parent == row_id).scalar_subquery()),
        )
        for other in Base.metadata.tables.values()
        if other.fullname in recorded and "id" in other.c and other is not table
        for key in other.foreign_keys
        if key.column is table.c.id
    ]
    query = (
        select(Change, Account.name)
        .outerjoin(Account, Account.id == Change.account_id)
        .where(or_(own, *hanging))
        .order_by(Change.id.desc())
        .limit(MOST)
    )
    return [_entry(change, name) for change, name in session.execute(query)]


def _entry(change: Change, name: str | None) -> Entry:
    before, after = change.before or {}, change.after
    columns = [
        (column, *(("•••", "•••") if any(word in column for word in HIDDEN) else (before.get(column), value)))
        for column, value in after.items()
        if column != "id" and not (change.before is None and value in (None, "", [], {}))
    ]
    return Entry(change.at, name or change.role, change.table_name, change.row_id, columns, change.before is None)
