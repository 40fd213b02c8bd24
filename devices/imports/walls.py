"""From the clock on the wall to instants: 02:30 comes twice in autumn and not at all in spring."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

from devices.imports.cells import Stamp, Unclear

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from zoneinfo import ZoneInfo


class Wall:
    """Reads the stamps of a file in its order.

    Operators write local time without an offset (Enedis R63, R64): of the two passages of an autumn hour the order
    of the rows of a point says which is meant, whether its file goes forwards or backwards in time. Rows a file begins
    with in such an hour have none before them: they wait (`waits`) for those that follow (`settle`).
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last: dict[Hashable, tuple[dt.datetime, bool]] = {}
        """The last instant of each point, and whether its rows go backwards."""

    def waits(self, key: Hashable, written: Stamp) -> bool:
        """Return whether `written` comes twice and no row of `key` before it says which passage is meant."""
        if written.offset is not None or key in self._last:
            return False
        first, second = self._both(written.wall)
        return first < second

    def settle(
        self, key: Hashable, walls: Sequence[dt.datetime], following: Stamp | None, step: dt.timedelta | None
    ) -> list[dt.datetime] | None:
        """Return the instants of the stamps `key` begins with, all in one hour that comes twice; None if nobody knows.

        `following` is the stamp after them, None at the end of the file; values follow each other by `step` where
        there is one. The clock went back where the stamps do; where they never do, the side `following` touches says
        which passage they are.
        """
        after = None if following is None else self._only(following)
        backwards = _goes_back(walls) if after is None else after < self._both(walls[0])[0]
        if backwards is None:
            return None
        both = [self._both(wall) for wall in (walls[::-1] if backwards else walls)]
        turns = [place for place in range(1, len(both)) if both[place][0] <= both[place - 1][0]]
        if len(turns) > 1:
            return None
        if not turns:
            if after is None or step is None:
                return None
            apart = both[0][0] - after if backwards else after - both[-1][1]
            if not dt.timedelta() < apart <= step:
                return None
        turn = turns[0] if turns else (len(both) if backwards else 0)
        instants = [passages[place >= turn] for place, passages in enumerate(both)]
        return [self._noted(key, instant) for instant in (instants[::-1] if backwards else instants)]

    def unclear(self, wall: dt.datetime) -> Unclear:
        """Return why `wall` is not taken where no order of rows says which passage it is."""
        first, second = (f"{wall:%H:%M}{_offset(wall.replace(tzinfo=self._zone, fold=fold))}" for fold in (0, 1))
        return Unclear(
            f"{wall:%d/%m/%Y %H:%M} vient deux fois cette nuit-là, et les lignes de ce point ne disent pas laquelle est"
            f" voulue ; ajoutez les lignes qui précèdent cette heure, ou écrivez le décalage : {first} la première"
            f" fois, {second} la seconde"
        )

    def _only(self, written: Stamp) -> dt.datetime | None:
        """Return the instant of a stamp that means one only, None for another."""
        if written.offset is not None:
            return (written.wall - written.offset).replace(tzinfo=dt.UTC)
        first, second = self._both(written.wall)
        return first if first == second else None

    def _both(self, wall: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        first, second = (wall.replace(tzinfo=self._zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
        return first, second

    def instant(self, key: Hashable, written: Stamp) -> dt.datetime:
        """Return the instant (UTC) `written` means in the rows of `key`; ValueError where no clock showed it.

        A stamp that `waits` and is given here all the same (the beginning of a day) means the first passage.
        """
        if written.offset is not None:
            return self._noted(key, (written.wall - written.offset).replace(tzinfo=dt.UTC))
        first, second = self._both(written.wall)
        if first == second:
            return self._noted(key, first)
        if first > second:
            # PEP 495: in a gap, fold 0 reads the clock of before, which is the later instant.
            raise Unclear(
                f"{written.wall:%d/%m/%Y %H:%M} n'existe pas : cette nuit-là, les horloges avancent d'une heure"
            )
        last, backwards = self._last.get(key, (None, False))
        if last is None:
            return self._noted(key, first)
        if backwards:
            return self._noted(key, second if second < last else first)
        return self._noted(key, first if first > last else second)

    def _noted(self, key: Hashable, instant: dt.datetime) -> dt.datetime:
        last, _ = self._last.get(key, (None, False))
        self._last[key] = (instant, last is not None and instant < last)
        return instant


def _goes_back(walls: Sequence[dt.datetime]) -> bool | None:
    """Return whether stamps of one hour, once repeated at most, go backwards in time; None where they do not say."""
    rises = sum(after > before for before, after in pairwise(walls))
    falls = sum(after < before for before, after in pairwise(walls))
    return None if rises == falls else falls > rises


def _offset(local: dt.datetime) -> str:
    """Return the offset of `local` as a stamp carries it, such as +02:00."""
    written = f"{local:%z}"
    return f"{written[:3]}:{written[3:5]}"
