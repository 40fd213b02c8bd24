"""Gapless numbers and the chain that seals them, taken in the transaction that issues."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing.einvoice.model import CREDIT_NOTE, INVOICE
from billing.invoices.models import InvoiceSeries
from foundation.canonical import canonical_json
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session


LETTERS = {INVOICE: "F", CREDIT_NOTE: "A"}
"""What the numbers of each type of document begin with: facture, avoir."""


def open_series(session: Session, type_code: str, issue_date: dt.date) -> InvoiceSeries:
    """Return the year's series, locked until the transaction ends: one document takes its number at a time.

    CGI ann. II art. 242 nonies A: numbers are chronological and continuous; a day before the last issue is refused.
    """
    prefix = f"{LETTERS[type_code]}{issue_date.year}-"
    locked = (
        select(InvoiceSeries)
        .where(InvoiceSeries.prefix == prefix)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    series = session.scalars(locked).one_or_none()
    if series is None:
        # The first of its year; whoever else is, waits for this one.
        begun = insert(InvoiceSeries).values(prefix=prefix, last_number=0, head_sha256="")
        session.execute(begun.on_conflict_do_nothing())
        series = session.scalars(locked).one()
    if series.last_issue_date is not None and issue_date < series.last_issue_date:
        raise Refusal(
            "Le dernier document de la série {series} est du {last} : aucun ne peut porter une date antérieure"
            " ({asked}). Vérifiez la date du jour.",
            series=prefix,
            last=f"{series.last_issue_date:%d/%m/%Y}",
            asked=f"{issue_date:%d/%m/%Y}",
        )
    return series


def seal(previous_sha256: str, snapshot: Any) -> str:
    """Return the SHA-256 of the seal of the document before in its series and this one's canonical snapshot."""
    return hashlib.sha256(previous_sha256.encode() + canonical_json(snapshot)).hexdigest()
