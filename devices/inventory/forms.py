"""What is asked of whoever changes the fleet."""

from __future__ import annotations

from decimal import Decimal

from foundation.forms import EntryForm, choice_field, day_field, moment_field, number_field, text_field
from foundation.messages import N_

AT_THE_WALL = N_("À l'heure du site.")
WHY = N_("Une phrase : qui la lira dans cinq ans doit comprendre.")


SIZE_OF_REGISTER = N_("Taille du registre")


class DeviceForm(EntryForm):
    """A device as it comes out of its box."""

    serial = text_field(N_("Numéro de série"), help_text=N_("Celui sous lequel il publie."))
    model_id = choice_field(N_("Modèle"), required=False)
    lot_id = choice_field(N_("Lot"), required=False, help_text=N_("L'achat dont il vient."))
    owner_id = choice_field(N_("Propriétaire"), required=False)
    expected_every = number_field(
        N_("Une mesure toutes les … minutes"),
        required=False,
        help_text=N_("Vide : ce que dit le modèle."),
    )


class IntervalForm(EntryForm):
    """How often something is to be heard."""

    expected_every = number_field(N_("Une mesure toutes les … minutes"), required=False)


class InstallationForm(EntryForm):
    """Which point a device serves, from when on."""

    point_id = choice_field(N_("Point de mesure"))
    at = moment_field(N_("Posé le"), help_text=AT_THE_WALL)
    channel = text_field(N_("Voie"), default="index")
    quantity = choice_field(N_("Grandeur"))
    phase = choice_field(N_("Phase"), required=False)
    factor = number_field(
        N_("Facteur"),
        default=Decimal(1),
        help_text=N_("Poids d'impulsion × rapport de TC : de l'unité du capteur au kWh."),
    )
    opening_index = number_field(N_("Index relevé à la pose"), required=False)
    register_size = number_field(
        SIZE_OF_REGISTER,
        required=False,
        help_text=N_("Où ce compteur revient à zéro, dans l'unité du capteur. Vide : ce que dit le modèle."),
    )


class RegisterForm(EntryForm):
    """Where the register of a point is full."""

    register_size = number_field(
        SIZE_OF_REGISTER,
        required=False,
        help_text=N_(
            "Dans l'unité du capteur : 1000000 pour six chiffres avant la virgule, 65536 pour 16 bits. Vide : ce que"
            " dit le modèle."
        ),
    )


class RemovalForm(EntryForm):
    """When a device was taken off its point, what it showed, and why."""

    at = moment_field(N_("Déposé le"), help_text=AT_THE_WALL)
    closing_index = number_field(N_("Index relevé à la dépose"), required=False)
    why = text_field(N_("Pourquoi"), required=False)


class StateForm(EntryForm):
    """What a device became."""

    state = choice_field(N_("Il est maintenant"))
    at = moment_field(N_("Depuis le"), help_text=AT_THE_WALL)
    why = text_field(N_("Pourquoi"), help_text=WHY)


class LossForm(EntryForm):
    """What is known of a loss; the rest is added when it is."""

    cause = choice_field(N_("Comment"))
    borne_by = choice_field(N_("Qui en supporte le coût"))
    complaint_number = text_field(N_("Numéro de la plainte"), required=False)
    complained_on = day_field(N_("Plainte déposée le"), required=False)
    insurer = text_field(N_("Assureur"), required=False)
    claim_number = text_field(N_("Numéro du sinistre"), required=False)


class LostForm(LossForm):
    """A device that is not where it was."""

    at = moment_field(N_("Perdu depuis le"), help_text=AT_THE_WALL)
    why = text_field(N_("Que s'est-il passé ?"), help_text=WHY)


class FoundForm(EntryForm):
    """A lost device that is back."""

    state = choice_field(N_("Il est maintenant"))
    at = moment_field(N_("Retrouvé le"), help_text=AT_THE_WALL)
    why = text_field(N_("Où et comment ?"), help_text=WHY)


class OwnerForm(EntryForm):
    """Whose a device is from now on."""

    owner_id = choice_field(N_("Propriétaire"), required=False)
    at = moment_field(N_("Depuis le"), help_text=AT_THE_WALL)
    why = text_field(N_("Pourquoi"), help_text=WHY)


class ModelForm(EntryForm):
    """A product of a maker."""

    maker = text_field(N_("Fabricant"))
    name = text_field(N_("Modèle"))
    dialect = choice_field(N_("Format des messages"), required=False)
    quantities = text_field(
        N_("Grandeurs"),
        required=False,
        help_text=N_("Leurs codes et des virgules : energy_index, temperature…"),
    )
    expected_every = number_field(N_("Une mesure toutes les … minutes"), default=Decimal(60))
    battery = text_field(N_("Pile"), required=False, help_text=N_("Vide pour un appareil sur secteur."))
    battery_months = number_field(N_("Vie nominale de la pile, en mois"), required=False)
    pulse_weight = number_field(
        N_("Poids d'impulsion"), required=False, help_text=N_("Tel que livré ; celui de la pose compte seul.")
    )
    max_power_kw = number_field(
        N_("Puissance maximale, en kW"),
        required=False,
        help_text=N_("Un index qui monte plus vite est écarté et montré ; vide si vous ne la savez pas."),
    )
    register_size = number_field(
        SIZE_OF_REGISTER,
        required=False,
        help_text=N_(
            "Où il revient à zéro, dans l'unité du capteur : 1000000 pour six chiffres avant la virgule, 65536 pour 16"
            " bits. Vide : un index qui retombe est mis de côté."
        ),
    )


class LotForm(EntryForm):
    """Devices bought together."""

    reference = text_field(N_("Référence"), help_text=N_("Numéro du bon de commande ou de livraison."))
    supplier = text_field(N_("Fournisseur"))
    purchased_on = day_field(N_("Acheté le"))
    unit_cost = number_field(N_("Prix d'un capteur, HT"))
    unit_grant = number_field(N_("Subvention par capteur"), default=Decimal(0))
    grant_source = text_field(N_("Accordée par"), required=False, help_text=N_("Qui, et sous quelle référence."))
    warranty_ends_on = day_field(
        N_("Sous garantie jusqu'au"), required=False, help_text=N_("Premier jour sans garantie.")
    )
