"""Generated buildings whose truth is known, shared by the tests of the baseline room."""

from __future__ import annotations

import datetime as dt

import numpy as np

START = dt.date(2022, 1, 1)


def year_of_days(n=365, start=START):
    return [start + dt.timedelta(days=i) for i in range(n)]


def outdoor(days, seed=0):
    """Daily mean temperatures of a climate with cold winters and warm summers, °C."""
    rng = np.random.default_rng(seed)
    place = np.array([day.timetuple().tm_yday for day in days])
    slow = np.convolve(rng.normal(0.0, 2.0, len(days) + 6), np.ones(7) / 3.0, mode="valid")
    return 13.0 - 10.0 * np.cos(2.0 * np.pi * (place - 20) / 365.25) + slow


def office(days, temperature, *, seed=1, noise=6.0, saving=0.0):
    """Energy of an office heated below 14 °C, cooled above 19 °C on workdays, nearly closed at weekends, kWh."""
    rng = np.random.default_rng(seed)
    open_day = np.array([day.weekday() < 5 for day in days])
    heat = 9.0 * np.maximum(14.0 - temperature, 0.0)
    cold = np.where(open_day, 7.0 * np.maximum(temperature - 19.0, 0.0), 0.0)
    return (1.0 - saving) * (np.where(open_day, 150.0, 60.0) + heat + cold) + rng.normal(0.0, noise, len(days))
