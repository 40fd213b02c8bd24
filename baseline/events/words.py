"""What people read where the register keeps a code."""

from __future__ import annotations

from typing import Final

from foundation.messages import N_

KIND_WORDS: Final = {
    "area": N_("surface : agrandissement, démolition"),
    "hours": N_("horaires ou occupation"),
    "setpoint": N_("consigne de température"),
    "equipment": N_("équipement ajouté ou retiré"),
    "fuel": N_("changement d'énergie"),
    "photovoltaic": N_("production photovoltaïque"),
    "charge_point": N_("borne de recharge"),
    "meter": N_("changement de compteur"),
    "closure": N_("fermeture"),
    "force_majeure": N_("force majeure"),
}
METHOD_WORDS: Final = {
    "indicator": N_("indicatrice : ses jours comparés aux autres jours du suivi"),
    "drop": N_("ses jours sont retirés des deux côtés"),
    "submeter": N_("sous-compteur"),
    "estimate": N_("estimation en kWh"),
}
STATES: Final = {
    "proposed": (N_("proposé"), "busy"),
    "agreed": (N_("accepté par les deux parties"), "good"),
    "rejected": (N_("refusé"), "bad"),
    "withdrawn": (N_("retiré"), "plain"),
}
"""Each state with its word and its tone."""
PARTY_WORDS: Final = {"spl": N_("la SPL"), "shareholder": N_("la collectivité")}
VERDICT_WORDS: Final = {"agreed": N_("d'accord"), "rejected": N_("refuse"), "withdrawn": N_("retire")}
