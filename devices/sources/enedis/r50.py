"""R50 (guide 0318, C5): the load curve, mean W of each interval, stamped at its END with its offset."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from devices.dialects.measurement import Unreadable
from devices.sources.conventions import SIDES, Side, side
from devices.sources.enedis.making import likelihood, number, point_of
from devices.sources.enedis.markup import blocks
from devices.sources.reading import Quantity, SourceReading
from devices.sources.wall import day_of, with_offset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devices.sources.conventions import Sides


def read(pieces: Iterable[bytes], *, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield each mean power (W); a point without a value (`H` alone) is a gap, and nothing is said of it."""
    step = dt.timedelta(minutes=30)
    prm, point = None, ""
    for block in blocks(pieces, root="R50", each=("En_Tete_Flux", "Donnees_Releve"), forget=("Donnees_Releve", "PRM")):
        if block.tag == "En_Tete_Flux":
            step = _step(block.findtext("Pas_Publication") or "30")
            continue
        if (parent := block.getparent()) is not prm:
            prm, point = parent, point_of(parent.findtext("Id_PRM"))
        at_end = side(sides, "R50", day_of(block.findtext("Date_Releve") or "")) is Side.END
        for leaf in block.iterchildren("PDC"):
            value = leaf.findtext("V")
            if not value:
                continue
            stamp = with_offset(leaf.findtext("H") or "")
            start = stamp - step if at_end else stamp
            said = leaf.findtext("IV") or ""
            yield SourceReading(
                point, Quantity.POWER, "W", start, start + step, number(value), likelihood(said), leaf.sourceline,
                said=said,
            )  # fmt: skip


def _step(written: str) -> dt.timedelta:
    if written not in {"5", "10", "15", "30", "60"}:
        raise Unreadable(
            "bad_step",
            "Le pas de publication « {written} » n'est pas celui d'une courbe (5 à 60 minutes) ; demandez de nouveau le"
            " fichier.",
            written=written[:40],
        )
    return dt.timedelta(minutes=int(written))
