"""Write an entry, and compute balances from what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from billing.ledger.models import Entry, Posting
from billing.ledger.rules import CUSTOMERS, NOTHING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from billing.ledger.rules import Move


def post(
    session: Session,
    moves: Iterable[Move],
    *,
    day: dt.date,
    journal: str,
    kind: str,
    document: str,
    document_date: dt.date,
    label: str,
    shareholder_id: int,
) -> int | None:
    """Add an entry of `moves` and return its id, or None where nothing moves; one out of balance is a ValueError."""
    made = list(moves)
    if sum((move.amount for move in made), NOTHING):
        raise ValueError("an entry balances to zero")
    if not made:
        return None
    entry_id: int = session.execute(
        insert(Entry)
        .values(
            day=day,
            journal=journal,
            kind=kind,
            document=document,
            document_date=document_date,
            label=label,
        )
        .returning(Entry.id)
    ).scalar_one()
    session.execute(
        insert(Posting).values(
            [
                {
                    "entry_id": entry_id,
                    "account_code": move.account,
                    "shareholder_id": shareholder_id if move.account == CUSTOMERS else None,
                    "amount": move.amount,
                }
                for move in made
            ]
        )
    )
    return entry_id


def balance(session: Session, account: str, *, shareholder_id: int | None = None, on: dt.date | None = None) -> Decimal:
    """Return the balance of `account`, of one customer where named, at the end of the day `on`; debit is positive."""
    query = select(func.sum(Posting.amount)).where(Posting.account_code == account)
    if shareholder_id is not None:
        query = query.where(Posting.shareholder_id == shareholder_id)
    if on is not None:
        query = query.join(Entry).where(Entry.day <= on)
    return session.scalar(query) or NOTHING
