"""What a plan says of itself that blocks every payable figure until both parties accept it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from baseline.fitting.findings import Finding
from baseline.plans.exceptional import exceptional
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

HEATING_WATER: Final = ("gas", "heat")
"""Energies a boiler makes hot water with."""


def plan_findings(
    *,
    baseline: tuple[dt.date, dt.date],
    reporting_starts_on: dt.date,
    signed_on: dt.date | None,
    energy: str,
    hot_water: str | None,
) -> Iterator[Finding]:
    """Yield what both parties have to accept of a plan on baseline days [start, end); none forbids to freeze it."""
    for period in exceptional(*baseline):
        yield Finding(
            "exceptional_baseline",
            N_(
                "La référence touche une période exceptionnelle, du %(first)s au %(last)s (%(source)s) : le bâtiment"
                " n'y était pas utilisé comme en temps ordinaire. Les deux parties doivent l'accepter."
            ),
            {"first": period.first, "last": period.last, "source": period.source, "about": period.name},
        )
    if signed_on is not None and signed_on > reporting_starts_on:
        yield Finding(
            "retroactive_plan",
            N_(
                "Le plan a été signé le %(signed)s, après le début du suivi le %(start)s : il est rétroactif. Les deux"
                " parties doivent l'accepter."
            ),
            {"signed": signed_on, "start": reporting_starts_on},
        )
    if energy in HEATING_WATER and hot_water is None:
        yield Finding(
            "hot_water_undeclared",
            N_(
                "L'eau chaude sanitaire n'est ni mesurée (m³ × q) ni déclarée : ce qu'elle consomme ne suit pas le"
                " climat. Déclarez-la dans le plan, ou faites accepter ce constat par les deux parties."
            ),
        )
