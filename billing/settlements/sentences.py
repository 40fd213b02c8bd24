"""What the steps of a settlement say beyond those of the evaluation, in French; a catalogue says it in English."""

from __future__ import annotations

from foundation.messages import N_

LATE = N_(
    "Données tardives de l'année {year} : {fee_euros} dus au lieu de {before_euros}, soit une correction de"
    " {change_euros}."
)
TOO_LATE = N_(
    "Données tardives de l'année {year} : {beyond_euros} au-delà des limites de l'accord, en temps ou en montant,"
    " ne sont pas repris."
)
SUSPENDED = N_("{boundary} : suspendu du {first} au {last} ({reason}), sans économie ni rémunération.")
HELD = N_("Contesté par la collectivité, retenu jusqu'à la décision : {held_euros}.")
REVISION = N_(
    "Sur {years} années closes de suite, l'écart moyen à la référence est de {gap_ratio}, au-delà des {limit_ratio} de"
    " l'accord : la référence (NB) est à renégocier par avenant."
)
HELD_EVENT = N_(
    "{boundary}, année {year} : {held_kwh} de plus attendent que les deux parties tranchent, soit {held_euros}"
    " d'économies au prix de l'accord et {share_euros} de part au plus ; rien n'en est demandé ici."
)
BUY_OUT = N_(
    "L'accord a pris fin après {years} années complètes : d'après son tableau, garder les capteurs coûte"
    " {amount_euros} hors TVA."
)
TOTAL = {
    "invoice": N_(
        "Dû depuis le début de l'accord {owed_euros}, déjà facturé {billed_euros} : restent {total_euros} hors TVA."
    ),
    "credit_note": N_(
        "Dû depuis le début de l'accord {owed_euros}, déjà facturé {billed_euros} : un avoir de"
        " {total_euros} hors TVA est établi."
    ),
    "nothing": N_("Dû depuis le début de l'accord {owed_euros}, déjà facturé {billed_euros} : rien n'est demandé."),
    "waits": N_(
        "Dû depuis le début de l'accord {owed_euros}, déjà facturé {billed_euros} : rien n'est demandé,"
        " {total_euros} sont à valoir sur la suite ; ce qui en reste à la clôture de l'année fait l'objet d'un avoir."
    ),
}
