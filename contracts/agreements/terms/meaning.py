"""What sharing terms mean, clause by clause in words, and worked through for a round number."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from contracts.agreements.terms.data import HurdleKind
from contracts.agreements.terms.evaluation import Evaluation, evaluate
from contracts.agreements.terms.explanation import Step, step
from contracts.agreements.terms.year import ContractYear, EnergyResult
from foundation.messages import N_
from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contracts.agreements.terms.data import Terms

SHARE = N_("La SPL reçoit {share_ratio} de l'économie retenue.")
SHARE_FROM = N_("À partir de l'année {year}, elle en reçoit {share_ratio}.")
SHARE_ENERGY = N_("Pour l'énergie « {energy} », elle en reçoit {share_ratio} à partir de l'année {year}.")
NET = N_(
    "Tout se compte sur l'année du contrat, bâtiments et énergies ensemble : ce qui est perdu ici réduit le reste."
)
SIGNIFICANCE = {
    HurdleKind.THRESHOLD: N_(
        "L'économie compte en entier si elle dépasse {limit_factor} fois son incertitude (confiance"
        " {confidence_ratio}), sinon pas du tout."
    ),
    HurdleKind.DEDUCTIBLE: N_(
        "De l'économie, seul compte ce qui dépasse {limit_factor} fois son incertitude (confiance {confidence_ratio})."
    ),
}
NO_SIGNIFICANCE = N_("L'économie n'est pas comparée à son incertitude (confiance {confidence_ratio}).")
SUMMED = N_("Les incertitudes des périmètres s'additionnent.")
CORRELATED = N_("Les incertitudes des périmètres se combinent avec une corrélation de {correlation_ratio}.")
BAND = {
    HurdleKind.THRESHOLD: N_(
        "Jusqu'à {limit_ratio} de la référence, rien n'est retenu ; au-delà, l'économie compte en entier."
    ),
    HurdleKind.DEDUCTIBLE: N_("Jusqu'à {limit_ratio} de la référence, rien n'est retenu ; seul compte ce qui dépasse."),
}
FLOOR = N_("Une année complète doit au moins {floor_euros}, même sans économie.")
NO_FLOOR = N_("Sans économie, pas de paiement : il n'y a pas de plancher.")
YEARLY_CAP = N_("Une année ne doit jamais plus de {cap_euros}.")
CUMULATIVE_CAP = N_(
    "Tous les paiements ensemble ne dépassent pas {factor} × ({cost_euros} de capteurs − {grants_euros} de"
    " subventions), soit {cap_euros}."
)
CARRIED = N_("Une année négative diminue les suivantes, jusqu'à être compensée.")
NOT_CARRIED = N_("Une année négative ne doit rien et ne change rien aux suivantes.")
LATE = N_("Des données tardives corrigent une année réglée pendant {months} mois.")
LATE_LIMITED = N_("Des données tardives corrigent une année réglée pendant {months} mois, de {limit_euros} au plus.")
REVISION = N_(
    "Si l'écart à la référence dépasse {gap_ratio} en moyenne sur {years} ans, elle est renégociée par avenant."
)
DEADLINES = N_(
    "Un décompte s'accepte ou se conteste en {dispute_days} jours ; la SPL répond en {answer_days} jours ; un expert"
    " indépendant, si une partie le demande, conclut en {expert_days} jours. Ce qui n'est pas contesté reste dû."
)
BUY_OUT = N_("Après l'année {year}, garder les capteurs coûte {amount_euros}.")

EXAMPLE_BASELINE = Decimal(100_000)
EXAMPLE_AVOIDED = Decimal(10_000)
EXAMPLE_HALF_WIDTH = Decimal(2_000)
"""A round year: 10 000 € avoided ± 2 000 €, of a baseline of 100 000 €."""


def meanings(terms: Terms) -> list[Step]:
    """Return what each clause of `terms` means, one sentence each (the amounts of the steps are zero)."""
    return [step("meaning", Decimal(0), template, **values) for template, values in _said(terms)]


def worked_example(terms: Terms) -> Evaluation:
    """Return what `terms` give for a first, complete year of round numbers at one euro per kWh."""
    energy = terms.shares[-1].energy or "electricity"
    example = EnergyResult(
        boundary_id=1,
        boundary="Exemple",
        energy=energy,
        adjusted_baseline_kwh=EXAMPLE_BASELINE,
        avoided_kwh=EXAMPLE_AVOIDED,
        half_width_kwh=EXAMPLE_HALF_WIDTH,
        confidence=terms.confidence,
        baseline_euros=euros(Fraction(EXAMPLE_BASELINE)),
        avoided_euros=euros(Fraction(EXAMPLE_AVOIDED)),
        half_width_euros=euros(Fraction(EXAMPLE_HALF_WIDTH)),
    )
    return evaluate(terms, ContractYear(1, (example,), closed=True))


def _said(terms: Terms) -> Iterator[tuple[str, dict[str, object]]]:
    for share in sorted(terms.shares, key=lambda one: (one.energy is not None, one.energy or "", one.from_year)):
        if share.energy is not None:
            yield SHARE_ENERGY, {"energy": share.energy, "share_ratio": share.share, "year": share.from_year}
        elif share.from_year > 1:
            yield SHARE_FROM, {"share_ratio": share.share, "year": share.from_year}
        else:
            yield SHARE, {"share_ratio": share.share}
    yield NET, {}
    if terms.significance is None:
        yield NO_SIGNIFICANCE, {"confidence_ratio": terms.confidence}
    else:
        limit: dict[str, object] = {"limit_factor": terms.significance.limit, "confidence_ratio": terms.confidence}
        yield SIGNIFICANCE[terms.significance.kind], limit
    yield (SUMMED, {}) if terms.correlation == 1 else (CORRELATED, {"correlation_ratio": terms.correlation})
    if terms.neutral_band is not None:
        yield BAND[terms.neutral_band.kind], {"limit_ratio": terms.neutral_band.limit}
    yield (FLOOR, {"floor_euros": terms.floor}) if terms.floor else (NO_FLOOR, {})
    yield from _limits(terms)


def _limits(terms: Terms) -> Iterator[tuple[str, dict[str, object]]]:
    if terms.yearly_cap is not None:
        yield YEARLY_CAP, {"cap_euros": terms.yearly_cap}
    if (cap := terms.cumulative_cap) is not None:
        yield (
            CUMULATIVE_CAP,
            {
                "factor": cap.factor,
                "cost_euros": cap.sensor_cost,
                "grants_euros": cap.grants,
                "cap_euros": cap.amount,
            },
        )
    yield (CARRIED if terms.carry_forward else NOT_CARRIED), {}
    late = terms.late_data
    if late.amount is None:
        yield LATE, {"months": late.months}
    else:
        yield LATE_LIMITED, {"months": late.months, "limit_euros": late.amount}
    if terms.revision is not None:
        yield REVISION, {"gap_ratio": terms.revision.gap, "years": terms.revision.years}
    deadlines = terms.deadlines
    yield (
        DEADLINES,
        {
            "dispute_days": deadlines.dispute_days,
            "answer_days": deadlines.answer_days,
            "expert_days": deadlines.expert_days,
        },
    )
    for row in terms.buy_out:
        yield BUY_OUT, {"year": row.after_year, "amount_euros": row.amount}
