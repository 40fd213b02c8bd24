"""Fit a portfolio: many meters at one call, a meter that cannot be fitted keeping nobody else waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from baseline.fitting.fit import fit_days
from baseline.fitting.hourly.data import BaselineHours
from baseline.fitting.hourly.fit import fit_hours

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from baseline.fitting.data import BaselineData
    from baseline.fitting.hourly.model import HourlyModel
    from baseline.fitting.model import DailyModel
    from foundation.errors import Refusal

NO_DAYS: frozenset[dt.date] = frozenset()


@overload
def fit_many(
    batch: Iterable[BaselineData], *, holidays: frozenset[dt.date] = ..., vacations: frozenset[dt.date] = ...
) -> list[DailyModel | Refusal]: ...


@overload
def fit_many(
    batch: Iterable[BaselineHours], *, holidays: frozenset[dt.date] = ..., vacations: frozenset[dt.date] = ...
) -> list[HourlyModel | Refusal]: ...


def fit_many(
    batch: Iterable[BaselineData] | Iterable[BaselineHours],
    *,
    holidays: frozenset[dt.date] = NO_DAYS,
    vacations: frozenset[dt.date] = NO_DAYS,
) -> list[DailyModel | Refusal] | list[HourlyModel | Refusal]:
    """Return the frozen model of each meter in order, or the Refusal of one that has no complete day.

    A model is the one `fit_daily` or `fit_hourly` makes of the meter alone, to the last digit, whatever else is in the
    batch: cost grows in proportion to the meters, and a portfolio can be cut anywhere and shared among processes.
    Structures and curves of many meters go through the same array operations, of whatever days and stations they are;
    hourly meters of one station share what only temperatures decide. Some hundred meters a call are enough.
    """
    hours, days = [], []
    for data in batch:
        if isinstance(data, BaselineHours):
            hours.append(data)
        else:
            days.append(data)
    if hours and days:
        raise TypeError("a batch holds days or hours, not both")
    if hours:
        return fit_hours(hours, holidays=holidays, vacations=vacations)
    return fit_days(days, holidays=holidays, vacations=vacations)
