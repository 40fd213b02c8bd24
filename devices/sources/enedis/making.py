"""The values every flow writes the same way: points, numbers, quantities, qualities."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from devices.dialects.measurement import Unreadable
from devices.dialects.units import shifted
from devices.sources.reading import Quality, Quantity, kept

_POINT = re.compile(r"\d{14}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?", re.ASCII)
_SHOWN: Final = 40

_INDEXES: Final = {
    ("EA", "CONS"): Quantity.ENERGY_INDEX,
    ("EA", "PROD"): Quantity.EXPORTED_ENERGY_INDEX,
    ("ER", ""): Quantity.REACTIVE_ENERGY_INDEX,
}
_ENERGIES: Final = {
    ("EA", "CONS"): Quantity.ENERGY,
    ("EA", "PROD"): Quantity.EXPORTED_ENERGY,
    ("ER", ""): Quantity.REACTIVE_ENERGY,
}
_POWERS: Final = {
    ("EA", "CONS"): Quantity.POWER,
    ("EA", "PROD"): Quantity.EXPORTED_POWER,
    ("ER", ""): Quantity.REACTIVE_POWER,
    ("E", ""): Quantity.VOLTAGE,
    ("PMA", ""): Quantity.PEAK_POWER,
}
# PA, PRI, PRC of the JSON flows are the powers of EA, ERI, ERC.
_PHYSICS: Final = {"PA": "EA", "PRI": "ER", "PRC": "ER", "ERI": "ER", "ERC": "ER", "PMAX": "PMA", "EAS": "EA"}


def point_of(written: Any) -> str:
    """Return a PRM: 14 digits."""
    if not isinstance(written, str) or not _POINT.fullmatch(written):
        raise Unreadable(
            "bad_point",
            "« {written} » n'est pas un numéro de point (14 chiffres) ; demandez de nouveau le fichier.",
            written=str(written)[:_SHOWN],
        )
    return written


@lru_cache(maxsize=100_000)
def number(written: str) -> Decimal:
    """Return the number `written`, at most 15 digits and 6 decimals, with a point."""
    text = written.strip()
    if not _NUMBER.fullmatch(text):
        raise bad_value(written)
    return Decimal(text)


def value_of(written: Any) -> Decimal | None:
    """Return the value of a JSON field, written as a string (R63) or as an integer (R64); None where it is missing."""
    if written is None or written == "":
        return None
    if isinstance(written, (str, Decimal)):
        return number(str(written))
    raise bad_value(str(written))


def bad_value(written: str) -> Unreadable:
    """Return the refusal of a value that is missing or no number."""
    return Unreadable(
        "bad_value",
        "« {written} » n'est pas une valeur que ce flux écrit ; demandez de nouveau le fichier.",
        written=written[:_SHOWN],
    )


@lru_cache(maxsize=200)
def unit_of(written: str) -> tuple[str, int]:
    """Return the unit kept and the power of ten that leads to it."""
    found = kept(written)
    if found is None:
        raise Unreadable(
            "unknown_unit",
            "L'unité « {written} » n'est pas connue de ce flux ; demandez de nouveau le fichier, ou faites corriger la"
            " lecture.",
            written=written[:_SHOWN],
        )
    return found


def in_unit(value: Decimal, power: int) -> Decimal:
    """Return `value` in the unit kept, exactly."""
    return shifted(value, power) if power else value


def index_quantity(physics: str, direction: str) -> Quantity | None:
    """Return what the index of a grandeur physique counts; None where it is no energy."""
    return _found(_INDEXES, physics, direction)


def energy_quantity(physics: str, direction: str) -> Quantity | None:
    """Return which energy a grandeur physique is."""
    return _found(_ENERGIES, physics, direction)


def power_quantity(physics: str, direction: str) -> Quantity | None:
    """Return which power (or voltage) the curve of a grandeur physique is."""
    return _found(_POWERS, physics, direction)


def _found(table: dict[tuple[str, str], Quantity], physics: str, direction: str) -> Quantity | None:
    plain = _PHYSICS.get(physics.upper(), physics.upper())
    return table.get((plain, direction or "CONS")) or table.get((plain, ""))


def likelihood(written: Any) -> Quality:
    """Return what an indice de vraisemblance says: 0 or none is good, anything else is doubtful."""
    return Quality.GOOD if str(written or "0").strip() in {"0", ""} else Quality.DOUBTFUL


def worst(*qualities: Quality) -> Quality:
    """Return the quality that promises least."""
    return max(qualities, key=_RANK.__getitem__)


_RANK: Final = {
    quality: rank
    for rank, quality in enumerate(
        (Quality.GOOD, Quality.CORRECTED, Quality.DOUBTFUL, Quality.ESTIMATED, Quality.IMPOSSIBLE)
    )
}
