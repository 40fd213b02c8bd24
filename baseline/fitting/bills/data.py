"""Bills as a baseline knows them: periods of any length, with their energy and the temperatures of their days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LEAST_TEMPERATURES = 0.9
"""Part of a bill's days whose temperature has to be known (coverage rule of the facts)."""


@dataclass(frozen=True, eq=False)
class _Bills:
    """Bills in ascending order that do not overlap; what lies between two of them was not billed."""

    starts: tuple[dt.date, ...]
    ends: tuple[dt.date, ...]
    """Last day of each bill, included."""
    kwh: Array
    """Energy of each bill, kWh; NaN where there is none."""
    temperatures: tuple[Array, ...]
    """Outdoor temperatures of each bill, °C: its days', or the one mean over it; empty where too few are known."""
    start: dt.date
    """First local day of the period these bills were taken from."""
    end: dt.date
    """Last local day of the period, included."""

    @classmethod
    def of(
        cls,
        periods: Sequence[tuple[dt.date, dt.date]],
        kwh: ArrayLike,
        temperatures: Sequence[ArrayLike],
        *,
        start: dt.date | None = None,
        end: dt.date | None = None,
    ) -> Self:
        """Build from bills in any order.

        `periods` are first and last days, both included; `temperatures` holds for each bill either one temperature,
        the mean over it, or one per day, NaN where unknown. `start` and `end` (included) name the period asked for;
        they default to the first and the last day billed. Raises ValueError for columns of different lengths, bills
        that overlap or end before they start: programming errors, the door refuses them with their line.
        """
        energy = np.asarray(kwh, dtype=np.float64).copy()
        if not len(periods) == len(temperatures) == len(energy):
            raise ValueError(f"{len(periods)} bills need as many energies and temperatures")
        energy[~np.isfinite(energy)] = np.nan
        order = sorted(range(len(periods)), key=periods.__getitem__)
        starts, ends = (tuple(periods[i][side] for i in order) for side in (0, 1))
        if any(last < first for first, last in zip(starts, ends, strict=True)):
            raise ValueError("a bill ends before it starts")
        if any(later <= last for last, later in zip(ends, starts[1:], strict=False)):
            raise ValueError("two bills overlap")
        known = tuple(_known(np.asarray(temperatures[i], dtype=np.float64)) for i in order)
        nothing = dt.date.min
        first, last = start or (starts[0] if starts else nothing), end or (ends[-1] if ends else nothing)
        return cls(starts, ends, energy[np.array(order, dtype=np.intp)], known, first, last)

    @property
    def n_expected(self) -> int:
        """Days of the period."""
        return (self.end - self.start).days + 1

    @property
    def lengths(self) -> Array:
        """Days of each bill."""
        return np.array([(b - a).days + 1 for a, b in zip(self.starts, self.ends, strict=True)], dtype=np.float64)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Bills with an energy and enough temperatures."""
        known = np.array([len(one) > 0 for one in self.temperatures], dtype=bool)
        return np.asarray(np.isfinite(self.kwh) & known)


def _known(temperatures: Array) -> Array:
    """Return the temperatures of a bill that are known; none where they are too few."""
    given = np.atleast_1d(temperatures)
    finite = given[np.isfinite(given)]
    return finite if len(finite) >= LEAST_TEMPERATURES * len(given) else finite[:0]


@dataclass(frozen=True, eq=False)
class BilledBaseline(_Bills):
    """Bills from before the works, that a model is fitted on."""


@dataclass(frozen=True, eq=False)
class BilledReporting(_Bills):
    """Bills from after the works, that are compared with the model."""
