"""R63, R63A, R63B (guide 0503): the load curve, in naive Paris time, of points of every size.

Points above 36 kVA (C1 to C4) are stamped at the START of an interval, the others (C5) at its END, and a file does not
say which its points are. In this order: the name of the flow (R63A is C1 to C4, R63B is C5), what the caller knows of
the point, a letter B (raw: guide 0408 has none above 36 kVA), the first and last stamps of the period, then the
convention in force.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.sources.conventions import NATURES, SIDES, Side, side
from devices.sources.enedis.making import (
    in_unit,
    likelihood,
    number,
    point_of,
    power_quantity,
    unit_of,
    value_of,
    worst,
)  # fmt: skip
from devices.sources.enedis.objects import measures
from devices.sources.enedis.table import rows
from devices.sources.reading import TOTAL, Quality, SourceReading
from devices.sources.wall import day_of, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from devices.sources.conventions import Sides

COLUMNS: Final = (
    "Identifiant PRM", "Date de début", "Date de fin", "Grandeur physique", "Grandeur métier", "Etape métier", "Unité",
    "Horodate", "Valeur", "Nature", "Pas", "Indice de vraisemblance", "Etat complémentaire",
)  # fmt: skip
_STEP = re.compile(r"PT(?:(\d{1,2})M|1H)", re.ASCII)


class _Curve(NamedTuple):
    point: str
    first_day: str
    physics: str
    direction: str
    stage: str
    unit: str


class _Point(NamedTuple):
    stamp: str
    value: Decimal | None
    step: str
    nature: str
    likelihood: Any
    line: int


def read_json(
    pieces: Iterable[bytes],
    *,
    flow: str = "R63",
    segments: Mapping[str, str] | None = None,
    sides: Sides = SIDES,
    natures: Mapping[str, Quality] = NATURES,
) -> Iterator[SourceReading]:
    """Yield each mean power (W, var) or voltage (V); `segments` gives C1 to C5 of points the caller knows."""
    for line, measure in measures(pieces):
        point = point_of(measure.get("idPrm"))
        period = measure.get("periode") or {}
        for size in measure.get("grandeur") or ():
            curve = _Curve(
                point, str(period.get("dateDebut", "")), str(size.get("grandeurPhysique", "")),
                str(size.get("grandeurMetier", "")), str(measure.get("etapeMetier", "")), str(size.get("unite", "")),
            )  # fmt: skip
            points = [
                _Point(
                    one["d"], value_of(one.get("v")), one.get("p") or "PT30M", one.get("n") or "", one.get("iv"), line
                )
                for one in size.get("points") or ()
            ]
            yield from _curve(curve, points, flow, segments=segments or {}, sides=sides, natures=natures)


def read_csv(
    pieces: Iterable[bytes],
    *,
    flow: str = "R63",
    segments: Mapping[str, str] | None = None,
    sides: Sides = SIDES,
    natures: Mapping[str, Quality] = NATURES,
) -> Iterator[SourceReading]:
    """Yield the same of the portal's CSV; rows of one curve follow each other."""
    found = (
        (
            _Curve(
                cells["Identifiant PRM"], cells["Date de début"], cells["Grandeur physique"], cells["Grandeur métier"],
                cells["Etape métier"], cells["Unité"],
            ),
            _Point(
                cells["Horodate"], number(cells["Valeur"]) if cells["Valeur"] else None, cells["Pas"] or "PT30M",
                cells["Nature"], cells["Indice de vraisemblance"], line,
            ),
        )
        for line, cells in rows(pieces, COLUMNS)
    )  # fmt: skip
    for curve, group in groupby(found, key=lambda pair: pair[0]):
        point_of(curve.point)
        yield from _curve(
            curve, [point for _, point in group], flow, segments=segments or {}, sides=sides, natures=natures
        )


def _curve(
    curve: _Curve,
    points: Sequence[_Point],
    flow: str,
    *,
    segments: Mapping[str, str],
    sides: Sides,
    natures: Mapping[str, Quality],
) -> Iterator[SourceReading]:
    quantity = power_quantity(curve.physics, curve.direction)
    if quantity is None:
        raise Unreadable(
            "unknown_quantity",
            "La grandeur « {physics} » n'est pas celle d'une courbe de ce flux ; faites corriger la lecture.",
            physics=curve.physics[:40],
        )
    if not points:
        return
    unit, power = unit_of(curve.unit)
    rule = _rule(curve, points, flow, segments)
    at_end = side(sides, rule, day_of(points[0].stamp)) is Side.END
    register = TOTAL if curve.physics in {"PA", "EA"} else curve.physics
    for point, (instant, sure) in zip(points, in_order([point.stamp for point in points]), strict=True):
        if point.value is None:
            continue
        step = _step(point.step)
        start = instant - step if at_end else instant
        quality = natures.get(point.nature, Quality.DOUBTFUL) if point.nature else Quality.GOOD
        if point.likelihood or not sure:
            quality = worst(quality, likelihood(point.likelihood), Quality.GOOD if sure else Quality.DOUBTFUL)
        yield SourceReading(
            curve.point, quantity, unit, start, start + step, in_unit(point.value, power), quality, point.line,
            register, point.nature,
        )  # fmt: skip


def _rule(curve: _Curve, points: Sequence[_Point], flow: str, segments: Mapping[str, str]) -> str:
    """Return which convention the stamps of a curve follow."""
    known = {"R63A": "C1-C4", "R63B": "C5"}.get(flow) or segments.get(curve.point, "")
    if known:
        return "R63/C5" if known in {"C5", "P4"} else "R63/C1-C4"
    if any(point.nature == "B" for point in points):
        return "R63/C5"
    first, last = sorted((points[0].stamp, points[-1].stamp))
    begins, ends = (stamp[11:16] == "00:00" for stamp in (first, last))
    if begins and not ends and first[:10] == (curve.first_day or first)[:10]:
        return "R63/C1-C4"
    return "R63/C5" if ends and not begins else "R63"


@lru_cache(maxsize=100)
def _step(written: str) -> dt.timedelta:
    found = _STEP.fullmatch(written)
    minutes = int(found[1] or 60) if found else 0
    if minutes not in {5, 10, 15, 30, 60}:
        raise Unreadable(
            "bad_step",
            "Le pas « {written} » n'est pas celui d'une courbe (PT5M à PT60M) ; demandez de nouveau le fichier.",
            written=written[:40],
        )
    return dt.timedelta(minutes=minutes)
