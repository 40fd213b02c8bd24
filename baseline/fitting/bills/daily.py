"""A model of bills asked about days: the baseline was billed, what came after is measured day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.fitting.metrics import metrics
from baseline.fitting.model import DailyModel, Regime
from baseline.fitting.savings import Outcome, SavingsEstimate, compared
from baseline.fitting.structure import FIRST_WINDOW, Calendar, Structure
from baseline.fitting.uncertainty import g14_billing_half_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from baseline.fitting.bills.model import BillingModel
    from baseline.fitting.data import ReportingData
    from baseline.fitting.events import Event
    from baseline.fitting.metrics import Metrics

WEEK = (0,) * 7


def as_daily(model: BillingModel) -> DailyModel:
    """Return the same curve and level as a daily model: every day is like every other, bills tell no weekdays apart.

    A bill's baseline is the sum of its days' (`BillingModel.predict`), so days may be summed over any period.
    """
    s = model.statistics
    same = (WEEK,) * FIRST_WINDOW
    regime = Regime(model.curve, (model.level,), s.coldest, s.warmest)
    return DailyModel(Calendar(), Structure(same, same), (regime,), model.start, model.end, s)


def estimate_after_bills(
    model: BillingModel, reporting: ReportingData, confidence: float, *, events: Sequence[Event] = ()
) -> SavingsEstimate:
    """Compare measured days with a model of bills.

    The interval is that of as many bills of the baseline's mean length as the days amount to: a model of bills says
    nothing of single days, and days are not more independent than the bills it was fitted on.
    """
    daily = as_daily(model)
    whole = daily.predict(reporting.days, reporting.temperature_c) * reporting.weight
    length = ((model.end - model.start).days + 1) / max(model.statistics.n_days, 1)

    def fit(counted: NDArray[np.bool_]) -> Metrics:
        days = [day for day, kept in zip(reporting.days, counted, strict=True) if kept]
        rate = reporting.kwh_per_24h[counted]
        return metrics(rate, rate - daily.predict(days, reporting.temperature_c[counted]), 0)

    def g14(days: NDArray[np.bool_], months: int) -> float | None:
        total = float(reporting.weight[days].sum())
        return g14_billing_half_width(model.statistics, total, max(round(total / length), 1), months, confidence)

    return compared(daily, reporting, Outcome(whole, fit, g14), confidence, events)
