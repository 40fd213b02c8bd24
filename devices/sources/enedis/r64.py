"""R64, R64A, R64B (guide 0503): indexes AT their stamp, naive Paris time; midnight is the START of its day.

The total register (`cadranTotalisateur`, IDX_EAS_T) is read wherever it is given: a change of calendar changes
nothing in it. Where it is not, the classes of the distributor's calendar are added up and the index is doubtful.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.sources.conventions import SIDES, Side, side
from devices.sources.enedis.making import (
    in_unit,
    index_quantity,
    likelihood,
    number,
    point_of,
    unit_of,
    value_of,
    worst,
)  # fmt: skip
from devices.sources.enedis.objects import measures
from devices.sources.enedis.table import rows
from devices.sources.reading import TOTAL, Quality, Quantity, SourceReading
from devices.sources.wall import ONE_DAY, day_of, in_order, midnight

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from devices.sources.conventions import Sides

COLUMNS: Final = (
    "Identifiant PRM", "Date de début", "Date de fin", "Grandeur physique", "Grandeur métier", "Etape métier", "Unité",
    "Horodate", "Contexte de relève", "Type de releve", "Motif de relève", "Grille", "Identifiant calendrier",
    "Libellé calendrier", "Identifiant classe temporelle", "Libellé classe temporelle", "Cadran", "Valeur",
    "Indice de vraisemblance",
)  # fmt: skip


class _Series(NamedTuple):
    point: str
    quantity: Quantity
    unit: str
    line: int
    register: str
    said: str


class _Index(NamedTuple):
    stamp: str
    value: Decimal
    likelihood: Any


def read_json(pieces: Iterable[bytes], *, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield the total index (kWh, kvarh) of each stamp of each point."""
    for line, measure in measures(pieces):
        point = point_of(measure.get("idPrm"))
        for context in measure.get("contexte") or ():
            said = str(context.get("typeReleve", ""))
            for size in context.get("grandeur") or ():
                quantity, register = _counts(size.get("grandeurPhysique", ""), size.get("grandeurMetier", ""))
                total, sure = _total(size)
                series = _Series(point, quantity, str(size.get("unite", "")), line, register, said)
                yield from _indexes(series, total, sides, sure=sure)


def read_csv(pieces: Iterable[bytes], *, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield the same of the portal's CSV: the rows of the total register, or sums where a series has none."""
    found = rows(pieces, COLUMNS, spellings={"Type de relève": "Type de releve", "Code cadran": "Cadran"})

    def of(row: tuple[int, dict[str, str]]) -> tuple[str, ...]:
        cells = row[1]
        return (
            cells["Identifiant PRM"], cells["Grandeur physique"], cells["Grandeur métier"], cells["Unité"],
            cells["Type de releve"],
        )  # fmt: skip

    for (prm, physics, direction, unit, said), group in groupby(found, key=of):
        quantity, register = _counts(physics, direction)
        held = list(group)
        totals = [cells for _, cells in held if _is_total(cells["Cadran"])]
        everything = [cells for _, cells in held]
        chosen = totals or [cells for cells in everything if cells["Grille"] == "Distributeur"] or everything
        by_class: dict[str, list[_Index]] = defaultdict(list)
        for cells in chosen:
            if cells["Valeur"]:
                name = TOTAL if totals else cells["Identifiant classe temporelle"]
                by_class[name].append(
                    _Index(cells["Horodate"], number(cells["Valeur"]), cells["Indice de vraisemblance"])
                )
        series = _Series(point_of(prm), quantity, unit, held[0][0], register, said)
        yield from _indexes(series, _sum(list(by_class.values())), sides, sure=bool(totals))


def _is_total(register: str) -> bool:
    return register.endswith("_T")


def _counts(physics: str, direction: str) -> tuple[Quantity, str]:
    quantity = index_quantity(physics, direction)
    return quantity or Quantity.REGISTER, TOTAL if physics == "EA" else physics


def _total(size: dict[str, Any]) -> tuple[list[_Index], bool]:
    """Return the indexes that count everything, and whether the total register gave them."""
    register = size.get("cadranTotalisateur")
    if register:
        given = register if isinstance(register, list) else [register]
        return [index for one in given for index in _values(one)], True
    of_grid: dict[str, list[list[_Index]]] = defaultdict(list)
    for calendar in size.get("calendrier") or ():
        for one in calendar.get("classeTemporelle") or ():
            of_grid[str(calendar.get("libelleGrille", ""))].append(_values(one))
    chosen = of_grid.get("Distributeur") or next(iter(of_grid.values()), [])
    return _sum(chosen), False


def _values(register: dict[str, Any]) -> list[_Index]:
    found = []
    for one in register.get("valeur") or ():
        value = value_of(one.get("v"))
        if value is not None:
            found.append(_Index(str(one.get("d", "")), value, one.get("iv")))
    return found


def _sum(classes: list[list[_Index]]) -> list[_Index]:
    """Return the sums of the classes at each stamp they all have."""
    together: dict[str, list[_Index]] = defaultdict(list)
    for indexes in classes:
        for index in indexes:
            together[index.stamp].append(index)
    return [
        _Index(stamp, sum((one.value for one in found), Decimal(0)), max(str(one.likelihood or 0) for one in found))
        for stamp, found in sorted(together.items())
        if len(found) == len(classes)
    ]


def _indexes(series: _Series, indexes: list[_Index], sides: Sides, *, sure: bool) -> Iterator[SourceReading]:
    if not indexes:
        return
    unit, power = unit_of(series.unit)
    for index, instant in zip(indexes, _instants([index.stamp for index in indexes], sides), strict=True):
        quality = worst(likelihood(index.likelihood), Quality.GOOD if sure else Quality.DOUBTFUL)
        yield SourceReading(
            series.point, series.quantity, unit, instant, None, in_unit(index.value, power), quality, series.line,
            series.register, series.said,
        )  # fmt: skip


def _instants(stamps: list[str], sides: Sides) -> list[dt.datetime]:
    placed = [one.instant for one in in_order(stamps)] if len(stamps[0]) > 10 else [midnight(day_of(s)) for s in stamps]
    return [
        at if side(sides, "R64", day_of(stamp)) is Side.START else at + ONE_DAY
        for at, stamp in zip(placed, stamps, strict=True)
    ]
