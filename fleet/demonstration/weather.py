"""Hourly weather of two stations that do not exist, shaped like the Breton coast and its hinterland.

Temperature = annual cycle + diurnal cycle (wider under a clear sky) + anomalies that
persist from day to day + cold spells and hot spells + an hourly wander. Sunlight comes
from the height of the sun and the day's cloudiness. An hour's value depends on the
seed, the station and the hour alone: asking for another range changes nothing.

Aimed at: coast, annual mean about 12 °C and 2 100 to 2 400 degree days below 18 °C;
inland, about one degree colder in winter and a wider day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOUR = dt.timedelta(hours=1)
HOURS_PER_DAY = 24
DAYS_OF_MEMORY = 60  # after which an anomaly is forgotten: 0.95 ** 60 < 5 %
HOURS_OF_MEMORY = 48
MARGIN = 2  # days made on each side of a year, so that years join without a step
COLDEST_DAY = 30  # 30 January, the sea being late
WARMEST_HOUR = 14.5  # UTC
CLEAR_SKY_AT_ZENITH = 1050.0  # W/m²

# One independent stream of random numbers per thing drawn. What the stations share is drawn without a station.
DAY, SEASON, SKY, COLD, HOT, OWN, WANDER = range(7)


@dataclass(frozen=True, slots=True)
class Station:
    """A synthetic weather station; lengths in metres, temperatures in °C."""

    code: str
    name: str
    latitude: float
    longitude: float
    altitude: int
    annual_mean: float
    annual_swing: float
    winter_half_range: float
    summer_half_range: float
    own_anomaly: float  # standard deviation of the weather it does not share with the other


COAST = Station("99000001", "Station synthétique – littoral", 47.70, -3.40, 12, 12.15, 5.6, 1.9, 3.7, 0.2)
INLAND = Station("99000002", "Station synthétique – intérieur", 47.95, -3.20, 95, 11.4, 6.3, 2.7, 5.2, 0.5)
STATIONS = (COAST, INLAND)


def temperatures(station: Station, start: dt.datetime, end: dt.datetime, seed: int) -> Floats:
    """Return the outdoor temperature (°C, one decimal) of each hour of [start, end), instants in UTC."""
    return _cut(start, end, lambda year: _year(station, year, seed)[0])


def sunlight(station: Station, start: dt.datetime, end: dt.datetime, seed: int) -> Floats:
    """Return the irradiance on the horizontal (W/m²) of each hour of [start, end), instants in UTC."""
    return _cut(start, end, lambda year: _year(station, year, seed)[1])


def _cut(start: dt.datetime, end: dt.datetime, of_year: Callable[[int], Floats]) -> Floats:
    """Join whole calendar years (UTC) and cut [start, end) out of them."""
    first = start.astimezone(dt.UTC)
    years = range(first.year, (end.astimezone(dt.UTC) - HOUR).year + 1)
    joined = np.concatenate([of_year(year) for year in years])
    offset = round((first - dt.datetime(first.year, 1, 1, tzinfo=dt.UTC)) / HOUR)
    return joined[offset : offset + round((end - start) / HOUR)]


@lru_cache(maxsize=64)
def _year(station: Station, year: int, seed: int) -> tuple[Floats, Floats]:
    """Return temperature (°C) and irradiance (W/m²) of every hour of calendar `year` (UTC)."""
    day = np.arange(-MARGIN, _days_in(year) + MARGIN)  # 0 is 1 January
    winter = (1 + np.cos(2 * np.pi * (day - COLDEST_DAY) / 365.25)) / 2  # 1 in midwinter, 0 in midsummer
    clear = 1 / (1 + np.exp(-1.3 * _persistent(year, 0.5, seed, SKY)))  # 0 overcast … 1 blue

    mean = station.annual_mean + station.annual_swing * (1 - 2 * winter) + _spells(year, seed)
    mean += _persistent(year, 0.68, seed, DAY) * (1.5 + 0.7 * winter) + _persistent(year, 0.95, seed, SEASON) * 0.8
    mean += _persistent(year, 0.6, seed, OWN, int(station.code)) * station.own_anomaly
    mean += (clear - 0.5) * (1.8 - 3.6 * winter)  # a blue sky warms summer and cools winter
    half_range = station.summer_half_range + (station.winter_half_range - station.summer_half_range) * winter
    half_range *= 0.5 + clear

    hour = np.arange(_days_in(year) * HOURS_PER_DAY)
    noon = day * HOURS_PER_DAY + HOURS_PER_DAY // 2
    clock = np.cos(2 * np.pi * (hour % HOURS_PER_DAY - WARMEST_HOUR) / HOURS_PER_DAY)
    wander = np.random.default_rng([seed, WANDER, int(station.code), year]).standard_normal(hour.size + HOURS_OF_MEMORY)
    temperature = np.interp(hour, noon, mean) + np.interp(hour, noon, half_range) * clock
    temperature += 0.4 * _remembering(wander, 0.9, HOURS_OF_MEMORY)[: hour.size]
    irradiance = _clear_sky(station, hour) * np.interp(hour, noon, 0.25 + 0.8 * clear)
    return np.round(temperature, 1), np.round(irradiance, 1)


def _days_in(year: int) -> int:
    """Return 365 or 366."""
    return (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days


def _remembering(white: Floats, phi: float, memory: int) -> Floats:
    """Return an autoregressive series (lag-one correlation `phi`, variance 1) made of `white`, `memory` shorter."""
    kernel = phi ** np.arange(memory + 1) * np.sqrt(1 - phi**2)
    return np.convolve(white, kernel, mode="valid")


def _persistent(year: int, phi: float, *stream: int) -> Floats:
    """Return daily anomalies (mean 0, variance 1) of `year` and its margins, each day remembering the day before."""
    before, here, after = (
        np.random.default_rng([*stream, y]).standard_normal(_days_in(y)) for y in (year - 1, year, year + 1)
    )
    return _remembering(np.concatenate([before[-DAYS_OF_MEMORY - MARGIN :], here, after[:MARGIN]]), phi, DAYS_OF_MEMORY)


def _spells(year: int, seed: int) -> Floats:
    """Return what cold spells (December to February) and hot spells (mid-June to August) add to each day, in °C."""
    day = np.arange(-MARGIN, _days_in(year) + MARGIN)
    added = np.zeros(day.size)
    for y in (year - 1, year, year + 1):
        first = (dt.date(y, 1, 1) - dt.date(year, 1, 1)).days
        cold, hot = (np.random.default_rng([seed, stream, y]) for stream in (COLD, HOT))
        spells = [
            (first + cold.uniform(-25, 55), cold.uniform(5, 10), -cold.uniform(4, 7))
            for _ in range(1 + cold.poisson(0.7))
        ]
        spells += [
            (first + hot.uniform(165, 235), hot.uniform(4, 7), hot.uniform(4, 8)) for _ in range(hot.poisson(1.3))
        ]
        for start, length, depth in spells:
            inside = np.clip((day - start) / length, 0, 1)
            added += depth * np.sin(np.pi * inside) ** 2
    return added


def _clear_sky(station: Station, hour: NDArray[np.int64]) -> Floats:
    """Return the irradiance (W/m²) under a clear sky at the middle of each `hour` of the year (UTC).

    Declination by Cooper's formula; hour angle from longitude, the equation of time neglected.
    """
    middle = hour + 0.5
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + middle / HOURS_PER_DAY) / 365)
    angle = np.radians(15 * (middle % HOURS_PER_DAY - 12) + station.longitude)
    latitude = np.radians(station.latitude)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    irradiance: Floats = CLEAR_SKY_AT_ZENITH * np.maximum(height, 0) ** 1.15
    return irradiance
