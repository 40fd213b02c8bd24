"""How energy follows temperature: the shapes 1P to 5P."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_PARAMETERS = {"1P": 0, "2PH": 1, "2PC": 1, "3PH": 2, "3PC": 2, "4P": 3, "5P": 4}
"""Slopes and balance points of each shape; its level is counted with the levels."""


@dataclass(frozen=True)
class Curve:
    """The part of a day's energy that follows temperature, apart from its level (kWh per 24 h, °C).

        heating_slope * (heating_balance_point - T)+ + cooling_slope * (T - cooling_balance_point)+

    Slopes are >= 0. A slope without a balance point is a straight line through all temperatures (2P). `gain` is the
    sum of squares it explained when it was found.
    """

    name: str
    gain: float = 0.0
    heating_slope: float = 0.0
    heating_balance_point: float | None = None
    cooling_slope: float = 0.0
    cooling_balance_point: float | None = None

    @property
    def n_parameters(self) -> int:
        """Slopes and balance points."""
        return N_PARAMETERS[self.name]

    @property
    def shape(self) -> str:
        """Return the name ASHRAE gives the shape: a straight line is 2P whichever way it slopes."""
        return self.name[:2] if self.name.startswith("2P") else self.name

    def __call__(self, temperature_c: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return kWh per 24 h at each temperature, shape (n,).

        Only elementwise arithmetic, so that every machine gives the same figures.
        """
        energy = np.zeros_like(temperature_c)
        if self.heating_slope:
            at = self.heating_balance_point
            energy += self.heating_slope * (-temperature_c if at is None else np.maximum(at - temperature_c, 0.0))
        if self.cooling_slope:
            at = self.cooling_balance_point
            energy += self.cooling_slope * (temperature_c if at is None else np.maximum(temperature_c - at, 0.0))
        return energy
