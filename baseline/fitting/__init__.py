"""Baseline models of a meter's energy: pure, NumPy only.

The doors of this room:

- `BaselineData` / `ReportingData`: local days before and after the works; `daily_from_hourly` makes either of hours;
- `sufficiency(baseline)`: what speaks against the period, as findings;
- `fit_daily(baseline, holidays=...)`: the frozen `DailyModel`, with `predict`, `to_json`, `from_json`;
- `estimate_savings(model, reporting, confidence=0.9, events=())`: avoided energy with its intervals, day by day;
- `fit_billing`, `estimate_billing_savings` on `BilledBaseline` / `BilledReporting`: the same for bills of any length;
- `fit_hourly`, `estimate_hourly_savings` on `BaselineHours` / `ReportingHours`: the same by the hour;
- `fit_hourly_with`, `estimate_savings_with` in `hourly.extra`: the same with further variables beside temperature;
- `grade.grade(model, findings, confidence=...)`: whether an invoice may stand on it, with the source of each threshold;
- `fit_many(batch)`: the models of a portfolio, a refusal in the place of a meter that cannot be fitted;
- `french_rules`: what N'B = NB x DJU / DJUc and the signature at base 18 would say, for comparison;
- `suggested_events(model, reporting)`: windows in which something else than the works changed the use.
"""

from baseline.fitting.bills.data import BilledBaseline, BilledReporting
from baseline.fitting.bills.findings import billing_findings, billing_sufficiency
from baseline.fitting.bills.fit import fit_billing
from baseline.fitting.bills.model import BillingModel
from baseline.fitting.bills.savings import estimate_billing_savings
from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.detection import SuggestedEvent, suggested_events
from baseline.fitting.events import Event
from baseline.fitting.findings import Finding, described
from baseline.fitting.fit import fit_daily
from baseline.fitting.french_rules import RuleOutcome, french_rules, rows_of_bills, rows_of_days
from baseline.fitting.hourly.data import BaselineHours, ReportingHours
from baseline.fitting.hourly.fit import fit_hourly
from baseline.fitting.hourly.model import HourlyModel
from baseline.fitting.hourly.savings import estimate_hourly_savings
from baseline.fitting.hours import daily_from_hourly
from baseline.fitting.many import fit_many
from baseline.fitting.model import DailyModel
from baseline.fitting.quality import model_findings
from baseline.fitting.savings import SavingsEstimate, estimate_savings
from baseline.fitting.sufficiency import sufficiency
from baseline.fitting.uncertainty import Interval

__all__ = [
    "BaselineData",
    "BaselineHours",
    "BilledBaseline",
    "BilledReporting",
    "BillingModel",
    "DailyModel",
    "Event",
    "Finding",
    "HourlyModel",
    "Interval",
    "ReportingData",
    "ReportingHours",
    "RuleOutcome",
    "SavingsEstimate",
    "SuggestedEvent",
    "billing_findings",
    "billing_sufficiency",
    "daily_from_hourly",
    "described",
    "estimate_billing_savings",
    "estimate_hourly_savings",
    "estimate_savings",
    "fit_billing",
    "fit_daily",
    "fit_hourly",
    "fit_many",
    "french_rules",
    "model_findings",
    "rows_of_bills",
    "rows_of_days",
    "sufficiency",
    "suggested_events",
]
