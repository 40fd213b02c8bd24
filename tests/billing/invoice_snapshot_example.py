"""A frozen invoice of a municipality that does not exist, with four boundaries and a full décompte."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from billing.documents.mentions import PUBLIC_BUYER_NOTES, SERVICE_MENTIONS
from billing.documents.structured import priced
from foundation.look.language import FRENCH
from foundation.money import euros

if TYPE_CHECKING:
    from billing.documents.snapshot import BoundarySnapshot, InvoiceSnapshot

SHA256 = "3f9a1c2b77de0a41c5e0f1826b9d44e7a0c3512f8e6d9b7a4c1f02e35d68b79a"
SHARE = Decimal("0.5")
MEASURED = (
    ("École des Dunes", "gas", 186_420, 131_870, 54_550, 46_200, 62_900, "0.992", "0.0924"),
    ("École des Dunes", "electricity", 41_300, 36_080, 5_220, 2_940, 7_500, "1", "0.1846"),
    ("Mairie", "gas", 122_750, 88_240, 34_510, 29_100, 39_920, "0.978", "0.0924"),
    ("Salle omnisports Anita-Conti et ses vestiaires", "heat", 97_600, 73_580, 24_020, 19_800, 28_240, "1", "0.1037"),
)


def boundary(row: tuple[str, str, int, int, int, int, int, str, str]) -> BoundarySnapshot:
    """Return a line of the décompte whose value is avoided × price."""
    label, energy, adjusted, measured, avoided, low, high, complete, price = row
    value = euros(avoided * Decimal(price))
    return {
        "label": label,
        "energy": energy,
        "adjusted_baseline_kwh": f"{adjusted}.000",
        "measured_kwh": f"{measured}.000",
        "avoided_kwh": f"{avoided}.000",
        "low_kwh": f"{low}.000",
        "high_kwh": f"{high}.000",
        "confidence": "0.9",
        "completeness": complete,
        "price": price,
        "value": str(value),
        "share": str(SHARE),
        "amount": str(euros(value * SHARE)),
    }


def example_snapshot(**changes: Any) -> InvoiceSnapshot:
    """Return the example with `changes` to its fields, amounts computed."""
    boundaries = [boundary(row) for row in MEASURED]
    avoided = sum(Decimal(row["value"]) for row in boundaries)
    share = sum(Decimal(row["amount"]) for row in boundaries)
    draft: dict[str, Any] = {
        "schema": "invoice/1",
        "synthetic": True,
        "type_code": "380",
        "invoice_number": "F2026-00042",
        "issue_date": "2026-01-15",
        "due_date": "2026-02-14",
        "seller": {
            "name": "SPL Énergies du Blavet",
            "siren": "844123455",
            "siret": "84412345500017",
            "vat_number": "FR10844123455",
            "address": {
                "line_one": "2 quai des Indes",
                "line_two": "",
                "postcode": "56100",
                "city": "Lorient",
                "country_code": "FR",
            },
            "electronic_address": {"value": "844123455", "scheme": "0225"},
            "legal_information": "société publique locale au capital de 225 000 €, RCS Lorient 844 123 455",
            "email": "facturation@spl.example",
            "telephone": "02 97 00 00 00",
        },
        "buyer": {
            "name": "Commune de Kerlann",
            "siren": "215601212",
            "siret": "21560121200016",
            "address": {
                "line_one": "1 place de la Mairie",
                "line_two": "Service des finances",
                "postcode": "56400",
                "city": "Kerlann",
                "country_code": "FR",
            },
            "electronic_address": {"value": "215601212", "scheme": "0225"},
        },
        "purchase_order_reference": "EJ-2026-0117",
        "buyer_reference": "ENERGIE",
        "contract_reference": "CONV-2024-07",
        "preceding_invoices": [],
        "cancellation": "",
        "invoicing_period": {"first_day": "2025-01-01", "last_day": "2025-12-31"},
        "lines": [
            {
                "identifier": str(place),
                "name": f"Part des économies, {row['label']}",
                "description": f"50 % de {FRENCH.euros(Decimal(row['value']))} évités",
                "quantity": "1",
                "unit_code": "C62",
                "unit_price": row["amount"],
                "vat_category": "S",
                "rate": "20",
                "exemption_reason": "",
                "invoicing_period": None,
            }
            for place, row in enumerate(boundaries, start=1)
        ],
        "paid": "0",
        "payment": {
            "iban": "FR7630006000011234567890189",
            "bic": "AGRIFRPP",
            "account_name": "SPL Énergies du Blavet",
        },
        "notes": list(PUBLIC_BUYER_NOTES),
        "mentions": list(SERVICE_MENTIONS),
        "legal_basis": (
            "Prix d'un service sur économies vérifiées, contrat de quasi-régie (code de la commande publique,"
            " art. L2511-1), convention du 12 mars 2024."
        ),
        "headline": {
            "buildings": 3,
            "avoided_kwh": "118300.000",
            "uncertainty": "0.09",
            "confidence": "0.9",
            "equivalent": "le chauffage de 9 logements",
        },
        "waterfall": {
            "without_works": str(euros(Decimal("46316.81"))),
            "measured": str(euros(Decimal("46316.81") - avoided)),
            "provider_share": str(share),
        },
        "boundaries": boundaries,
        "steps": [
            {"sentence": f"Économies de l'année 2 : {FRENCH.euros(avoided)}.", "amount": str(avoided)},
            {
                "sentence": "L'économie nette dépasse la zone neutre de ± 4 % de la référence : elle compte en entier.",
                "amount": str(avoided),
            },
            {"sentence": "La part de la SPL est de 50 %.", "amount": str(share)},
            {"sentence": "Le plafond annuel de 9 000,00 € n'est pas atteint.", "amount": str(share)},
            {"sentence": "Rien n'a encore été facturé pour cette année contractuelle.", "amount": str(share)},
        ],
        "evidence": [
            {"label": "Plan de mesure", "value": "PMV-2024-03, figé le 12 mars 2024, empreinte 9c1e 44b0 07af 2d31"},
            {"label": "Modèle de référence", "value": "Chauffage à deux droites (3P), année 2023, CV(RMSE) 11 %"},
            {"label": "Station météorologique", "value": "Lorient-Lann Bihoué (07205), degrés-jours base du modèle"},
            {"label": "Rapport d'économies", "value": "R-2025-017 du 9 janvier 2026, empreinte 51aa 7e90 c2d4 11b8"},
        ],
        "check_url": "https://spl.example/verifier/F2026-00042",
    }
    return priced({**draft, **changes})  # type: ignore[typeddict-item]  # a test changes fields by name
