"""What is to be known about a baseline of bills and its model, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.fitting.findings import Finding
from baseline.fitting.quality import MOST_CV_RMSE, exceptional, flat
from baseline.fitting.sufficiency import LEAST_COVERAGE, too_short
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baseline.fitting.bills.data import BilledBaseline
    from baseline.fitting.bills.model import BillingModel

SHORTEST, LONGEST = 25, 70
"""Days of a bill (CalTRACK 2.2.3; opendsm's limits): a longer one hides the seasons."""

FEWEST_BILLS = 6
"""Two-monthly bills of a year; with fewer, no change point can be told and no interval given."""


def billing_sufficiency(baseline: BilledBaseline) -> tuple[Finding, ...]:
    """Return what speaks against using `baseline`, gravest first."""
    return tuple(sorted(_sufficiency(baseline), key=lambda finding: not finding.blocking))


def _sufficiency(baseline: BilledBaseline) -> Iterator[Finding]:
    yield from too_short(baseline.n_expected)
    kept = baseline.complete
    days, bills = int(baseline.lengths[kept].sum()), int(kept.sum())
    if days < LEAST_COVERAGE * baseline.n_expected:
        yield Finding(
            "days_missing",
            N_(
                "Les factures avec énergie et température couvrent %(valid)s jours sur %(days)s ; il en faut 90 %% : "
                "complétez-les ou changez de période."
            ),
            {"valid": days, "days": baseline.n_expected},
            blocking=True,
        )
    if bills < FEWEST_BILLS:
        yield Finding(
            "bills_too_few",
            N_("Factures valables : %(bills)s ; il en faut au moins %(least)s pour voir les saisons."),
            {"bills": bills, "least": FEWEST_BILLS},
            blocking=True,
        )
    odd = [
        last
        for last, length, complete in zip(baseline.ends, baseline.lengths, kept, strict=True)
        if complete and not SHORTEST <= length <= LONGEST
    ]
    if odd:
        yield Finding(
            "bill_lengths",
            N_(
                "Factures de moins de %(shortest)s jours ou de plus de %(longest)s, finissant le : %(ends)s ; une "
                "longue facture cache les saisons, une courte pèse peu."
            ),
            {"shortest": SHORTEST, "longest": LONGEST, "ends": odd[:5]},
        )
    yield from _odd_values(baseline)


def _odd_values(baseline: BilledBaseline) -> Iterator[Finding]:
    energy = baseline.kwh[baseline.complete]
    if not len(energy):
        return
    if (energy < 0.0).any():
        yield Finding(
            "negative_energy",
            N_(
                "Factures d'énergie négative : %(bills)s ; vérifiez s'il y a une production derrière le compteur ou un "
                "avoir, et regroupez l'avoir avec la facture qu'il corrige."
            ),
            {"bills": int((energy < 0.0).sum())},
        )
    if not energy.any():
        yield Finding(
            "no_energy",
            N_("L'énergie de toutes les factures de référence est nulle ; vérifiez le compteur et la colonne."),
            blocking=True,
        )


def billing_findings(model: BillingModel) -> tuple[Finding, ...]:
    """Return what a reader of the plan should know about the model."""
    return tuple(_model_findings(model))


def _model_findings(model: BillingModel) -> Iterator[Finding]:
    s = model.statistics
    if s.cv_rmse is None or s.n_days <= s.n_parameters:
        yield Finding(
            "quality_unknown",
            N_("La qualité du modèle ne peut pas être dite : trop peu de factures ou une moyenne nulle."),
            {"bills": s.n_days, "parameters": s.n_parameters},
            blocking=True,
        )
    elif s.cv_rmse > MOST_CV_RMSE:
        yield Finding(
            "scattered_model",
            N_(
                "Les factures s'écartent du modèle de %(percent)s %% en moyenne quadratique (CV(RMSE)) ; au-delà de 25 "
                "%%, seule une forte économie se prouve."
            ),
            {"percent": round(100.0 * s.cv_rmse, 1)},
        )
    if model.curve.name == "1P":
        yield flat()
    yield from exceptional(model.start, model.end)
