"""Fit the hourly model: time of week and temperature, in closed form.

After Mathieu, Price, Kiliccote & Piette (IEEE Trans. Smart Grid 2, 2011), with three changes. Levels by time of week
are told apart by the kinds of day of the daily model, so that holidays, vacations and closures have their own week.
The response to temperature bends in the hour's temperature and in the day's mean, which stands for what walls store,
and differs by three-hour block. What a month's hours deviate by is added, shrunk towards nothing.

Occupancy and block are given by the level's place, so each response is fitted on its own hours once their levels are
projected out: sixteen small systems of normal equations.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from baseline.fitting.fit import fit_days
from baseline.fitting.frozen import Statistics, rounded, rounded_array
from baseline.fitting.hourly.data import BaselineHours
from baseline.fitting.hourly.model import BLOCK, N_BLOCKS, HourlyModel, hinges, kinds, kinds_of
from baseline.fitting.metrics import metrics
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

KNOTS = (0.05, 0.5, 0.95)
"""Quantiles of the temperatures at which the response bends."""

OCCUPIED = 0.65
"""Part of a time of week's hours that use more than temperature explains (Mathieu et al. 2011)."""

COLD, WARM = 10.0, 18.3
"""Balance points, °C, of the plain model that occupancy is read from (50 and 65 °F there)."""

SHRINK = 10.0
"""Hours that a month's deviation has to be worth before half of it is believed."""


def fit_hourly(
    data: BaselineHours,
    *,
    holidays: frozenset[dt.date] = frozenset(),
    vacations: frozenset[dt.date] = frozenset(),
) -> HourlyModel:
    """Fit the hourly model and freeze it, the daily one inside. Raises Refusal when no day is complete."""
    if not isinstance(data, BaselineHours):
        raise TypeError("an hourly model is fitted on BaselineHours")
    (model,) = fit_hours([data], holidays=holidays, vacations=vacations)
    if isinstance(model, Refusal):
        raise model
    return model


def fit_hours(
    batch: Sequence[BaselineHours], *, holidays: frozenset[dt.date], vacations: frozenset[dt.date]
) -> list[HourlyModel | Refusal]:
    """Return the model of each meter in order, or the Refusal of one that has no complete day; see `fit_days`."""
    days = fit_days([data.daily for data in batch], holidays=holidays, vacations=vacations)
    models: dict[int, HourlyModel] = {}
    weather: _Weather | None = None
    # Meters of one station follow each other, so that what they share is worked out once and kept no longer.
    for place in sorted(range(len(batch)), key=lambda i: _station(batch[i])):
        data, daily = batch[place], days[place]
        if not isinstance(daily, Refusal):
            weather = weather if weather and weather.suits(data) else _Weather.of(data)
            models[place] = _fitted(data, daily, weather)
    return [one if isinstance(one, Refusal) else models[place] for place, one in enumerate(days)]


def _station(data: BaselineHours) -> tuple[float, ...]:
    """Return what meters of the same hours and temperatures have in common, and few others."""
    t = data.temperature_c
    return (len(t), *t[:1].tolist(), *t[-1:].tolist())


def _fitted(data: BaselineHours, daily: DailyModel, weather: _Weather) -> HourlyModel:
    n_kinds = len(kinds(daily))
    kind, weekday, month = kinds_of(daily, data)
    place = (kind * 7 + weekday) * 24 + data.local_hour
    n_places = n_kinds * 7 * 24
    groups = _Groups.of(place, n_places)
    occupied = weather.occupied(data.kwh, place, groups.hours)
    response = occupied.astype(np.intp) * N_BLOCKS + np.arange(n_places) % 24 // BLOCK
    both = np.column_stack((weather.x, data.kwh))
    means = groups.means(both)
    slopes = _slopes(response[place], both - means.take(place, axis=0))
    levels = means[:, -1] - (means[:, :-1] * slopes[response]).sum(axis=1)
    levels, occupied = _filled(levels, occupied, groups.hours, n_kinds)
    levels = rounded_array(levels)
    residual = data.kwh - levels[place] - (weather.x * slopes.take(response[place], axis=0)).sum(axis=1)
    cell = (month * n_kinds + kind) * 24 + data.local_hour
    count = np.bincount(cell, minlength=12 * n_kinds * 24)
    deviations = rounded_array(np.bincount(cell, residual, minlength=len(count)) / (count + SHRINK))
    worth = float((count / (count + SHRINK)).sum())
    n_parameters = int((groups.hours > 0).sum() + np.count_nonzero(slopes) + round(worth))
    residual -= deviations[cell]
    return HourlyModel(
        daily,
        weather.knots,
        weather.day_knots,
        levels.reshape(n_kinds, 7, 24),
        occupied.reshape(n_kinds, 7, 24),
        slopes.reshape(2, N_BLOCKS, -1),
        deviations.reshape(12, n_kinds, 24),
        _statistics(data, residual, n_parameters, daily.statistics),
    )


class _Weather(NamedTuple):
    """What meters of the same hours and the same temperatures have in common."""

    day: Places
    temperature: Array
    of_days: Array
    knots: Array
    day_knots: Array
    x: Array
    """The response's columns; see `hinges`."""
    plain: Array
    """Columns of the plain model that occupancy is read from."""
    gram: Array

    @classmethod
    def of(cls, data: BaselineHours) -> Self:
        """Work it out of the hours of one of them."""
        t = data.temperature_c
        of_days = data.daily.temperature_c
        knots, day_knots = (rounded_array(np.quantile(values, KNOTS)) for values in (t, of_days[data.day]))
        plain = np.column_stack((np.ones(len(t)), np.maximum(COLD - t, 0.0), np.maximum(t - WARM, 0.0)))
        x = hinges(data, knots, day_knots)
        return cls(data.day, t, of_days, knots, day_knots, x, plain, plain.T @ plain)

    def suits(self, data: BaselineHours) -> bool:
        """Say whether a meter has the same hours and temperatures."""
        return (
            np.array_equal(self.temperature, data.temperature_c)
            and np.array_equal(self.day, data.day)
            and np.array_equal(self.of_days, data.daily.temperature_c, equal_nan=True)
        )

    def occupied(self, kwh: Array, place: Places, hours: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the places at which most hours use more than temperature alone explains."""
        residual = kwh - self.plain @ np.linalg.lstsq(self.gram, self.plain.T @ kwh, rcond=None)[0]
        more = np.bincount(place, residual > 0.0, minlength=len(hours))
        return np.asarray(more > OCCUPIED * np.maximum(hours, 1))


class _Groups(NamedTuple):
    """Hours gathered by their place in the week of their kind of day."""

    place: Places
    order: Places
    starts: Places
    met: Places
    hours: NDArray[np.int64]
    """How many each place has."""

    @classmethod
    def of(cls, place: Places, n_places: int) -> _Groups:
        """Sort the hours by place."""
        # Sorting numbers of 16 bits takes time in proportion to how many there are.
        order = np.argsort(place.astype(np.uint16) if n_places < 1 << 16 else place, kind="stable")
        count = np.bincount(place, minlength=n_places)
        met = np.flatnonzero(count)
        starts = np.concatenate(([0], np.cumsum(count[met])[:-1])).astype(np.intp)
        return cls(place, order, starts, met, count)

    def means(self, columns: Array) -> Array:
        """Return the mean of each column at each place, 0 where there is no hour."""
        means = np.zeros((len(self.hours), columns.shape[1]))
        sums = np.add.reduceat(columns[self.order], self.starts, axis=0)
        means[self.met] = sums / self.hours[self.met][:, None]
        return means


def _slopes(response: Places, apart: Array) -> Array:
    """Return the slopes of each response, (2 * N_BLOCKS, columns); 0 for those no hour has.

    `response` is that of each hour, `apart` its columns and its energy after the means of its place. A ridge of so
    many hours as there are slopes, each at its own scale, keeps a response that few hours tell small.
    """
    order = np.argsort(response.astype(np.uint8), kind="stable")
    edges = np.searchsorted(response[order], np.arange(2 * N_BLOCKS + 1)).tolist()
    z, p = apart.take(order, axis=0), apart.shape[1] - 1
    grams = np.array([z[first:end].T @ z[first:end] for first, end in pairwise(edges)])
    scale = np.diagonal(grams, axis1=1, axis2=2)[:, :p]
    moving = scale > 1e-9 * np.maximum(scale.max(axis=1, keepdims=True), 1e-12)
    # A column that does not move is taken out of its equations: its slope is 0.
    kept = np.where(moving[:, :, None] & moving[:, None], grams[:, :p, :p], 0.0)
    ridge = scale * p / np.maximum(np.diff(edges), 1)[:, None]
    diagonal = np.where(moving, ridge, 1.0)
    kept[:, np.arange(p), np.arange(p)] += diagonal
    right = np.where(moving, grams[:, :p, p], 0.0)
    return rounded_array(np.linalg.solve(kept, right[:, :, None])[:, :, 0])


def _filled(
    levels: Array, occupied: NDArray[np.bool_], count: NDArray[np.int64], n_kinds: int
) -> tuple[Array, NDArray[np.bool_]]:
    """Give a place the baseline never met the level and occupancy of the most alike that it did.

    The same hour of another day of its kind, of the same day of another kind, or of any day.
    """
    met = (count > 0).reshape(n_kinds, 7, 24)
    kind, weekday, hour = (axis.ravel() for axis in np.indices(met.shape))
    any_day = met.reshape(-1, 24)
    like = any_day.argmax(axis=0)[hour] * 24 + hour
    same_day = (met.argmax(axis=0)[weekday, hour] * 7 + weekday) * 24 + hour
    same_kind = (kind * 7 + met.argmax(axis=1)[kind, hour]) * 24 + hour
    like = np.where(np.any(met, axis=0)[weekday, hour], same_day, like)
    like = np.where(np.any(met, axis=1)[kind, hour], same_kind, like)
    like = np.where(met.ravel(), np.arange(len(count)), like)
    return levels[like], occupied[like]


def _statistics(data: BaselineHours, residual: Array, n_parameters: int, daily: Statistics) -> Statistics:
    """Describe the residuals of the frozen model; the months' errors are those of the daily model inside it."""
    quality = metrics(data.kwh, residual, n_parameters)
    pairs = np.flatnonzero(data.after_previous)
    square = float(residual @ residual) / len(residual)
    shared = float(residual[pairs] @ residual[pairs - 1]) / max(len(pairs), 1)
    rho = min(max(shared / square, 0.0), 0.999) if square > 0.0 else 0.0
    return Statistics(
        n_days=len(residual),
        n_parameters=n_parameters,
        mean_kwh=rounded(24.0 * float(data.kwh.mean())),
        sse=rounded(float(residual @ residual)),
        autocorrelation=rounded(rho),
        coldest=rounded(float(data.temperature_c.min())),
        warmest=rounded(float(data.temperature_c.max())),
        cv_rmse=None if quality.cv_rmse is None else rounded(quality.cv_rmse),
        nmbe=None if quality.nmbe is None else round(quality.nmbe, 9),
        r_squared=None if quality.r_squared is None else rounded(quality.r_squared),
        month_errors=daily.month_errors,
    )
