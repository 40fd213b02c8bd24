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

from baseline.fitting.candidates import WEEKEND, Candidates, Option, on_vacation, weeks, windowed
from baseline.fitting.coarse import Coarse
from baseline.fitting.structure import FIRST_WINDOW, Calendar, Structure, Window, yeardays
from baseline.fitting.windows import most_different_window

if TYPE_CHECKING:
    import datetime as dt

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


class _Choice(NamedTuple):
    """A structure, what it leaves unexplained, its criterion, and the yearly windows it needs."""

    option: Option
    residual: Array
    score: float
    calendar: Calendar


class Chooser:
    """Compares structures on the complete days of one meter, in order of date."""

    def __init__(
        self, days: tuple[dt.date, ...], ordinals: NDArray[np.int64], temperature: Array, energy: Array
    ) -> None:
        self.days, self.energy = days, energy
        self.weekday = ((ordinals + 6) % 7).astype(np.intp)
        self.next_to = neighbours(ordinals)
        self.coarse = Coarse(temperature, energy)

    def choose(self, calendar: Calendar) -> list[tuple[Calendar, Structure]]:
        """Return the structure to fit, with `calendar` and the windows found; several only where the grid cannot tell.

        Where nearly everything is explained, what is left is the coarseness of the grid, and days of the week or
        windows may seem to explain it: the plainer structures then have to be compared by exact fits.
        """
        met = calendar.known(self.days)
        rests = self._rests() if len(self.days) >= DAYS_FOR_WEEKS else ()
        candidates = weeks(rests, FIRST_WINDOW, holidays=bool(met.holidays))
        week = self._best(candidates, met)
        best = self._with_vacations(week, candidates) if met.vacations else week
        if len(self.days) >= DAYS_FOR_WINDOWS:
            best = self._with_windows(best, candidates if best is week else best.option)
        around = self.energy - self.energy.mean()
        finalists = [(best.calendar, best.option.structure)]
        if float(week.residual @ week.residual) < NEARLY_ALL * float(around @ around):
            plainer = (candidates.options[0].structure, week.option.structure)
            finalists = [*((week.calendar, structure) for structure in plainer), *finalists]
        return [(replace(calendar, windows=one.windows), structure) for one, structure in dict.fromkeys(finalists)]

    def _rests(self) -> tuple[frozenset[int], ...]:
        """Return the sets of rest days to try: Saturday and Sunday, Sunday, and those that use less in fact."""
        present = np.bincount(self.weekday, minlength=7)
        if (present == 0).any():
            return ()
        level = np.bincount(self.weekday, self.energy, minlength=7) / present
        order = np.argsort(level, kind="stable")
        lowest = 1 + int(np.argmax(np.diff(level[order])[:3]))
        seen = frozenset(int(day) for day in order[:lowest])
        return tuple(dict.fromkeys((WEEKEND, frozenset({6}), seen)))

    def _with_vacations(self, choice: _Choice, bases: Candidates) -> _Choice:
        """Tell vacations apart where that betters the criterion; their dates are given, so nothing else is asked."""
        best = self._best(on_vacation(bases), choice.calendar)
        return best if best.score < choice.score else choice

    def _with_windows(self, choice: _Choice, bases: Candidates | Option) -> _Choice:
        """Add the parts of the year in which workdays differ, as long as each betters the criterion by far."""
        enough = len(self.days) * math.log(1.0 - WINDOW_EXPLAINS)
        for _ in range(MAX_WINDOWS):
            work = ~np.isin(self.weekday, tuple(choice.option.rest))
            places = yeardays(self.days)[work]
            found = most_different_window(places, choice.residual[work], WINDOW_EXPLAINS / 2.0)
            if found is None:
                break
            candidate = self._best(windowed(bases), choice.calendar.with_window(found))
            if candidate.score > choice.score + enough:
                break
            choice, bases = candidate, candidate.option
        return self._with_season(choice)

    def _with_season(self, choice: _Choice) -> _Choice:
        """Tell a fixed season apart where the evidence for it is very strong."""
        best = self._best(windowed(choice.option), *(choice.calendar.with_window(season) for season in SEASONS))
        return best if best.score < choice.score - VERY_STRONG else choice

    def _best(self, candidates: Candidates, *calendars: Calendar) -> _Choice:
        """Return the candidate of lowest criterion, the first of equals; `calendars` have as many windows each."""
        day_types = np.stack([calendar.rows(self.days) * 7 + self.weekday for calendar in calendars])
        fits = self.coarse.fit(day_types, candidates.levels)
        made_of = candidates.made_of
        by_calendar = (len(calendars), made_of.shape[1])
        residual = self.energy - made_of @ fits.explained.reshape(*by_calendar, -1)
        residual = residual.reshape(-1, len(self.days))
        # A window costs its two edges beside the levels it adds.
        n_parameters = (fits.n_parameters.reshape(by_calendar) @ made_of.T).ravel() + 2 * len(calendars[0].windows)
        score = autoregressive_criterion(residual, self.next_to, n_parameters, self.coarse.floor)
        thin = ((fits.n_days < DAYS_FOR_REGIME).reshape(by_calendar) @ made_of.T > 0.0).ravel()
        score[thin & np.tile(made_of.sum(axis=1) > 1.0, len(calendars))] = np.inf
        i = int(np.argmin(score))
        calendar, option = divmod(i, len(candidates.options))
        return _Choice(candidates.options[option], residual[i], float(score[i]), calendars[calendar])


def neighbours(ordinals: NDArray[np.int64]) -> Places:
    """Return the places of days whose following place is the next day."""
    return np.flatnonzero(np.diff(ordinals) == 1)


def autoregressive_criterion(residual: Array, next_to: Places, n_parameters: Array, floor: float) -> Array:
    """Return n log(variance of what yesterday does not foretell) + p log(n), lower is better, for each row.

    `residual` has shape (structures, n), `n_parameters` (structures,); `next_to` comes from `neighbours`.
    """
    n = residual.shape[1]
    if len(next_to):
        rho = lag_one(residual, next_to)[:, None]
        surprise = ((residual[:, next_to + 1] - rho * residual[:, next_to]) ** 2).mean(axis=1)
    else:
        surprise = (residual**2).mean(axis=1)
    return np.asarray(n * np.log(surprise + floor + 1e-300) + n_parameters * math.log(n))


def lag_one(residual: Array, next_to: Places) -> Array:
    """Return the correlation of neighbouring days' residuals, between 0 and 0.99, for each row.

    A negative one would make uncertainty smaller than for independent days; it is taken as 0.
    """
    energy = (residual * residual).mean(axis=1)
    if not len(next_to):
        return np.zeros(len(residual))
    shared = (residual[:, next_to] * residual[:, next_to + 1]).mean(axis=1)
    return np.asarray(np.clip(shared / np.where(energy > 0.0, energy, np.inf), 0.0, 0.99))
