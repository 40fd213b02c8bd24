"""How wrong a month comes out when the model is fitted on the other months: the raw material of honest intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.refit import columns, held_out
from baseline.fitting.structure import months

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]

DAYS_FOR_MONTH = 10
"""Days a calendar month needs to count as one."""


def month_errors(model: DailyModel, days: Sequence[dt.date], temperature: Array, energy: Array) -> list[float]:
    """Return, for each calendar month of the baseline, its mean error in kWh per 24 h when predicted by the others.

    Day types and balance points stay as they are; slopes and levels are fitted again without the month. A coefficient
    only that month could tell keeps the value of the whole year.
    """
    month_of = months(tuple(days))
    x, known = columns(model, days, temperature)
    totals = np.bincount(month_of, held_out(x, energy, known, month_of))
    sizes = np.bincount(month_of)
    return [total / size for total, size in zip(totals.tolist(), sizes.tolist(), strict=True) if size >= DAYS_FOR_MONTH]
