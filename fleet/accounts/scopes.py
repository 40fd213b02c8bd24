"""What a token may be good for: never more than its account's role allows, usually less."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Scope(StrEnum):
    """One part of the programming interface."""

    SITES = "sites"
    MEASUREMENTS = "measurements"
    SAVINGS = "savings"
    BILLING = "billing"
    ALERTS = "alerts"
    JOBS = "jobs"
    SEND_READINGS = "send_readings"


WORDS: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.SITES: N_("lire sites et bâtiments"),
        Scope.MEASUREMENTS: N_("lire points, capteurs, relevés et énergies"),
        Scope.SAVINGS: N_("lire les rapports d'économies"),
        Scope.BILLING: N_("lire décomptes et factures"),
        Scope.ALERTS: N_("lire les alertes"),
        Scope.JOBS: N_("suivre les travaux"),
        Scope.SEND_READINGS: N_("envoyer des relevés"),
    }
)
PERMISSIONS: Mapping[Scope, frozenset[Permission]] = MappingProxyType(
    {
        Scope.SITES: frozenset({Permission.SEE_SITES}),
        Scope.MEASUREMENTS: frozenset({Permission.SEE_MEASUREMENTS, Permission.SEE_DEVICES}),
        Scope.SAVINGS: frozenset({Permission.SEE_SAVINGS}),
        Scope.BILLING: frozenset({Permission.SEE_BILLING}),
        Scope.ALERTS: frozenset({Permission.SEE_DEVICES}),
        Scope.JOBS: frozenset({Permission.SEE_JOBS}),
        Scope.SEND_READINGS: frozenset({Permission.SEND_READINGS}),
    }
)


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """Return what `scopes` allow together; a name nobody knows allows nothing."""
    known = [Scope(name) for name in scopes if name in set(Scope)]
    return frozenset().union(*(PERMISSIONS[scope] for scope in known))
