"""The words of a plan, shared by its pages and its documents: each code with its French sentence."""

from __future__ import annotations

from foundation.messages import N_

MODEL_KINDS = {
    "auto": N_("automatique : par jour, ou les factures si les relevés ne suffisent pas"),
    "daily": N_("par jour"),
    "hourly": N_("par heure, pour des prix par poste horaire"),
    "billing": N_("d'après les factures d'avant les travaux"),
}

WINDOW_RULES = {
    "agreed": N_("période convenue, écrite ici"),
    "latest": N_("les douze derniers mois entiers avant les travaux"),
}

INTERVALS = {
    "g14": N_("ASHRAE Guideline 14"),
    "empirical": N_("empirique, d'après les mois du bâtiment lui-même"),
}

HOT_WATER = {
    "none": N_("il n'y en a pas sur ce compteur"),
    "measured_apart": N_("mesurée à part (m³ × q)"),
    "included": N_("comprise dans la référence, sans changement prévu"),
}
MODEL_WORDS = {"daily": N_("par jour"), "hourly": N_("par heure"), "billing": N_("d'après les factures")}
"""What a frozen model is."""
