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


def half_width(model: Model, interval: str, days: int, months: int, confidence: float) -> float | None:
    """Return by how much the baseline of `days` days in `months` calendar months may be off, kWh; None where unknown.

    Without the error of fitted events. Of bills, one a month is taken.
    """
    statistics = daily_of(model).statistics
    if interval == "empirical":
        return empirical_half_width(statistics, days, confidence)
    if isinstance(model, HourlyModel):
        return g14_hourly_half_width(model.statistics, days * 24, confidence)
    if daily_of(model) is model:
        return g14_half_width(statistics, days, months, confidence)
    return g14_billing_half_width(statistics, days, months, months, confidence)


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
    widths = [half_width(model, interval, YEAR, MONTHS, confidence) for interval in ("g14", "empirical")]
    return Detectable(*(None if width is None else width / whole for width in widths))
