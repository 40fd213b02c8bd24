"""On what an agreement may rest, in dated versions: chosen before signature, printed on every document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from contracts.agreements.terms.data import Terms

LEGAL_BASIS = (
    "Prestation de services payée sur économies vérifiées, confiée par l'actionnaire à sa société publique locale en"
    " quasi-régie (CGCT, art. L1531-1 ; CCP, art. L2511-1), version 1"
)

RENTAL = (
    "Location de capteurs, à un loyer qui ne dépend pas des économies, confiée par l'actionnaire à sa société publique"
    " locale en quasi-régie (CGCT, art. L1531-1 ; CCP, art. L2511-1), version 1"
)


class Basis(NamedTuple):
    """What it is called on the form, and the text that is printed; a signed one is never changed, a version follows."""

    word: str
    text: str


BASES = {
    "service": Basis(N_("Prestation payée sur économies vérifiées, en quasi-régie"), LEGAL_BASIS),
    "rental": Basis(N_("Location de capteurs à loyer fixe, en quasi-régie"), RENTAL),
    "performance": Basis(
        N_("Marché global de performance énergétique à paiement différé (étude préalable, soutenabilité, avis)"),
        "Marché global de performance énergétique à paiement différé (loi n° 2023-222 du 30 mars 2023, décret"
        " n° 2023-913), après étude préalable, étude de soutenabilité budgétaire et avis, version 1",
    ),
}
"""The first is the usual one: a price for a service, and no credit (CCP, art. L2191-5 forbids deferred payment)."""


def demand_terms(legal_basis: str, terms: Terms) -> None:
    """Refuse terms that are a rent where the agreement is no rental, and a rental that shares savings.

    A rental is chosen before signature: it is never what a service price turns into where savings are low.
    """
    shares_nothing = all(share.share == 0 for share in terms.shares)
    if legal_basis == RENTAL and not (shares_nothing and terms.floor > 0):
        raise Refusal(
            "Une location a un loyer (le plancher annuel) et ne partage aucune économie : mettez les parts à zéro, ou"
            " choisissez une autre base légale.",
            field="share",
        )
    if legal_basis != RENTAL and shares_nothing and terms.floor > 0:
        raise Refusal(
            "Un plancher sans aucune part est un loyer : une location se choisit comme base légale, avant la signature,"
            " et ne remplace jamais un partage qui rapporte peu.",
            field="floor",
        )
