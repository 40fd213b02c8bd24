"""Terms to start from, and the French heating vocabulary: NB, N'B, NC.

Intéressement as operation contracts practise it (OEAP guide of 2007): N'B = NB × DJU ÷ contractual DJU is the adjusted
baseline, NC the measured heating consumption without domestic hot water; what N'B − NC saves beyond a neutral zone is
shared by halves or thirds, and NB is renegotiated where the gap lasts. There the operator bears an excess at once;
here, where the municipality buys its own energy and a fee is never negative, the excess is carried forward.
"""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from contracts.agreements.terms.data import Hurdle, HurdleKind, Revision, Share, Terms
from foundation.errors import Refusal
from foundation.money import kwh

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


def _interessement(share: Fraction) -> Terms:
    return Terms(
        shares=(Share(share),),
        neutral_band=Hurdle(Fraction(4, 100), HurdleKind.DEDUCTIBLE),
        revision=Revision(gap=Fraction(10, 100), years=2),
    )


PRESETS: Mapping[str, Terms] = MappingProxyType(
    {
        "pay_as_you_save": Terms(shares=(Share(Fraction(1, 2)),)),
        "interessement_third": _interessement(Fraction(1, 3)),
        "interessement_half": _interessement(Fraction(1, 2)),
        "interessement_two_thirds": _interessement(Fraction(2, 3)),
    }
)
"""Terms by code, each to be completed with the caps of the case before signature."""


def adjusted_contract_baseline(nb_kwh: Decimal, contract_degree_days: Decimal, degree_days: Decimal) -> Decimal:
    """Return N'B = NB × DJU ÷ DJUc in kWh; both degree-days by the same method, base and season. Refuses DJUc ≤ 0."""
    if contract_degree_days <= 0:
        raise Refusal("Les DJU contractuels doivent être supérieurs à zéro.", field="contract_degree_days")
    return kwh(Fraction(nb_kwh) * Fraction(degree_days) / Fraction(contract_degree_days))


def heating_consumption(metered_kwh: Decimal, hot_water_m3: Decimal, kwh_per_m3: Decimal) -> Decimal:
    """Return NC = metered − q × V in kWh: the heat metered, less that of `hot_water_m3` at `kwh_per_m3` each."""
    return kwh(Fraction(metered_kwh) - Fraction(hot_water_m3) * Fraction(kwh_per_m3))
