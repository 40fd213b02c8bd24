"""The structures worth comparing: how finely the days of the week, holidays and windows are told apart.

They depend on a handful of facts about the meter, not on its values, so each set is worked out once and kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.structure import FIRST_WINDOW, HOLIDAY, ORDINARY, VACATION, Structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

WEEKEND = frozenset({5, 6})

Row = tuple[tuple[int, ...], tuple[int, ...]]
"""Regime and level of the seven days of the week."""

Group = tuple[int, ...]
"""A regime as the level of every day type (row * 7 + day of week) in it, -1 outside it."""

SAME_WEEK: Row = ((0,) * 7, (0,) * 7)


class Option(NamedTuple):
    """A structure and the days of the week it holds for rest days."""

    structure: Structure
    rest: frozenset[int]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Structures to compare and the distinct groups of days they are made of."""

    options: tuple[Option, ...]
    made_of: NDArray[np.float64]
    """1 where a structure holds a group, shape (structures, groups)."""
    sets: NDArray[np.float64]
    """1 where a day type is in a set; the days of a set share a level somewhere, shape (sets, day types)."""
    held: NDArray[np.float64]
    """1 where a set is a level of a group, shape (groups, sets)."""
    inside: NDArray[np.float64]
    """1 where a day type belongs to a group, shape (groups, day types)."""
    set_of: NDArray[np.intp]
    """The set of each level of a group, the empty one beyond its last, shape (groups, levels)."""
    level_of: NDArray[np.intp]
    """The level of each day type in a group, 0 outside it, shape (groups, day types)."""

    @classmethod
    def of(cls, options: Iterable[Option]) -> Candidates:
        """Gather the groups; equal options count once, the first first."""
        options = tuple(dict.fromkeys(options))
        place: dict[Group, int] = {}
        parts = [[place.setdefault(group, len(place)) for group in groups_of(option.structure)] for option in options]
        made_of = np.zeros((len(options), len(place)))
        for row, places in enumerate(parts):
            made_of[row, places] = 1.0
        groups = np.array(list(place))
        levels = groups[:, None, :] == np.arange(int(groups.max()) + 1)[:, None]
        sets, set_of = np.unique(levels.reshape(-1, groups.shape[1]), axis=0, return_inverse=True)
        set_of = set_of.reshape(levels.shape[:2])
        held = np.zeros((len(groups), len(sets)))
        np.put_along_axis(held, set_of, 1.0, axis=1)
        held[:, ~sets.any(axis=1)] = 0.0
        inside = (groups >= 0).astype(np.float64)
        return cls(options, made_of, sets.astype(np.float64), held, inside, set_of, np.maximum(groups, 0))

    @property
    def n_windows(self) -> int:
        """Yearly windows the structures tell apart."""
        return len(self.options[0].structure.regime) - FIRST_WINDOW


def groups_of(structure: Structure) -> list[Group]:
    """Return the groups of a structure, one per regime."""
    regime, level = np.array(structure.regime).ravel(), np.array(structure.level).ravel()
    return [tuple(np.where(regime == number, level, -1).tolist()) for number in range(structure.n_regimes)]


@lru_cache(maxsize=1024)
def narrowed(candidates: Candidates, rows: tuple[int, ...]) -> Candidates:
    """Return the candidates for days that only stand in these rows, which are numbered from 0 then."""
    types = np.concatenate([np.arange(7 * row, 7 * row + 7) for row in rows])
    return replace(
        candidates,
        sets=candidates.sets[:, types],
        inside=candidates.inside[:, types],
        level_of=candidates.level_of[:, types],
    )


@lru_cache(maxsize=256)
def weeks(rests: tuple[frozenset[int], ...], n_rows: int, *, holidays: bool) -> Candidates:
    """Return the ways to tell days of the week, and holidays where there are any, apart; the plainest first."""
    options = [Option(_ordinary(SAME_WEEK, n_rows), WEEKEND)]
    for rest in rests:
        options += [Option(_ordinary(row, n_rows), rest) for row in _week_rows(rest)]
    if holidays:
        options += [Option(new, old.rest) for old in options for new in _with_holidays(old.structure, old.rest)]
    return Candidates.of(options)


@lru_cache(maxsize=256)
def windowed(bases: Candidates | Option) -> Candidates:
    """Return the ways to treat one more window, as its days are ordinary in `bases`."""
    options = bases.options if isinstance(bases, Candidates) else (bases,)
    return Candidates.of(Option(new, base.rest) for base in options for new in _with_window(base.structure, base.rest))


@lru_cache(maxsize=256)
def on_vacation(bases: Candidates) -> Candidates:
    """Return the ways to treat vacations, as their days are ordinary in `bases`."""
    return Candidates.of(
        Option(new, base.rest) for base in bases.options for new in _apart(base.structure, VACATION, base.rest)
    )


def _week_rows(rest: frozenset[int]) -> Iterator[Row]:
    """Yield the ways to tell the days of the week apart, `rest` being those of lower use (0 is Monday)."""
    resting = tuple(int(day in rest) for day in range(7))
    by_kind = _numbered(resting)
    yield (0,) * 7, resting  # workdays and rest days differ by a level
    yield (0,) * 7, tuple(range(7))  # each day of the week has its level
    yield resting, (0,) * 7  # workdays and rest days have their own curves
    yield resting, by_kind  # and levels by day of the week
    if len(rest) > 1:
        apart = tuple(0 if day not in rest else 1 + sorted(rest).index(day) for day in range(7))
        yield apart, tuple(by_kind[day] if day not in rest else 0 for day in range(7))


def _numbered(kinds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the number of each day among those of its kind, from 0."""
    seen: dict[int, int] = {}
    numbers = []
    for kind in kinds:
        numbers.append(seen.get(kind, 0))
        seen[kind] = numbers[-1] + 1
    return tuple(numbers)


def _ordinary(row: Row, n_rows: int) -> Structure:
    """Return the structure in which holidays and windows are days like any other."""
    return Structure((row[0],) * n_rows, (row[1],) * n_rows)


def _with_holidays(structure: Structure, rest: frozenset[int]) -> Iterator[Structure]:
    """Yield the ways to treat a public holiday: as the last rest day, by a level of its own, by a regime of its own."""
    regime, level = structure.regime[ORDINARY], structure.level[ORDINARY]
    last = max(rest)
    work = [day for day in range(7) if day not in rest]
    if (regime[last], level[last]) != (regime[work[0]], level[work[0]]):
        yield _row_changed(structure, HOLIDAY, ((regime[last],) * 7, (level[last],) * 7))
    yield from _days_changed(structure, HOLIDAY, work)


def _with_window(structure: Structure, rest: frozenset[int]) -> Iterator[Structure]:
    """Return the ways to treat one more window."""
    grown = Structure((*structure.regime, structure.regime[0]), (*structure.level, structure.level[0]))
    return _apart(grown, len(structure.regime), rest)


def _apart(structure: Structure, row: int, rest: frozenset[int]) -> Iterator[Structure]:
    """Yield the ways to tell the days of `row` apart: by levels or regimes of their own, workdays or all days."""
    work = [day for day in range(7) if day not in rest]
    for changed in _days_changed(structure, row, work):
        yield changed
        yield from _days_changed(changed, row, sorted(rest))


def _days_changed(structure: Structure, row: int, days: list[int]) -> Iterator[Structure]:
    """Yield `structure` with the named days of `row` on a new level of their regime, then in a new regime."""
    regime, level = list(structure.regime[row]), list(structure.level[row])
    on_level, in_regime = (list(regime), list(level)), (list(regime), list(level))
    for day in days:
        on_level[1][day] = structure.n_levels(regime[day])
        in_regime[0][day] = structure.n_regimes
        in_regime[1][day] = 0
    yield _row_changed(structure, row, (tuple(on_level[0]), tuple(on_level[1])))
    yield _row_changed(structure, row, (tuple(in_regime[0]), tuple(in_regime[1])))


def _row_changed(structure: Structure, row: int, to: Row) -> Structure:
    def put(table: tuple[tuple[int, ...], ...], cells: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        return (*table[:row], cells, *table[row + 1 :])

    return Structure(put(structure.regime, to[0]), put(structure.level, to[1]))
