"""Rendering, done by the worker: a crash costs a rendering, never a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.invoices.models import Invoice
from billing.invoices.register import RENDER
from billing.invoices.rendering import render
from foundation.jobs.queue import Moment, handles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session


@handles(RENDER)
def render_invoice(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Render the invoice `invoice_id` and keep its originals."""
    invoice = render(session, session.get_one(Invoice, params["invoice_id"], with_for_update=True), today=moment.today)
    return {"invoice_id": invoice.id, "number": invoice.number}
