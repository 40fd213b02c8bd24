"""Gather observations station by station; one instant given twice with two values is refused. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.weather.observed import Observed, Parsed, Series
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from baseline.weather.observed import Described


class Gathered:
    """Series under way."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._stations: dict[str, Described] = {}
        self._values: dict[str, dict[tuple[str, dt.datetime], Observed]] = {}

    def knows(self, code: str) -> bool:
        """Whether the station was described."""
        return code in self._stations

    def describe(self, station: Described) -> None:
        """Keep what the file says of a station."""
        self._stations.setdefault(station.code, station)
        self._values.setdefault(station.code, {})

    def add(self, code: str, value: Observed, line: int) -> None:
        """Keep one value."""
        if self._values[code].setdefault((value.parameter, value.at), value) != value:
            raise Refusal(
                "Ligne {line} : {parameter} du {at} est donnée deux fois, avec deux valeurs.",
                field="file",
                line=line,
                parameter=value.parameter,
                at=f"{value.at:%Y-%m-%d %H:%M}",
            )

    def parsed(self, kind: str) -> Parsed:
        """Return all of it."""
        return Parsed(
            kind,
            {code: Series(station, list(self._values[code].values())) for code, station in self._stations.items()},
        )
