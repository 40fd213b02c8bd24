"""The building the story is about: the real office where the reference data are, a generated one where they are not."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import math
import os
import random
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

FILE = "mv/building6_hourly_pre_during_post.csv.gz"
FIXED = dt.timezone(dt.timedelta(hours=1))
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Hour:
    """Mean power over the hour that starts at `start`, the same number in kWh, and outdoor temperature."""

    start: dt.datetime
    kwh: Decimal
    celsius: Decimal


@dataclass(frozen=True)
class Reference:
    """Three years of hours, and where they come from."""

    source: str
    hours: list[Hour]

    def index(self) -> list[tuple[dt.datetime, Decimal]]:
        """Return the cumulative index at the end of each hour, from 0 at the start of the first: N + 1 readings."""
        readings = [(self.hours[0].start, Decimal(0))]
        for hour in self.hours:
            readings.append((hour.start + HOUR, readings[-1][1] + hour.kwh))
        return readings

    def kwh(self, first: dt.date, last: dt.date) -> Decimal:
        """Return the energy of local days first to last, both included: each day to three places, as reports count."""
        by_day: defaultdict[dt.date, Decimal] = defaultdict(Decimal)
        for hour in self.hours:
            by_day[hour.start.date()] += hour.kwh
        places = Decimal("0.001")
        return sum((by_day[day].quantize(places, ROUND_HALF_UP) for day in by_day if first <= day <= last), Decimal(0))

    def weather_csv(self) -> bytes:
        """Return the temperatures as a file to import: fixed UTC+1, start of the hour."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(["ts_local", "temp_c"])
        writer.writerows((f"{hour.start:%Y-%m-%d %H:%M}", hour.celsius) for hour in self.hours)
        return written.getvalue().encode()


def reference() -> Reference:
    """Return building 6 from `FLEET_REFERENCE_DATA`, or a generated building where that is not set."""
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    if folder:
        return Reference(f"building 6, {FILE}", _read(Path(folder) / FILE))
    return Reference("a generated building: FLEET_REFERENCE_DATA is not set", _generate())


def _read(path: Path) -> list[Hour]:
    with gzip.open(path, "rt", newline="") as lines:
        return [
            Hour(
                dt.datetime.strptime(row["ts_local"], "%Y-%m-%d %H:%M").replace(tzinfo=FIXED),
                Decimal(row["power_kw"]),
                Decimal(row["temp_c"]),
            )
            for row in csv.DictReader(lines)
        ]


def _generate() -> list[Hour]:
    """Return an office heated below 15 °C, whose works of 2010 save a quarter; the April hour is missing too."""
    chance = random.Random(6)
    hours = []
    start = dt.datetime(2009, 1, 2, tzinfo=FIXED)
    weather = 0.0
    while start.year < 2012:
        weather = 0.97 * weather + chance.gauss(0, 0.6)
        season = -math.cos(2 * math.pi * (start.timetuple().tm_yday - 20) / 365.25)
        celsius = 11 + 8 * season + 3 * math.sin(2 * math.pi * (start.hour - 9) / 24) + weather
        occupied = start.weekday() < 5 and 7 <= start.hour < 19
        kw = (32 if occupied else 14) + 1.4 * max(0.0, 15 - celsius) + chance.gauss(0, 1.5)
        kw *= 0.75 if start.year == 2011 else 1.0
        if not (start.month == 4 and start.day <= 7 and start.weekday() == 6 and start.hour == 2):
            hours.append(Hour(start, Decimal(f"{max(kw, 0):.3f}"), Decimal(f"{celsius:.4f}")))
        start += HOUR
    return hours
