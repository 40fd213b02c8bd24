"""Which structure: the one that should predict another year best, not the one that follows this year closest.

Energy drifts for reasons of its own, so the residuals of neighbouring days are alike and a fit can always be bettered
by following the drift. The criterion is therefore the Bayesian information criterion of a model whose residuals are
autoregressive of order 1: a level that explains day-to-day changes lowers it, a level that merely follows a slow
drift does not, because the autocorrelation already accounts for the drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.candidates import SAME_WEEK, WEEKEND, ordinary, week_rows, with_holidays, with_window
from baseline.fitting.coarse import Coarse
from baseline.fitting.structure import FIRST_WINDOW, HOLIDAY, Calendar, Structure, yeardays
from baseline.fitting.windows import most_different_window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.coarse import CoarseFit, Group

    Array = NDArray[np.float64]

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


class Option(NamedTuple):
    """A structure and the days of the week it holds for rest days."""

    structure: Structure
    rest: frozenset[int]


class Chooser:
    """Compares structures on the days of one meter."""

    def __init__(self, days: Sequence[dt.date], ordinals: NDArray[np.int64], temperature: Array, energy: Array) -> None:
        self.days = tuple(days)
        self.temperature, self.energy = temperature, energy
        self.weekday = (ordinals + 6) % 7
        self.next_to = np.flatnonzero(np.diff(ordinals) == 1)
        self.calendar = Calendar()
        self._prepare(self.calendar)

    def _prepare(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.rows = calendar.rows(self.days)
        self.n_rows = FIRST_WINDOW + len(calendar.windows)
        self.coarse = Coarse(self.temperature, self.energy, self.rows * 7 + self.weekday, self.n_rows * 7)
        self.fits: dict[Group, CoarseFit] = {}

    def choose(self, holidays: frozenset[dt.date]) -> list[tuple[Calendar, Structure]]:
        """Return the calendar and the structure to fit, best last; more than one only where the grid cannot tell.

        Where nearly everything is explained, what is left is the coarseness of the grid, and days of the week or
        windows may seem to explain it: the plainer structures then have to be compared by exact fits.
        """
        self._prepare(Calendar(holidays.intersection(self.days)))
        options = self._weeks()
        week, score = self._best(options)
        left, whole = self.residual(week.structure), self.energy - self.energy.mean()
        finalists = [(Calendar(holidays), week.structure)]
        if float(left @ left) < NEARLY_ALL * float(whole @ whole):
            finalists.insert(0, (Calendar(holidays), options[0].structure))
        if len(self.days) >= DAYS_FOR_WINDOWS:
            best = self._with_windows(week, score, options)
            if self.calendar.windows:
                plainer = finalists if len(finalists) > 1 else []
                finalists = [*plainer, (Calendar(holidays, self.calendar.windows), best.structure)]
        return finalists

    def _weeks(self) -> list[Option]:
        """Return the ways to tell days of the week and holidays apart, the plainest first."""
        options = [Option(ordinary(SAME_WEEK, self.n_rows), WEEKEND)]
        if len(self.days) >= DAYS_FOR_WEEKS:
            for rest in self._rests():
                options += [Option(ordinary(row, self.n_rows), rest) for row in week_rows(rest)]
        if (self.rows == HOLIDAY).any():
            options += [Option(new, old.rest) for old in options for new in with_holidays(old.structure, old.rest)]
        return options

    def _rests(self) -> list[frozenset[int]]:
        """Return the sets of rest days to try: Saturday and Sunday, Sunday, and those that use less in fact."""
        present = np.bincount(self.weekday, minlength=7)
        if (present == 0).any():
            return []
        level = np.bincount(self.weekday, self.energy, minlength=7) / present
        order = np.argsort(level, kind="stable")
        lowest = 1 + int(np.argmax(np.diff(level[order])[:3]))
        seen = frozenset(int(day) for day in order[:lowest])
        return list(dict.fromkeys((WEEKEND, frozenset({6}), seen)))

    def _with_windows(self, choice: Option, score: float, bases: list[Option]) -> Option:
        """Add the parts of the year in which workdays differ, as long as each betters the criterion by far."""
        for _ in range(MAX_WINDOWS):
            before = self.calendar
            work = ~np.isin(self.weekday, tuple(choice.rest))
            found = most_different_window(yeardays(self.days)[work], self.residual(choice.structure)[work])
            if found is None:
                break
            self._prepare(Calendar(before.holidays, (*before.windows, found)))
            options = [
                Option(new, base.rest)
                for base in bases
                for new in with_window(_grown(base.structure), self.n_rows - 1, base.rest)
            ]
            candidate, reached = self._best(options)
            # A window costs its two edges beside the levels it adds.
            reached += 2.0 * float(np.log(len(self.days)))
            if reached > score + len(self.days) * np.log(1.0 - WINDOW_EXPLAINS):
                self._prepare(before)
                break
            choice, score, bases = candidate, reached, [candidate]
        return choice

    def _best(self, options: Iterable[Option]) -> tuple[Option, float]:
        """Return the option of lowest criterion, the first of equals."""
        options = [option for option in dict.fromkeys(options) if self._populated(option.structure)]
        self._fit([option.structure for option in options])
        scores = [self.score(option.structure) for option in options]
        i = int(np.argmin(scores))
        return options[i], scores[i]

    def _populated(self, structure: Structure) -> bool:
        """Say whether every regime has days enough to fit a curve of its own."""
        if structure.n_regimes == 1:
            return True
        regime_of = np.array(structure.regime)[self.rows, self.weekday]
        return int(np.bincount(regime_of, minlength=structure.n_regimes).min()) >= DAYS_FOR_REGIME

    def _fit(self, structures: Iterable[Structure]) -> None:
        groups = dict.fromkeys(group for one in structures for group in groups_of(one))
        new = [group for group in groups if group not in self.fits]
        if new:
            self.fits.update(zip(new, self.coarse.fit(new), strict=True))

    def residual(self, structure: Structure) -> Array:
        """Return energy minus the coarse fit, shape (n,)."""
        self._fit([structure])
        rest = self.energy.copy()
        level_of = np.array(structure.level)[self.rows, self.weekday]
        regime_of = np.array(structure.regime)[self.rows, self.weekday]
        for regime, group in enumerate(groups_of(structure)):
            fit = self.fits[group]
            here = regime_of == regime
            rest[here] -= self.coarse.curve_of(fit)[here] + fit.levels[level_of[here]]
        return rest

    def score(self, structure: Structure) -> float:
        """Return the criterion of a structure; lower is better."""
        e = self.residual(structure)
        n_parameters = sum(self.fits[group].n_parameters for group in groups_of(structure))
        return autoregressive_criterion(e, self.next_to, n_parameters, self.coarse.floor)


def _grown(structure: Structure) -> Structure:
    """Return the structure with one more window, whose days are ordinary so far."""
    return Structure((*structure.regime, structure.regime[0]), (*structure.level, structure.level[0]))


def groups_of(structure: Structure) -> list[Group]:
    """Return, for each regime, the level of every day type in it, -1 for those outside."""
    regime, level = np.array(structure.regime).ravel(), np.array(structure.level).ravel()
    return [tuple(np.where(regime == number, level, -1).tolist()) for number in range(structure.n_regimes)]


def autoregressive_criterion(residual: Array, next_to: NDArray[np.intp], n_parameters: int, floor: float) -> float:
    """Return n log(variance of what yesterday does not foretell) + p log(n).

    `next_to` are the places whose following place is the next day.
    """
    n = len(residual)
    today, tomorrow = residual[next_to], residual[next_to + 1]
    rho = lag_one(residual, next_to)
    surprise = float(np.mean((tomorrow - rho * today) ** 2)) if len(next_to) else float(np.mean(residual**2))
    return n * float(np.log(surprise + floor + 1e-300)) + n_parameters * float(np.log(n))


def lag_one(residual: Array, next_to: NDArray[np.intp]) -> float:
    """Return the correlation of neighbouring days' residuals, between 0 and 0.99.

    A negative one would make uncertainty smaller than for independent days; it is taken as 0.
    """
    energy = float(residual @ residual)
    if not len(next_to) or energy <= 0.0:
        return 0.0
    shared = float(residual[next_to] @ residual[next_to + 1]) / len(next_to)
    return min(max(shared / (energy / len(residual)), 0.0), 0.99)
