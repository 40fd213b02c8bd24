"""What issuing writes, in one statement: counter, document, settlement, entry and postings.

The series is locked from the moment its counter is read until the commit, and every other document of it waits: between
the two there is one trip to the database and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Date, Integer, Numeric, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from billing.ledger.rules import CUSTOMERS, NOTHING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from billing.ledger.rules import Move

_WRITE = text("""
    WITH series AS (
        UPDATE billing.invoice_series SET last_number = :position, last_issue_date = :today, head_sha256 = :sha256
        WHERE prefix = :series
    ), document AS (
        UPDATE billing.invoice SET state = 'issued', series = :series, position = :position, number = :number,
            issue_date = :today, due_date = :due_date, snapshot = :snapshot,
            previous_sha256 = :previous_sha256, sha256 = :sha256
        WHERE id = :id
    ), settlement AS (
        UPDATE billing.settlement SET state = :settled WHERE id = :settlement_id
    ), entry AS (
        INSERT INTO billing.entry (day, journal, kind, document, document_date, label)
        SELECT :today, 'VT', :kind, :number, :today, :label WHERE cardinality(:accounts) > 0
        RETURNING id
    )
    INSERT INTO billing.posting (entry_id, account_code, shareholder_id, amount)
    SELECT entry.id, move.* FROM entry, unnest(:accounts, :owners, :amounts) AS move
""").bindparams(
    *(bindparam(name, type_=Date) for name in ("today", "due_date")),
    *(bindparam(name, type_=Integer) for name in ("id", "position", "settlement_id")),
    *(
        bindparam(name, type_=Text)
        for name in ("series", "number", "previous_sha256", "sha256", "settled", "kind", "label")
    ),
    bindparam("snapshot", type_=JSONB),
    bindparam("accounts", type_=ARRAY(Text)),
    bindparam("owners", type_=ARRAY(Integer)),
    bindparam("amounts", type_=ARRAY(Numeric)),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a document becomes."""

    series: str
    position: int
    number: str
    issue_date: dt.date
    due_date: dt.date
    snapshot: dict[str, Any]
    previous_sha256: str
    sha256: str


def write_issued(
    session: Session,
    issued: Issued,
    *,
    invoice_id: int,
    shareholder_id: int,
    settlement: tuple[int, str],
    kind: str,
    label: str,
    moves: Sequence[Move],
) -> None:
    """Write `issued` for the document `invoice_id`; `settlement` is its number and the state it takes.

    An entry out of balance is a ValueError, and the database refuses it at commit.
    """
    if sum((move.amount for move in moves), NOTHING):
        raise ValueError("an entry balances to zero")
    session.execute(
        _WRITE,
        {
            "id": invoice_id,
            "series": issued.series,
            "position": issued.position,
            "number": issued.number,
            "today": issued.issue_date,
            "due_date": issued.due_date,
            "snapshot": issued.snapshot,
            "previous_sha256": issued.previous_sha256,
            "sha256": issued.sha256,
            "settlement_id": settlement[0],
            "settled": settlement[1],
            "kind": kind,
            "label": label,
            "accounts": [move.account for move in moves],
            "owners": [shareholder_id if move.account == CUSTOMERS else None for move in moves],
            "amounts": [move.amount for move in moves],
        },
    )
