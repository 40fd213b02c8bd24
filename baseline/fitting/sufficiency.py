"""Does the baseline period carry a contract? Every rule that is not met is a finding."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.findings import Finding
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baseline.fitting.data import BaselineData

LEAST_DAYS = 329
"""0.9 x 365, rounded up: CalTRACK 2.2.1.2 and opendsm's baseline limits; twelve months are the rule."""

LEAST_COVERAGE = 0.9
"""Of the days of the period, and of the days of each month."""

DAYS_TO_JUDGE_A_MONTH = 10
"""An edge of the period holding fewer days of a month is not judged as a month."""


def sufficiency(baseline: BaselineData) -> tuple[Finding, ...]:
    """Return what speaks against using `baseline`, gravest first; nothing is said of a period without fault."""
    return tuple(sorted(_findings(baseline), key=lambda finding: not finding.blocking))


def _findings(baseline: BaselineData) -> Iterator[Finding]:
    expected, kept = baseline.n_expected, int(baseline.complete.sum())
    yield from too_short(expected)
    if kept < LEAST_COVERAGE * expected:
        yield Finding(
            "days_missing",
            N_(
                "Seulement %(valid)s jours sur %(days)s (%(percent)s %%) ont une énergie et une température sur au "
                "moins 22 heures de 24 ; il en faut 90 %% : complétez les relevés ou changez de période."
            ),
            {"valid": kept, "days": expected, "percent": round(100.0 * kept / expected, 1)},
            blocking=True,
        )
    thin = _thin_months(baseline)
    if thin:
        yield Finding(
            "months_incomplete",
            N_("Moins de 90 %% des jours sont valables pour : %(months)s ; complétez ces mois ou changez de période."),
            {"months": thin},
            blocking=True,
        )
    no_temperature = int((np.isfinite(baseline.kwh) & ~np.isfinite(baseline.temperature_c)).sum())
    if no_temperature:
        yield Finding(
            "temperature_missing",
            N_("Jours avec une énergie mais sans température extérieure : %(days)s ; ils ne servent pas au modèle."),
            {"days": no_temperature},
        )
    yield from _odd_values(baseline)


def too_short(days: int) -> Iterator[Finding]:
    """Yield a finding where a period of `days` days has not seen every season."""
    if days < LEAST_DAYS:
        yield Finding(
            "baseline_too_short",
            N_(
                "La période de référence compte %(days)s jours ; il en faut au moins %(least)s, soit 90 %% d'une "
                "année, pour avoir vu toutes les saisons : choisissez douze mois."
            ),
            {"days": days, "least": LEAST_DAYS},
            blocking=True,
        )


def _thin_months(baseline: BaselineData) -> list[str]:
    """Return the months, as YYYY-MM, of which fewer than 90 % of the days in the period are complete."""
    days = (baseline.start + dt.timedelta(days=i) for i in range(baseline.n_expected))
    expected = Counter(f"{day:%Y-%m}" for day in days)
    pairs = zip(baseline.days, baseline.complete, strict=True)
    kept = Counter(f"{day:%Y-%m}" for day, complete in pairs if complete)
    return [
        month
        for month, n in sorted(expected.items())
        if n >= DAYS_TO_JUDGE_A_MONTH and kept[month] < LEAST_COVERAGE * n
    ]


def _odd_values(baseline: BaselineData) -> Iterator[Finding]:
    energy = baseline.kwh_per_24h[baseline.complete]
    if not len(energy):
        return
    negative = int((energy < 0.0).sum())
    if negative:
        yield Finding(
            "negative_energy",
            N_(
                "Jours d'énergie négative : %(days)s ; vérifiez s'il y a une production derrière le compteur et "
                "définissez le périmètre avec elle."
            ),
            {"days": negative},
        )
    if not energy.any():
        yield Finding(
            "no_energy",
            N_("L'énergie de la période de référence est nulle tous les jours ; vérifiez le compteur et la colonne."),
            blocking=True,
        )
    elif np.ptp(energy) <= 1e-9 * float(np.abs(energy).max()):
        yield Finding(
            "constant_energy",
            N_(
                "L'énergie est la même tous les jours ; une consommation mesurée ne l'est jamais : vérifiez le "
                "compteur."
            ),
            blocking=True,
        )
    zero = int((energy == 0.0).sum())
    if 0 < zero < len(energy) and zero > 0.05 * len(energy):
        yield Finding(
            "zero_days",
            N_("Jours d'énergie nulle : %(days)s ; vérifiez si le bâtiment était fermé ou le compteur arrêté."),
            {"days": zero},
        )
    extreme = extreme_days(baseline)
    if extreme:
        yield Finding(
            "extreme_days",
            N_(
                "Jours loin de tous les autres : %(count)s (%(days)s) ; un rattrapage d'index après une panne y "
                "ressemble, vérifiez-les ; ils ont été gardés."
            ),
            {"count": len(extreme), "days": extreme[:5]},
        )


def extreme_days(baseline: BaselineData) -> list[dt.date]:
    """Return the days whose energy lies more than 5 interquartile ranges outside the quartiles."""
    energy = baseline.kwh_per_24h
    low, high = np.nanquantile(energy, (0.25, 0.75))
    reach = 5.0 * (high - low)
    far = (energy < low - reach) | (energy > high + reach)
    return [day for day, odd in zip(baseline.days, far, strict=True) if odd] if reach > 0.0 else []
