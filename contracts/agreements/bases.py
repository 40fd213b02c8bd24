"""On what an agreement may rest, in dated versions: chosen before signature, printed on every document."""

from __future__ import annotations

from typing import NamedTuple

from foundation.messages import N_

LEGAL_BASIS = (
    "Prestation de services payée sur économies vérifiées, confiée par l'actionnaire à sa société publique locale en"
    " quasi-régie (CGCT, art. L1531-1 ; CCP, art. L2511-1), version 1"
)


class Basis(NamedTuple):
    """What it is called on the form, and the text that is printed; a signed one is never changed, a version follows."""

    word: str
    text: str


BASES = {
    "service": Basis(N_("Prestation payée sur économies vérifiées, en quasi-régie"), LEGAL_BASIS),
    "performance": Basis(
        N_("Marché global de performance énergétique à paiement différé (étude préalable, soutenabilité, avis)"),
        "Marché global de performance énergétique à paiement différé (loi n° 2023-222 du 30 mars 2023, décret"
        " n° 2023-913), après étude préalable, étude de soutenabilité budgétaire et avis, version 1",
    ),
}
"""The first is the usual one: a price for a service, and no credit (CCP, art. L2191-5 forbids deferred payment)."""
