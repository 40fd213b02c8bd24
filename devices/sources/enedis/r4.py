"""R4Q, R4H, R4M (guide 0408, C1 to C4): the load curve in kW, stamped at the START of each interval, with its offset.

In autumn the hour from 02:00 to 03:00 comes twice with two offsets, in spring not at all. A block says its own step
(10 minutes, 5 since meters can), which may change inside a day.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from devices.dialects.measurement import Unreadable
from devices.sources.conventions import NATURES, SIDES, Side, side
from devices.sources.enedis.making import in_unit, number, point_of, power_quantity, unit_of
from devices.sources.enedis.markup import blocks, local
from devices.sources.reading import TOTAL, Quality, SourceReading
from devices.sources.wall import day_of, with_offset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devices.sources.conventions import Sides


def read(
    pieces: Iterable[bytes], *, sides: Sides = SIDES, natures: Mapping[str, Quality] = NATURES
) -> Iterator[SourceReading]:
    """Yield each mean power (W, var) or voltage (V); a point without a value is a gap, and nothing is said of it."""
    body, point = None, ""
    for block in blocks(pieces, root="Courbe", each=("Donnees_Courbe",), forget=("Donnees_Courbe",)):
        if (parent := block.getparent()) is not body:
            body, point = parent, point_of(parent.findtext("{*}Identifiant_PRM"))
        facts = {local(child): child.text or "" for child in block if local(child) != "Donnees_Point_Mesure"}
        physics = facts.get("Grandeur_Physique", "")
        quantity = power_quantity(physics, facts.get("Grandeur_Metier", ""))
        if quantity is None:
            raise Unreadable(
                "unknown_quantity",
                "La grandeur « {physics} » n'est pas celle d'une courbe de ce flux ; faites corriger la lecture.",
                physics=physics[:40],
            )
        unit, power = unit_of(facts.get("Unite_Mesure", ""))
        step = _step(facts.get("Granularite", ""))
        for leaf in block.iterchildren("{*}Donnees_Point_Mesure"):
            value = leaf.get("Valeur_Point")
            if not value:
                continue
            written = leaf.get("Horodatage") or ""
            stamp = with_offset(written)
            start = stamp if side(sides, "R4", day_of(written)) is Side.START else stamp - step
            said = leaf.get("Statut_Point") or ""
            yield SourceReading(
                point, quantity, unit, start, start + step, in_unit(number(value), power),
                natures.get(said, Quality.DOUBTFUL) if said else Quality.GOOD, leaf.sourceline,
                TOTAL if physics == "EA" else physics, said,
            )  # fmt: skip


def _step(written: str) -> dt.timedelta:
    if written not in {"5", "10", "15", "30", "60"}:
        raise Unreadable(
            "bad_step",
            "La granularité « {written} » n'est pas celle d'une courbe (5 à 60 minutes) ; demandez de nouveau le"
            " fichier.",
            written=written[:40],
        )
    return dt.timedelta(minutes=int(written))
