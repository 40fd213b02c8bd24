"""What a weather file or service says, before it is stored. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

HOURLY: Final = "T"
"""°C at a round hour (UTC); it stands for the hour that begins with it, so that 24 of them average to a day's TM."""
DAILY: Final = ("TN", "TX", "TM")
"""°C of a climatological day: minimum (18 h UTC the day before to 18 h), maximum (6 h UTC to 6 h next day), mean."""
PARAMETERS: Final = (HOURLY, *DAILY)

# Météo-France, H_descriptif_champs: 9 filtered, 0 protected (validated for good), 1 validated, 2 doubtful.
DOUBTFUL: Final = 2
ACCEPTED: Final = frozenset({0, 1, 9})
"""None, where a source gives no code, is accepted too and shown as unverified."""


class Observed(NamedTuple):
    """One value as its source gives it: which parameter, for which instant (UTC; a day's is its midnight UTC)."""

    parameter: str
    at: dt.datetime
    celsius: Decimal | None
    """None: the source says that it has no value."""
    quality: int | None = None

    @property
    def usable(self) -> bool:
        """Whether figures may be made of it."""
        return self.celsius is not None and (self.quality is None or self.quality in ACCEPTED)


@dataclass(frozen=True, slots=True)
class Described:
    """A station as a file describes it."""

    code: str
    name: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    altitude_m: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """What a file says of one station; its code is empty where the file names none."""

    station: Described
    values: list[Observed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file: its kind (`files.KINDS`), and one series a station, by code."""

    kind: str
    series: dict[str, Series]
