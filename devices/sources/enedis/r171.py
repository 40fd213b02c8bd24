"""R171 (guide 0479, C1 to C4): indexes and greatest powers of each day, by class of the calendar, local and naive.

`dateFin` is the END: what was drawn on day J is stamped J + 1. There is no total register here: the classes of the
distributor's calendar (`D`) add up to it, or those of the supplier's (`F`) where it publishes no other.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.sources.conventions import SIDES, Side, side
from devices.sources.enedis.making import in_unit, index_quantity, number, point_of, unit_of
from devices.sources.enedis.markup import blocks, local, texts
from devices.sources.reading import TOTAL, Quality, Quantity, SourceReading
from devices.sources.wall import ONE_DAY, PARIS, day_of, in_order, midnight

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from devices.sources.conventions import Sides


class _Series(NamedTuple):
    point: str
    direction: str
    physics: str
    unit: str


def read(pieces: Iterable[bytes], *, sides: Sides = SIDES) -> Iterator[SourceReading]:
    """Yield total indexes (kWh, kvarh), greatest powers of each class, and other counters as they are written.

    Totals come when the series of the next point begin, or at the end of the file.
    """
    waiting: dict[_Series, dict[str, dict[tuple[str, str], tuple[Decimal, int]]]] = {}
    for block in blocks(pieces, root="R171", each=("serieMesuresDatees",), forget=("serieMesuresDatees",)):
        facts = texts(block)
        series = _Series(
            point_of(facts.get("prmId")), facts.get("grandeurMetier", ""), facts.get("grandeurPhysique", ""),
            facts.get("unite", ""),
        )  # fmt: skip
        if waiting and series.point != next(iter(waiting)).point:
            yield from _totals(waiting, sides)
            waiting = {}
        values = _values(block)
        if index_quantity(series.physics, series.direction) is None:
            yield from _others(series, facts.get("codeClasseTemporelle", ""), values, sides)
            continue
        of_calendar = waiting.setdefault(series, {}).setdefault(facts.get("typeCalendrier", ""), {})
        for stamp, value, line in values:
            of_calendar[facts.get("codeClasseTemporelle", ""), stamp] = (value, line)
    yield from _totals(waiting, sides)


def _values(block: Any) -> list[tuple[str, Decimal, int]]:
    found = []
    for leaf in block.iter("{*}mesureDatee"):
        said = {local(child): child.text or "" for child in leaf}
        if said.get("valeur"):
            found.append((said.get("dateFin", ""), number(said["valeur"]), leaf.sourceline))
    return found


def _at(stamp: str, sides: Sides) -> dt.datetime:
    """Return the instant an index stamped `stamp` is true at."""
    instant = in_order([stamp])[0].instant if len(stamp) > 10 else midnight(day_of(stamp))
    return instant if side(sides, "R171", day_of(stamp)) is Side.END else instant + ONE_DAY


def _totals(
    waiting: dict[_Series, dict[str, dict[tuple[str, str], tuple[Decimal, int]]]], sides: Sides
) -> Iterator[SourceReading]:
    for series, calendars in waiting.items():
        of_calendar = calendars.get("D") or next(iter(calendars.values()))
        quality = Quality.GOOD if "D" in calendars else Quality.DOUBTFUL
        sums: dict[str, Decimal] = defaultdict(Decimal)
        lines: dict[str, int] = {}
        classes: dict[str, set[str]] = defaultdict(set)
        for (name, stamp), (value, line) in of_calendar.items():
            sums[stamp] += value
            classes[stamp].add(name)
            lines.setdefault(stamp, line)
        everything = set().union(*classes.values())
        quantity = index_quantity(series.physics, series.direction)
        unit, power = unit_of(series.unit)
        for stamp, total in sorted(sums.items()):
            # A class that misses that day would make the total too small: no total that day.
            if quantity is not None and classes[stamp] == everything:
                yield SourceReading(
                    series.point, quantity, unit, _at(stamp, sides), None, in_unit(total, power), quality,
                    lines[stamp], TOTAL if series.physics == "EA" else series.physics,
                )  # fmt: skip


def _others(
    series: _Series, name: str, values: list[tuple[str, Decimal, int]], sides: Sides
) -> Iterator[SourceReading]:
    unit, power = unit_of(series.unit)
    register = f"{series.physics} {name}".strip()
    for stamp, value, line in values:
        end = _at(stamp, sides)
        if series.physics == "PMA":
            begins = midnight((end.astimezone(PARIS) - ONE_DAY).date())
            yield SourceReading(
                series.point, Quantity.PEAK_POWER, unit, begins, end, in_unit(value, power), Quality.GOOD, line,
                register,
            )  # fmt: skip
        else:
            yield SourceReading(
                series.point, Quantity.REGISTER, unit, end, None, in_unit(value, power), Quality.GOOD, line, register
            )
