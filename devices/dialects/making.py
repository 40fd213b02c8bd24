"""Observations made of numbers that are known to be measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Event, Observation, Quality, Stamp
from devices.dialects.naming import channel_of, measured
from devices.dialects.quantities import Quantity, canonical

if TYPE_CHECKING:
    import datetime as dt


class Meaning(NamedTuple):
    """What a key of a dialect is, and the unit its maker writes it in."""

    quantity: Quantity
    unit: str = ""


class Maker(NamedTuple):
    """Makes the observations of one device at one instant."""

    serial: str
    time: dt.datetime
    stamp: Stamp
    quality: Quality = Quality.GOOD

    def of(self, path: tuple[str, ...], value: Any, meaning: Meaning) -> list[Observation]:
        """Return the observation of a number at `path`; none of null; refuse anything else."""
        number = measured(value, ".".join(path))
        if number is None:
            return []
        exact, unit = canonical(number, meaning.unit)
        return [
            Observation(
                self.serial, channel_of(*path), self.time, exact, meaning.quantity, unit, self.stamp, self.quality
            )
        ]

    def event(self, kind: str, sentence: str) -> Event:
        """Return an event of this device at this instant."""
        return Event(self.serial, kind, self.time, sentence)
