"""Further variables of an hourly model (irradiance, occupancy, production): linear terms beside time and temperature.

By the theorem of Frisch, Waugh and Lovell: a term's coefficient is that of what the hourly model cannot say of the
variable, on what it cannot say of the energy. The model is then fitted on the energy less the terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from baseline.fitting.frozen import frozen, rounded
from baseline.fitting.hourly.data import BaselineHours, ReportingHours
from baseline.fitting.hourly.fit import fit_hourly
from baseline.fitting.hourly.savings import estimate_hourly_savings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.events import Event
    from baseline.fitting.hourly.model import HourlyModel
    from baseline.fitting.savings import SavingsEstimate

    Array = NDArray[np.float64]


class Columns(NamedTuple):
    """Hours as a file gives them: UTC starts, kWh, °C and each further variable by name, shape (n,) each."""

    hours: NDArray[np.datetime64]
    kwh: Array
    celsius: Array
    extra: Mapping[str, Array]

    def paired(self) -> Columns:
        """Return the same with every hour that lacks the energy or a variable left out of all of them."""
        known = np.isfinite(self.kwh) & np.all([np.isfinite(one) for one in self.extra.values()], axis=0)
        kept = {name: np.where(known, one, np.nan) for name, one in self.extra.items()}
        return self._replace(kwh=np.where(known, self.kwh, np.nan), extra=kept)


@dataclass(frozen=True)
class Terms:
    """Frozen linear terms: kWh an hour for each unit by which a variable differs from its mean of the baseline."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    slopes: tuple[float, ...]

    def effect(self, extra: Mapping[str, Array]) -> Array:
        """Return what the terms add to each hour, kWh, shape (n,)."""
        parts = zip(self.names, self.means, self.slopes, strict=True)
        return np.asarray(sum((slope * (extra[name] - mean) for name, mean, slope in parts), np.float64(0.0)))

    def to_json(self) -> list[dict[str, Any]]:
        """Return the terms as plain JSON values; decimals of 12 significant digits, as text."""
        parts = zip(self.names, self.means, self.slopes, strict=True)
        return [{"name": name, "mean": frozen(mean), "kwh_per_unit": frozen(slope)} for name, mean, slope in parts]


def fit_hourly_with(
    columns: Columns,
    zone: dt.tzinfo,
    *,
    start: dt.date,
    end: dt.date,
    holidays: frozenset[dt.date] = frozenset(),
    vacations: frozenset[dt.date] = frozenset(),
) -> tuple[HourlyModel, BaselineHours, Terms]:
    """Fit the hourly model with the further variables of `columns`: the model, the hours it stands on, the terms.

    Raises Refusal when no day is complete.
    """
    paired = columns.paired()

    def hours_of(energy: Array) -> BaselineHours:
        return BaselineHours.of(paired.hours, energy, paired.celsius, zone, start=start, end=end)

    def beyond(energy: Array) -> Array:
        data = hours_of(energy)
        return data.kwh - fit_hourly(data, holidays=holidays, vacations=vacations).predict(data)

    names = tuple(paired.extra)
    unsaid = np.column_stack([beyond(paired.extra[name]) for name in names])
    slopes = np.linalg.lstsq(unsaid, beyond(paired.kwh), rcond=None)[0]
    means = [float(np.nanmean(paired.extra[name])) for name in names]
    terms = Terms(names, tuple(map(rounded, means)), tuple(rounded(float(slope)) for slope in slopes))
    data = hours_of(paired.kwh - terms.effect(paired.extra))
    return fit_hourly(data, holidays=holidays, vacations=vacations), data, terms


def estimate_savings_with(
    model: HourlyModel,
    terms: Terms,
    columns: Columns,
    zone: dt.tzinfo,
    *,
    period: tuple[dt.date, dt.date],
    confidence: float = 0.9,
    events: Sequence[Event] = (),
) -> tuple[SavingsEstimate, ReportingHours]:
    """Compare the hours of `period`, ends included, with the model and its terms; the hours less the terms come along.

    The terms are part of the baseline: what they say is added to both sides of each counted day.
    """
    paired = columns.paired()
    effect = terms.effect(paired.extra)
    start, end = period

    def hours_of(energy: Array) -> ReportingHours:
        return ReportingHours.of(paired.hours, energy, paired.celsius, zone, start=start, end=end)

    reporting = hours_of(paired.kwh - effect)
    said = hours_of(effect)
    by_day = np.bincount(said.day, said.kwh, minlength=len(reporting.daily.days)).astype(np.float64)
    savings = estimate_hourly_savings(model, reporting, confidence, events=events)
    percent, avoided = savings.unadjusted_savings_percent, savings.unadjusted_avoided_kwh
    if percent:
        whole = 100.0 * avoided / percent + float(by_day[reporting.daily.complete].sum())
        percent = 100.0 * avoided / whole if whole > 0.0 else None
    return replace(
        savings,
        measured_kwh=savings.measured_kwh + by_day,
        adjusted_baseline_kwh=savings.adjusted_baseline_kwh + by_day,
        unadjusted_savings_percent=percent,
    ), reporting
