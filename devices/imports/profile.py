"""How one source writes its files: said once by a person, kept under a name, never guessed at import."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from foundation.errors import Refusal
from foundation.messages import N_
from foundation.time import time_zone

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a row of the file says."""

    BILLS = "bills"
    """A supplier's bill: a point, from, to, kWh or indexes, euros."""
    INDEX = "index"
    """What a network operator's meter showed at an instant."""
    DAILY = "daily"
    """The energy of one local day."""
    CURVE = "curve"
    """The energy, or the mean power, of one step of a load curve."""
    SUBMETERS = "submeters"
    """What a sub-meter showed when somebody read it; the point is known by its name and its building's."""


KIND_WORDS: Final = {
    Kind.BILLS: N_("factures d'un fournisseur"),
    Kind.INDEX: N_("index d'un gestionnaire de réseau"),
    Kind.DAILY: N_("énergies journalières"),
    Kind.CURVE: N_("courbe de charge"),
    Kind.SUBMETERS: N_("relevés de sous-compteurs"),
}

REQUIRED: Final = {
    Kind.BILLS: ("point", "start", "end"),
    Kind.INDEX: ("point", "time", "value"),
    Kind.DAILY: ("point", "time", "value"),
    Kind.CURVE: ("point", "time", "value"),
    Kind.SUBMETERS: ("building", "point", "time", "value"),
}
BILL_ENERGY: Final = ("energy", "volume", "index_start", "index_end")
OPTIONAL: Final = {
    Kind.BILLS: ("building", *BILL_ENERGY, "estimated", "net", "gross", "number", "coefficient"),
    Kind.INDEX: ("building",),
    Kind.DAILY: ("building",),
    Kind.CURVE: ("building",),
}
"""With a column of the building, a point is known by its name; without, by its PRM or PCE."""
ROLE_WORDS: Final = {
    "point": N_("Colonne du point (PRM, PCE ou nom)"),
    "building": N_("Colonne du bâtiment"),
    "time": N_("Colonne de la date"),
    "value": N_("Colonne de la valeur"),
    "start": N_("Colonne du début de période"),
    "end": N_("Colonne de la fin de période"),
    "energy": N_("Colonne de l'énergie facturée"),
    "volume": N_("Colonne du volume (m³)"),
    "index_start": N_("Colonne de l'index de début"),
    "index_end": N_("Colonne de l'index de fin"),
    "estimated": N_("Colonne « estimé »"),
    "net": N_("Colonne du montant hors taxes"),
    "gross": N_("Colonne du montant TTC"),
    "number": N_("Colonne du numéro de facture"),
    "coefficient": N_("Colonne du coefficient de conversion (kWh/m³)"),
}

UNITS: Final = {
    "kWh": ("energy", Decimal(1)),
    "kWh PCI": ("energy", Decimal(1)),
    "Wh": ("energy", Decimal("0.001")),
    "MWh": ("energy", Decimal(1000)),
    "m³": ("volume", Decimal(1)),
    "dm³": ("volume", Decimal("0.001")),
    "kW": ("power", Decimal(1)),
    "W": ("power", Decimal("0.001")),
}
"""Unit → what it measures, and how many kWh, m³ or kW it is. Gas in kWh is on PCS, as networks bill it."""
STAMPS: Final = ("start", "end")
DATES: Final = {"iso": "2026-01-31 14:30", "day_first": "31/01/2026 14:30", "compact": "20260131"}
SEPARATORS: Final = {";": N_("point-virgule"), ",": N_("virgule"), "\t": N_("tabulation"), "|": N_("barre")}
ENCODINGS: Final = {"utf-8": "UTF-8", "cp1252": "Windows-1252"}
THOUSANDS: Final = ("", " ", ".", ",", "'")
DIRECTIONS: Final = ("import", "export", "production")
"""Which point of a PRM is meant: what is drawn, what is given to the network, what is produced."""
STEPS: Final = (5, 10, 15, 30, 60)
"""Minutes of a step of a load curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How to read the files of one source; `columns` gives the heading of each role (`REQUIRED`, `OPTIONAL`).

    `stamp` says what a date means: for energies, whether it stamps the start or the end of its interval; for bills,
    whether the end of the period is the first day after it ("start") or its last day ("end"); for an index dated by
    a day alone, whether it was read at that day's start or end. `day_begins` is the local hour at which a day of
    this energy begins: 6 for gas days (J 06:00 → J+1 06:00). `keep` names the rows that count: heading → text.
    """

    kind: Kind
    columns: Mapping[str, str]
    unit: str = "kWh"
    stamp: str = "start"
    timezone: str = "Europe/Paris"
    decimal: str = ","
    thousands: str = ""
    dates: str = "day_first"
    separator: str = ";"
    encoding: str = "utf-8"
    step: int = 30
    day_begins: int = 0
    direction: str = "import"
    keep: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a profile no file could be read with."""
        object.__setattr__(self, "kind", Kind(self.kind))
        time_zone(self.timezone)
        for value, allowed, name, what in (
            (self.unit, UNITS, "unit", "L'unité"),
            (self.stamp, STAMPS, "stamp", "Le côté daté"),
            (self.decimal, (",", "."), "decimal", "Le signe décimal"),
            (self.thousands, THOUSANDS, "thousands", "Le séparateur de milliers"),
            (self.dates, DATES, "dates", "Le format de date"),
            (self.separator, SEPARATORS, "separator", "Le séparateur"),
            (self.encoding, ENCODINGS, "encoding", "L'encodage"),
            (self.step, STEPS, "step", "Le pas de la courbe"),
            (self.direction, DIRECTIONS, "direction", "Le sens"),
            (self.day_begins, range(24), "day_begins", "L'heure à laquelle le jour commence"),
        ):
            if value not in allowed:
                raise Refusal(
                    "{what} « {value} » n'est pas connu ; choisissez dans la liste.", field=name, what=what, value=value
                )
        if self.thousands == self.decimal:
            raise Refusal("Le séparateur de milliers ne peut pas être le signe décimal.", field="thousands")
        self._check_columns()
        self._check_unit()

    def _check_columns(self) -> None:
        known = {*REQUIRED[self.kind], *OPTIONAL.get(self.kind, ())}
        for role in REQUIRED[self.kind]:
            if not self.columns.get(role):
                raise Refusal(
                    "« {role} » manque ; donnez son intitulé dans le fichier.", field=role, role=ROLE_WORDS[role]
                )
        for role in self.columns:
            if role not in known:
                raise Refusal(
                    "Un fichier de ce genre n'a pas de colonne « {role} » ; videz ce champ.", field=role, role=role
                )
        if self.kind is Kind.BILLS:
            given = {role for role in BILL_ENERGY if self.columns.get(role)}
            if len(given & {"index_start", "index_end"}) == 1:
                raise Refusal(
                    "Les index vont par deux : donnez la colonne du début et celle de la fin.", field="index_end"
                )
            if not given:
                raise Refusal(
                    "Une facture dit une énergie, un volume ou deux index : donnez au moins une de ces colonnes.",
                    field="energy",
                )

    def _check_unit(self) -> None:
        measures = UNITS[self.unit][0]
        if measures == "power" and self.kind is not Kind.CURVE:
            raise Refusal(
                "Seule une courbe de charge peut être en W ou en kW ; choisissez une unité d'énergie.", field="unit"
            )
        if self.unit == "kWh PCI" and self.kind is not Kind.BILLS:
            raise Refusal("Le kWh PCI n'est accepté que sur des factures ; les réseaux comptent en PCS.", field="unit")

    @property
    def is_volume(self) -> bool:
        """Whether values are cubic metres."""
        return UNITS[self.unit][0] == "volume"

    @property
    def scale(self) -> Decimal:
        """What a value of the file is multiplied by: to kWh or m³; a mean power, to the kWh of a step."""
        measures, factor = UNITS[self.unit]
        return factor * self.step / 60 if measures == "power" else factor

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self) | {"kind": self.kind.value, "columns": dict(self.columns), "keep": dict(self.keep)}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Profile:
        """Return the profile `to_json` wrote."""
        return cls(**written)
