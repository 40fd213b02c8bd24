"""From hours to local days: the pairing of energy and temperature, and the only filling there is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from baseline.fitting.data import BaselineData, ReportingData
from foundation.time import local_midnight

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LONGEST_GAP = 6
"""Hours of missing temperature that may be interpolated (opendsm and the coverage rules of the facts)."""

Data = TypeVar("Data", BaselineData, ReportingData)


def daily_from_hourly(
    kind: type[Data],
    hours: ArrayLike,
    kwh: ArrayLike,
    temperature_c: ArrayLike,
    zone: dt.tzinfo,
    *,
    start: dt.date,
    end: dt.date,
) -> Data:
    """Return the local days from `start` to `end` (included) as `kind`, BaselineData or ReportingData.

    `hours` are the UTC starts of the hours as numpy datetime64, each at most once, in any order; `kwh` the energy of
    the hour and `temperature_c` its outdoor temperature, NaN where missing; shape (n,) each. Temperature gaps of at
    most 6 hours are interpolated; energy is never filled. An hour without both sides belongs to neither: the energy
    of a day is that of its hours with both, and `hours` says how many they were. Days without any hour are absent.
    """
    grid = hour_grid(hours, kwh, temperature_c, zone, start=start, end=end)
    return daily_from_grid(kind, grid, start=start, end=end)[0]


class HourGrid(NamedTuple):
    """Every hour of the period in order, NaN where a side is missing; `edges` are where its days begin and the end."""

    energy: Array
    temperature: Array
    days: list[dt.date]
    edges: NDArray[np.int64]
    day_of: NDArray[np.int64]
    """Place of each hour's day in `days`."""


def hour_grid(
    hours: ArrayLike, kwh: ArrayLike, temperature_c: ArrayLike, zone: dt.tzinfo, *, start: dt.date, end: dt.date
) -> HourGrid:
    """Return the hours of the local days from `start` to `end` (included); see `daily_from_hourly`."""
    first, last = local_midnight(start, zone), local_midnight(end + dt.timedelta(days=1), zone)
    margin = dt.timedelta(hours=LONGEST_GAP)
    origin = first - margin
    n_hours = round((last + margin - origin).total_seconds() / 3600)
    stamps = np.asarray(hours, dtype="datetime64[s]").astype(np.int64)
    place = (stamps - round(origin.timestamp())) // 3600
    inside = (place >= 0) & (place < n_hours)
    place = place[inside]
    if len(np.unique(place)) < len(place):
        raise ValueError("an hour is given twice")
    energy, temperature = np.full(n_hours, np.nan), np.full(n_hours, np.nan)
    energy[place] = np.asarray(kwh, dtype=np.float64)[inside]
    temperature[place] = np.asarray(temperature_c, dtype=np.float64)[inside]
    temperature = interpolated(temperature)
    days = [start + dt.timedelta(days=i) for i in range((end - start).days + 1)]
    starts: list[int] = [round((local_midnight(day, zone) - origin).total_seconds() / 3600) for day in days]
    edges = np.array([*starts, n_hours - LONGEST_GAP])
    in_days = slice(edges[0], edges[-1])
    day_of = np.repeat(np.arange(len(days)), np.diff(edges))
    energy, temperature = energy[in_days], temperature[in_days]
    return HourGrid(energy, temperature, days, edges - edges[0], day_of)


def daily_from_grid(kind: type[Data], grid: HourGrid, *, start: dt.date, end: dt.date) -> tuple[Data, NDArray[np.intp]]:
    """Return the days of a grid, and the place of each of the grid's days among them, -1 where it has no hour."""
    energy, temperature, days, edges, day_of = grid
    warm = np.isfinite(temperature)
    both = warm & np.isfinite(energy)
    n_both = np.bincount(day_of, both, minlength=len(days))
    n_warm = np.bincount(day_of, warm, minlength=len(days))
    n_energy = np.bincount(day_of, np.isfinite(energy), minlength=len(days))
    sums = np.bincount(day_of, np.where(both, energy, 0.0), minlength=len(days))
    heat = np.bincount(day_of, np.where(warm, temperature, 0.0), minlength=len(days))
    present = np.flatnonzero((n_energy > 0) | (n_warm > 0))
    # A temperature of a few hours is not that of the day.
    known = n_warm >= np.diff(edges) / 2
    mean = np.where(known, heat / np.maximum(n_warm, 1.0), np.nan)
    place = np.full(len(days), -1, dtype=np.intp)
    place[present] = np.arange(len(present))
    made = kind.of(
        [days[i] for i in present],
        np.where(n_energy > 0, sums, np.nan)[present],
        mean[present],
        hours=n_both[present],
        day_hours=np.diff(edges)[present],
        start=start,
        end=end,
    )
    return made, place


def interpolated(temperature: Array) -> Array:
    """Return hourly temperatures with gaps of at most 6 hours filled on the straight line between their ends."""
    known = np.flatnonzero(np.isfinite(temperature))
    filled = temperature.copy()
    if len(known) < 2:
        return filled
    missing = np.flatnonzero(~np.isfinite(temperature))
    after = np.searchsorted(known, missing)
    between = missing[(after > 0) & (after < len(known))]
    after = after[(after > 0) & (after < len(known))]
    short = known[after] - known[after - 1] - 1 <= LONGEST_GAP
    filled[between[short]] = np.interp(between[short], known, temperature[known])
    return filled
