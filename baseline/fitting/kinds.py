"""The kinds of model a plan may freeze, and what all of them answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from baseline.fitting.bills.daily import as_daily, estimate_after_bills
from baseline.fitting.bills.model import FORMAT as BILLING
from baseline.fitting.bills.model import BillingModel
from baseline.fitting.frozen import not_readable
from baseline.fitting.hourly.data import ReportingHours
from baseline.fitting.hourly.model import FORMAT as HOURLY
from baseline.fitting.hourly.model import HourlyModel
from baseline.fitting.hourly.savings import estimate_hourly_savings
from baseline.fitting.model import FORMAT as DAILY
from baseline.fitting.model import DailyModel
from baseline.fitting.savings import SavingsEstimate, estimate_savings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.data import ReportingData
    from baseline.fitting.events import Event

Model = DailyModel | HourlyModel | BillingModel
Kind = Literal["daily", "hourly", "billing"]
KINDS: Final[tuple[Kind, ...]] = ("daily", "hourly", "billing")
_READERS: Final[Mapping[str, type[Model]]] = {DAILY: DailyModel, HOURLY: HourlyModel, BILLING: BillingModel}


def model_from_json(frozen_model: Mapping[str, Any]) -> Model:
    """Read a frozen model of whichever kind it names. Raises Refusal for anything else."""
    reader = _READERS.get(str(frozen_model.get("format")))
    if reader is None:
        raise not_readable()
    return reader.from_json(frozen_model)


def kind_of(model: Model) -> Kind:
    """Return the kind of a model."""
    if isinstance(model, HourlyModel):
        return "hourly"
    return "billing" if isinstance(model, BillingModel) else "daily"


def daily_of(model: Model) -> DailyModel:
    """Return what a model says of days: itself, the daily model inside an hourly one, a model of bills day by day."""
    if isinstance(model, HourlyModel):
        return model.daily
    return as_daily(model) if isinstance(model, BillingModel) else model


def estimate(
    model: Model, reporting: ReportingData | ReportingHours, confidence: float, *, events: Sequence[Event] = ()
) -> SavingsEstimate:
    """Compare reporting days, or hours for an hourly model, with the model, counted and shown by day."""
    if isinstance(model, HourlyModel):
        if not isinstance(reporting, ReportingHours):
            raise TypeError("an hourly model is compared with hours")
        return estimate_hourly_savings(model, reporting, confidence, events=events)
    if isinstance(reporting, ReportingHours):
        raise TypeError("days are compared with days")
    if isinstance(model, BillingModel):
        return estimate_after_bills(model, reporting, confidence, events=events)
    return estimate_savings(model, reporting, confidence, events=events)


def baseline_of_days(model: Model, reporting: ReportingData | ReportingHours) -> NDArray[np.float64]:
    """Return the adjusted baseline, kWh, of the hours of each reporting day that have both sides, shape (n,)."""
    if isinstance(reporting, ReportingHours):
        if not isinstance(model, HourlyModel):
            raise TypeError("hours are compared with an hourly model")
        n = len(reporting.daily.days)
        return np.bincount(reporting.day, model.predict(reporting), minlength=n).astype(np.float64)
    return np.asarray(daily_of(model).predict(reporting.days, reporting.temperature_c) * reporting.weight)


def with_vacations(model: Model, vacations: Iterable[dt.date]) -> Model:
    """Return the model with more school holidays in its calendar, of years that were not yet known; bills know none."""
    if isinstance(model, HourlyModel):
        return replace(model, daily=model.daily.with_holidays(vacations=vacations))
    return model if isinstance(model, BillingModel) else model.with_holidays(vacations=vacations)
