"""Line amounts and VAT to the cent: the published rules let VAT differ by up to one euro (BR-CO-17)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from billing.einvoice.problem import Problem
from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_RAM = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


def inexact(document: etree._Element) -> Iterator[Problem]:
    """Yield each line that is not quantity × price, and each VAT amount that is not base × rate, rounded half up.

    For the invoices this product writes: elements are those of `billing.einvoice.cii`, syntax already checked.
    """
    for line in document.iterfind(".//ram:IncludedSupplyChainTradeLineItem", _RAM):
        price = _number(line, ".//ram:NetPriceProductTradePrice/ram:ChargeAmount")
        expected = euros(_number(line, ".//ram:BilledQuantity") * price)
        written = _number(line, ".//ram:LineTotalAmount")
        if written != expected:
            name = line.findtext(".//ram:LineID", "", _RAM)
            sentence = f"La ligne {name} porte {written} € ; quantité × prix unitaire donne {expected} €."
            yield Problem("CENT-BT-131", sentence, f"BT-131, ligne {name}")
    for tax in document.iterfind(".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax", _RAM):
        rate = _number(tax, "ram:RateApplicablePercent")
        expected = euros(_number(tax, "ram:BasisAmount") * rate / 100)
        written = _number(tax, "ram:CalculatedAmount")
        if written != expected:
            sentence = f"La TVA à {rate} % porte {written} € ; base × taux donne {expected} €."
            yield Problem("CENT-BT-117", sentence, "BT-117")


def _number(element: etree._Element, path: str) -> Decimal:
    return Decimal(element.findtext(path, "0", _RAM))
