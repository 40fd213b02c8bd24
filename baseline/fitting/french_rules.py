"""The rules of French heating contracts, beside the fitted model: never billed by, shown for comparison.

- N'B = NB x DJU / DJUc: the contractual use NB, given for DJUc degree days, in proportion to those of the year (guide
  OEAP 2007-17 for heating contracts, types MTI, MCI, CPI with profit-sharing). Hot water is apart: what it used is
  taken off both sides, NC = metered - q x V.
- The energy signature at base 18: use = level x days + slope x DJU, by least squares.

Degree days here are those of the mean temperature of each day (or of each bill where only that is known), (18 - T)+ ;
the methods of Météo-France and COSTIC take the day's extremes and give other figures: never mix them in one contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.metrics import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from baseline.fitting.bills.data import BilledBaseline, BilledReporting
    from baseline.fitting.data import BaselineData, ReportingData

    Array = NDArray[np.float64]

BASE_C = 18.0


class Rows(NamedTuple):
    """Complete days or bills; shape (n,) each."""

    kwh: Array
    degree_days: Array
    days: Array


class RuleOutcome(NamedTuple):
    """What a rule says of the reporting period."""

    rule: str
    """`nb_dju` or `signature_18`."""
    adjusted_baseline_kwh: float
    avoided_energy_kwh: float
    savings_percent: float | None
    cv_rmse: float | None
    """Of the reporting rows, energy per day."""


def rows_of_days(data: BaselineData | ReportingData) -> Rows:
    """Return the complete days with their degree days, each over the hours it was measured."""
    kept = data.complete
    weight = data.weight[kept]
    return Rows(data.kwh[kept], np.maximum(BASE_C - data.temperature_c[kept], 0.0) * weight, weight)


def rows_of_bills(data: BilledBaseline | BilledReporting) -> Rows:
    """Return the complete bills with the degree days of their days."""
    kept = data.complete
    lengths = data.lengths[kept]
    per_day = [np.maximum(BASE_C - t, 0.0).mean() for t, one in zip(data.temperatures, kept, strict=True) if one]
    return Rows(data.kwh[kept], np.array(per_day) * lengths, lengths)


def contractual_use(nb_kwh: float, degree_days: float, reference_degree_days: float) -> float:
    """Return N'B, kWh: the contractual use NB brought from the reference degree days to those of the period.

    Raises ValueError where the reference has no degree days: there is no heating to bring anywhere.
    """
    if reference_degree_days <= 0.0:
        raise ValueError("no degree days in the reference")
    return nb_kwh * degree_days / reference_degree_days


def french_rules(baseline: Rows, reporting: Rows, *, hot_water_kwh_per_day: float = 0.0) -> tuple[RuleOutcome, ...]:
    """Return what the rules say of the reporting rows; a rule that the baseline cannot carry is left out."""
    found = []
    reference = float(baseline.degree_days.sum())
    if reference > 0.0 and len(reporting.kwh):
        nb = float((baseline.kwh - hot_water_kwh_per_day * baseline.days).sum())
        per_degree_day = contractual_use(nb, 1.0, reference)
        found.append(_outcome("nb_dju", reporting, hot_water_kwh_per_day, per_degree_day))
    line = _signature(baseline)
    if line is not None and len(reporting.kwh):
        found.append(_outcome("signature_18", reporting, *line))
    return tuple(found)


def _signature(baseline: Rows) -> tuple[float, float] | None:
    """Return level per day and slope per degree day by least squares on rates, rows weighing by their days."""
    if len(baseline.kwh) < 3:
        return None
    root = np.sqrt(baseline.days)
    x = np.column_stack((baseline.days, baseline.degree_days)) / root[:, None]
    scale = np.sqrt((x * x).sum(axis=0))
    if not (scale > 0.0).all() or np.linalg.matrix_rank(x / scale) < 2:
        return None
    level, slope = np.linalg.lstsq(x / scale, baseline.kwh / root, rcond=None)[0] / scale
    return float(level), float(slope)


def _outcome(rule: str, reporting: Rows, level: float, slope: float) -> RuleOutcome:
    whole = level * reporting.days + slope * reporting.degree_days
    adjusted, measured = float(whole.sum()), float(reporting.kwh.sum())
    rate = reporting.kwh / reporting.days
    return RuleOutcome(
        rule,
        adjusted,
        adjusted - measured,
        100.0 * (adjusted - measured) / adjusted if adjusted > 0.0 else None,
        metrics(rate, rate - whole / reporting.days, 0).cv_rmse,
    )
