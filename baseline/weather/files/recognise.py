"""Tell a weather file by its content, and read it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from baseline.weather.files import meteo_france, open_meteo, synop
from baseline.weather.files.table import header_of, unpacked
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from baseline.weather.observed import Parsed


class Kind(NamedTuple):
    """A kind of file: what people call it, the columns that tell it, what reads it, and whose values it holds."""

    words: str
    columns: frozenset[str]
    read: Callable[[str, str | None], Parsed]
    source: str


KINDS: Final = {
    "mf_hourly": Kind(
        N_("Météo-France, données ouvertes horaires (H_…csv)"),
        frozenset({"NUM_POSTE", "AAAAMMJJHH"}),
        meteo_france.hourly,
        "meteo_france",
    ),
    "mf_daily": Kind(
        N_("Météo-France, données ouvertes quotidiennes (Q_…csv)"),
        frozenset({"NUM_POSTE", "AAAAMMJJ"}),
        meteo_france.daily,
        "meteo_france",
    ),
    "dpclim": Kind(
        N_("Météo-France, réponse de l'API DPClim"), frozenset({"POSTE", "DATE"}), meteo_france.dpclim, "meteo_france"
    ),
    "synop": Kind(N_("SYNOP"), frozenset({"numer_sta", "date"}), synop.synop, "synop"),
    "paquetobs": Kind(
        N_("Météo-France, paquet d'observations (DPPaquetObs)"),
        frozenset({"geo_id_insee", "validity_time"}),
        synop.packets,
        "synop",
    ),
    "open_meteo": Kind(N_("Open-Meteo, archive (JSON)"), frozenset(), open_meteo.archive, "open_meteo"),
}
"""Kinds read whole; of one source, the newest version of a value counts."""
NEW_SYNOP: Final = frozenset({"geo_id_wmo", "validity_time"})
AUTO: Final = "auto"


def recognise(text: str) -> str | None:
    """Return the kind of `text`; None where it is none of them."""
    if text.lstrip()[:1] == "{":
        return "open_meteo"
    header = set(header_of(text))
    if header >= NEW_SYNOP:
        return "synop"
    return next((code for code, kind in KINDS.items() if kind.columns and header >= kind.columns), None)


def parse(content: bytes, kind: str = AUTO, *, only: str | None = None) -> Parsed:
    """Read a weather file, gzip or not; with `only`, the lines of the station of that code.

    Raises:
        Refusal: it is of no kind we know, or something in it cannot be read: the sentence names the line.

    """
    text = unpacked(content)
    told = recognise(text) if kind == AUTO else kind
    if told is None:
        raise Refusal(
            "Ce fichier n'est d'aucun format connu ({known}) ; importez-le comme tableau, en disant ses colonnes.",
            field="file",
            known=", ".join(KINDS),
        )
    return KINDS[told].read(text, only)
