"""The columns of the sheet: their words, and what each shows of a row, as text for files and as value for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.desk.sheet.rows import EXPRESSIONS
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from fleet.desk.sheet.rows import Row


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, whether it is a number, and what it holds for a row."""

    words: str
    value: Callable[[Row], Any]
    number: bool = False
    unit: str = ""


def _known(name: str) -> Callable[[Row], Any]:
    return lambda row: row.values[name]


COLUMNS: dict[str, Column] = {
    "building": Column(N_("Bâtiment"), _known("building")),
    "site": Column(N_("Site"), _known("site")),
    "city": Column(N_("Ville"), _known("city")),
    "shareholder": Column(N_("Collectivité"), _known("shareholder")),
    "use": Column(N_("Usage"), _known("use")),
    "area": Column(N_("Surface"), _known("area"), number=True, unit="m²"),
    "point": Column(N_("Point"), _known("point")),
    "energy": Column(N_("Énergie"), _known("energy")),
    "identifier": Column(N_("PRM ou PCE"), _known("identifier")),
    "serial": Column(N_("Capteur"), _known("serial")),
    "model": Column(N_("Modèle"), _known("model")),
    "state": Column(N_("État du capteur"), _known("state")),
    "since": Column(N_("Posé le"), _known("since")),
    "heard": Column(N_("Dernier relevé"), lambda row: row.latest.ts if row.latest else None),
    "index": Column(
        N_("Dernier index"), lambda row: row.latest.index_kwh if row.latest else None, number=True, unit="kWh"
    ),
    "recent": Column(N_("30 derniers jours"), lambda row: row.recent_kwh, number=True, unit="kWh"),
    "trend": Column(N_("Tendance"), lambda row: row.days),
    "alerts": Column(N_("Alertes"), _known("alerts"), number=True),
    "tags": Column(N_("Mots-clés"), lambda row: ", ".join(row.tags) or None),
}
USUAL = ("building", "point", "energy", "heard", "recent", "trend", "alerts", "serial", "state", "shareholder")
SORTS = frozenset(EXPRESSIONS) & frozenset(COLUMNS)
GROUPS = {
    "shareholder": N_("par collectivité"),
    "use": N_("par usage"),
    "energy": N_("par énergie"),
    "state": N_("par état du capteur"),
    "city": N_("par ville"),
    "building": N_("par bâtiment"),
}
LATER = frozenset({"heard", "index", "recent", "trend"})
"""What a row is told after it was found (`rows.complete`)."""


def in_file(name: str, row: Row, zone: dt.tzinfo, say: Callable[[str, Any], Any]) -> Any:
    """Return what a cell of a file holds: exact numbers, wall-clock times, codes as `say` puts them."""
    value = COLUMNS[name].value(row)
    if name in {"heard", "since"} and value is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    if name == "trend":
        return " ".join("" if kwh is None else f"{kwh:.1f}" for kwh in value) or None
    return say(name, value)
