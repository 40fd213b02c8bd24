"""Baseline models of a meter's daily energy: pure, NumPy only.

The doors of this room:

- `BaselineData` / `ReportingData`: local days before and after the works; `daily_from_hourly` makes either of hours;
- `sufficiency(baseline)`: what speaks against the period, as findings;
- `fit_daily(baseline, holidays=...)`: the frozen `DailyModel`, with `predict`, `to_json`, `from_json`;
- `estimate_savings(model, reporting, confidence=0.9)`: avoided energy with its intervals, day by day.
"""

from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.findings import Finding
from baseline.fitting.fit import fit_daily
from baseline.fitting.hours import daily_from_hourly
from baseline.fitting.model import DailyModel
from baseline.fitting.quality import model_findings
from baseline.fitting.savings import SavingsEstimate, estimate_savings
from baseline.fitting.sufficiency import sufficiency
from baseline.fitting.uncertainty import Interval

__all__ = [
    "BaselineData",
    "DailyModel",
    "Finding",
    "Interval",
    "ReportingData",
    "SavingsEstimate",
    "daily_from_hourly",
    "estimate_savings",
    "fit_daily",
    "model_findings",
    "sufficiency",
]
