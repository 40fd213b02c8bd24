"""The ratio of two metering chains on the days both counted, and its uncertainty.

A baseline and its reporting period use the same metering chain (IPMVP: same meter, same boundary). Where they do not,
what one chain counts for each kWh of the other is estimated where both ran, over 30 days at least.

Ratio estimator R = Σy / Σx, variance s²_e / (n x̄²) with s²_e = Σ(y − R x)² / (n − 1): W. G. Cochran, Sampling
Techniques, 3rd ed. (1977), eqs. 6.1 and 6.13, without the correction for a finite population: the days to come are
no part of the sample. Days follow each other: n is replaced by n' = n (1 − ρ) / (1 + ρ), ρ the lag-1 autocorrelation
of the residuals where it is positive (ASHRAE Guideline 14-2014, Annex B).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

LEAST_DAYS: Final = 30
MILLIONTH: Final = Decimal("0.000001")


class Ratio(NamedTuple):
    """kWh of one chain for each kWh of the other: ± `t × standard_error` with n' − 1 degrees of freedom."""

    ratio: Decimal
    standard_error: Decimal
    days: int
    independent_days: Decimal
    """n', at least 2."""
    autocorrelation: Decimal


def independent_days(days: int, autocorrelation: Decimal) -> float:
    """Return n', the days that say something of their own, at least 2."""
    rho = min(max(float(autocorrelation), 0.0), 0.99)
    return max(2.0, days * (1 - rho) / (1 + rho))


def same_in_kind(kinds: Iterable[Hashable], joined: Iterable[tuple[Hashable, Hashable]]) -> bool:
    """Say whether all `kinds` of chain are one, by themselves or through pairs that were `joined`."""
    groups = [{one} for one in set(kinds)]
    for pair in joined:
        met = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in met]
        groups.append(set(pair).union(*met))
    wanted = set(kinds)
    return any(wanted <= group for group in groups) or not wanted


def overlap_ratio(numerator: Mapping[dt.date, Decimal], denominator: Mapping[dt.date, Decimal]) -> Ratio:
    """Return the ratio of the daily energies of two chains; both map complete local days to kWh.

    Raises:
        Refusal: they share fewer than `LEAST_DAYS` days, or one of them counted nothing on all of them.

    """
    shared = sorted(numerator.keys() & denominator.keys())
    if len(shared) < LEAST_DAYS:
        raise Refusal(
            "Les deux compteurs n'ont que {days} jours complets en commun ; il en faut {least} au moins, laissez-les"
            " compter ensemble plus longtemps.",
            days=len(shared),
            least=LEAST_DAYS,
        )
    y, x = ([float(chain[day]) for day in shared] for chain in (numerator, denominator))
    if sum(x) <= 0 or sum(y) <= 0:
        raise Refusal(
            "L'un des deux compteurs n'a rien compté pendant ces jours ; choisissez une période où le bâtiment"
            " consomme."
        )
    total, of = (sum((chain[day] for day in shared), Decimal(0)) for chain in (numerator, denominator))
    exact = total / of
    ratio, n = float(exact), len(shared)
    residuals = [one - ratio * other for one, other in zip(y, x, strict=True)]
    square = sum(e * e for e in residuals)
    # Only days that follow each other say how one leans on the next.
    pairs = [i for i in range(1, n) if shared[i] - shared[i - 1] == dt.timedelta(days=1)]
    rho = sum(residuals[i] * residuals[i - 1] for i in pairs) / square if square > 0 else 0.0
    rho = min(max(rho, 0.0), 0.99)
    independent = independent_days(n, Decimal(repr(rho)))
    error = sqrt(square / (n - 1) / independent) / (sum(x) / n)
    return Ratio(
        exact.quantize(MILLIONTH),
        Decimal(repr(error)).quantize(MILLIONTH),
        n,
        Decimal(repr(independent)).quantize(Decimal("0.1")),
        Decimal(repr(rho)).quantize(Decimal("0.0001")),
    )
