"""The journals as the tax administration wants entries written: the columns of the FEC, for the accountant.

Livre des procédures fiscales art. A47 A-1: eighteen columns in this order, parted by tabulations, days as AAAAMMJJ,
decimal comma, UTF-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.ledger.models import Entry, LedgerAccount, Posting
from billing.ledger.rules import NOTHING
from contracts.parties.models import Shareholder

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sqlalchemy.orm import Session

COLUMNS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
JOURNAL_NAMES = {"VT": "Ventes", "BQ": "Banque", "OD": "Opérations diverses"}


def fec(session: Session, year: int) -> bytes:
    """Return the entries of a calendar `year`, each posting a line."""
    # Numbered over all entries as they were written, whatever year is asked for.
    place = select(Entry.id, func.row_number().over(order_by=Entry.id).label("number")).subquery()
    rows = session.execute(
        select(Entry, Posting, LedgerAccount.name, Shareholder, place.c.number)
        .join(Posting, Posting.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.code == Posting.account_code)
        .outerjoin(Shareholder, Shareholder.id == Posting.shareholder_id)
        .join(place, place.c.id == Entry.id)
        .where(func.extract("year", Entry.day) == year)
        .order_by(Entry.id, Posting.id)
    )
    lines = [
        (
            entry.journal, JOURNAL_NAMES[entry.journal], str(number), _day(entry.day), posting.account_code, account,
            owner.siren if owner else "", owner.name if owner else "", entry.document, _day(entry.document_date),
            entry.label, _amount(posting.amount), _amount(-posting.amount), "", "", _day(entry.created_at.date()),
            "", "",
        )
        for entry, posting, account, owner, number in rows
    ]  # fmt: skip
    return "".join("\t".join(map(_cell, line)) + "\r\n" for line in (COLUMNS, *lines)).encode()


def _day(day: dt.date) -> str:
    return f"{day:%Y%m%d}"


def _amount(amount: Decimal) -> str:
    return f"{max(amount, NOTHING):.2f}".replace(".", ",")


def _cell(text: str) -> str:
    """Return `text` as one cell no spreadsheet takes for a formula."""
    clean = " ".join(text.split())
    return f"'{clean}" if clean[:1] in {"=", "+", "-", "@"} else clean
