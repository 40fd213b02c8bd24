"""R151 (guide 0317, C5): the index of each day and its greatest power.

The index is that of the END of the day: midnight in Paris of the day after. The total is the sum of the distributor's
registers, which count everything whatever calendar the supplier chose; a calendar that is not known (`INCONNU`,
`DN999999`) is a day without an index, not an index of 0.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from devices.sources.conventions import SIDES, Side, side
from devices.sources.enedis.making import bad_value, in_unit, likelihood, number, point_of, unit_of
from devices.sources.enedis.markup import blocks
from devices.sources.reading import Quality, Quantity, SourceReading
from devices.sources.wall import ONE_DAY, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devices.sources.conventions import Sides

CALENDARS: Final = frozenset({"DI000001", "DI000002", "DI000003"})
"""Calendars of the distributor whose registers add up to everything."""

# Compiled once: a day is looked at in C, whatever number of supplier's registers it has.
_DATE, _CALENDAR, _VALUES, _DOUBTS, _PEAK, _COUNT = (
    etree.XPath(path, smart_strings=False)
    for path in (
        "Date_Releve/text()",
        "Id_Calendrier_Distributeur/text()",
        "Classe_Temporelle_Distributeur/Valeur/text()",
        "Classe_Temporelle_Distributeur/Indice_Vraisemblance/text()",
        "Puissance_Maximale/Valeur/text()",
        "count(Classe_Temporelle_Distributeur)",
    )
)


def read(pieces: Iterable[bytes], *, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield the total index (kWh) and the greatest power (VA or W) of each day of each point."""
    index_unit, power_unit = ("kWh", -3), ("VA", 0)
    prm, point = None, ""
    for block in blocks(pieces, root="R151", each=("En_Tete_Flux", "Donnees_Releve"), forget=("Donnees_Releve", "PRM")):
        if block.tag == "En_Tete_Flux":
            index_unit = unit_of(block.findtext("Unite_Mesure_Index") or "Wh")
            power_unit = unit_of(block.findtext("Unite_Mesure_Puissance") or "VA")
            continue
        if (parent := block.getparent()) is not prm:
            prm, point = parent, point_of(parent.findtext("Id_PRM"))
        yield from _day(block, point, index_unit, power_unit, sides)


def _day(
    block: Any, point: str, index_unit: tuple[str, int], power_unit: tuple[str, int], sides: Sides
) -> Iterator[SourceReading]:
    day = day_of(_one(_DATE(block)))
    line = block.sourceline
    values = _VALUES(block)
    registers = _COUNT(block)
    if registers and _one(_CALENDAR(block)) in CALENDARS:
        if len(values) != registers:
            # A register without a value would make the total too small.
            raise bad_value("")
        total = sum(map(number, values), Decimal(0))
        said = max(_DOUBTS(block), default="")
        quality = likelihood(said)
        at = midnight(day + ONE_DAY if side(sides, "R151", day) is Side.END else day)
        unit, power = index_unit
        yield SourceReading(
            point, Quantity.ENERGY_INDEX, unit, at, None, in_unit(total, power), quality, line, said=said
        )
    for peak in _PEAK(block):
        unit, power = power_unit
        yield SourceReading(
            point, Quantity.PEAK_POWER, unit, midnight(day), midnight(day + ONE_DAY), in_unit(number(peak), power),
            Quality.GOOD, line,
        )  # fmt: skip


def _one(found: list[str]) -> str:
    return found[0] if found else ""
