"""One resistance, one capacity: the heat a building needs to follow its thermostat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def heating(*, loss: Floats, capacity: Floats, outdoor: Floats, wanted: Floats, gains: Floats, power: Floats) -> Floats:
    """Return the heat delivered in each hour (W, shape hours × buildings).

    C dT/dt = H (outdoor − T) + gains + heat, solved exactly over each hour with constant
    terms (the 1R1C model). `loss` H in W/K (hours × buildings, it changes with ventilation
    and works), `capacity` C in Wh/K (buildings), `outdoor` and `wanted` in °C, `gains` in W,
    `power` the largest heat in W; 0 where the boiler is off. The heat is the one that
    brings the building to the wanted temperature at the end of the hour, if it can.
    """
    kept = np.exp(-loss / capacity)
    moved = 1 - kept
    delivered = np.empty_like(loss)
    indoor = wanted[0].copy()
    for hour in range(len(loss)):
        equilibrium = (wanted[hour] - indoor * kept[hour]) / moved[hour]
        needed = (equilibrium - outdoor[hour]) * loss[hour] - gains[hour]
        heat = np.minimum(np.maximum(needed, 0), power[hour])
        indoor = indoor * kept[hour] + (outdoor[hour] + (heat + gains[hour]) / loss[hour]) * moved[hour]
        delivered[hour] = heat
    return delivered
