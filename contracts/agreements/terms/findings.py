"""What a careful reader of sharing terms should know before signing, and when the baseline is to be renegotiated."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from contracts.agreements.terms.data import Terms


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark as data: its code, what it says (French), the figures behind it, whether it forbids to go on."""

    name: str
    description: str
    data: dict[str, Any]
    blocking: bool = False


GUARANTEED = N_(
    "Un plancher supérieur à zéro est dû même sans économie : le recouvrement du coût des capteurs est garanti par ces"
    " clauses. Est-ce un crédit ? Le paiement différé est interdit aux marchés publics (CCP L2191-5)."
)
WITHIN_NOISE = N_(
    "Sans seuil de significativité d'au moins une fois l'incertitude, une économie qui n'est pas prouvée peut être due."
)
INDEPENDENT = N_(
    "Les erreurs des périmètres sont supposées en partie indépendantes ; ils partagent pourtant la même météo."
)
REVISION = N_(
    "L'écart moyen à la référence dépasse la limite de l'accord : la référence (NB) est à renégocier par avenant."
)


def findings(terms: Terms) -> list[Finding]:
    """Return the remarks `terms` deserve; none of them forbids to sign, all of them are shown before."""

    def remarks() -> Iterable[Finding]:
        if terms.floor > 0:
            yield Finding("recovery_guaranteed", GUARANTEED, {"floor": str(terms.floor)})
        if terms.significance is None or terms.significance.limit < 1:
            limit = None if terms.significance is None else str(terms.significance.limit)
            yield Finding("within_noise", WITHIN_NOISE, {"limit": limit})
        if terms.correlation < 1:
            yield Finding("independence_assumed", INDEPENDENT, {"correlation": str(terms.correlation)})

    return list(remarks())


def revision_due(terms: Terms, gaps: Sequence[Fraction]) -> Finding | None:
    """Return the finding that the baseline is to be renegotiated, if the clause is met.

    `gaps` are (adjusted baseline − measured) ÷ adjusted baseline of the closed years in order. Contract practice:
    |mean gap| above 10 to 15 % over two seasons reopens NB, whichever way it went.
    """
    clause = terms.revision
    if clause is None or len(gaps) < clause.years:
        return None
    mean = sum(gaps[-clause.years :], Fraction()) / clause.years
    if abs(mean) <= clause.gap:
        return None
    return Finding("revision_due", REVISION, {"mean_gap": str(mean), "limit": str(clause.gap), "years": clause.years})


def buy_out(terms: Terms, after_year: int) -> Decimal:
    """Return what keeping the sensors costs a shareholder that leaves after contract year `after_year`, euros.

    The last row reached counts; refuses a year before the first row, or terms without a table.
    """
    reached = [row.amount for row in terms.buy_out if row.after_year <= after_year]
    if not reached:
        raise Refusal(
            "L'accord ne prévoit pas de rachat après l'année {after_year} ; fixez la valeur par avenant.",
            field="buy_out",
            after_year=after_year,
        )
    return reached[-1]
