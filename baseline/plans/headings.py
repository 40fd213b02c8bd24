"""What a measurement plan says in words, beside what it says in figures: the headings of IPMVP.

EVO 10000-1:2022 lists them; boundary, meters, baseline, model, station, comfort and hot water are written by the
product itself, those here are for people.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from foundation.messages import N_


class Heading(NamedTuple):
    """One text of a plan: its title, and what to write there."""

    title: str
    help_text: str


HEADINGS: Final = {
    "purpose": Heading(N_("Objet"), N_("Les travaux ou actions, et ce que la mesure doit prouver.")),
    "static_factors": Heading(
        N_("Facteurs statiques"),
        N_("Surface, horaires, consignes, équipements, effectif : ce qui, en changeant, fait un événement."),
    ),
    "expected_accuracy": Heading(
        N_("Exactitude attendue"),
        N_("Par exemple : à 5 points près, neuf fois sur dix. La moindre économie prouvable est calculée."),
    ),
    "responsibilities": Heading(
        N_("Responsabilités"), N_("Qui relève, qui signale un événement, qui vérifie, qui tranche.")
    ),
}
"""In the order they are printed."""


def missing(headings: dict[str, str] | None) -> list[str]:
    """Return the titles of the headings nothing is written under."""
    return [heading.title for name, heading in HEADINGS.items() if not (headings or {}).get(name)]
