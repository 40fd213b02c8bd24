"""Avoided energy by the hourly model: hours against hours, counted and shown by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.hourly.data import ReportingHours
from baseline.fitting.metrics import metrics
from baseline.fitting.savings import Outcome, SavingsEstimate, compared
from baseline.fitting.uncertainty import g14_hourly_half_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.events import Event
    from baseline.fitting.hourly.model import HourlyModel
    from baseline.fitting.metrics import Metrics


def estimate_hourly_savings(
    model: HourlyModel, reporting: ReportingHours, confidence: float = 0.9, *, events: Sequence[Event] = ()
) -> SavingsEstimate:
    """Compare the reporting hours with the model; days count by the same rule as with the daily model.

    The energy of a fitted event is found by the daily model inside. The interval from the baseline's months is that of
    the daily model too: what moves a year does not depend on how finely it is cut.
    """
    if not isinstance(reporting, ReportingHours):
        raise TypeError("hourly savings are estimated on ReportingHours")
    predicted = model.predict(reporting)
    whole = np.bincount(reporting.day, predicted, minlength=len(reporting.daily.days)).astype(np.float64)

    def fit(counted: NDArray[np.bool_]) -> Metrics:
        kept = counted[reporting.day]
        return metrics(reporting.kwh[kept], (reporting.kwh - predicted)[kept], 0)

    def g14(days: NDArray[np.bool_], months: int) -> float | None:
        del months  # the guideline's factor for hours does not depend on them
        hours = int(days[reporting.day].sum())
        return g14_hourly_half_width(model.statistics, hours, confidence)

    return compared(model.daily, reporting.daily, Outcome(whole, fit, g14), confidence, events)
