"""What opendsm makes of the same years: run by the Python of its own environment, never imported by the product.

python opendsm_side.py MODEL IN.npz OUT.npz; MODEL is daily or hourly. Rows of IN are `kwh`, `celsius` and `stamps` of
the year before and the year after, by number of the meter; OUT gives `predicted` and `seconds` (processor time, NaN
where it crashed).
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from opendsm import eemeter

SHAPES: dict[str, tuple[Any, Any, Any]] = {
    "daily": (eemeter.DailyBaselineData, eemeter.DailyReportingData, eemeter.DailyModel),
    "hourly": (eemeter.HourlyBaselineData, eemeter.HourlyReportingData, eemeter.HourlyModel),
}

LONGEST_YEAR = 1000
"""Rows: a year of more has hours."""


def main(model: str, given: str, answer: str) -> None:
    """Fit every meter, foretell its next year, and write what came out."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    years = np.load(given)
    count = int(years["count"])
    out: dict[str, Any] = {}
    # The first fit compiles: it is made before any clock runs.
    one(model, years, 0)
    for number in range(count):
        seconds, predicted = one(model, years, number)
        out[f"seconds_{number}"], out[f"predicted_{number}"] = seconds, predicted
        sys.stderr.write(f"opendsm {model} {number + 1}/{count} : {seconds:.2f} s\n")
    np.savez(answer, **out)


def one(model: str, years: Any, number: int) -> tuple[float, Any]:
    """Return the processor time of the fit and what it foretells; NaN and nothing where anything raises."""
    baseline, reporting, kind = SHAPES[model]
    before, after = (frame(years, number, side) for side in ("before", "after"))
    try:
        data = baseline(before, is_electricity_data=True)
        started = time.process_time()
        fitted = kind().fit(data, ignore_disqualification=True)
        seconds = time.process_time() - started
        told = fitted.predict(reporting(after, is_electricity_data=True), ignore_disqualification=True)
        predicted = told["predicted"].reindex(index_of(years[f"after_stamps_{number}"])).to_numpy(dtype=float)
    except Exception as error:  # noqa: BLE001 - whatever it raises is counted as a crash
        sys.stderr.write(f"opendsm {model} {number} : {type(error).__name__}: {error}\n")
        return float("nan"), np.empty(0)
    return seconds, predicted


def frame(years: Any, number: int, side: str) -> Any:
    """Return a year as opendsm reads it: temperatures in degrees Fahrenheit, an index with a time zone."""
    kwh, celsius, stamps = (years[f"{side}_{name}_{number}"] for name in ("kwh", "celsius", "stamps"))
    made = pd.DataFrame({"observed": kwh, "temperature": celsius * 1.8 + 32.0}, index=index_of(stamps))
    return made.asfreq("D" if len(made) < LONGEST_YEAR else "h")


def index_of(stamps: Any) -> Any:
    """Return UTC stamps as an index."""
    return pd.DatetimeIndex(stamps.astype("datetime64[ns]")).tz_localize("UTC")


if __name__ == "__main__":
    main(*sys.argv[1:])
