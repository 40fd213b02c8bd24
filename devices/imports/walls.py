"""From the clock on the wall to instants: 02:30 comes twice in autumn and not at all in spring."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from devices.imports.cells import Stamp, Unclear

if TYPE_CHECKING:
    from collections.abc import Hashable
    from zoneinfo import ZoneInfo


class Wall:
    """Reads the stamps of a file in its order.

    Operators write local time without an offset (Enedis R63, R64): of the two passages of an autumn hour the order
    of the rows of a point says which is meant, whether its file goes forwards or backwards in time.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last: dict[Hashable, tuple[dt.datetime, bool]] = {}
        """The last instant of each point, and whether its rows go backwards."""

    def instant(self, key: Hashable, written: Stamp) -> dt.datetime:
        """Return the instant (UTC) `written` means in the rows of `key`; ValueError where no clock showed it."""
        if written.offset is not None:
            return self._noted(key, (written.wall - written.offset).replace(tzinfo=dt.UTC))
        first, second = (written.wall.replace(tzinfo=self._zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
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
