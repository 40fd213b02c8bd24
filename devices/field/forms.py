"""What is asked of whoever plans visits."""

from __future__ import annotations

from decimal import Decimal

from foundation.forms import EntryForm, choice_field, day_field, number_field, pasted_field, text_field
from foundation.messages import N_


class VisitForm(EntryForm):
    """Who goes when."""

    planned_on = day_field(N_("Le"))
    technician_id = choice_field(N_("Technicien"))
    instructions = text_field(
        N_("Consignes"), required=False, help_text=N_("Ce qu'il faut savoir en plus de la fiche du site.")
    )


class MoveForm(EntryForm):
    """Another day, another technician."""

    planned_on = day_field(N_("Le"))
    technician_id = choice_field(N_("Technicien"))


class TaskForm(EntryForm):
    """One thing to do."""

    kind = choice_field(N_("À faire"))
    point_id = choice_field(N_("Point de mesure"))
    place = choice_field(
        N_("Où"), required=False, help_text=N_("Un tableau ou un émetteur de gaz demande une habilitation en cours.")
    )
    quantity = choice_field(N_("Grandeur"))
    channel = text_field(N_("Voie"), default="index", help_text=N_("Celle que le capteur enverra, pour une pose."))
    factor = number_field(
        N_("Facteur"), default=Decimal(1), help_text=N_("Poids d'impulsion × rapport de TC ; confirmé sur place.")
    )
    shows_dial = choice_field(N_("Index"))
    note = text_field(N_("Précision"), required=False)


class SheetForm(EntryForm):
    """What who goes to a site must know."""

    keys = text_field(N_("Clés"), required=False, help_text=N_("Où, auprès de qui."))
    alarm = text_field(N_("Alarme"), required=False, help_text=N_("Code, boîtier, société à prévenir."))
    opening_hours = text_field(N_("Heures d'ouverture"), required=False)
    contact = text_field(N_("Contact sur place"), required=False)
    phone = text_field(N_("Téléphone"), required=False)
    asbestos = choice_field(N_("Amiante"))
    height_risk = text_field(N_("Travail en hauteur"), required=False)
    explosion_risk = text_field(N_("Risque d'explosion"), required=False)


class AuthorisationForm(EntryForm):
    """What a technician may work on."""

    account_id = choice_field(N_("Technicien"))
    kind = choice_field(N_("Habilitation"))
    level = text_field(N_("Niveau"), required=False, help_text=N_("Comme le titre l'écrit : BS, B1V, BR…"))
    reference = text_field(N_("Référence du titre"), required=False)
    start = day_field(N_("Valable du"))
    end = day_field(N_("Jusqu'au"), help_text=N_("Premier jour où elle ne vaut plus."))


class LabelForm(EntryForm):
    """Which devices get a label."""

    lot_id = choice_field(N_("Lot"), required=False)
    serials = pasted_field(
        N_("Numéros de série"), 20_000, required=False, help_text=N_("Un par ligne ; vide : tous ceux du lot.")
    )
    skip = number_field(
        N_("Étiquettes déjà utilisées sur la première planche"),
        default=Decimal(0),
        help_text=N_("Planches de 24 étiquettes de 70 × 37 mm."),
    )
