"""What the SPL and each municipality agreed on: terms of sharing, prices, and the days of signature.

Prices are of the order of what municipalities pay, variable part only, and invented.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from contracts.agreements.terms.data import Hurdle, Share, Terms

if TYPE_CHECKING:
    from fleet.demonstration.municipalities import Municipality
    from fleet.demonstration.timeline import Timeline

YEARS = 5
HALF, TWO_FIFTHS, THIRD = Fraction(1, 2), Fraction(2, 5), Fraction(1, 3)
BAND = Hurdle(Fraction(2, 100))

TERMS = {
    "plouvarnel": Terms((Share(HALF), Share(TWO_FIFTHS, from_year=3)), yearly_cap=Decimal("40000.00")),
    "lannestrec": Terms((Share(TWO_FIFTHS), Share(HALF, energy="electricity"))),
    "locmelvin": Terms((Share(HALF),), neutral_band=BAND),
    "trevenoc": Terms((Share(TWO_FIFTHS),), neutral_band=BAND),
    "kervizoet": Terms((Share(HALF),)),
    "lambrezel": Terms((Share(THIRD),)),
}

# Euros per kWh excluding VAT: the measured year, then the years after it.
PRICES = {
    "electricity": (Decimal("0.164200"), Decimal("0.151800")),
    "gas": (Decimal("0.078400"), Decimal("0.074900")),
    "heat": (Decimal("0.091000"), Decimal("0.092600")),
}


@dataclass(frozen=True, slots=True)
class Days:
    """When the papers of the demonstration were made, all during the works."""

    frozen: dt.date
    deliberation: dt.date
    signed: dt.date
    start: dt.date
    second_year: dt.date
    end: dt.date


def days_of(timeline: Timeline) -> Days:
    """Return the days of the papers: plans frozen, council, signature, then `YEARS` contract years."""
    start = timeline.reporting.start
    works = start.year - 1
    return Days(
        frozen=dt.date(works, 12, 4),
        deliberation=dt.date(works, 12, 11),
        signed=dt.date(works, 12, 18),
        start=start,
        second_year=timeline.reporting.end,
        end=start.replace(year=start.year + YEARS),
    )


def number_of(town: Municipality, days: Days) -> str:
    """Return the number of the agreement with `town`."""
    return f"{days.signed.year}-SPL-{town.insee}"
