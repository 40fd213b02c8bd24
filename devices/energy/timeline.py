"""The spans of a metering point, from the installations that served it one after the other."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devices.energy.ceiling import ANY_BUILDING
from devices.energy.reasons import Cause, Reason
from devices.energy.rules import UNINTERRUPTED, Span, micro_kwh, register_of, spans_of
from devices.energy.volume import energy_of_volume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from devices.energy.ceiling import Ceiling
    from devices.energy.volume import Coefficient

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
    size: Decimal | None = None
    """Where the register is full and begins again, in its raw unit; None where nobody said it."""
    is_volume: bool = False
    """Whether the register counts m³ of gas; its spans are worth kWh by the point's coefficients."""


def spans_of_point(services: Sequence[Served], coefficients: Sequence[Coefficient] = ()) -> list[Span]:
    """Return the spans of a point, without gap or overlap, from its first index to its last.

    Between two installations nothing is known. Where two overlap, the later one speaks from its start on.
    """
    spans: list[Span] = []
    for served in _one_at_a_time(services):
        register = register_of(served.factor, served.ceiling, served.size)
        found = spans_of(_index_of(served), register, last_is_read=served.closing is not None)
        if served.is_volume:
            found = energy_of_volume(found, coefficients)
        if spans and found and spans[-1].end < found[0].start:
            spans.append(Span(spans[-1].end, found[0].start, 0, 0, Reason.MISSING, Cause.NO_DEVICE))
        spans += found
    return spans


def _one_at_a_time(services: Sequence[Served]) -> list[Served]:
    ordered = sorted(services, key=lambda served: served.start)
    ends = [*(served.start for served in ordered[1:]), *([FOREVER] if ordered else [])]
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


def spans_of_intervals(intervals: Sequence[tuple[int, int, int]], ceiling: Ceiling) -> list[Span]:
    """Return the spans of (start, end, energy) intervals in order of time, which a file gave; gaps stay gaps.

    An interval cut by the next one (a file of another step) is left out: nobody knows which of the two is right.
    """
    spans: list[Span] = []
    for start, end, energy in intervals:
        if spans and start < spans[-1].end:
            continue
        reason = Reason.MEASURED if end - start <= UNINTERRUPTED else Reason.MEASURED_IN_TOTAL
        cause = None
        if not ceiling.allows(energy, start, end):
            reason, cause = Reason.SUSPICIOUS, Cause.IMPLAUSIBLE
        spans.append(Span(start, end, 0, energy, reason, cause))
    return spans


def filled(spans: Sequence[Span], more: Sequence[Span]) -> list[Span]:
    """Return `spans` with those of `more` that lie where `spans` has nothing; what stays empty between is missing.

    Sensors speak wherever one served; files of the network operator or of people fill the rest (the first year),
    whole spans only. `more` has no overlap in itself.
    """
    known = [span for span in spans if span.cause is not Cause.NO_DEVICE]
    starts = [span.start for span in known]
    free = []
    for span in more:
        after = bisect_left(starts, span.end)
        if after == 0 or known[after - 1].end <= span.start:
            free.append(span)
    ordered = sorted([*known, *free])
    whole: list[Span] = []
    for span in ordered:
        if whole and whole[-1].end < span.start:
            whole.append(Span(whole[-1].end, span.start, 0, 0, Reason.MISSING, Cause.NO_DEVICE))
        whole.append(span)
    return whole
