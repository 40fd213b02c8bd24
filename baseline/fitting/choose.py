"""Which structure: the one that should predict another year best, not the one that follows this year closest.

Energy drifts for reasons of its own, so the residuals of neighbouring days are alike and a fit can always be bettered
by following the drift. The criterion is therefore the Bayesian information criterion of a model whose residuals are
autoregressive of order 1: a level that explains day-to-day changes lowers it, a level that merely follows a slow
drift does not, because the autocorrelation already accounts for the drift.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.candidates import WEEKEND, Candidates, Option, narrowed, on_vacation, weeks, windowed
from baseline.fitting.coarse import Coarse, Meter
from baseline.fitting.criterion import structure_criterion
from baseline.fitting.structure import FIRST_WINDOW, HOLIDAY, ORDINARY, VACATION, Calendar, Structure, Window, yeardays
from baseline.fitting.windows import most_different_window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

DAYS_FOR_WEEKS = 56
"""Eight weeks: below, days of the week are not told apart."""

DAYS_FOR_WINDOWS = 329
"""A window that comes back every year is only looked for in a whole year."""

DAYS_FOR_REGIME = 10
"""Days below which a regime borrows the curve of another and has at most a level of its own."""

MAX_WINDOWS = 3

NEARLY_ALL = 0.01
"""Part of the variance left below which the grid's own coarseness may be what is left."""

WINDOW_EXPLAINS = 0.15
"""Part of the day-to-day surprise a window has to explain: it is found by searching, and projected onto other years."""


SEASONS = (Window((6, 1), (9, 30)), Window((11, 1), (3, 31)))
"""Summer and winter: parts of the year given beforehand, whose edges are not searched."""

VERY_STRONG = 10.0
"""Difference of the Bayesian information criterion that Kass & Raftery (1995) call very strong evidence."""


TOGETHER = 64
"""Meters whose structures are chosen together."""

GROUPS_TOGETHER = 256
"""Groups of days fitted together, over all meters."""

CACHED = 48
"""Groups whose days are looked at together: they stay in the processor's cache."""

EQUAL = 1e-6
"""Criteria no further apart are equal: the same days may be told apart in two ways."""


class _Choice(NamedTuple):
    """The best structures so far of some meters, one entry or row each."""

    option: list[Option]
    residual: Array
    """What they leave unexplained, (meters, days)."""
    score: Array

    def put(self, rows: Places, by: _Choice, at: Places) -> None:
        """Take the choices `at` of another into `rows`."""
        for row, place in zip(rows.tolist(), at.tolist(), strict=True):
            self.option[row] = by.option[place]
        self.residual[rows], self.score[rows] = by.residual[at], by.score[at]


def choose(
    meters: Sequence[Meter], days: Sequence[tuple[dt.date, ...]], calendar: Calendar
) -> list[list[tuple[Calendar, Structure]]]:
    """Return, for each meter, the structure to fit, with `calendar` and the windows found.

    There are several only where the grid cannot tell: where nearly everything is explained, what is left is the
    coarseness of the grid, and days of the week or windows may seem to explain it; the plainer structures then have to
    be compared by exact fits.
    """
    chosen: list[list[tuple[Calendar, Structure]]] = []
    for first in range(0, len(meters), TOGETHER):
        part = slice(first, first + TOGETHER)
        chosen += _Chooser(meters[part], days[part], calendar).choose()
    return chosen


class _Chooser:
    """Compares structures on the complete days of a handful of meters."""

    def __init__(self, meters: Sequence[Meter], days: Sequence[tuple[dt.date, ...]], calendar: Calendar) -> None:
        self.calendar, self.coarse = calendar, Coarse(meters)
        self.yearday = np.full(self.coarse.there.shape, -1)
        self.rows = np.full(self.coarse.there.shape, ORDINARY, dtype=np.intp)
        for row, own in enumerate(days):
            self.yearday[row, : len(own)] = yeardays(own)
            self.rows[row, : len(own)] = calendar.rows(own)
        self.windows: list[tuple[Window, ...]] = [()] * len(meters)

    def choose(self) -> list[list[tuple[Calendar, Structure]]]:
        """Return the structures to fit of each meter."""
        everyone = np.arange(len(self.windows))
        rests = self._rests()
        holidays = (self.rows == HOLIDAY).any(axis=1)
        candidates = [weeks(rest, FIRST_WINDOW, holidays=bool(met)) for rest, met in zip(rests, holidays, strict=True)]
        week = self._best(everyone, self.rows, candidates)
        first = week.option.copy()
        plain = np.square(week.residual).sum(axis=1) < NEARLY_ALL * self._spread()
        best = _Choice(week.option, week.residual, week.score)
        bases: list[Candidates | Option] = [*candidates]
        self._tell_vacations_apart(best, bases, np.flatnonzero((self.rows == VACATION).any(axis=1)), candidates)
        whole_years = np.flatnonzero(self.coarse.n >= DAYS_FOR_WINDOWS)
        self._tell_windows_apart(best, bases, whole_years)
        self._tell_seasons_apart(best, whole_years)
        chosen = []
        for meter, (option, windows) in enumerate(zip(best.option, self.windows, strict=True)):
            finalists: list[tuple[tuple[Window, ...], Structure]] = [
                ((), candidates[meter].options[0].structure),
                ((), first[meter].structure),
            ] * bool(plain[meter])
            finalists.append((windows, option.structure))
            chosen.append([(replace(self.calendar, windows=own), one) for own, one in dict.fromkeys(finalists)])
        return chosen

    def _spread(self) -> Array:
        y, there = self.coarse.energy, self.coarse.there
        mean = y.sum(axis=1) / self.coarse.n
        return np.asarray(np.square(np.where(there, y - mean[:, None], 0.0)).sum(axis=1))

    def _rests(self) -> list[tuple[frozenset[int], ...]]:
        """Return the sets of rest days to try: Saturday and Sunday, Sunday, and those that use less in fact."""
        meters = np.arange(len(self.windows))[:, None]
        cell = np.where(self.coarse.there, meters * 7 + self.coarse.weekday, len(meters) * 7).ravel()
        present = np.bincount(cell, minlength=len(meters) * 7 + 1)[:-1].reshape(-1, 7)
        sums = np.bincount(cell, self.coarse.energy.ravel(), len(meters) * 7 + 1)[:-1].reshape(-1, 7)
        level = sums / np.maximum(present, 1)
        order = np.argsort(level, axis=1, kind="stable")
        lowest = 1 + np.diff(np.take_along_axis(level, order, axis=1), axis=1)[:, :3].argmax(axis=1)
        told = (present > 0).all(axis=1) & (self.coarse.n >= DAYS_FOR_WEEKS)
        return [
            tuple(dict.fromkeys((WEEKEND, frozenset({6}), frozenset(own[:count])))) if apart else ()
            for own, count, apart in zip(order.tolist(), lowest.tolist(), told.tolist(), strict=True)
        ]

    def _tell_vacations_apart(
        self, best: _Choice, bases: list[Candidates | Option], meters: Places, candidates: Sequence[Candidates]
    ) -> None:
        """Tell vacations apart where that betters the criterion; their dates are given, so nothing else is asked."""
        if not len(meters):
            return
        apart = self._best(meters, self.rows[meters], [on_vacation(candidates[meter]) for meter in meters])
        better = np.flatnonzero(apart.score < best.score[meters])
        best.put(meters[better], apart, better)
        for meter in meters[better]:
            bases[meter] = best.option[meter]

    def _tell_windows_apart(self, best: _Choice, bases: list[Candidates | Option], meters: Places) -> None:
        """Add the parts of the year in which workdays differ, as long as each betters the criterion by far."""
        for _ in range(MAX_WINDOWS):
            found = [self._window(meter, best) for meter in meters]
            meters = np.array([meter for meter, window in zip(meters, found, strict=True) if window], dtype=np.intp)
            if not len(meters):
                return
            windows = [window for window in found if window]
            rows = self._with(meters, windows)
            tried = self._best(meters, rows, [windowed(bases[meter]) for meter in meters])
            enough = self.coarse.n[meters] * math.log(1.0 - WINDOW_EXPLAINS)
            better = np.flatnonzero(tried.score <= best.score[meters] + enough)
            meters = meters[better]
            best.put(meters, tried, better)
            self.rows[meters] = rows[better]
            for meter, place in zip(meters, better, strict=True):
                self.windows[meter] = (*self.windows[meter], windows[place])
                bases[meter] = best.option[meter]

    def _window(self, meter: int, best: _Choice) -> Window | None:
        n = self.coarse.n[meter]
        rest = best.option[meter].rest
        work = np.array([day not in rest for day in range(7)])[self.coarse.weekday[meter, :n]]
        places = self.yearday[meter, :n][work]
        return most_different_window(places, best.residual[meter, :n][work], WINDOW_EXPLAINS / 2.0)

    def _with(self, meters: Places, windows: Sequence[Window]) -> Places:
        """Return the rows of the days with one more window each."""
        rows = self.rows[meters]
        for own, meter, window in zip(rows, meters, windows, strict=True):
            own[window.holds(self.yearday[meter]) & (own == ORDINARY)] = FIRST_WINDOW + len(self.windows[meter])
        return rows

    def _tell_seasons_apart(self, best: _Choice, meters: Places) -> None:
        """Tell a fixed season apart where the evidence for it is very strong."""
        if not len(meters):
            return
        twice = np.repeat(meters, len(SEASONS))
        seasons = SEASONS * len(meters)
        tried = self._best(twice, self._with(twice, seasons), [windowed(best.option[meter]) for meter in twice])
        lowest = tried.score.reshape(-1, len(SEASONS)).argmin(axis=1) + np.arange(len(meters)) * len(SEASONS)
        better = lowest[tried.score[lowest] < best.score[meters] - VERY_STRONG]
        best.put(twice[better], tried, better)
        for place in better:
            self.windows[twice[place]] = (*self.windows[twice[place]], seasons[place])

    def _best(self, meters: Places, rows: Places, candidates: Sequence[Candidates]) -> _Choice:
        """Return the candidate of lowest criterion of each of `meters`, whose days stand in these `rows`."""
        parts: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        last = max(one.n_windows for one in candidates) + FIRST_WINDOW
        held = np.stack([(rows == row).any(axis=1) for row in range(last)], axis=1)
        for place, (one, there) in enumerate(zip(candidates, held.tolist(), strict=True)):
            parts.setdefault((id(one), tuple(row for row in range(last) if there[row])), []).append(place)
        found = _Choice([candidates[0].options[0]] * len(meters), np.empty(rows.shape), np.empty(len(meters)))
        for (_, there), everyone in parts.items():
            own, number = narrowed(candidates[everyone[0]], there), np.zeros(last, dtype=np.intp)
            number[list(there)] = range(len(there))
            step = max(GROUPS_TOGETHER // len(own.inside), 1)
            for first in range(0, len(everyone), step):
                places = np.array(everyone[first : first + step])
                found.put(places, self._scored(meters[places], number[rows[places]], own), np.arange(len(places)))
        return found

    def _scored(self, meters: Places, rows: Places, candidates: Candidates) -> _Choice:
        """Fit the candidates and score them; the first of equals is taken."""
        coarse, made_of = self.coarse, candidates.made_of
        day_type = rows * 7 + coarse.weekday[meters]
        everyone = coarse.fit(meters, day_type, candidates)
        # A window costs its two edges beside the levels it adds.
        n_parameters = everyone.n_parameters @ made_of.T + 2 * candidates.n_windows
        thin = (everyone.n_days < DAYS_FOR_REGIME) @ made_of.T > 0.0
        thin &= made_of.sum(axis=1) > 1.0
        options: list[Option] = []
        residuals, scores = np.empty(rows.shape), np.empty(len(meters))
        step = max(CACHED // len(made_of[0]), 1)
        for first in range(0, len(meters), step):
            part = slice(first, first + step)
            residual = coarse.residual(meters[part], day_type[part], candidates, everyone.of(part))
            score = structure_criterion(
                residual,
                made_of,
                coarse.adjacent[meters[part]],
                n=coarse.n[meters[part]],
                n_parameters=n_parameters[part],
                floor=coarse.floor[meters[part]],
            )
            score[thin[part]] = np.inf
            scores[part] = lowest = score.min(axis=1)
            best = (score <= lowest[:, None] + EQUAL).argmax(axis=1)
            options += [candidates.options[i] for i in best]
            residuals[part] = (made_of[best][:, None] @ residual)[:, 0]
        return _Choice(options, residuals, scores)
