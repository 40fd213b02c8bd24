"""Whether everything Enedis sent has come: each file 1 to YYYYY of a delivery once, and no delivery skipped.

R151 and R50 count the files of a delivery (XXXXX of YYYYY) and number the deliveries of a subscription (num_seq):
a number that misses between two that came is a lost file (guides 0317, 0318).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devices.sources.envelope.names import FileName


class Delivery(NamedTuple):
    """One delivery of a subscription and what is wrong with it."""

    flow: str
    contract: str
    subscription: str
    sequence: int
    missing: tuple[int, ...] = ()
    """Files of it that have not come; of a delivery that was lost whole nobody knows how many there are: empty."""
    lost: bool = False


def incomplete(names: Iterable[FileName]) -> list[Delivery]:
    """Return the deliveries that are lost or not whole, in their order; the same file twice counts once."""
    came: dict[tuple[str, str, str], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    parts: dict[tuple[tuple[str, str, str], int], int] = {}
    for name in names:
        if name.parts:
            series = (name.flow, name.contract, name.subscription)
            came[series][name.sequence].add(name.part)
            parts[series, name.sequence] = max(name.parts, parts.get((series, name.sequence), 0))
    found = []
    for series, deliveries in sorted(came.items()):
        for sequence in range(min(deliveries), max(deliveries) + 1):
            if sequence not in deliveries:
                found.append(Delivery(*series, sequence, lost=True))
                continue
            wanted = range(1, parts[series, sequence] + 1)
            missing = tuple(part for part in wanted if part not in deliveries[sequence])
            if missing:
                found.append(Delivery(*series, sequence, missing))
    return found
