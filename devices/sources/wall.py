"""The clock on the wall in Paris: 02:30 comes twice in autumn, and the order of a series says which is meant."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

PARIS: Final = ZoneInfo("Europe/Paris")
FIRST_YEAR, LAST_YEAR = 1990, 2199
"""Readings have no place before 1990 (migration 0001)."""
ONE_DAY: Final = dt.timedelta(days=1)


class Placed(NamedTuple):
    """The instant (UTC) a stamp means; not `sure` where the clock showed it twice and the series does not say which."""

    instant: dt.datetime
    sure: bool


@lru_cache(maxsize=200_000)
def day_of(written: str) -> dt.date:
    """Return the day `written` begins with (`2026-03-29`, a time or an offset may follow); `Unreadable` for another."""
    try:
        day = dt.date.fromisoformat(written[:10])
    except ValueError:
        raise _bad(written) from None
    if len(written) < 10 or not FIRST_YEAR <= day.year <= LAST_YEAR or written[10:11] not in {"", "T", " ", "+", "Z"}:
        raise _bad(written)
    return day


@lru_cache(maxsize=20_000)
def midnight(day: dt.date) -> dt.datetime:
    """Return the instant (UTC) at which `day` begins in Paris."""
    return dt.datetime.combine(day, dt.time(), PARIS).astimezone(dt.UTC)


@lru_cache(maxsize=200_000)
def with_offset(written: str) -> dt.datetime:
    """Return the instant (UTC) of a stamp that carries its offset; `Unreadable` where it carries none."""
    try:
        found = dt.datetime.fromisoformat(written)
    except ValueError:
        raise _bad(written) from None
    if found.tzinfo is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _bad(written)
    return found.astimezone(dt.UTC)


def in_order(stamps: Sequence[str]) -> list[Placed]:
    """Return the instants of local stamps of one series, in its order, which goes forwards or backwards in time.

    Raises:
        Unreadable: a stamp is no date and time, or none a clock in Paris showed (the spring night).

    """
    both = [_both(written) for written in stamps]
    placed = [Placed(first, sure=True) for first, _ in both]
    # One object where one instant is meant (`_both`): cheaper than comparing hundreds of thousands of them.
    twice = [n for n, (first, second) in enumerate(both) if first is not second]
    if not twice:
        return placed
    backwards = both[0][0] > both[-1][0]
    for night in _nights(twice, both):
        forwards = night[::-1] if backwards else night
        turn = next((i for i in range(1, len(forwards)) if both[forwards[i]][0] <= both[forwards[i - 1]][0]), None)
        for i, n in enumerate(forwards):
            # The clock went back where the stamps do; where they never do, an hour is missing and nobody knows which.
            placed[n] = Placed(both[n][1 if turn is not None and i >= turn else 0], sure=turn is not None)
    return placed


def _nights(places: list[int], both: list[tuple[dt.datetime, dt.datetime]]) -> list[list[int]]:
    """Return `places` by the autumn night they belong to."""
    nights: dict[dt.date, list[int]] = {}
    for n in places:
        nights.setdefault(both[n][0].date(), []).append(n)
    return list(nights.values())


@lru_cache(maxsize=200_000)
def _both(written: str) -> tuple[dt.datetime, dt.datetime]:
    """Return the two instants a local stamp may mean; nearly always they are one."""
    try:
        wall = dt.datetime.fromisoformat(written)
    except ValueError:
        raise _bad(written) from None
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise _bad(written)
    if wall.tzinfo is not None:
        said = wall.astimezone(dt.UTC)
        return said, said
    first, second = (wall.replace(tzinfo=PARIS, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first > second:
        # PEP 495: in a gap, fold 0 reads the clock of before, which is the later instant.
        raise Unreadable(
            "no_such_time",
            "« {written} » n'existe pas : cette nuit-là, les horloges avancent d'une heure ; demandez de nouveau le"
            " fichier au gestionnaire de réseau.",
            written=written,
        )
    return (first, first) if first == second else (first, second)


def _bad(written: str) -> Unreadable:
    return Unreadable(
        "bad_time",
        "« {written} » n'est pas une date que ce flux écrit ; demandez de nouveau le fichier au gestionnaire de"
        " réseau.",
        written=written[:40],
    )
