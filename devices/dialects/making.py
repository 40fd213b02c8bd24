"""Observations made of numbers that are known to be measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Event, Observation, Quality, Stamp, Unreadable
from devices.dialects.naming import channel_of, measured
from devices.dialects.quantities import WORDS, Quantity, units_of
from devices.dialects.units import conversion

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal


class Meaning(NamedTuple):
    """What a key of a dialect is, and the unit its maker writes it in."""

    quantity: Quantity
    unit: str = ""
    phase: str = ""


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
        exact, unit = canonical(number, meaning.unit, meaning.quantity)
        channel = channel_of(*path)
        said = self.serial, channel, self.time, exact, meaning.quantity, unit, self.stamp, self.quality, meaning.phase
        return [Observation(*said)]

    def event(self, kind: str, sentence: str) -> Event:
        """Return an event of this device at this instant."""
        return Event(self.serial, kind, self.time, sentence)


def canonical(value: Decimal, unit: str, quantity: Quantity) -> tuple[Decimal, str]:
    """Return `value` of `quantity` in the unit it is kept in, and that unit.

    "" is a unit nobody said: the value stays as it is, for the installation to say. So does a register in a unit we do
    not know. Raises `Unreadable` (wrong_unit) where `unit` cannot be one of `quantity`.
    """
    if not unit:
        return value, ""
    found = conversion(unit)
    if quantity is Quantity.REGISTER:
        return (found.of(value), found.unit) if found else (value, unit)
    if found is None or found.unit not in units_of(quantity):
        raise _wrong_unit(unit, quantity, known=found is not None)
    return found.of(value), found.unit


def _wrong_unit(unit: str, quantity: Quantity, *, known: bool) -> Unreadable:
    """Return the refusal of a unit that is not the quantity's."""
    expected = " ou ".join(units_of(quantity))
    why = f"ne se convertit pas en {expected}" if known else "n'est pas connue"
    return Unreadable(
        "wrong_unit",
        f"L'unité « {unit[:20]} » d'une valeur de la grandeur « {WORDS[quantity]} » {why} ; corrigez l'unité ou la"
        f" grandeur que publie l'appareil : on attend {expected}, ou un multiple.",
    )
