"""The hours of a period, with the local days they make: the daily model says what kind of day each is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import numpy as np

from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.hours import daily_from_grid, hour_grid
from foundation.time import local_midnight

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

Data = TypeVar("Data", BaselineData, ReportingData)


@dataclass(frozen=True, eq=False)
class _Hours(Generic[Data]):
    """Hours that have both an energy and a temperature, in order of time. Arrays have shape (n,)."""

    daily: Data
    """The same period by day."""
    day: Places
    """Place of each hour's local day in `daily`."""
    local_hour: Places
    """Hour of the local clock, 0 to 23; the hour that comes twice in autumn has the same number twice."""
    kwh: Array
    temperature_c: Array
    after_previous: NDArray[np.bool_]
    """Whether the hour follows the one before it in the arrays without a gap."""

    @property
    def day_temperature(self) -> Array:
        """Mean temperature of each hour's local day; its own where too few hours of the day have one."""
        mean = self.daily.temperature_c[self.day]
        return np.where(np.isfinite(mean), mean, self.temperature_c)

    @classmethod
    def _of(
        cls,
        kind: type[Data],
        hours: ArrayLike,
        columns: tuple[ArrayLike, ArrayLike],
        zone: dt.tzinfo,
        period: tuple[dt.date, dt.date],
    ) -> Self:
        start, end = period
        grid = hour_grid(hours, *columns, zone, start=start, end=end)
        daily, place = daily_from_grid(kind, grid, start=start, end=end)
        both = np.flatnonzero(np.isfinite(grid.energy) & np.isfinite(grid.temperature))
        local = np.arange(len(grid.energy)) - grid.edges[grid.day_of]
        for number in np.flatnonzero(np.diff(grid.edges) != 24):
            local[grid.edges[number] : grid.edges[number + 1]] = _clock(grid.days[number], zone, grid.edges, number)
        follows = np.diff(both, prepend=-2) == 1
        day = place[grid.day_of[both]]
        return cls(daily, day, local[both].astype(np.intp), grid.energy[both], grid.temperature[both], follows)


def _clock(day: dt.date, zone: dt.tzinfo, edges: NDArray[np.int64], number: np.intp) -> list[int]:
    """Return the local clock's hour of each hour of a day of 23 or 25 hours."""
    midnight = local_midnight(day, zone)
    length = int(edges[number + 1] - edges[number])
    return [(midnight + dt.timedelta(hours=hour)).astimezone(zone).hour for hour in range(length)]


class BaselineHours(_Hours[BaselineData]):
    """Hours before the works, that a model is fitted on."""

    @classmethod
    def of(
        cls,
        hours: ArrayLike,
        kwh: ArrayLike,
        temperature_c: ArrayLike,
        zone: dt.tzinfo,
        *,
        start: dt.date,
        end: dt.date,
    ) -> Self:
        """Build from UTC starts of hours; the columns and the rules are those of `daily_from_hourly`."""
        return cls._of(BaselineData, hours, (kwh, temperature_c), zone, (start, end))


class ReportingHours(_Hours[ReportingData]):
    """Hours after the works, that are compared with the model."""

    @classmethod
    def of(
        cls,
        hours: ArrayLike,
        kwh: ArrayLike,
        temperature_c: ArrayLike,
        zone: dt.tzinfo,
        *,
        start: dt.date,
        end: dt.date,
    ) -> Self:
        """Build from UTC starts of hours; the columns and the rules are those of `daily_from_hourly`."""
        return cls._of(ReportingData, hours, (kwh, temperature_c), zone, (start, end))
