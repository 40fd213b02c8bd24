"""Open-Meteo's archive (JSON): a reanalysis of a grid cell, not an observation of a station. Pure.

https://open-meteo.com/en/docs/historical-weather-api (CC BY 4.0): parallel arrays, null allowed, local times without
offset beside a single `utc_offset_seconds` that holds for all of them, on both sides of a change of clocks.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from baseline.weather.files.collect import Gathered
from baseline.weather.files.table import possible
from baseline.weather.observed import HOURLY, Described, Observed, Parsed
from foundation.errors import Refusal

DAILY_NAMES = {"TN": "temperature_2m_min", "TX": "temperature_2m_max", "TM": "temperature_2m_mean"}


def archive(text: str, _only: str | None = None) -> Parsed:
    """Read an answer: its hours, or, where it has none, its days."""
    try:
        told = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number)
        return _read(told)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, ArithmeticError, RecursionError):
        raise Refusal(
            "Ce n'est pas une réponse complète de l'archive d'Open-Meteo ; téléchargez-la à nouveau avec"
            " hourly=temperature_2m.",
            field="file",
        ) from None


def _read(told: Any) -> Parsed:
    offset = dt.timedelta(seconds=int(told["utc_offset_seconds"]))
    gathered = Gathered()
    gathered.describe(
        Described(
            "",
            latitude=_place(told, "latitude"),
            longitude=_place(told, "longitude"),
            altitude_m=_place(told, "elevation"),
        )
    )
    if "hourly" in told:
        _demand_celsius(told["hourly_units"], "temperature_2m")
        _add(gathered, HOURLY, told["hourly"]["time"], told["hourly"]["temperature_2m"], offset)
    else:
        for parameter, name in DAILY_NAMES.items():
            if name in told["daily"]:
                _demand_celsius(told["daily_units"], name)
                _add(gathered, parameter, told["daily"]["time"], told["daily"][name], dt.timedelta(0))
    return gathered.parsed("open_meteo")


def _add(gathered: Gathered, parameter: str, times: list[str], values: list[Any], offset: dt.timedelta) -> None:
    for place, (time, value) in enumerate(zip(times, values, strict=True), 1):
        # The hour as written is the clock's at the one offset of the answer, whatever the zone does that night.
        at = dt.datetime.fromisoformat(time).replace(tzinfo=dt.UTC) - offset
        if not (value is None or isinstance(value, Decimal)) or at.minute:
            raise ValueError
        gathered.add("", Observed(parameter, at, possible(value, place)), place)


def _demand_celsius(units: dict[str, str], name: str) -> None:
    if units[name] != "°C" or units["time"] != "iso8601":
        raise Refusal(
            "Les températures doivent être en °C et les heures en iso8601 ; téléchargez le fichier à nouveau sans"
            " changer d'unités.",
            field="file",
        )


def _place(told: Any, name: str) -> Decimal | None:
    value = told.get(name)
    return value if isinstance(value, Decimal) else None


def _no_number(name: str) -> Decimal:
    raise ValueError(name)
