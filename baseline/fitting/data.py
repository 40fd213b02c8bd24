"""The two kinds of days a baseline knows: those it is fitted on, and those it is compared with.

They hold the same columns and are different types on purpose: a model is fitted on `BaselineData` only and a saving
is estimated on `ReportingData` only, so the two can never be exchanged by accident.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

COMPLETE_DAY = 22 / 24
"""A daily value stands on at least 22 of 24 hours (coverage rule of the facts; opendsm asks for 50 % only)."""


@dataclass(frozen=True, eq=False)
class _Days:
    """Local days in ascending order, at most one row a day; a day that is not here was not measured at all."""

    days: tuple[dt.date, ...]
    kwh: NDArray[np.float64]
    """Energy of the hours that have both an energy and a temperature, kWh; NaN where there is none."""
    temperature_c: NDArray[np.float64]
    """Mean outdoor temperature of the day, °C; NaN where unknown."""
    hours: NDArray[np.float64]
    """Hours that have both sides."""
    day_hours: NDArray[np.float64]
    """Length of the local day in hours: 23, 24 or 25."""
    start: dt.date
    """First local day of the period these days were taken from."""
    end: dt.date
    """Last local day of the period, included."""
    ordinals: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the proleptic ordinals of the days: every calendar rule is arithmetic on them."""
        object.__setattr__(self, "ordinals", np.array([day.toordinal() for day in self.days], dtype=np.int64))

    @classmethod
    def of(
        cls,
        days: Sequence[dt.date],
        kwh: ArrayLike,
        temperature_c: ArrayLike,
        *,
        hours: ArrayLike | None = None,
        day_hours: ArrayLike | None = None,
        start: dt.date | None = None,
        end: dt.date | None = None,
    ) -> Self:
        """Build from columns in any order, shape (n,) each.

        `hours` defaults to the whole day and `day_hours` to 24. `start` and `end` (included) name the period asked
        for; they default to the first and the last day. Raises ValueError for columns of different lengths, a day
        given twice, or a day outside the period: programming errors, not users' errors.
        """
        n = len(days)
        energy = np.asarray(kwh, dtype=np.float64).copy()
        temperature = np.asarray(temperature_c, dtype=np.float64).copy()
        length = np.full(n, 24.0) if day_hours is None else np.asarray(day_hours, dtype=np.float64).copy()
        measured = length.copy() if hours is None else np.asarray(hours, dtype=np.float64).copy()
        if not (energy.shape == temperature.shape == length.shape == measured.shape == (n,)):
            raise ValueError(f"{n} days need columns of shape ({n},)")
        energy[~np.isfinite(energy)] = np.nan
        temperature[~np.isfinite(temperature)] = np.nan
        order = sorted(range(n), key=days.__getitem__)
        ordered = tuple(days[i] for i in order)
        if len(set(ordered)) < n:
            raise ValueError("a day is given twice")
        first = start or (ordered[0] if n else dt.date.min)
        last = end or (ordered[-1] if n else dt.date.min)
        if n and not first <= ordered[0] <= ordered[-1] <= last:
            raise ValueError("a day lies outside the period")
        index = np.array(order, dtype=np.intp)
        return cls(ordered, energy[index], temperature[index], measured[index], length[index], first, last)

    @property
    def n_expected(self) -> int:
        """Days of the period."""
        return (self.end - self.start).days + 1

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Days with a finite energy and temperature over at least 22/24 of their own length, shape (n,)."""
        enough = self.hours >= COMPLETE_DAY * self.day_hours - 1e-9
        return enough & np.isfinite(self.kwh) & np.isfinite(self.temperature_c)

    @property
    def kwh_per_24h(self) -> NDArray[np.float64]:
        """Mean power times 24 h: what a day of 23 hours, or one hour short, compares by. NaN where not complete."""
        rate = np.full(len(self.days), np.nan)
        kept = self.complete
        rate[kept] = self.kwh[kept] / self.hours[kept] * 24.0
        return rate

    @property
    def weight(self) -> NDArray[np.float64]:
        """Measured hours as a fraction of 24: kWh of the day = rate per 24 h times this."""
        return self.hours / 24.0


@dataclass(frozen=True, eq=False)
class BaselineData(_Days):
    """Days before the works, that a model is fitted on."""


@dataclass(frozen=True, eq=False)
class ReportingData(_Days):
    """Days after the works, that are compared with the model."""
