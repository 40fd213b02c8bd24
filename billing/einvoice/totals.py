"""Amounts of an invoice by the calculation rules of EN 16931-1: lines are rounded first, VAT once a rate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from foundation.money import euros

if TYPE_CHECKING:
    from billing.einvoice.model import Invoice, Line


@dataclass(frozen=True, slots=True)
class VatBreakdown:
    """BG-23: one category and rate."""

    category: str
    """BT-118."""
    rate: Decimal
    """BT-119, percent."""
    base: Decimal
    """BT-116."""
    amount: Decimal
    """BT-117."""
    exemption_reason: str
    """BT-120."""


@dataclass(frozen=True, slots=True)
class Totals:
    """BG-22, euros."""

    lines: Decimal
    """BT-106."""
    net: Decimal
    """BT-109."""
    vat: Decimal
    """BT-110."""
    gross: Decimal
    """BT-112."""
    paid: Decimal
    """BT-113."""
    due: Decimal
    """BT-115."""


def line_net(line: Line) -> Decimal:
    """Return BT-131, the net amount of a line: quantity × unit price, rounded to the cent."""
    return euros(line.quantity * line.unit_price)


def vat_breakdown(invoice: Invoice) -> tuple[VatBreakdown, ...]:
    """Return BG-23 by category and rate, in the order of the lines."""
    bases: dict[tuple[str, Decimal], Decimal] = {}
    reasons: dict[tuple[str, Decimal], str] = {}
    for line in invoice.lines:
        key = (line.vat_category, line.vat_rate)
        bases[key] = bases.get(key, Decimal(0)) + line_net(line)  # BR-S-08
        reasons.setdefault(key, line.exemption_reason)
    return tuple(
        # BR-CO-17: rounded once a rate, not once a line.
        VatBreakdown(category, rate, base, euros(base * rate / 100), reasons[category, rate])
        for (category, rate), base in bases.items()
    )


def totals(invoice: Invoice) -> Totals:
    """Return BG-22; without allowances, charges or rounding amount, so BR-CO-11 and BR-CO-12 have no object."""
    lines = sum((line_net(line) for line in invoice.lines), Decimal(0))  # BR-CO-10
    vat = sum((part.amount for part in vat_breakdown(invoice)), Decimal(0))  # BR-CO-14
    gross = lines + vat  # BR-CO-13 (net = lines) and BR-CO-15
    due = gross - invoice.paid_amount  # BR-CO-16
    return Totals(lines=lines, net=lines, vat=vat, gross=gross, paid=invoice.paid_amount, due=due)
