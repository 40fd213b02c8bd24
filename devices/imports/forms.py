"""The form of a profile: one field for each thing a source decides, and one for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from devices.imports.profile import (
    DATES,
    DIRECTIONS,
    ENCODINGS,
    KIND_WORDS,
    OPTIONAL,
    REQUIRED,
    ROLE_WORDS,
    SEPARATORS,
    STEPS,
    UNITS,
    Kind,
    Profile,
)
from foundation.forms import EntryForm, choice_field, text_field
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NO_COLUMN: Final = "-"
"""What is sent where no column plays a role; a list's empty choice would read as nothing chosen."""


class ProfileForm(EntryForm):
    """How one source writes its files."""

    name = text_field(N_("Nom du profil"), help_text=N_("Par exemple : Enedis, courbe de charge du portail."))
    kind = choice_field(N_("Que contient le fichier ?"))
    separator = choice_field(N_("Séparateur de colonnes"))
    encoding = choice_field(N_("Encodage"))
    decimal = choice_field(N_("Signe décimal"))
    thousands = choice_field(N_("Séparateur de milliers"))
    dates = choice_field(N_("Écriture des dates"))
    timezone = text_field(N_("Fuseau horaire des dates"), default="Europe/Paris")
    unit = choice_field(N_("Unité des valeurs"), help_text=N_("Le gaz en kWh est en PCS, comme sur les factures."))
    stamp = choice_field(
        N_("Ce que la date désigne"),
        help_text=N_("Le début ou la fin de l'intervalle ; pour une facture, si son dernier jour compte."),
    )
    step = choice_field(N_("Pas de la courbe de charge, en minutes"))
    day_begins = choice_field(
        N_("Heure à laquelle le jour commence"), help_text=N_("6 pour les journées gazières, sinon 0.")
    )
    direction = choice_field(N_("Sens compté"))
    point = choice_field(ROLE_WORDS["point"])
    building = choice_field(
        ROLE_WORDS["building"], help_text=N_("Avec elle, le point est connu par son nom ; sans elle, par son numéro.")
    )
    time = choice_field(ROLE_WORDS["time"])
    value = choice_field(ROLE_WORDS["value"])
    start = choice_field(ROLE_WORDS["start"])
    end = choice_field(ROLE_WORDS["end"])
    energy = choice_field(ROLE_WORDS["energy"])
    volume = choice_field(ROLE_WORDS["volume"])
    index_start = choice_field(ROLE_WORDS["index_start"])
    index_end = choice_field(ROLE_WORDS["index_end"])
    estimated = choice_field(ROLE_WORDS["estimated"])
    net = choice_field(ROLE_WORDS["net"])
    gross = choice_field(ROLE_WORDS["gross"])
    number = choice_field(ROLE_WORDS["number"])
    coefficient = choice_field(ROLE_WORDS["coefficient"])
    keep_column = choice_field(N_("Ne garder que les lignes où la colonne"))
    keep_text = text_field(N_("contient exactement"), required=False)


WORDS: Final = {
    "decimal": {",": N_("virgule"), ".": N_("point")},
    "thousands": {"none": N_("aucun"), " ": N_("espace"), ".": N_("point"), ",": N_("virgule"), "'": N_("apostrophe")},
    "stamp": {"start": N_("début"), "end": N_("fin (ou dernier jour compris)")},
    "direction": {"import": N_("soutirage"), "export": N_("injection"), "production": N_("production")},
}


def columns_of(form: ProfileForm, headings: Sequence[str], translate: Callable[[str], str]) -> None:
    """Offer the headings of the file for each role, and the known values for the rest."""
    columns = {NO_COLUMN: "—"} | {heading: heading for heading in headings if heading}
    fields: dict[str, Any] = {field.name: field for field in form}
    for role in (*ROLE_WORDS, "keep_column"):
        fields[role].choices = columns
    form.kind.choices = {kind.value: translate(KIND_WORDS[kind]) for kind in Kind}
    form.separator.choices = {sign: translate(word) for sign, word in SEPARATORS.items()}
    form.encoding.choices = ENCODINGS
    form.dates.choices = DATES
    form.unit.choices = {unit: unit for unit in UNITS}
    form.step.choices = {str(step): str(step) for step in STEPS}
    form.day_begins.choices = {str(hour): str(hour) for hour in range(24)}
    for name, words in WORDS.items():
        fields[name].choices = {value: translate(word) for value, word in words.items()}


def suggested(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields hold before anybody has typed: the guess, and what is common."""
    columns = dict.fromkeys(ROLE_WORDS, NO_COLUMN) | seen["columns"]
    common = {"dates": "day_first", "decimal": ",", "unit": "kWh", "stamp": "start", "step": "30", "day_begins": "0"}
    values: dict[str, Any] = common | {"direction": DIRECTIONS[0], "keep_column": NO_COLUMN} | columns
    values |= {
        name: seen[name] for name in ("kind", "separator", "encoding", "dates", "decimal", "unit") if name in seen
    }
    values["thousands"] = seen.get("thousands") or "none"
    return values


def profile_from(form: ProfileForm) -> Profile:
    """Return the profile the form says; roles its kind has no use for are left out."""
    kind = Kind(form.kind.data)
    roles = (*REQUIRED[kind], *OPTIONAL.get(kind, ()))
    keep = {form.keep_column.data: form.keep_text.data} if form.keep_column.data != NO_COLUMN else {}
    return Profile(
        kind=kind,
        columns={role: form[role].data for role in roles if form[role].data != NO_COLUMN},
        unit=form.unit.data,
        stamp=form.stamp.data,
        timezone=form.timezone.data,
        decimal=form.decimal.data,
        thousands="" if form.thousands.data == "none" else form.thousands.data,
        dates=form.dates.data,
        separator=form.separator.data,
        encoding=form.encoding.data,
        step=int(form.step.data),
        day_begins=int(form.day_begins.data),
        direction=form.direction.data,
        keep=keep,
    )
