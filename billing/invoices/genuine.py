"""Anyone who holds an invoice may ask whether it is genuine: its number and its seal together are the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class GenuineInvoice:
    """What the register holds under this number and seal; amounts in euros."""

    number: str
    issue_date: dt.date
    net: Decimal
    gross: Decimal
    buyer: str


def genuine_invoice(session: Session, number: str, seal: str) -> GenuineInvoice | None:
    """Return the issued invoice `number` sealed by `seal`, or None; any role may ask.

    The seal is 64 hexadecimal digits, spaced as on paper or not.
    """
    row = session.execute(
        text("SELECT * FROM billing.invoice_by_seal(:number, :seal)"),
        {"number": number, "seal": "".join(seal.split()).lower()},
    ).one_or_none()
    return None if row is None else GenuineInvoice(*row)
