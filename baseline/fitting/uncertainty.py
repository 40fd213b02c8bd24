"""How far the savings may be off: ASHRAE Guideline 14 and an interval taken from the building's own months."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from baseline.fitting.student import t_two_sided

if TYPE_CHECKING:
    from baseline.fitting.frozen import Statistics


@dataclass(frozen=True)
class Interval:
    """kWh of avoided energy between which the truth lies with probability `confidence` (a fraction)."""

    low: float
    high: float
    confidence: float

    @property
    def half_width(self) -> float:
        """Half of what lies between, kWh."""
        return (self.high - self.low) / 2.0


def independent_days(n: int, rho: float) -> float:
    """Return n' = n (1 - rho) / (1 + rho), the days that residuals correlated by rho are worth (ASHRAE 14 B.4.5)."""
    return n * (1.0 - rho) / (1.0 + rho)


def sun_baltazar_daily(months: int) -> float:
    """Return the factor that replaces 1.26 for daily models, M months of *reporting* (Sun & Baltazar 2013).

    The polynomial turns down after 73 months; it is held there.
    """
    m = min(months, 73)
    return -0.00024 * m * m + 0.03535 * m + 1.00286


def sun_baltazar_monthly(months: int) -> float:
    """Return the same factor for models of monthly bills; the polynomial is held at its top, 75 months."""
    m = min(months, 75)
    return -0.00022 * m * m + 0.03306 * m + 0.94054


def g14_half_width(s: Statistics, days: int, months: int, confidence: float) -> float | None:
    """Return the half-width, kWh, of the savings of `days` reporting days in `months` calendar months.

    None where the fit has no degree of freedom.
    """
    effective = independent_days(s.n_days, s.autocorrelation)
    return _g14(s, days, effective, sun_baltazar_daily(months), confidence)


def g14_billing_half_width(s: Statistics, days: float, bills: int, months: int, confidence: float) -> float | None:
    """Return the half-width, kWh, of the savings of `bills` bills over `days` days in `months` calendar months.

    Bills are taken for independent, n' = n (Sun & Baltazar's monthly factor allows for what they share). The model
    is in kWh per day; a bill has days / bills of them.
    """
    width = _g14(s, bills, float(s.n_days), sun_baltazar_monthly(months), confidence)
    return None if width is None else width * days / bills


HOURLY_FACTOR = 1.26
"""Of the guideline for hourly models; Sun & Baltazar give no other."""


def g14_hourly_half_width(s: Statistics, hours: int, confidence: float) -> float | None:
    """Return the half-width, kWh, of the savings of `hours` reporting hours; `s` counts hours."""
    return _g14(s, hours, independent_days(s.n_days, s.autocorrelation), HOURLY_FACTOR, confidence)


def _g14(s: Statistics, rows: int, effective: float, factor: float, confidence: float) -> float | None:
    """Return the half-width of a sum over `rows` rows, in the unit of the model.

    ASHRAE Guideline 14-2014 Annex B gives the fraction dE/E = t Y(M) sqrt(MSE' (1 + 2/n') m) / (m Ebar F). Multiplied
    by the savings m Ebar F, what is left is t Y(M) sqrt(MSE' (1 + 2/n') m): kWh, defined even where the savings are 0.
    t has n - p degrees of freedom. MSE' = SSE / (n' - p), the guideline's; where n' comes down to p that means
    nothing, so at least n'/2 is kept in the denominator (still stricter than opendsm's MSE n / n').
    """
    free = s.n_days - s.n_parameters
    if free <= 0 or rows <= 0:
        return None
    mse = s.sse / max(effective - s.n_parameters, effective / 2.0)
    spread = math.sqrt(mse * (1.0 + 2.0 / effective) * rows)
    return t_two_sided(confidence, free) * factor * spread


STEADIEST = 0.015
"""What no real building holds from one year to the next, as a fraction of its energy; see `empirical_half_width`."""


def empirical_half_width(s: Statistics, days: float, confidence: float) -> float | None:
    """Return the half-width, kWh, of the savings of `days` days, from the errors of the baseline's own months.

    Each month of the baseline is predicted by a fit on the others; the root mean square of these mean errors, with
    Student's t for their number, is taken for the error of the whole reporting period. Months are not taken for
    independent of each other: what moves a real building (occupancy, set-points, wear) lasts longer than a month and
    does not average out over a year, so a year may be off by as much as a month was. To that, 1.5 % a year is added
    in quadrature: buildings with quieter months than that drift all the same.

    Calibrated on the monthly bills of 147 New York municipal meters without works (FY2016 to FY2017): at 90 % the
    interval holds 91 % of the second years, 91 % of electricity, 91 % of fuel, and 91 % of the quiet third. None
    with fewer than six months.
    """
    errors = s.month_errors
    if len(errors) < 6:
        return None
    mean_square = math.fsum(error * error for error in errors) / len(errors)
    spread = math.hypot(math.sqrt(mean_square), STEADIEST * s.mean_kwh)
    return t_two_sided(confidence, len(errors) - 1) * spread * days
