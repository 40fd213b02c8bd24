"""What the municipality keeps, on the pages of a settlement and of its invoice."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from billing.benefit.rules import benefit
from foundation.pages import Fragment
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request

    from billing.invoices.models import Invoice
    from billing.settlements.models import Settlement


def of_settlement(_request: Request, settlement: Settlement) -> Mapping[str, Any] | None:
    """Return what is kept of the contract year to date; None where it is no share of savings or nothing was saved."""
    if settlement.kind != "savings" or settlement.avoided_value <= 0:
        return None
    avoided: dict[str, Decimal] = defaultdict(Decimal)
    for line in settlement.lines:
        if line.year == settlement.contract_year_number:
            avoided[line.energy] += line.avoided_value
    budget = settlement.agreement.budget
    return {
        "benefit": benefit(avoided, settlement.share_to_date, budget.vat_recovery),
        "recovery": budget.vat_recovery,
        "reduced": bool(set(avoided) - {"electricity", "gas"}),
    }


def of_invoice(request: Request, invoice: Invoice) -> Mapping[str, Any] | None:
    """Return the same of the settlement an invoice follows from."""
    return None if invoice.is_credit_note else of_settlement(request, invoice.settlement)


def includeme(config: Configurator) -> None:
    """Register the fragments."""
    template, see = "billing.benefit:templates/benefit.jinja2", Permission.SEE_BILLING
    config.add_fragment(Fragment("settlement", "benefit", 50, see, template, of_settlement))
    config.add_fragment(Fragment("invoice", "benefit", 20, see, template, of_invoice))
