"""Checks of a line: what is billed, how much of it, at what price, with which VAT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.einvoice.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from billing.einvoice.model import Line

UNIT_CODES = ("C62", "KWH", "MWH", "MON", "DAY")
_QUANTITY_DECIMALS = 4
_PRICE_DECIMALS = 6


def line_problems(line: Line) -> Iterator[Problem]:
    """Yield what is wrong with `line`."""
    where = f"ligne {line.identifier}"
    if not line.name.strip():
        sentence = f"La {where} n'a pas de désignation ; nommez ce qui est facturé."
        yield Problem("BR-25", sentence, f"BT-153, {where}")
    if line.unit_price <= 0 or _decimals(line.unit_price) > _PRICE_DECIMALS:
        sentence = (
            f"Le prix unitaire {line.unit_price} de la {where} doit être positif, avec six décimales au plus ;"
            " ce qui est rendu se note par une quantité négative ou un avoir."
        )
        yield Problem("BR-FR-DEC-03", sentence, f"BT-146, {where}")
    if line.quantity == 0 or _decimals(line.quantity) > _QUANTITY_DECIMALS:
        sentence = (
            f"La quantité {line.quantity} de la {where} ne peut être nulle ni avoir plus de quatre décimales ;"
            " arrondissez-la."
        )
        yield Problem("BR-FR-DEC-02", sentence, f"BT-129, {where}")
    if line.unit_code not in UNIT_CODES:
        sentence = f"L'unité « {line.unit_code} » de la {where} n'est pas gérée ; choisissez {', '.join(UNIT_CODES)}."
        yield Problem("BR-23", sentence, f"BT-130, {where}")
    yield from _vat(line, where)


def _vat(line: Line, where: str) -> Iterator[Problem]:
    if line.vat_category == "S":
        if line.vat_rate <= 0:
            sentence = f"Le taux de TVA de la {where} doit être positif ; sinon choisissez l'exonération."
            yield Problem("BR-S-05", sentence, f"BT-152, {where}")
    elif line.vat_category not in ("E", "O"):
        sentence = f"La catégorie de TVA « {line.vat_category} » de la {where} n'est pas gérée ; choisissez S, E ou O."
        yield Problem("BR-FR-15", sentence, f"BT-151, {where}")
    elif line.vat_rate != 0 or not line.exemption_reason.strip():
        sentence = f"La {where}, sans TVA, doit avoir un taux nul et citer le texte qui l'exonère ; complétez-la."
        yield Problem(f"BR-{line.vat_category}-10", sentence, f"BT-120, {where}")


def _decimals(number: Decimal) -> int:
    """Return how many decimals `number` needs: trailing zeros do not count, what is not a number needs too many."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else _PRICE_DECIMALS + 1
