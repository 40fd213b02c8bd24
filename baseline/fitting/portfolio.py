"""The sum of several buildings' savings: what they may be off by together, under the same weather."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, NamedTuple

from baseline.fitting.student import t_two_sided
from baseline.fitting.uncertainty import STEADIEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baseline.fitting.model import DailyModel

FEWEST_MONTHS = 6


class Part(NamedTuple):
    """One building: its frozen model by day, what it avoided, and over how many days of 24 hours."""

    model: DailyModel
    avoided_kwh: float
    adjusted_baseline_kwh: float
    days: float


class Sum(NamedTuple):
    """The savings of a portfolio, kWh, with the half-width found jointly and those found as if strangers or twins."""

    avoided_kwh: float
    adjusted_baseline_kwh: float
    joint: float | None
    """By joint month blocks: what counts."""
    independent: float | None
    """Root of the sum of squares: too narrow where weather is shared."""
    added: float | None
    """Sum of half-widths: as if all erred together."""


def portfolio(parts: Sequence[Part], confidence: float) -> Sum:
    """Add up `parts`; the half-widths are None where one building's months say nothing.

    Each month of each baseline was foretold by that building's other months (`Statistics.month_errors`). Errors of the
    same calendar month are added over the buildings first, so that what a mild January did to all of them stays in the
    sum, and what is one building's own averages out; their root mean square, with Student's t for the number of months
    and 1.5 % a year for drift, is taken for the error of the whole, as for one building (`empirical_half_width`).
    """
    blocks = [_by_month(part) for part in parts]
    shared = sorted(set.intersection(*(set(one) for one in blocks))) if blocks else []
    alone = [_half_width(list(one.values()), part, confidence) for one, part in zip(blocks, parts, strict=True)]
    known = [width for width in alone if width is not None]
    whole = len(known) == len(parts) and bool(parts)
    total = [math.fsum(block[month] for block in blocks) for month in shared]
    drift = STEADIEST * math.fsum(part.model.statistics.mean_kwh * part.days for part in parts)
    return Sum(
        math.fsum(part.avoided_kwh for part in parts),
        math.fsum(part.adjusted_baseline_kwh for part in parts),
        _spread(total, drift, confidence) if whole and len(shared) >= FEWEST_MONTHS else None,
        math.hypot(*known) if whole else None,
        math.fsum(known) if whole else None,
    )


def _by_month(part: Part) -> dict[int, float]:
    """Return what each calendar month's error makes over the days of `part`, kWh; {} where months cannot be told.

    A month of fewer than ten days has no error of its own, so a baseline that begins or ends in one is not told apart.
    """
    errors = part.model.statistics.month_errors
    months = []
    day = part.model.start.replace(day=1)
    while day <= part.model.end:
        months.append(day.month)
        day = (day + dt.timedelta(days=31)).replace(day=1)
    if len(months) != len(errors) or len(set(months)) != len(months):
        return {}
    return {month: error * part.days for month, error in zip(months, errors, strict=True)}


def _half_width(errors: Sequence[float], part: Part, confidence: float) -> float | None:
    if len(errors) < FEWEST_MONTHS:
        return None
    return _spread(errors, STEADIEST * part.model.statistics.mean_kwh * part.days, confidence)


def _spread(errors: Sequence[float], drift: float, confidence: float) -> float:
    mean_square = math.fsum(error * error for error in errors) / len(errors)
    return t_two_sided(confidence, len(errors) - 1) * math.hypot(math.sqrt(mean_square), drift)


def drift_of_group(shares: Sequence[float]) -> tuple[float, float, float] | None:
    """Return the middle of what buildings without works changed by, and the least and the most; None without any.

    Fractions of the adjusted baseline, positive where less was used. Told beside a saving, never taken off it.
    """
    if not shares:
        return None
    ordered = sorted(shares)
    n = len(ordered)
    middle = ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2.0
    return middle, ordered[0], ordered[-1]
