"""What each status of Chorus Pro means, whose turn it is, and what to do: values only.

Codes: statutCourantCode of `consulterHistoriqueFacture` (API Factures v1); reports: etatCourantDepotFlux of
`consulterCRDetaille` (API Transverses v1), whose list is not published: those named here were observed.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from foundation.messages import N_

LARGEST = 10_000_000
"""Bytes of one file the portal takes."""
INTEGRATED = "IN_INTEGRE"
REJECTED_FLUX = "IN_REJETE"
PENDING_FLUX = frozenset(
    {"IN_RECU", "IN_TRAITE_SE_CPP", "IN_EN_COURS_TRAITEMENT", "IN_DEPOT_PORTAIL_EN_ATTENTE_TRAITEMENT_SE_CPP"}
)

STEPS = (
    N_("déposée"),
    N_("reçue par la collectivité"),
    N_("mandatée"),
    N_("chez le comptable"),
    N_("mise en paiement"),
)
"""The stations of an invoice that meets no obstacle."""


class Status(NamedTuple):
    """A status in words: its tone (ui.state), how many of `STEPS` are reached, what the SPL has to do, if anything."""

    word: str
    tone: str
    reached: int
    next_step: str = ""


PAID = "MISE_EN_PAIEMENT"
REJECTED = "REJETEE"
DELETED = "SUPPRIMEE"
STATUSES = {
    "DEPOSEE": Status(N_("déposée"), "busy", 1),
    "EN_COURS_ACHEMINEMENT": Status(N_("en cours d'acheminement"), "busy", 1),
    "MISE_A_DISPOSITION": Status(N_("mise à disposition de la collectivité"), "busy", 2),
    "PRISE_EN_COMPTE_DESTINATAIRE": Status(N_("prise en compte par la collectivité"), "busy", 2),
    "A_RECYCLER": Status(
        N_("à recycler"),
        "warn",
        1,
        N_(
            "Elle est arrivée au mauvais service. Dans Chorus Pro, corrigez le SIRET, le code service ou l'engagement"
            " et renvoyez-la : elle garde son numéro. Corrigez aussi le budget ici, pour les suivantes."
        ),
    ),
    "SUSPENDUE": Status(
        N_("suspendue"),
        "warn",
        2,
        N_(
            "La collectivité attend une pièce ou une précision : ajoutez-la dans Chorus Pro (Compléter la facture). Le"
            " délai de paiement reprend ensuite."
        ),
    ),
    "COMPLETEE": Status(N_("complétée"), "busy", 2),
    "SERVICE_FAIT": Status(N_("service fait constaté"), "busy", 2),
    "MANDATEE": Status(N_("mandatée"), "good", 3),
    "MISE_A_DISPOSITION_COMPTABLE": Status(N_("mise à disposition du comptable"), "good", 4),
    "COMPTABILISEE": Status(N_("comptabilisée"), "good", 4),
    PAID: Status(
        N_("mise en paiement"),
        "good",
        5,
        N_("Le virement est annoncé : notez-le, avec la date et le montant du relevé bancaire."),
    ),
    REJECTED: Status(
        N_("rejetée"),
        "bad",
        2,
        N_("Annulez-la par un avoir, corrigez ce que dit le motif, puis refaites une facture, sous un autre numéro."),
    ),
    "ABANDONNEE": Status(
        N_("abandonnée"), "bad", 1, N_("Voyez avec la collectivité ; si elle reste due, refaites-la.")
    ),
    DELETED: Status(N_("supprimée"), "bad", 0, N_("Voyez dans Chorus Pro qui l'a supprimée, puis déposez-la.")),
}
ENDED = frozenset({PAID, REJECTED, "ABANDONNEE", DELETED})
"""After these nothing changes any more."""
TO_ACT = frozenset(code for code, status in STATUSES.items() if status.next_step)


def status_of(code: str | None) -> Status:
    """Return what `code` means; one nobody knows is shown as it is, and goes on being followed."""
    if code is None:
        return Status(N_("pas encore connue"), "plain", 0)
    return STATUSES.get(canonical(code), Status(code, "plain", 1))


def canonical(code: str) -> str:
    """Return `code` as `STATUSES` writes it: the portal also says SERVICE-FAIT."""
    return code.strip().upper().replace("-", "_")[:60]


ADVICE = (
    (
        ("code service", "service exécutant", "service executant"),
        N_("Le code service ne convient pas : demandez-le à la collectivité, corrigez le budget, refaites la facture."),
    ),
    (
        ("engagement", "bon de commande", "numéro d'ej"),
        N_(
            "Le numéro d'engagement ne convient pas : demandez-le, enregistrez-le sur le budget et refaites la facture."
        ),
    ),
    (
        ("siret", "destinataire inconnu", "structure"),
        N_("Le destinataire ne convient pas : vérifiez le SIRET du budget dans l'annuaire de Chorus Pro."),
    ),
    (("doublon", "déjà", "deja"), N_("Chorus Pro a déjà une facture de ce numéro : cherchez-la avant de refaire.")),
    (
        ("montant", "tva"),
        N_("Les montants sont contestés : relisez le décompte avec la collectivité avant de refaire."),
    ),
)
"""Words of a reason, and what they ask for; reasons are free text, so this is a hint and not a rule."""


def advice(comment: str) -> str:
    """Return what the reason of a rejection asks for; empty where its words say nothing known."""
    lowered = comment.lower()
    return next((hint for words, hint in ADVICE if any(word in lowered for word in words)), "")


def pause_after(tries: int, *, pending: bool) -> dt.timedelta:
    """Return how long to wait after so many looks without news: minutes for a report, hours for people."""
    if pending:
        return dt.timedelta(minutes=min(1 << min(tries, 7), 60))
    return dt.timedelta(hours=6) if tries < 4 * 30 else dt.timedelta(days=1)
