"""Which series of a point a reading of an operator belongs to, if to any."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.imports.profile import STEPS
from devices.sources.reading import TOTAL, Quality, Quantity
from devices.sources.wall import PARIS

if TYPE_CHECKING:
    from devices.sources.reading import SourceReading

TAKEN: Final = {Quality.GOOD, Quality.CORRECTED}
"""A series knows no quality: what is estimated, doubtful or impossible would pass for measured (truth 2)."""
DIRECTIONS: Final = {
    Quantity.ENERGY_INDEX: "import",
    Quantity.ENERGY: "import",
    Quantity.POWER: "import",
    Quantity.EXPORTED_ENERGY_INDEX: "export",
    Quantity.EXPORTED_ENERGY: "export",
    Quantity.EXPORTED_POWER: "export",
}
_POWERS: Final = {Quantity.POWER, Quantity.EXPORTED_POWER}
_INDEXES: Final = {Quantity.ENERGY_INDEX, Quantity.EXPORTED_ENERGY_INDEX}
_MILLIONTH: Final = Decimal("0.000001")
INDEX: Final = 0
DAY: Final = 24 * 60


class Meant(NamedTuple):
    """A value in kWh of the series of `step` minutes (`INDEX`: at an instant, `DAY`: of a local day)."""

    step: int
    direction: str
    value: Decimal


def meant(reading: SourceReading) -> Meant | None:
    """Return what `reading` is to the series of its point; None where it is no active energy of a step we keep.

    >>> meant(reading)  # 1,200 W over half an hour
    Meant(step=30, direction='import', value=Decimal('0.600000'))
    """
    direction = DIRECTIONS.get(reading.quantity)
    if direction is None or reading.register != TOTAL:
        return None
    if reading.quantity in _INDEXES:
        return Meant(INDEX, direction, _kept(reading.value)) if reading.end is None else None
    if reading.end is None:
        return None
    if reading.quantity in _POWERS:
        minutes = int((reading.end - reading.start) / dt.timedelta(minutes=1))
        return Meant(minutes, direction, _kept(reading.value * minutes / 60_000)) if minutes in STEPS else None
    start, end = reading.start.astimezone(PARIS), reading.end.astimezone(PARIS)
    one_day = start.time() == end.time() == dt.time() and end.date() - start.date() == dt.timedelta(days=1)
    return Meant(DAY, direction, _kept(reading.value)) if one_day else None


def _kept(value: Decimal) -> Decimal:
    return value.quantize(_MILLIONTH, ROUND_HALF_EVEN)
