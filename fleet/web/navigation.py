"""The left rail: seven words at most, only places the reader may enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.request import Request


@dataclass(frozen=True, slots=True)
class Place:
    """One word of the rail: its icon, its route, and the first parts of the paths that belong to it."""

    word: str
    icon: str
    route: str
    permission: Permission
    paths: tuple[str, ...]


PLACES = (
    Place(N_("Aujourd'hui"), "sun", "home", Permission.STAY_SIGNED_IN, ("",)),
    Place(N_("Bâtiments"), "building", "sites", Permission.SEE_SITES, ("sites", "buildings", "reconciliation")),
    Place(
        N_("Factures"),
        "file-invoice",
        "invoices",
        Permission.SEE_BILLING,
        (
            "invoices",
            "settlements",
            "receivables",
            "payments",
            "year-end",
            "chorus",
            "deposits",
            "structures",
            "late-interest",
        ),
    ),
    Place(N_("Rapports"), "chart-line", "reports", Permission.SEE_SAVINGS, ("reports", "plans")),
    Place(N_("Contrats"), "writing-sign", "agreements", Permission.SEE_CONTRACTS, ("agreements", "shareholders")),
    Place(
        N_("Parc"),
        "access-point",
        "sheet",
        Permission.SEE_DEVICES,
        (
            "devices",
            "sheet",
            "models",
            "lots",
            "points",
            "boundaries",
            "alerts",
            "maintenance",
            "codecs",
            "decode",
            "visits",
            "submissions",
            "authorisations",
            "phones",
            "labels",
        ),
    ),
    Place(
        N_("Réglages"),
        "settings",
        "settings",
        Permission.SEE_JOBS,
        ("settings", "weather", "jobs", "dead-letters", "clock", "mail", "imports", "sources", "people", "journal"),
    ),
)
"""The first three stay on a phone's bar; the others stand behind its fourth word, "Plus"."""


def rail(request: Request) -> list[tuple[Place, bool]]:
    """Return the places the reader may enter, each with whether the page asked for belongs to it."""
    here = request.path.split("/")[1]
    return [(place, here in place.paths) for place in PLACES if request.has_permission(place.permission)]
