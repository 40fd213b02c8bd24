"""Gas counted in cubic metres, made kWh by the coefficients in force, split where they change.

energy = (index difference) × coefficient (GRDF: `energie = volume_brut × coeff_conversion`, kWh PCS). The coefficient
is the one a bill gives for its dates, never a constant; without one there is no energy.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from devices.energy.reasons import Cause, Reason
from devices.energy.rules import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Coefficient(NamedTuple):
    """kWh a cubic metre is worth from instant `start` until before `end`."""

    start: int
    end: int
    kwh_per_m3: Decimal


def energy_of_volume(spans: Sequence[Span], coefficients: Sequence[Coefficient]) -> list[Span]:
    """Return `spans` of millionths of m³ as spans of millionths of kWh.

    `coefficients` are in order and do not overlap. A span that a change cuts is parted by time, the index at the cut
    being rounded down once and used on both sides; the parts it has without coefficient are missing.
    """
    return [piece for span in spans for piece in (_pieces(span, coefficients) if span.has_energy else (span,))]


def _pieces(span: Span, coefficients: Sequence[Coefficient]) -> Iterator[Span]:
    edges = {edge for one in coefficients for edge in (one.start, one.end) if span.start < edge < span.end}
    cuts = [span.start, *sorted(edges), span.end]
    for start, end in pairwise(cuts):
        worth = next((one.kwh_per_m3 for one in coefficients if one.start <= start < one.end), None)
        if worth is None:
            yield Span(start, end, 0, 0, Reason.MISSING, Cause.NO_COEFFICIENT)
            continue
        first, last = (_kwh(_index_at(span, instant), worth) for instant in (start, end))
        yield span._replace(start=start, end=end, first=first, last=last)


def _index_at(span: Span, instant: int) -> int:
    return span.first + (span.last - span.first) * (instant - span.start) // (span.end - span.start)


def _kwh(cubic: int, worth: Decimal) -> int:
    # Rounded as an index, so that the energies of a coefficient add up to its index difference.
    return int((cubic * worth).to_integral_value(ROUND_HALF_EVEN))
