"""What a point cannot have drawn, whatever likelihood the operator claims.

Raw R151 contains jumps of 44 MWh a day on a point of 3 kVA with a calendar that is known and a likelihood index of 0.
The bound: kWh of a day <= subscribed kVA x 24 x 1.3, and the same of any other time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from devices.sources.reading import PointFacts, Quality, Quantity, SourceReading, kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devices.sources.reading import Record

MARGIN: Final = Decimal("1.3")
_INDEXES: Final = {Quantity.ENERGY_INDEX, Quantity.EXPORTED_ENERGY_INDEX}
_ENERGIES: Final = {Quantity.ENERGY, Quantity.EXPORTED_ENERGY}
_POWERS: Final = {Quantity.POWER, Quantity.EXPORTED_POWER}


def watts_of(facts: PointFacts) -> Decimal | None:
    """Return the subscribed power in W or VA (an apparent power bounds the real one); None where it is not said."""
    found = kept(facts.subscribed_power_unit) if facts.subscribed_power_unit else None
    if facts.subscribed_power is None or found is None or found[0] not in {"W", "VA"}:
        return None
    return facts.subscribed_power.scaleb(found[1])


def judged(records: Iterable[Record], watts: Mapping[str, Decimal]) -> Iterator[Record]:
    """Yield `records`, those that exceed the subscribed power of their point (`watts`) as IMPOSSIBLE.

    An index is compared with the last of its register that was possible, so that one wrong index condemns no other;
    it may come out of order, as late days do. What falls back is another matter (a new meter, a reset).
    """
    last: dict[tuple[str, Quantity, str], SourceReading] = {}
    for record in records:
        if isinstance(record, PointFacts) or record.point not in watts:
            yield record
            continue
        most = watts[record.point] * MARGIN
        if record.quantity in _INDEXES:
            key = (record.point, record.quantity, record.register)
            before = last.get(key)
            if before is not None and _between(*sorted((before, record), key=lambda one: one.start)) > most:
                yield record._replace(quality=Quality.IMPOSSIBLE)
                continue
            last[key] = record
        elif record.end is not None and _mean(record) > most:
            yield record._replace(quality=Quality.IMPOSSIBLE)
            continue
        yield record


def _between(first: SourceReading, second: SourceReading) -> Decimal:
    """Return the mean W between two indexes in kWh."""
    seconds = Decimal((second.start - first.start).total_seconds())
    if not seconds:
        return Decimal(0)
    return (second.value - first.value) * 3_600_000 / seconds


def _mean(record: SourceReading) -> Decimal:
    """Return the mean W of an interval; 0 of what is no active power or energy."""
    if record.quantity in _POWERS:
        return record.value
    if record.quantity in _ENERGIES and record.end is not None:
        return record.value * 3_600_000 / Decimal((record.end - record.start).total_seconds())
    return Decimal(0)
