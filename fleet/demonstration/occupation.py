"""Who is in a building and what its thermostat wants, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet.demonstration.measures import Programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet.demonstration.hours import Hours
    from fleet.demonstration.uses import Use

    Floats = NDArray[np.float64]

WORTH_HEATING = 0.2  # of the full occupancy
PREHEATING = 2  # hours before people come
MORNING, EVENING = 5, 22  # local hours a clock that knows no occupancy keeps
FROST = 3.0  # °C below the night set point when a building stays closed all day


def occupancy(use: Use, hours: Hours) -> Floats:
    """Return the share of full occupancy (0 to 1) of each hour."""
    week = np.zeros((7, 24))
    for weekday, spans in enumerate(use.week):
        for start, end, level in spans:
            for hour in range(24):
                week[weekday, hour] += level * max(0.0, min(end, hour + 1) - max(start, hour))
    expected: Floats = week[hours.weekday, hours.hour]
    expected = np.where(hours.school_holiday, expected * use.in_school_holidays, expected)
    return np.where(hours.public_holiday, expected * use.on_public_holidays, expected)


def set_points(use: Use, hours: Hours, occupied: Floats, programme: Programme) -> Floats:
    """Return the indoor temperature (°C) the thermostat asks for in each hour, run by `programme`."""
    day = (hours.hour >= MORNING) & (hours.hour < EVENING)
    if programme is Programme.NEVER:
        return np.where(day, use.comfort, use.comfort - 0.5)
    if programme is Programme.NIGHTS:
        return np.where(day, use.comfort, use.night)
    wanted = occupied >= WORTH_HEATING
    soon = wanted.copy()
    for ahead in range(1, PREHEATING + 1):
        soon[:-ahead] |= wanted[ahead:]
    used_days = np.zeros(hours.number[-1] + 1, dtype=np.bool_)
    np.logical_or.at(used_days, hours.number, soon)
    closed = np.where(used_days[hours.number], use.night, max(use.night - FROST, 8.0))
    return np.where(soon, use.comfort, closed)
