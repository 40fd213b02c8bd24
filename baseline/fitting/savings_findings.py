"""What is to be said of any saving: temperatures the baseline never saw, periods that overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baseline.fitting.findings import Finding
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


def reach(temperature: NDArray[np.float64], coldest: float, warmest: float) -> dict[str, Any] | None:
    """Return how many temperatures lie outside those of the baseline, and how many far outside; None where none."""
    outside = (temperature < coldest) | (temperature > warmest)
    if not outside.any():
        return None
    tenth = 0.1 * (warmest - coldest)
    far = (temperature < coldest - tenth) | (temperature > warmest + tenth)
    return {
        "days": int(outside.sum()),
        "far": int(far.sum()),
        "coldest": round(coldest, 1),
        "warmest": round(warmest, 1),
    }


def overlap(
    baseline_start: dt.date, baseline_end: dt.date, reporting_start: dt.date, reporting_end: dt.date
) -> Iterator[Finding]:
    """Yield a blocking finding where the periods, ends included, share a day."""
    if reporting_start <= baseline_end and baseline_start <= reporting_end:
        yield Finding(
            "periods_overlap",
            N_("La période de suivi recouvre la période de référence ; un jour ne peut pas être comparé à lui-même."),
            blocking=True,
        )
