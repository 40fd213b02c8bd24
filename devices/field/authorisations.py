"""Who may work where: what a visit demands, what its technician holds. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from devices.field.words import DEMANDS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable


class Held(NamedTuple):
    """An authorisation valid during [start, end) of local days."""

    kind: str
    start: dt.date
    end: dt.date


def demanded(places: Iterable[str]) -> list[str]:
    """Return the kinds of authorisation that work at `places` demands, each once."""
    return sorted({DEMANDS[place] for place in places if place in DEMANDS})


def missing(places: Iterable[str], held: Iterable[Held], day: dt.date) -> list[str]:
    """Return the kinds demanded of which nothing `held` is valid on `day`."""
    valid = {one.kind for one in held if one.start <= day < one.end}
    return [kind for kind in demanded(places) if kind not in valid]
