"""What the steps of an evaluation say, in French; a catalogue says it in English."""

from __future__ import annotations

from foundation.messages import N_

AVOIDED = N_("{boundary} : {energy_kwh} évités, soit {avoided_euros}.")
EXCESS = N_("{boundary} : {energy_kwh} de plus que la référence, soit {avoided_euros}.")
WITHOUT_RESULT = N_("{boundary} : jours sans résultat, qui ne rapportent rien : {days}.")
NET = N_("Résultat net de l'année, tous périmètres et toutes énergies : {net_kwh} évités, soit {net_euros}.")
NET_EXCESS = N_(
    "Résultat net de l'année, tous périmètres et toutes énergies : {excess_kwh} de plus que la référence,"
    " soit {net_euros}."
)
WITHIN = {
    "significance": N_(
        "Le résultat net ({net_euros}) ne dépasse pas son incertitude ({limit_factor} × {of_euros} = {limit_euros},"
        " confiance {confidence_ratio}) : rien n'est retenu."
    ),
    "neutral_band": N_(
        "Le résultat net ({net_euros}) reste dans la zone neutre ({limit_ratio} de la référence valorisée {of_euros},"
        " soit {limit_euros}) : rien n'est retenu."
    ),
}
BEYOND = {
    "significance": N_(
        "Seul compte ce qui dépasse l'incertitude ({limit_factor} × {of_euros} = {limit_euros}, confiance"
        " {confidence_ratio}) : {counted_euros} sur {net_euros}."
    ),
    "neutral_band": N_(
        "Seul compte ce qui dépasse la zone neutre ({limit_ratio} de la référence valorisée {of_euros}, soit"
        " {limit_euros}) ou la plus large des franchises : {counted_euros} sur {net_euros}."
    ),
}
CLEARED = {
    "significance": N_(
        "Le résultat net dépasse son incertitude ({limit_factor} × {of_euros} = {limit_euros}, confiance"
        " {confidence_ratio}) : {counted_euros} retenus."
    ),
    "neutral_band": N_(
        "Le résultat net sort de la zone neutre ({limit_ratio} de la référence valorisée {of_euros}, soit"
        " {limit_euros}) : {counted_euros} retenus."
    ),
}
NO_ENERGY = N_(
    "Les prix donnent {net_euros}, mais aucune énergie n'a été évitée au total ({net_kwh}) : rien n'est retenu."
)
LOWER_BOUND = N_(
    "Année en cours : l'acompte s'en tient à la borne basse prouvée, {net_euros} − {half_width_euros} ="
    " {lower_euros} ; {counted_euros} retenus."
)
MADE_UP = N_(
    "Déficit des années précédentes : {before_euros} ; restent {payable_euros} à partager"
    " et {carried_euros} à reporter."
)
CARRIED = N_("Résultat négatif : {carried_euros} reportés sur les années suivantes, rien n'est dû.")
FORGOTTEN = N_("Résultat négatif ({counted_euros}) : rien n'est dû, et l'accord ne prévoit pas de report.")
SHARE = N_("Part de la SPL : {share_ratio} de {payable_euros}, soit {fee_euros}.")
SHARES = N_(
    "Parts de la SPL : {weighted_euros} pour {positive_euros} d'économies positives, donc {fee_euros}"
    " pour {payable_euros} retenus."
)
FLOOR = N_("Plancher de l'accord : {floor_euros}.")
YEARLY_CAP = N_("Plafond annuel de l'accord : {cap_euros}.")
CUMULATIVE_CAP = N_(
    "Plafond cumulé de l'accord : {cap_euros}, dont {before_euros} déjà dus ; restent {room_euros} au plus."
)
NO_FEE = N_("Dû pour l'année {year} à ce jour : {fee_euros} hors TVA ; sans économie, pas de paiement.")
FEE = N_("Dû pour l'année {year} à ce jour : {fee_euros} hors TVA ; la collectivité garde {kept_euros}.")
