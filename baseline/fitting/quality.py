"""Say what a reader of a plan should know about its model: how well it fits and what it assumes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from baseline.fitting.findings import Finding
from baseline.fitting.uncertainty import independent_days
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baseline.fitting.model import DailyModel

MOST_CV_RMSE = 0.25
"""NMEC practice and ASHRAE Guideline 14-2014 table for twelve months and more."""

FEWEST_INDEPENDENT_DAYS = 60


def model_findings(model: DailyModel) -> tuple[Finding, ...]:
    """Return what a reader of the plan should know about the model; none of it blocks by itself."""
    return tuple(_findings(model))


def _findings(model: DailyModel) -> Iterator[Finding]:
    s = model.statistics
    if s.cv_rmse is None or s.n_days <= s.n_parameters:
        yield Finding(
            "quality_unknown",
            N_("La qualité du modèle ne peut pas être dite : trop peu de jours ou une moyenne nulle."),
            {"days": s.n_days, "parameters": s.n_parameters},
            blocking=True,
        )
    elif s.cv_rmse > MOST_CV_RMSE:
        yield Finding(
            "scattered_model",
            N_(
                "Les jours s'écartent du modèle de %(percent)s %% en moyenne quadratique (CV(RMSE)) ; au-delà de 25 "
                "%%, seule une forte économie se prouve."
            ),
            {"percent": round(100.0 * s.cv_rmse, 1)},
        )
    if all(regime.curve.name == "1P" for regime in model.regimes):
        yield flat()
    effective = independent_days(s.n_days, s.autocorrelation)
    if effective < FEWEST_INDEPENDENT_DAYS and s.autocorrelation > 0.0:
        yield Finding(
            "autocorrelated_residuals",
            N_(
                "Les écarts au modèle se suivent d'un jour à l'autre (corrélation %(rho)s) : %(days)s jours n'en "
                "valent que %(independent)s indépendants, l'incertitude en tient compte."
            ),
            {"rho": round(s.autocorrelation, 2), "days": s.n_days, "independent": round(effective)},
        )
    for window in model.calendar.windows:
        edges = [f"--{month:02}-{day:02}" for month, day in (window.first, window.last)]
        yield Finding(
            "yearly_window",
            N_(
                "Du %(first)s au %(last)s le bâtiment suit un autre régime (fermeture ou saison) ; le modèle suppose "
                "que cela revient chaque année : à confirmer dans les facteurs statiques du plan."
            ),
            {"first": edges[0], "last": edges[1]},
        )
    yield from exceptional(model.start, model.end)


def flat() -> Finding:
    """Return the finding of a model that temperature has no part in."""
    return Finding(
        "flat_model",
        N_("La consommation ne dépend pas de la température extérieure ; la référence ne sera pas corrigée du climat."),
    )


EXCEPTIONAL = (
    (
        dt.date(2020, 3, 17),
        dt.date(2021, 6, 30),
        N_(
            "Jours de la référence pendant la crise sanitaire : %(days)s ; les deux parties doivent l'accepter par "
            "écrit ou choisir une autre année."
        ),
    ),
    (
        dt.date(2022, 10, 1),
        dt.date(2023, 3, 31),
        N_(
            "Jours de la référence pendant l'hiver de sobriété 2022-2023 : %(days)s ; les deux parties doivent "
            "l'accepter par écrit ou choisir une autre année."
        ),
    ),
)
"""Periods in which French buildings were not used as usual: a baseline on them needs both parties' acceptance."""


def exceptional(start: dt.date, end: dt.date) -> Iterator[Finding]:
    """Yield a finding for each exceptional period that a baseline from `start` to `end`, included, shares days with."""
    for first, last, sentence in EXCEPTIONAL:
        shared = (min(last, end) - max(first, start)).days + 1
        if shared > 0:
            yield Finding("exceptional_baseline", sentence, {"days": shared})
