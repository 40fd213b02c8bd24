"""Which accounts a document and a payment move, and by how much: values only. Debit is positive, credit negative."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from foundation.money import euros

CUSTOMERS = "411"
BANK = "512"
REVENUE = "706"
VAT_WAITING = "44574"
"""VAT on services is due when they are paid for (CGI art. 269-2-c): until then it waits here."""
VAT_DUE = "44571"
CESSIONS = "775"
LATE_INTEREST = "763"
LATE_INDEMNITY = "758"
NOTHING = Decimal("0.00")

ACCOUNTS = {
    CUSTOMERS: "Clients",
    BANK: "Banque",
    REVENUE: "Prestations de services",
    CESSIONS: "Produits des cessions d'éléments d'actif",
    VAT_WAITING: "TVA collectée en attente d'encaissement",
    VAT_DUE: "TVA collectée",
    LATE_INTEREST: "Revenus des autres créances",
    LATE_INDEMNITY: "Produits divers de gestion courante",
}
"""The chart, by code (plan comptable général, ANC 2014-03, art. 932-1)."""


class Move(NamedTuple):
    """An amount on an account."""

    account: str
    amount: Decimal


def sale(net: Decimal, vat: Decimal) -> tuple[Move, ...]:
    """Return what issuing an invoice moves; a credit note is the same with both amounts negative."""
    return _moves(Move(CUSTOMERS, net + vat), Move(REVENUE, -net), Move(VAT_WAITING, -vat))


def cession(net: Decimal, vat: Decimal) -> tuple[Move, ...]:
    """Return what selling the sensors moves: they are fixed assets, and VAT on goods is due at once (CGI art. 269-2-a).

    A credit note is the same with both amounts negative.
    """
    return _moves(Move(CUSTOMERS, net + vat), Move(CESSIONS, -net), Move(VAT_DUE, -vat))


def receipt(amount: Decimal) -> tuple[Move, ...]:
    """Return what money from a customer moves; a refund is the same with a negative amount."""
    return _moves(Move(BANK, amount), Move(CUSTOMERS, -amount))


def late_charge(interest: Decimal, indemnity: Decimal) -> tuple[Move, ...]:
    """Return what interest and indemnity a customer paid move: damages, outside the scope of VAT."""
    return _moves(
        Move(CUSTOMERS, interest + indemnity), Move(LATE_INTEREST, -interest), Move(LATE_INDEMNITY, -indemnity)
    )


def vat_falls_due(amount: Decimal) -> tuple[Move, ...]:
    """Return what VAT that falls due moves; negative where a payment is taken off its invoice again."""
    return _moves(Move(VAT_WAITING, amount), Move(VAT_DUE, -amount))


def vat_of_part(vat: Decimal, gross: Decimal, paid: Decimal) -> Decimal:
    """Return the VAT contained in `paid` of an invoice of `gross`: exact when it is paid whole, cut however it may be.

    Differences of this function, and not roundings of each part, are what is booked.
    """
    return euros(vat * paid / gross) if gross else NOTHING


def _moves(*moves: Move) -> tuple[Move, ...]:
    return tuple(move for move in moves if move.amount)
