"""Which station speaks for a building: near enough, high enough, and the reason in words. Pure.

The rule: within 35 km and 150 m of altitude, the nearest. 35 km is how far Meteostat, the open climate archive, lets a
station stand for a place by default. It allows 350 m of altitude where it corrects for them; nothing is corrected here,
so 150 m: about one degree at the 6.5 °C per km of the standard atmosphere (ISO 2533).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

FARTHEST_KM: Final = 35.0
HIGHEST_DIFFERENCE_M: Final = 150.0
EARTH_RADIUS_KM: Final = 6371.0088
"""Mean radius (IUGG)."""


class Place(NamedTuple):
    """Where something stands: degrees (WGS 84), metres above the sea where they are known."""

    latitude: Decimal
    longitude: Decimal
    altitude_m: Decimal | None = None


class Candidate(NamedTuple):
    """A station as seen from a building."""

    key: int
    km: float
    rise_m: float | None
    """Altitude of the station less the building's; None where one of them is not known."""

    @property
    def admissible(self) -> bool:
        """Whether it is near enough and, where both altitudes are known, at about the same height."""
        return self.km <= FARTHEST_KM and (self.rise_m is None or abs(self.rise_m) <= HIGHEST_DIFFERENCE_M)


def distance_km(one: Place, other: Place) -> float:
    """Return the great-circle distance (haversine)."""
    phi, psi = math.radians(one.latitude), math.radians(other.latitude)
    half = math.sin((psi - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(psi) * math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def ranked(building: Place, stations: Iterable[tuple[int, Place]]) -> list[Candidate]:
    """Return the stations, the admissible ones first, each group the nearest first; the first is the one proposed."""
    return sorted(
        (
            Candidate(
                key,
                distance_km(building, place),
                None
                if building.altitude_m is None or place.altitude_m is None
                else float(place.altitude_m - building.altitude_m),
            )
            for key, place in stations
        ),
        key=lambda one: (not one.admissible, one.km, one.key),
    )
