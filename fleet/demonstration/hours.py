"""The hours of a range, each with its local day: what occupancy, thermostat and events are told by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet.demonstration.school_holidays import is_public_holiday, is_school_holiday
from fleet.demonstration.timeline import ZONE
from foundation.time import local_midnight

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Consecutive hours from `start` (UTC); every array has one value per hour.

    `day` is the local date as days since 0001-01-01, `number` counts local days from 0,
    `hour` is the local hour (an hour of October comes twice, one of March is missing).
    """

    start: dt.datetime
    day: NDArray[np.int64]
    number: NDArray[np.int64]
    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    school_holiday: NDArray[np.bool_]
    public_holiday: NDArray[np.bool_]

    @property
    def end(self) -> dt.datetime:
        """The instant (UTC) the last hour ends."""
        return self.start + len(self.day) * HOUR

    def between(self, first: dt.date, after: dt.date) -> NDArray[np.bool_]:
        """Tell which hours lie in the local days [first, after)."""
        return (self.day >= first.toordinal()) & (self.day < after.toordinal())


def hours_of(first: dt.date, after: dt.date) -> Hours:
    """Return the hours of the local days [first, after)."""
    start, end = local_midnight(first, ZONE), local_midnight(after, ZONE)
    stamps = [(start + n * HOUR).astimezone(ZONE) for n in range(round((end - start) / HOUR))]
    day = np.array([stamp.toordinal() for stamp in stamps], dtype=np.int64)
    days = [first + dt.timedelta(days=n) for n in range((after - first).days)]
    number = day - first.toordinal()
    return Hours(
        start=start,
        day=day,
        number=number,
        hour=np.array([stamp.hour for stamp in stamps], dtype=np.int64),
        weekday=np.array([d.weekday() for d in days], dtype=np.int64)[number],
        school_holiday=np.array([is_school_holiday(d) for d in days], dtype=np.bool_)[number],
        public_holiday=np.array([is_public_holiday(d) for d in days], dtype=np.bool_)[number],
    )
