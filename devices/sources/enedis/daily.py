"""R65 (daily energy), R66 and R66B (daily greatest power), guide 0503: a value of each local day, by its date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.sources.conventions import SIDES, Side, side
from devices.sources.enedis.making import (
    energy_quantity,
    in_unit,
    likelihood,
    number,
    point_of,
    power_quantity,
    unit_of,
    value_of,
)  # fmt: skip
from devices.sources.enedis.objects import measures
from devices.sources.enedis.table import rows
from devices.sources.reading import TOTAL, Quality, Quantity, SourceReading
from devices.sources.wall import ONE_DAY, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from devices.sources.conventions import Sides

COLUMNS: Final = {
    "R65": (
        "Identifiant PRM", "Date de début", "Date de fin", "Grandeur physique", "Grandeur métier", "Etape métier",
        "Unité", "Mode de calcul", "Pas", "Date", "Valeur",
    ),
    "R66": (
        "Identifiant PRM", "Date de début", "Date de fin", "Grandeur physique", "Grandeur métier", "Etape métier",
        "Unité", "Pas", "Date", "Valeur",
    ),
}  # fmt: skip


class _Series(NamedTuple):
    flow: str
    point: str
    physics: str
    direction: str
    unit: str
    said: str


def read_json(pieces: Iterable[bytes], *, flow: str, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield the energy (kWh) or the greatest power (VA, W) of each day; `flow` is R65 or R66."""
    for line, measure in measures(pieces):
        point = point_of(measure.get("idPrm"))
        stage = str(measure.get("modeCalcul") or measure.get("etapeMetier") or "")
        for size in measure.get("grandeur") or ():
            series = _Series(
                flow, point, str(size.get("grandeurPhysique", "")), str(size.get("grandeurMetier", "")),
                str(size.get("unite", "")), str(size.get("modeCalcul") or stage),
            )  # fmt: skip
            for one in size.get("points") or ():
                value = value_of(one.get("v"))
                if value is not None:
                    yield _day(series, str(one.get("d", "")), value, likelihood(one.get("iv")), line=line, sides=sides)


def read_csv(pieces: Iterable[bytes], *, flow: str, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield the same of the portal's CSV."""
    for line, cells in rows(pieces, COLUMNS[flow], spellings={"Horodate": "Date"}):
        if cells["Valeur"]:
            series = _Series(
                flow, point_of(cells["Identifiant PRM"]), cells["Grandeur physique"], cells["Grandeur métier"],
                cells["Unité"], cells.get("Mode de calcul", ""),
            )  # fmt: skip
            yield _day(series, cells["Date"], number(cells["Valeur"]), Quality.GOOD, line=line, sides=sides)


def _day(series: _Series, stamp: str, value: Decimal, quality: Quality, *, line: int, sides: Sides) -> SourceReading:
    unit, power = unit_of(series.unit)
    day = day_of(stamp)
    if side(sides, series.flow, day) is Side.END:
        day -= ONE_DAY
    return SourceReading(
        series.point, _quantity(series), unit, midnight(day), midnight(day + ONE_DAY), in_unit(value, power), quality,
        line, TOTAL if series.physics in {"EA", "PMA", "PMAX"} else series.physics, series.said,
    )  # fmt: skip


def _quantity(series: _Series) -> Quantity:
    of_flow = energy_quantity if series.flow == "R65" else power_quantity
    found = of_flow(series.physics, series.direction)
    if found is None:
        raise Unreadable(
            "unknown_quantity",
            "La grandeur « {physics} » n'est pas une de ce flux ; faites corriger la lecture.",
            physics=series.physics[:40],
        )
    return found if series.flow == "R65" else Quantity.PEAK_POWER
