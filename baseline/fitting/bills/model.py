"""The frozen model of bills: energy per day of a period as a function of the temperatures of its days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from baseline.fitting.frozen import (
    curve_from,
    curve_json,
    frozen,
    not_readable,
    parsed,
    statistics_from,
    statistics_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.curve import Curve
    from baseline.fitting.frozen import Statistics

    Array = NDArray[np.float64]

FORMAT = "baseline.fitting.BillingModel"
VERSION = 1


@dataclass(frozen=True)
class BillingModel:
    """Energy of a billing period; made by `fit_billing`, never changed. `statistics` counts bills, kWh per day."""

    curve: Curve
    level: float
    start: dt.date
    end: dt.date
    statistics: Statistics

    @property
    def name(self) -> str:
        """Return the shape: 1P, 2P, 3PH, 3PC, 4P or 5P."""
        return self.curve.shape

    @property
    def n_parameters(self) -> int:
        """Level, slopes and balance points."""
        return self.statistics.n_parameters

    def predict(self, temperatures: Sequence[Array]) -> Array:
        """Return the baseline of each period in kWh per day, shape (n,); NaN for one without temperatures.

        The curve is taken at each day's temperature, or at the mean where only that is known, as it was fitted.
        """
        return np.array([self.level + float(self.curve(t).mean()) if len(t) else np.nan for t in temperatures])

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain JSON values; coefficients are decimals of 12 significant digits, as text."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": self.name,
            "n_parameters": self.n_parameters,
            "baseline": {
                "start": self.start.isoformat(),
                "end": self.end.isoformat(),
                "bills": self.statistics.n_days,
            },
            **curve_json(self.curve),
            "level": frozen(self.level),
            "statistics": statistics_json(self.statistics),
        }

    @classmethod
    def from_json(cls, frozen_model: Mapping[str, Any] | str) -> Self:
        """Read what `to_json` wrote, or its text. Raises Refusal for anything else."""
        try:
            content = parsed(frozen_model, FORMAT, VERSION)
            baseline = content["baseline"]
            return cls(
                curve_from(content),
                float(content["level"]),
                dt.date.fromisoformat(baseline["start"]),
                dt.date.fromisoformat(baseline["end"]),
                statistics_from(content["statistics"], int(baseline["bills"]), int(content["n_parameters"])),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise not_readable() from None
