"""The words of visits: kinds of work, places that demand an authorisation, states. Pure: tables."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

TASKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "install": N_("Poser un capteur"),
        "swap": N_("Remplacer le capteur"),
        "meter": N_("Compteur remplacé par le gestionnaire de réseau"),
        "removal": N_("Déposer le capteur"),
    }
)
"""What a technician is sent to do on a metering point."""
PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": N_("sans risque particulier"),
        "switchboard": N_("tableau électrique"),
        "gas_emitter": N_("émetteur du compteur de gaz"),
        "height": N_("en hauteur"),
        "explosive": N_("zone à risque d'explosion"),
    }
)
"""Where a task is done."""
AUTHORISATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "electrical": N_("habilitation électrique (NF C 18-510)"),
        "gas": N_("habilitation gaz"),
        "height": N_("travail en hauteur"),
        "explosive": N_("zones à risque d'explosion (ATEX)"),
    }
)
"""What a technician may be authorised for."""
DEMANDS: Final[Mapping[str, str]] = MappingProxyType(
    # Code du travail R4544-9 (electrical work is for who is authorised), R4323-69 (height), R4227-49 (explosion).
    {"switchboard": "electrical", "gas_emitter": "gas", "height": "height", "explosive": "explosive"}
)
"""The authorisation each place demands."""
VISITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "planned": N_("prévue"),
        "started": N_("commencée"),
        "closed": N_("terminée"),
        "cancelled": N_("annulée"),
    }
)
ASBESTOS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown": N_("dossier amiante à consulter sur place"),
        "seen": N_("dossier amiante consulté"),
        # Code de la santé publique R1334-14: buildings whose permit was delivered before 1 July 1997.
        "not_needed": N_("permis de construire après le 1er juillet 1997 : pas de dossier"),
    }
)
"""What is known of the asbestos file (dossier technique amiante, Code de la santé publique R1334-29-5)."""
STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "load": N_("Prise en tournée"),
        "unload": N_("Remise en stock"),
        "start": N_("Début de visite"),
        **TASKS,
        "undo": N_("Échange annulé"),
        "close": N_("Fin de visite"),
    }
)
"""What a phone sends, each one a submission."""
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "applied": N_("enregistré"),
        "refused": N_("refusé"),
        "conflict": N_("en conflit"),
        "set_aside": N_("mis de côté"),
    }
)
TESTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pending": N_("à confirmer"),
        "passed": N_("réussi"),
        "reserve": N_("réussi avec réserve"),
        "failed": N_("échoué"),
    }
)
"""States of a commissioning test."""
PHOTOS: Final[Mapping[str, str]] = MappingProxyType(
    {"before": N_("avant"), "dial": N_("cadran"), "after": N_("après"), "other": N_("autre")}
)
