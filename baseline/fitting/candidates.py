"""The structures worth comparing: how finely the days of the week, holidays and windows are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.fitting.structure import HOLIDAY, ORDINARY, Structure

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEKEND = frozenset({5, 6})

Row = tuple[tuple[int, ...], tuple[int, ...]]
"""Regime and level of the seven days of the week."""

SAME_WEEK: Row = ((0,) * 7, (0,) * 7)


def week_rows(rest: frozenset[int]) -> Iterator[Row]:
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


def ordinary(row: Row, n_rows: int) -> Structure:
    """Return the structure in which holidays and windows are days like any other."""
    return Structure((row[0],) * n_rows, (row[1],) * n_rows)


def with_holidays(structure: Structure, rest: frozenset[int]) -> Iterator[Structure]:
    """Yield the ways to treat a public holiday: as the last rest day, by a level of its own, by a regime of its own."""
    regime, level = structure.regime[ORDINARY], structure.level[ORDINARY]
    last = max(rest)
    work = [day for day in range(7) if day not in rest]
    if (regime[last], level[last]) != (regime[work[0]], level[work[0]]):
        yield _row_changed(structure, HOLIDAY, ((regime[last],) * 7, (level[last],) * 7))
    yield from _days_changed(structure, HOLIDAY, work)


def with_window(structure: Structure, row: int, rest: frozenset[int]) -> Iterator[Structure]:
    """Yield the ways to treat the days of a window: levels or regimes of their own, on workdays or on all days."""
    work = [day for day in range(7) if day not in rest]
    for changed in _days_changed(structure, row, work):
        yield changed
        yield from _days_changed(changed, row, sorted(rest))


def _days_changed(structure: Structure, row: int, days: list[int]) -> Iterator[Structure]:
    """Yield `structure` with the named days of `row` on a new level of their regime, then in a new regime."""
    regime, level = list(structure.regime[row]), list(structure.level[row])
    on_level, in_regime = (list(regime), list(level)), (list(regime), list(level))
    for day in days:
        on_level[1][day] = n_levels(structure, regime[day])
        in_regime[0][day] = structure.n_regimes
        in_regime[1][day] = 0
    yield _row_changed(structure, row, (tuple(on_level[0]), tuple(on_level[1])))
    yield _row_changed(structure, row, (tuple(in_regime[0]), tuple(in_regime[1])))


def n_levels(structure: Structure, regime: int) -> int:
    """Return how many levels a regime has."""
    pairs = zip(structure.regime, structure.level, strict=True)
    return 1 + max(lev for row in pairs for reg, lev in zip(*row, strict=True) if reg == regime)


def _row_changed(structure: Structure, row: int, to: Row) -> Structure:
    def put(table: tuple[tuple[int, ...], ...], cells: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        return (*table[:row], cells, *table[row + 1 :])

    return Structure(put(structure.regime, to[0]), put(structure.level, to[1]))
