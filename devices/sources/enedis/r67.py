"""R67 (guide 0503): energy as billed for the use of the network, over local days [dbtMesure, finMesure).

The same energy is told once by the distributor's grid and once by the supplier's: one grid is added up, the
distributor's where it covers the period. What was annulled counts no more.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.sources.enedis.making import energy_quantity, in_unit, number, point_of, unit_of, value_of
from devices.sources.enedis.objects import measures
from devices.sources.enedis.table import rows
from devices.sources.reading import TOTAL, Quality, SourceReading
from devices.sources.wall import day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS: Final = (
    "Identifiant PRM", "Date de début", "Date de fin", "Grandeur physique", "Grandeur métier", "Etape métier", "Unité",
    "Motif de relève", "Code grille", "Libellé grille", "Code calendrier", "Libellé calendrier",
    "Identifiant classe temporelle", "Libellé classe temporelle", "Date de création", "Début de mesure",
    "Fin de mesure", "Quantité", "Code nature", "Code statut",
)  # fmt: skip
ANNULLED: Final = "A"
NATURES: Final = {"R": Quality.GOOD, "E": Quality.ESTIMATED, "C": Quality.CORRECTED, "I": Quality.GOOD}


class _Billed(NamedTuple):
    start: str
    end: str
    grid: str
    name: str
    value: Decimal
    nature: str
    created: str


def read_json(pieces: Iterable[bytes]) -> Iterator[SourceReading]:
    """Yield the billed energy (kWh) of each period of each point."""
    for line, measure in measures(pieces):
        point = point_of(measure.get("idPrm"))
        sizes: dict[tuple[str, str, str], list[_Billed]] = defaultdict(list)
        for context in measure.get("contexte") or ():
            for size in context.get("grandeur") or ():
                key = tuple(str(size.get(name, "")) for name in ("grandeurPhysique", "grandeurMetier", "unite"))
                sizes[key[0], key[1], key[2]] += _of_size(size)
        for named, billed in sizes.items():
            yield from _periods(point, named, billed, line)


def _of_size(size: dict[str, Any]) -> Iterator[_Billed]:
    for calendar in size.get("calendrier") or ():
        grid = str(calendar.get("codeGrille") or calendar.get("libelleGrille") or "")[:1].upper()
        for one in calendar.get("classeTemporelle") or ():
            for billed in one.get("quantite") or ():
                value = value_of(billed.get("quantite"))
                if value is not None and billed.get("codeStatut") != ANNULLED:
                    yield _Billed(
                        str(billed.get("dbtMesure", "")), str(billed.get("finMesure", "")), grid,
                        str(one.get("idClasseTemporelle", "")), value, str(billed.get("codeNature") or ""),
                        str(billed.get("dateCreation") or ""),
                    )  # fmt: skip


def read_csv(pieces: Iterable[bytes]) -> Iterator[SourceReading]:
    """Yield the same of the portal's CSV."""

    def series(row: tuple[int, dict[str, str]]) -> tuple[str, ...]:
        return tuple(row[1][name] for name in ("Identifiant PRM", "Grandeur physique", "Grandeur métier", "Unité"))

    for (prm, physics, direction, unit), group in groupby(rows(pieces, COLUMNS), key=series):
        held = list(group)
        billed = [
            _Billed(
                cells["Début de mesure"], cells["Fin de mesure"],
                (cells["Code grille"] or cells["Libellé grille"])[:1].upper(), cells["Identifiant classe temporelle"],
                number(cells["Quantité"]), cells["Code nature"], cells["Date de création"],
            )
            for _, cells in held
            if cells["Quantité"] and cells["Code statut"] != ANNULLED
        ]  # fmt: skip
        yield from _periods(point_of(prm), (physics, direction, unit), billed, held[0][0])


def _periods(point: str, size: tuple[str, str, str], billed: list[_Billed], line: int) -> Iterator[SourceReading]:
    physics, direction, unit_said = size
    quantity = energy_quantity(physics, direction)
    if quantity is None:
        raise Unreadable(
            "unknown_quantity",
            "La grandeur « {physics} » n'est pas une de ce flux ; faites corriger la lecture.",
            physics=physics[:40],
        )
    unit, power = unit_of(unit_said)
    of_period: dict[tuple[str, str], dict[str, dict[str, _Billed]]] = defaultdict(lambda: defaultdict(dict))
    for one in sorted(billed, key=lambda one: one.created):
        # Written again later, a class replaces what it was.
        of_period[one.start, one.end][one.grid][one.name] = one
    for (start, end), grids in sorted(of_period.items()):
        chosen = list((grids.get("D") or next(iter(grids.values()))).values())
        total = sum((one.value for one in chosen), Decimal(0))
        quality = Quality.GOOD
        for one in chosen:
            found = NATURES.get(one.nature, Quality.DOUBTFUL) if one.nature else Quality.GOOD
            quality = found if found is not Quality.GOOD else quality
        begins, ends = midnight(day_of(start)), midnight(day_of(end))
        if ends <= begins:
            raise Unreadable(
                "bad_period",
                "Une période finit ({end}) avant de commencer ({start}) ; demandez de nouveau le fichier.",
                start=start, end=end,
            )  # fmt: skip
        yield SourceReading(
            point, quantity, unit, begins, ends, in_unit(total, power), quality, line,
            TOTAL if physics == "EA" else physics, "".join(sorted({one.nature for one in chosen})),
        )  # fmt: skip
