"""From rows to the days of a period: one value per stamp, units, and the marriage of energy with temperature."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from baseline.assess.numbers import numbers
from baseline.assess.rows import refuse
from baseline.assess.stamps import Stamps, read_stamps
from baseline.fitting.data import COMPLETE_DAY, BaselineData, ReportingData
from baseline.fitting.findings import Finding
from baseline.fitting.hours import daily_from_hourly
from foundation.messages import N_
from foundation.time import hours_in_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from baseline.assess.rows import Table

    Array = NDArray[np.float64]

UNITS = {"kWh": 1.0, "MWh": 1000.0, "BTU": 1.0 / 3412.14163312794, "kW": 1.0}
"""kWh in one unit (international table BTU). A mean kW over an hour is a kWh; over a day, as many as it has hours."""

Data = TypeVar("Data", BaselineData, ReportingData)


@dataclass(frozen=True)
class Period:
    """Local days, both ends included."""

    start: dt.date
    end: dt.date

    @property
    def n_days(self) -> int:
        """Days of the period."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True)
class Column:
    """One quantity of a file, at most one value per stamp, and what was noticed while reading it."""

    stamps: Stamps
    values: Array
    findings: tuple[Finding, ...]


def read_columns(
    table: Table, time: str, names: Sequence[str], zone: ZoneInfo, periods: Sequence[Period]
) -> list[Column]:
    """Return the columns `names` on the stamps of `time`, restricted to the days around the periods.

    Rows of one stamp with the same values count once; with different ones they are refused with their line, unless
    they lie outside the periods.
    """
    stamps = read_stamps(table, time, zone)
    columns = [numbers(table, name) for name in names]
    keys = np.array(stamps.keys(), dtype=np.int64)
    kept = _near(keys, stamps, periods, zone)
    if not kept.any():
        raise refuse(None, _elsewhere(table, stamps, zone))
    first: dict[int, int] = {}
    chosen: list[int] = []
    repeated = 0
    for i in np.flatnonzero(kept).tolist():
        before = first.setdefault(keys[i], i)
        if before == i:
            chosen.append(i)
        elif all(column[i] == column[before] or np.isnan(column[[i, before]]).all() for column in columns):
            repeated += 1
        else:
            raise refuse(
                table.lines[i],
                f"« {table.column(time)[i]} » a déjà d'autres valeurs à la ligne {table.lines[before]} de {table.name}"
                " ; gardez-en une, ou choisissez les lignes avec --where.",
            )
    findings = list(stamps.findings)
    if repeated:
        findings.append(
            Finding(
                "repeated_rows",
                N_("Lignes qui en répètent une autre, avec les mêmes valeurs : %(rows)s ; elles comptent une fois."),
                {"rows": repeated},
            )
        )
    rows = np.array(chosen)
    thinned = Stamps(
        None if stamps.days is None else [stamps.days[i] for i in chosen],
        None if stamps.hours is None else stamps.hours[rows],
    )
    return [Column(thinned, column[rows], tuple(findings) if not n else ()) for n, column in enumerate(columns)]


def _near(keys: NDArray[np.int64], stamps: Stamps, periods: Sequence[Period], zone: ZoneInfo) -> NDArray[np.bool_]:
    """Say which rows lie in a period; of hours, also those just around it, which help to bridge a gap."""
    kept = np.zeros(len(keys), dtype=bool)
    for period in periods:
        if stamps.daily:
            low, high = period.start.toordinal(), period.end.toordinal()
        else:
            low = round(local_midnight(period.start, zone).timestamp()) - 6 * 3600
            high = round(local_midnight(period.end + dt.timedelta(days=1), zone).timestamp()) + 6 * 3600
        kept |= (low <= keys) & (keys <= high)
    return kept


def _elsewhere(table: Table, stamps: Stamps, zone: ZoneInfo) -> str:
    keys = stamps.keys()
    if stamps.daily:
        first, last = dt.date.fromordinal(min(keys)), dt.date.fromordinal(max(keys))
    else:
        first, last = (dt.datetime.fromtimestamp(key, zone).date() for key in (min(keys), max(keys)))
    return f"{table.name} va du {first} au {last} : aucune ligne ne tombe dans les périodes demandées."


def days_of(
    kind: type[Data], energy: Column, temperature: Column, *, period: Period, unit: str, zone: ZoneInfo
) -> Data:
    """Return the days of `period` with energy in kWh and mean temperature in °C, either given by hour or by day."""
    factor = UNITS[unit]
    bounds = {"start": period.start, "end": period.end}
    if energy.stamps.hours is not None:
        hours, kwh, at = by_hour(energy.stamps.hours, energy.values * factor, temperature, zone)
        return daily_from_hourly(kind, hours, kwh, at, zone, **bounds)
    inside = [
        (day, value)
        for day, value in zip(energy.stamps.days or (), energy.values, strict=True)
        if period.start <= day <= period.end
    ]
    days = [day for day, _ in inside]
    lengths = np.array([hours_in_day(day, zone) for day in days], dtype=np.float64)
    kwh = np.array([value for _, value in inside], dtype=np.float64) * factor * (lengths if unit == "kW" else 1.0)
    known = temperature_by_day(temperature, zone, period)
    return kind.of(days, kwh, [known.get(day, np.nan) for day in days], hours=lengths, day_hours=lengths, **bounds)


def by_hour(
    hours: NDArray[np.datetime64], kwh: Array, temperature: Column, zone: ZoneInfo
) -> tuple[NDArray[np.datetime64], Array, Array]:
    """Return all hours that have an energy or a temperature, with both; a daily mean serves every hour of its day."""
    if temperature.stamps.hours is None:
        by_day = dict(zip(temperature.stamps.days or (), temperature.values.tolist(), strict=True))
        seconds = hours.astype(np.int64).tolist()
        means = [by_day.get(dt.datetime.fromtimestamp(second, zone).date(), np.nan) for second in seconds]
        return hours, kwh, np.array(means)
    union = np.union1d(hours, temperature.stamps.hours)
    energies, temperatures = np.full(len(union), np.nan), np.full(len(union), np.nan)
    energies[np.searchsorted(union, hours)] = kwh
    temperatures[np.searchsorted(union, temperature.stamps.hours)] = temperature.values
    return union, energies, temperatures


def time_column(name: str, weather: Table) -> str:
    """Return the column of stamps of a weather file: the same name, or its first column."""
    return name if name in weather.header else weather.header[0]


def temperature_by_day(temperature: Column, zone: ZoneInfo, period: Period) -> dict[dt.date, float]:
    """Return the mean temperature of each local day that has one on at least 22 of 24 hours."""
    if temperature.stamps.hours is None:
        return dict(zip(temperature.stamps.days or (), temperature.values.tolist(), strict=True))
    nothing = np.zeros(len(temperature.values))
    days = daily_from_hourly(
        BaselineData,
        temperature.stamps.hours,
        nothing,
        temperature.values,
        zone,
        start=period.start,
        end=period.end,
    )
    enough = days.hours >= COMPLETE_DAY * days.day_hours - 1e-9
    return {day: float(value) for day, value, kept in zip(days.days, days.temperature_c, enough, strict=True) if kept}
