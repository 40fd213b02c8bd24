"""An invoice that passes every check, to be broken in one place by each test; its parties do not exist."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from billing.einvoice.model import (
    Address,
    Buyer,
    CreditTransfer,
    ElectronicAddress,
    Invoice,
    Line,
    Note,
    Period,
    Seller,
)

YEAR = Period(dt.date(2025, 1, 1), dt.date(2025, 12, 31))
SELLER = Seller(
    name="SPL Énergies du Blavet",
    siren="844123455",
    siret="84412345500017",
    vat_number="FR10844123455",
    address=Address(line_one="2 quai des Indes", postcode="56100", city="Lorient"),
    electronic_address=ElectronicAddress(value="844123455"),
    legal_information="Société publique locale au capital de 225 000 €, RCS Lorient 844 123 455",
)
BUYER = Buyer(
    name="Commune de Kerlann",
    siren="215601212",
    siret="21560121200016",
    address=Address(line_one="1 place de la Mairie", postcode="56400", city="Kerlann"),
    electronic_address=ElectronicAddress(value="215601212"),
)
NOTES = (
    Note("PMT", "Indemnité forfaitaire pour frais de recouvrement : 40 €."),
    Note("PMD", "Intérêts moratoires au taux de la Banque centrale européenne majoré de huit points."),
    Note("AAB", "Pas d'escompte pour paiement anticipé."),
)
LINES = (
    Line(
        identifier="1",
        name="Part des économies de chauffage, école des Dunes",
        description="118 300,125 kWh évités",
        quantity=Decimal("118300.125"),
        unit_code="KWH",
        unit_price=Decimal("0.09226"),
        invoicing_period=YEAR,
    ),
    Line(
        identifier="2",
        name="Régularisation d'électricité, mairie",
        quantity=Decimal(-1),
        unit_code="C62",
        unit_price=Decimal("114.33"),
    ),
)


def example_invoice(**changes: Any) -> Invoice:
    """Return the example with `changes` to its fields."""
    facts: dict[str, Any] = {
        "invoice_number": "F2026-00042",
        "issue_date": dt.date(2026, 1, 15),
        "due_date": dt.date(2026, 2, 14),
        "seller": SELLER,
        "buyer": BUYER,
        "lines": LINES,
        "notes": NOTES,
        "credit_transfer": CreditTransfer(
            iban="FR7630006000011234567890189", account_name="SPL Énergies du Blavet", bic="AGRIFRPP"
        ),
        "buyer_reference": "ENERGIE",
        "contract_reference": "CONV-2024-07",
        "purchase_order_reference": "EJ-2026-0117",
        "invoicing_period": YEAR,
    }
    return Invoice(**{**facts, **changes})
