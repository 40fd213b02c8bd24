"""The items of the year-end run: an agreement to settle, or a document it issued to print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.invoices.models import Invoice
from billing.invoices.rendering import render
from billing.year_end.register import RUN, settle_one
from foundation.jobs.queue import Moment, handles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session


@handles(RUN)
def year_end(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Do one item."""
    if "invoice_id" not in params:
        return settle_one(session, params, moment)
    printed = render(session, session.get_one(Invoice, params["invoice_id"], with_for_update=True), today=moment.today)
    return {"invoice_id": printed.id, "number": printed.number}
