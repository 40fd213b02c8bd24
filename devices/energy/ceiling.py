"""What a register can have counted at most between two instants, whatever quality its readings claim.

A limit is a power: twice the subscribed power of the point while the subscription lasts, or the greatest power the
model of its device counts. The lowest limit in force decides; where none is known, `MOST_WATTS` does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

OVERRUN: Final = 2
"""Times the subscribed power a point may draw: above 36 kVA what exceeds it is billed, not cut off."""
MOST_WATTS: Final = 10_000_000
"""No building of a municipality draws 10 MW: what does is a fault of a meter or of a message."""
SCALE: Final = 3_600_000
"""Watt-microseconds in a millionth of a kWh."""


class Limit(NamedTuple):
    """`watts` that cannot be exceeded during [start, end) of instants (microseconds since 1970 UTC)."""

    start: int
    end: int
    watts: int


class Ceiling(NamedTuple):
    """The limits of one register; `watts` holds where none of `limits` does."""

    limits: tuple[Limit, ...] = ()
    watts: int = MOST_WATTS

    def allows(self, energy: int, start: int, end: int) -> bool:
        """Return whether `energy` (millionths of a kWh) may have been drawn between two instants."""
        edges = {start, end}
        edges.update(edge for limit in self.limits for edge in limit[:2] if start < edge < end)
        most = sum(self._at(cut) * (following - cut) for cut, following in pairwise(sorted(edges)))
        return energy * SCALE <= most

    def _at(self, instant: int) -> int:
        return min((limit.watts for limit in self.limits if limit.start <= instant < limit.end), default=self.watts)


ANY_BUILDING: Final = Ceiling()
"""Of a register of which no limit is known."""


def subscribed(start: int, end: int, power: Decimal) -> Limit:
    """Return the limit a subscribed `power` sets, in kVA or kW (an apparent power bounds the real one)."""
    return Limit(start, end, int(power * 1000 * OVERRUN))


def ceiling_of(limits: Iterable[Limit], model_kw: Decimal | None) -> Ceiling:
    """Return the ceiling of a register whose device's model counts `model_kw` at most (None: not known)."""
    watts = MOST_WATTS if model_kw is None else min(MOST_WATTS, int(model_kw * 1000))
    return Ceiling(tuple(limit._replace(watts=min(limit.watts, watts)) for limit in limits), watts)
