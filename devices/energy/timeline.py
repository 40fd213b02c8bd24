"""The spans of a metering point, from the installations that served it one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devices.energy.ceiling import ANY_BUILDING
from devices.energy.reasons import Cause, Reason
from devices.energy.rules import Span, micro_kwh, register_of, spans_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from devices.energy.ceiling import Ceiling

FOREVER = 2**62
"""An instant after all others: the end of an installation still in place."""


@dataclass(frozen=True, slots=True)
class Served:
    """What one register told about a point during [start, end) of instants.

    `readings` are raw values by instant, in any order. `opening` and `closing` are what the register showed at `start`
    and at `end`, where somebody read it; they are in its raw unit too.
    """

    start: int
    end: int
    factor: Decimal
    readings: Mapping[int, Decimal]
    opening: Decimal | None = None
    closing: Decimal | None = None
    ceiling: Ceiling = ANY_BUILDING


def spans_of_point(services: Sequence[Served]) -> list[Span]:
    """Return the spans of a point, without gap or overlap, from its first index to its last.

    Between two installations nothing is known. Where two overlap, the later one speaks from its start on.
    """
    spans: list[Span] = []
    for served in _one_at_a_time(services):
        found = spans_of(_index_of(served), register_of(served.factor, served.ceiling))
        if spans and found and spans[-1].end < found[0].start:
            spans.append(Span(spans[-1].end, found[0].start, 0, 0, Reason.MISSING, Cause.NO_DEVICE))
        spans += found
    return spans


def _one_at_a_time(services: Sequence[Served]) -> list[Served]:
    ordered = sorted(services, key=lambda served: served.start)
    ends = [served.start for served in ordered[1:]] + [FOREVER]
    return [
        served if served.end <= end else replace(served, end=end, closing=None)
        for served, end in zip(ordered, ends, strict=True)
    ]


def _index_of(served: Served) -> list[tuple[int, int]]:
    """Return the register in order of time, in millionths of a kWh; a reading goes before an index somebody read."""
    index = {}
    if served.opening is not None:
        index[served.start] = served.opening
    index |= {instant: value for instant, value in served.readings.items() if served.start <= instant < served.end}
    if served.closing is not None:
        index[served.end] = served.closing
    return [(instant, micro_kwh(index[instant], served.factor)) for instant in sorted(index)]
