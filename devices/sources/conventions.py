"""Which side of an interval, and which quality, a source means: dated, since operators change their minds.

A convention is data and may be replaced: parsers take the table as an argument. Sources: guides Enedis 0317, 0318,
0408, 0479, 0503. The day of a stamp decides which line of a flow is in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from devices.sources.reading import Quality


class Side(StrEnum):
    """What the stamp of a value is of its interval, or of its day."""

    START = "start"
    END = "end"


class Convention(NamedTuple):
    """From the day `since` on, a flow stamps this `side`."""

    since: dt.date
    side: Side


_ALWAYS: Final = dt.date.min

Sides = Mapping[str, tuple[Convention, ...]]

SIDES: Final[Sides] = {
    # The index of a day is that of its last instant: midnight of the day after (guide 0317; 244 of 244 compared
    # readings agree with R64 once a day is added).
    "R151": (Convention(_ALWAYS, Side.END),),
    "R50": (Convention(_ALWAYS, Side.END),),
    "R171": (Convention(_ALWAYS, Side.END),),
    "R4": (Convention(_ALWAYS, Side.START),),
    # Guide 0503: the same flow stamps the start above 36 kVA and the end below.
    "R63/C1-C4": (Convention(_ALWAYS, Side.START),),
    "R63/C5": (Convention(_ALWAYS, Side.END),),
    # Where neither flow, caller nor stamps say which of the two it is: most points are C5.
    "R63": (Convention(_ALWAYS, Side.END),),
    "R64": (Convention(_ALWAYS, Side.START),),
    "R65": (Convention(_ALWAYS, Side.START),),
    "R66": (Convention(_ALWAYS, Side.START),),
}


def side(sides: Sides, flow: str, day: dt.date) -> Side:
    """Return the side `flow` stamps on `day`; lines stand in the order of their dates."""
    return next(one.side for one in reversed(sides[flow]) if one.since <= day)


NATURES: Final[Mapping[str, Quality]] = {
    # B raw, R measured; S, T, F, G: the supply was cut, the value is what was drawn all the same.
    **dict.fromkeys("BRSTFG", Quality.GOOD),
    "C": Quality.CORRECTED,
    # H, P rebuilt, E estimated; K and D are told apart nowhere we could check: the stricter reading.
    **dict.fromkeys("HPEKD", Quality.ESTIMATED),
}
"""What the letter beside a point of a curve says of it (Statut_Point, nature)."""
