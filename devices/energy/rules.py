"""Index continuity: from the readings of a register to the energy between them (truth 2).

Instants are integers, microseconds since 1970 UTC; indexes and energies are integers, millionths of a kWh. Integers
make sums exact: over any partition of time, energies add up to the difference of the indexes at its ends.

What a reading means depends on the few readings around it and on nothing else, so that a part of the series can be
derived again with `RADIUS` readings of context on both sides and gives what the whole series gives.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.energy.reasons import Cause, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devices.energy.ceiling import Ceiling

MICRO: Final = 1_000_000
HOUR: Final = 3600 * MICRO
RADIUS: Final = 12
"""Readings other than 0, on both sides, on which the meaning of a reading may depend (it is 4 at most)."""

REGISTERS: Final = (2**16, 2**24, 2**32, *(10**digits for digits in range(4, 10)))
"""Where registers may begin again: counters of 16, 24 and 32 bits, displays of 4 to 9 digits.

A reset near one of them looks like a rollover, and no reading tells them apart: such a fall counts for nothing until
somebody has said the size of this register.
"""
ROLLOVER_PART: Final = 100
"""A register rolls over within its last and first hundredth; further apart, nobody knows how often it went round."""
RESTART_PART: Final = 10
"""A register that begins again shows less than a tenth of what it showed."""
UNINTERRUPTED: Final = 3 * HOUR // 2
"""Readings up to 90 min apart follow each other (hourly sensors are not punctual); further apart, one is missing."""
SHORTEST: Final = HOUR // 12
"""Power is judged over 5 min at least: clocks are not exact."""
FINEST: Final = 6
"""Decimals of a raw unit looked for at most."""

Index = tuple[int, int]
"""(instant, register): a reading, in the units above."""


class Span(NamedTuple):
    """What is known between two instants: energy = `last` - `first`, or None of it where `reason` has no energy."""

    start: int
    end: int
    first: int
    last: int
    reason: Reason
    cause: Cause | None = None

    @property
    def has_energy(self) -> bool:
        """Whether there is a valid index at both ends."""
        return self.reason is Reason.MEASURED or self.reason is Reason.MEASURED_IN_TOTAL


def micro_kwh(value: Decimal, factor: Decimal) -> int:
    """Return a register's `value` times `factor` (raw unit -> kWh) in millionths of a kWh, rounded half to even."""
    return int((value * factor * MICRO).to_integral_value())


class Register(NamedTuple):
    """What a register is: how it counts and how fast it can.

    `size` is where it is full and begins again, None where nobody said it, and `unit` its raw unit, both in millionths
    of a kWh; `guesses` are `REGISTERS` in the same unit.
    """

    size: int | None
    guesses: tuple[int, ...]
    unit: int
    ceiling: Ceiling


def register_of(factor: Decimal, ceiling: Ceiling, size: Decimal | None = None) -> Register:
    """Return the register whose raw unit is worth `factor` kWh, and which begins again at `size` raw units."""
    return Register(
        None if size is None else micro_kwh(size, factor),
        tuple(micro_kwh(Decimal(guess), factor) for guess in REGISTERS),
        micro_kwh(Decimal(1), factor),
        ceiling,
    )


def spans_of(readings: Sequence[Index], register: Register, *, last_is_read: bool = False) -> list[Span]:
    """Return the spans between the valid readings of `register`, without gap or overlap.

    `readings` are in order of time, one an instant; a rise its ceiling does not allow is implausible, however good
    the readings say they are. Fewer than two readings say nothing. `last_is_read`: a person read the last one, and a
    zero there is no moment's zero.
    """
    causes: dict[int, Cause] = {}
    kept = _without_outliers(_without_transient_zeros(readings, causes), causes)
    spans = [
        _judged(Span(start, end, first, last, Reason.MEASURED, causes.get(start)), register)
        for (start, first), (end, last) in pairwise(kept)
    ]
    return spans if last_is_read else _hold_unconfirmed_zeros(kept, spans)


def _judged(span: Span, register: Register) -> Span:
    """Return `span` with what its indexes prove, as if `register` were endless."""
    if span.last < span.first:
        fallen = span
        span = _rolled_over(span, register.size)
        if span is fallen or not _is_possible(span, fallen, register):
            return fallen._replace(reason=Reason.SUSPICIOUS, cause=_fall(fallen, register))
    elif not _is_possible(span, span, register):
        return span._replace(reason=Reason.SUSPICIOUS, cause=Cause.IMPLAUSIBLE)
    return span if span.end - span.start <= UNINTERRUPTED else span._replace(reason=Reason.MEASURED_IN_TOTAL)


def _is_possible(span: Span, shown: Span, register: Register) -> bool:
    """Return whether the energy of `span` may have been used; `shown` is what the register showed at its ends."""
    # A register takes a whole step in an instant: one of 10 kWh a pulse stood still for hours before.
    moved = span.last - span.first - _tick(shown, register.unit)
    return register.ceiling.allows(moved, span.start, max(span.end, span.start + SHORTEST))


def _tick(span: Span, unit: int) -> int:
    """Return the step the register counts in, as far as two readings show it: its raw unit, or a decimal of it."""
    step = unit
    for _ in range(FINEST):
        if step and span.first % step == span.last % step == 0:
            break
        step //= 10
    return step


def _rolled_over(span: Span, size: int | None) -> Span:
    """Return `span` past a full register of `size`; `span` itself where nobody said it or the numbers do not fit."""
    if size is None or not _looks_full(span, size):
        return span
    return span._replace(last=span.last + size, cause=Cause.ROLLOVER)


def _looks_full(span: Span, size: int) -> bool:
    margin = size // ROLLOVER_PART
    return 0 < size - span.first <= margin and 0 <= span.last <= margin


def _fall(span: Span, register: Register) -> Cause:
    if register.size is None and any(_looks_full(span, guess) for guess in register.guesses):
        return Cause.UNKNOWN_SIZE
    if span.last == 0:
        return Cause.RESET
    return Cause.RESTART if 0 < span.last * RESTART_PART < span.first else Cause.BACKWARDS


def _without_transient_zeros(readings: Sequence[Index], causes: dict[int, Cause]) -> list[Index]:
    """Leave out zeros between a value and one that is not smaller; `causes` notes it at the reading before them.

    Zeros after which the register counts on from there are a reset and stay.
    """
    kept: list[Index] = []
    zeros: list[Index] = []
    for reading in readings:
        if reading[1] == 0 and kept:
            zeros.append(reading)
            continue
        if zeros:
            if 0 < kept[-1][1] <= reading[1]:
                causes[kept[-1][0]] = Cause.TRANSIENT_ZERO
            else:
                kept += zeros
            zeros = []
        kept.append(reading)
    return kept + zeros


def _without_outliers(readings: list[Index], causes: dict[int, Cause]) -> list[Index]:
    """Leave out single readings that contradict both their neighbours; `causes` notes it at the reading before."""
    kept = readings[:1]
    for position in range(1, len(readings) - 1):
        value = readings[position][1]
        before, after = readings[position - 1][1], readings[position + 1][1]
        later = readings[position + 2][1] if position + 2 < len(readings) else before
        stands_above = before <= after < value and later < value
        stands_below = value < before <= after
        if stands_above or stands_below:
            causes[kept[-1][0]] = Cause.SPIKE
        else:
            kept.append(readings[position])
    return kept + readings[1:][-1:]


def _hold_unconfirmed_zeros(kept: Sequence[Index], spans: list[Span]) -> list[Span]:
    """Mark zeros at the end after a value as suspicious: the next reading tells a reset from a moment's zero."""
    values = len(kept)
    while values and kept[values - 1][1] == 0:
        values -= 1
    if values in {0, len(kept)}:
        return spans
    held = [span._replace(reason=Reason.SUSPICIOUS, cause=Cause.RESET) for span in spans[values - 1 :]]
    return spans[: values - 1] + held
