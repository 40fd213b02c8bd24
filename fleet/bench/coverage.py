"""How often the intervals hold the truth: years without works, whose true saving is nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from baseline.fitting.bills.data import BilledBaseline, BilledReporting
from baseline.fitting.bills.fit import fit_billing
from baseline.fitting.bills.savings import estimate_billing_savings
from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.fit import fit_daily
from baseline.fitting.savings import estimate_savings
from fleet.bench.meters import table_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from baseline.fitting.savings import SavingsEstimate
    from fleet.bench.meters import Meter

CONFIDENCE = 0.9

BILLS_A_YEAR = 12


class NoChange(NamedTuple):
    """A year compared with the one before it, nothing having been done in between."""

    kind: str
    estimate: SavingsEstimate


def coverage(years: Iterable[NoChange]) -> dict[str, dict[str, Any]]:
    """Return, by kind, how many years there are and which part of them each interval holds the truth of.

    `half_width` is the median half-width, as a fraction of the adjusted baseline.
    """
    by_kind: dict[str, list[SavingsEstimate]] = defaultdict(list)
    for year in years:
        by_kind[year.kind].append(year.estimate)
    return {kind: _of(estimates) for kind, estimates in by_kind.items()}


def _of(estimates: Sequence[SavingsEstimate]) -> dict[str, Any]:
    found: dict[str, Any] = {"years": len(estimates)}
    for name in ("g14", "empirical"):
        said = [(one, one.intervals[name]) for one in estimates if name in one.intervals]
        held = [interval.low <= 0.0 <= interval.high for _, interval in said]
        wholes = [(one.total_adjusted_baseline_kwh, interval) for one, interval in said]
        widths = [interval.half_width / whole for whole, interval in wholes if whole > 0.0]
        found[name] = {
            "said": len(said),
            "covered": round(float(np.mean(held)), 3) if said else None,
            "half_width": round(float(np.median(widths)), 4) if widths else None,
        }
    return found


def by_day(meters: Iterable[Meter]) -> Iterator[NoChange]:
    """Yield the daily model's estimate of each meter that was not changed and has a year after."""
    for meter in meters:
        if not meter.works and not meter.one_year:
            origin = "real" if meter.real and not meter.name.startswith("nre") else "simulated"
            model = fit_daily(meter.before.days(BaselineData))
            yield NoChange(f"daily, {origin}", estimate_savings(model, meter.after.days(ReportingData), CONFIDENCE))


def by_bill(folder: Path) -> Iterator[NoChange]:
    """Yield the model of bills' estimate of each New York meter of two whole years, the second against the first."""
    path = folder / "mv" / "nyc_monthly_unretrofit.csv.gz"
    if not path.exists():
        return
    by_meter: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in table_rows(path):
        by_meter[row["building_id"], row["energy_type"]].append(row)
    for (_, energy), rows in sorted(by_meter.items()):
        bills = sorted(rows, key=lambda row: row["period_end"])
        if len(bills) < 2 * BILLS_A_YEAR:
            continue
        ends = [dt.date.fromisoformat(row["period_end"][:10]) for row in bills]
        starts = [ends[0].replace(day=1), *(end + dt.timedelta(days=1) for end, _ in pairwise(ends))]
        periods = list(zip(starts, ends, strict=True))
        kwh = np.array([float(row["usage_per_day_per_sqft"] or "nan") for row in bills])
        kwh *= [(end - start).days + 1 for start, end in periods]
        celsius = [float(row["temp_c"] or "nan") for row in bills]
        cut, end = BILLS_A_YEAR, 2 * BILLS_A_YEAR
        model = fit_billing(BilledBaseline.of(periods[:cut], kwh[:cut], celsius[:cut]))
        reporting = BilledReporting.of(periods[cut:end], kwh[cut:end], celsius[cut:end])
        yield NoChange(f"bills, real, {energy}", estimate_billing_savings(model, reporting, CONFIDENCE))
