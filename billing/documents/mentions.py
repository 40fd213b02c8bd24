"""What the law wants written on an invoice of services to a French public body; frozen with each invoice's snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.documents.snapshot import NoteSnapshot

PAYMENT_DAYS = 30
"""CCP art. R2192-10: State, local authorities and their establishments, from receipt of the demand for payment."""

PUBLIC_BUYER_NOTES: tuple[NoteSnapshot, ...] = (
    {
        # CCP art. R2192-10 (delay), R2192-31 (rate), also for in-house contracts (L2521-1).
        "subject_code": "PMD",
        "text": (
            "Paiement à 30 jours de la réception de la demande de paiement (code de la commande publique,"
            " art. R2192-10). Au-delà, intérêts moratoires de plein droit au taux de la Banque centrale européenne"
            " en vigueur au premier jour du semestre, majoré de huit points (art. R2192-31)."
        ),
    },
    {
        # CCP art. D2192-35.
        "subject_code": "PMT",
        "text": (
            "Tout retard de paiement donne droit à une indemnité forfaitaire pour frais de recouvrement de 40 €"
            " (code de la commande publique, art. D2192-35)."
        ),
    },
    # Code de commerce art. L441-9.
    {"subject_code": "AAB", "text": "Pas d'escompte pour paiement anticipé."},
)

GOODS_MENTIONS: tuple[str, ...] = (
    "Catégorie de l'opération : livraison de biens.",
    # CGI art. 269-2-a.
    "TVA exigible à la livraison.",
)

SERVICE_MENTIONS: tuple[str, ...] = (
    # CGI ann. II art. 242 nonies A, since the reform of e-invoicing.
    "Catégorie de l'opération : prestation de services.",
    # CGI art. 269-2-c: VAT on services is due when they are paid for.
    "TVA sur les encaissements : exigible au paiement du prix.",
)
