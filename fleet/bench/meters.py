"""The meters baselines are benched on: buildings made up from a seed, and the real files of the reference data."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.hourly.data import BaselineHours, ReportingHours
from baseline.fitting.hours import daily_from_hourly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Days = TypeVar("Days", BaselineData, ReportingData)
Hours = TypeVar("Hours", BaselineHours, ReportingHours)

STATIONS = 5
"""Weather stations a generated portfolio shares."""

FIRST = dt.date(2022, 1, 1)
N_HOURS = 8760


@dataclass(frozen=True, slots=True, eq=False)
class Year:
    """A period of one meter by the hour, or by the day; arrays have shape (n,)."""

    stamps: NDArray[np.datetime64]
    """UTC starts; a file in local time is read as it stands."""
    kwh: Array
    celsius: Array
    hourly: bool

    @property
    def start(self) -> dt.date:
        """First day."""
        return dt.date.fromisoformat(str(self.stamps.min())[:10])

    @property
    def end(self) -> dt.date:
        """Last day, included."""
        return dt.date.fromisoformat(str(self.stamps.max())[:10])

    def days(self, kind: type[Days]) -> Days:
        """Return the days."""
        if self.hourly:
            return daily_from_hourly(kind, self.stamps, self.kwh, self.celsius, dt.UTC, start=self.start, end=self.end)
        return kind.of([dt.date.fromisoformat(str(stamp)[:10]) for stamp in self.stamps], self.kwh, self.celsius)

    def hours(self, kind: type[Hours]) -> Hours:
        """Return the hours."""
        return kind.of(self.stamps, self.kwh, self.celsius, dt.UTC, start=self.start, end=self.end)


@dataclass(frozen=True, slots=True, eq=False)
class Meter:
    """A year to fit and a year to foretell."""

    name: str
    before: Year
    after: Year
    real: bool
    works: bool = False
    """Whether the building was changed in between: what a model foretells is then no error of the model."""

    @property
    def one_year(self) -> bool:
        """Whether there is no year after: the fit can be timed and looked at, not judged."""
        return self.after is self.before


def generated(count: int, *, stations: int = STATIONS, first: int = 0) -> list[Meter]:
    """Return `count` made-up buildings without works from number `first` on, two years by the hour.

    A building is the same one every time, whatever it is made with.
    """
    weather = [_weather(np.random.default_rng([7, number])) for number in range(stations)]
    return [_building(number, weather[number % stations]) for number in range(first, first + count)]


def _stamps() -> NDArray[np.datetime64]:
    return np.datetime64(FIRST, "s") + np.arange(2 * N_HOURS) * np.timedelta64(3600, "s")


def _weather(rng: np.random.Generator) -> Array:
    """Return two years of outdoor temperatures by the hour: seasons, days, and spells of a week."""
    hour = np.arange(2 * N_HOURS)
    spell = _slow(rng, hour, 96, 3.5)
    season = -8.5 * np.cos(2.0 * np.pi * (hour / 24.0 - 20.0) / 365.0)
    day = -3.5 * np.cos(2.0 * np.pi * (hour % 24 - 3.0) / 24.0)
    return np.asarray(11.5 + rng.normal(0.0, 0.8) + season + day + spell)


def _slow(rng: np.random.Generator, hour: NDArray[np.int64], step: int, spread: float) -> Array:
    """Return what moves from one level to another every `step` hours."""
    knots = np.arange(0, len(hour) + step, step)
    return np.interp(hour, knots, rng.normal(0.0, spread, len(knots)))


def _building(number: int, celsius: Array) -> Meter:
    """Return a building: heated, some cooled, some closed at weekends or in August, with a drift of its own."""
    rng = np.random.default_rng([11, number])
    hour = np.arange(2 * N_HOURS)
    weekday = (hour // 24 + FIRST.weekday()) % 7
    yearday = hour // 24 % 365
    workday = weekday < rng.choice([5, 6, 7], p=[0.6, 0.2, 0.2])
    closed = (yearday >= 212) & (yearday < 233) & (rng.random() < 0.3)
    occupied = workday & ~closed & (hour % 24 >= 7) & (hour % 24 < 19)
    size = float(np.exp(rng.normal(3.0, 0.8)))
    heating = rng.uniform(0.02, 0.12) * np.maximum(rng.uniform(13.0, 17.0) - celsius, 0.0)
    cooling = (rng.random() < 0.4) * rng.uniform(0.02, 0.08) * np.maximum(celsius - rng.uniform(18.0, 22.0), 0.0)
    use = np.where(occupied, 1.0, rng.uniform(0.2, 0.7)) * (1.0 + heating + cooling)
    drift = _slow(rng, hour, 720, 0.03)
    kwh = size * np.maximum(use * (1.0 + drift) + rng.normal(0.0, 0.08, 2 * N_HOURS), 0.0)
    stamps = _stamps()
    before, after = (
        Year(stamps[part], kwh[part], celsius[part], hourly=True) for part in (slice(N_HOURS), slice(N_HOURS, None))
    )
    return Meter(f"generated {number}", before, after, real=False)


def real(folder: Path) -> list[Meter]:
    """Return the meters under `folder` (its `mv`), those of one year last."""
    made: list[Meter] = []
    folder = folder / "mv"
    for path in sorted(folder.glob("nre_*_hourly.csv.gz")):
        rows = list(table_rows(path))
        before, after = (
            _year([row for row in rows if row["phase"] == phase], "ts_local", "energy_kwh")
            for phase in ("pre", "post_no_ret_no_nre")
        )
        made.append(Meter(path.name.partition("_hourly")[0], before, after, real=True))
    building = folder / "building6_hourly_pre_during_post.csv.gz"
    if building.exists():
        rows = list(table_rows(building))
        before, after = (
            _year([row for row in rows if row["ts_local"].startswith(year)], "ts_local", "power_kw")
            for year in ("2009", "2011")
        )
        made.append(Meter("building6", before, after, real=True, works=True))
    office = folder / "nmecr_office_daily.csv.gz"
    if office.exists():
        rows = list(table_rows(office))
        years = [
            _year([row for row in rows if f"{y}-03" <= row["date"] < f"{y + 1}-03"], "date", "energy_kwh")
            for y in (2012, 2013, 2014)
        ]
        made += [Meter(f"nmecr {before.start.year}", before, after, real=True) for before, after in pairwise(years)]
    return [*made, *_homes(folder)]


def _homes(folder: Path) -> list[Meter]:
    """Return the Belgian homes: one year each, its outdoor temperatures in a file of their own."""
    path, weather = (folder / f"be_homes_{name}_2016.csv.gz" for name in ("hourly", "weather"))
    if not (path.exists() and weather.exists()):
        return []
    celsius = {row["ts_utc"]: row["temp_c"] for row in table_rows(weather)}
    rows = [row for row in table_rows(path) if row["ts_utc"].startswith("2016")]
    joined = [row | {"temp_c": celsius.get(row["ts_utc"], "")} for row in rows]
    years = {name: _year(joined, "ts_utc", name) for name in rows[0] if name != "ts_utc"}
    return [Meter(f"home {name}", year, year, real=True) for name, year in years.items()]


def table_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a packed file of the reference data."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _year(rows: list[dict[str, str]], time: str, energy: str) -> Year:
    stamps = np.array([row[time].replace(" ", "T").rstrip("Z") for row in rows], dtype="datetime64[s]")
    stamps, place = np.unique(stamps, return_index=True)
    kwh, celsius = (np.array([_number(row[name]) for row in rows])[place] for name in (energy, "temp_c"))
    return Year(stamps, kwh, celsius, hourly=time != "date")


def _number(text: str) -> float:
    return float(text) if text not in {"", "NA"} else float("nan")
