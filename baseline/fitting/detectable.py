"""The least saving that would be told from chance, before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from baseline.fitting.hourly.model import HourlyModel
from baseline.fitting.kinds import daily_of
from baseline.fitting.uncertainty import (
    empirical_half_width,
    g14_billing_half_width,
    g14_half_width,
    g14_hourly_half_width,
)

if TYPE_CHECKING:
    from baseline.fitting.kinds import Model

YEAR, MONTHS = 365, 12


class Detectable(NamedTuple):
    """The least provable saving of a year as a fraction of the baseline, by each interval; None where unknown."""

    g14: float | None
    empirical: float | None

    def by(self, interval: str) -> float | None:
        """Return that of the interval that counts."""
        return self.empirical if interval == "empirical" else self.g14


def least_detectable(model: Model, confidence: float) -> Detectable:
    """Return the saving of a year like the baseline whose interval at `confidence` would just leave out zero.

    ASHRAE Guideline 14-2014, Annex B: dE/E = t Y sqrt(MSE' (1 + 2/n') m) / (m Ebar F); with dE = E, that is an
    uncertainty as large as the saving, F is t Y sqrt(MSE' (1 + 2/n') m) / (m Ebar): the half-width of a year over its
    baseline. IPMVP asks the same of twice the standard error, which at 95 % is this.
    """
    statistics = daily_of(model).statistics
    whole = statistics.mean_kwh * YEAR
    if whole <= 0.0:
        return Detectable(None, None)
    if isinstance(model, HourlyModel):
        g14 = g14_hourly_half_width(model.statistics, YEAR * 24, confidence)
    elif daily_of(model) is model:
        g14 = g14_half_width(statistics, YEAR, MONTHS, confidence)
    else:
        g14 = g14_billing_half_width(statistics, YEAR, MONTHS, MONTHS, confidence)
    empirical = empirical_half_width(statistics, YEAR, confidence)
    return Detectable(*(None if width is None else width / whole for width in (g14, empirical)))
