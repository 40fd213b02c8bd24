"""Avoided energy of a reporting period, day by day, with its intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.data import ReportingData
from baseline.fitting.events import Event, event_days
from baseline.fitting.findings import Finding
from baseline.fitting.metrics import Metrics, metrics
from baseline.fitting.savings_findings import overlap, reach
from baseline.fitting.uncertainty import Interval, empirical_half_width, g14_half_width
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SavingsEstimate:
    """Both sides of the same hours. Arrays have one entry per day of `days`; kWh."""

    days: tuple[dt.date, ...]
    measured_kwh: Array
    adjusted_baseline_kwh: Array
    counted: NDArray[np.bool_]
    """Days that count; the others have NaN on both sides."""
    reasons: tuple[str, ...]
    """Per day: measured, missing_energy, missing_temperature, partial_day or event."""
    days_expected: int
    intervals: Mapping[str, Interval]
    """"g14" and "empirical", where they can be computed."""
    fit: Metrics
    """CV(RMSE), NMBE and R² of the frozen model over the reporting days: large where the works changed much."""
    findings: tuple[Finding, ...]
    events: tuple[Event, ...] = ()
    event_energies_kwh: tuple[float, ...] = ()
    """What each event added to the meter on the counted days; 0 for those whose days are dropped."""
    event_kwh: Array | None = None
    """Per day what all events together added to the meter, where rows are days."""
    unadjusted_avoided_kwh: float = 0.0
    """Avoided energy as if no event had been told, over all complete days."""
    unadjusted_savings_percent: float | None = None
    row_days: Array | None = None
    """Days of each row where rows are bills; `days` then holds the last day of each."""

    @property
    def days_counted(self) -> int:
        """Days on which both sides count."""
        return int(self.counted.sum() if self.row_days is None else self.row_days[self.counted].sum())

    @property
    def days_left_out(self) -> int:
        """Days of the period on which neither side counts."""
        return self.days_expected - self.days_counted

    @property
    def metered_kwh(self) -> float:
        """What the meter counted on the counted days, events included."""
        return math.fsum(self.measured_kwh[self.counted])

    @property
    def total_measured_kwh(self) -> float:
        """Measured energy of the counted days, less what the events added to it."""
        return self.metered_kwh - math.fsum(self.event_energies_kwh)

    @property
    def total_adjusted_baseline_kwh(self) -> float:
        """What the building would have used on the counted days."""
        return math.fsum(self.adjusted_baseline_kwh[self.counted])

    @property
    def avoided_energy_kwh(self) -> float:
        """Adjusted baseline minus measured: positive when less was used."""
        return self.total_adjusted_baseline_kwh - self.total_measured_kwh

    @property
    def savings_percent(self) -> float | None:
        """Avoided energy in percent of the adjusted baseline; None where that is not positive."""
        whole = self.total_adjusted_baseline_kwh
        return 100.0 * self.avoided_energy_kwh / whole if whole > 0.0 else None


def estimate_savings(
    model: DailyModel, reporting: ReportingData, confidence: float = 0.9, *, events: Sequence[Event] = ()
) -> SavingsEstimate:
    """Compare the reporting days with the model: baseline and measured over the same hours.

    A day short of an hour or two counts with the hours it has, on both sides; a day with fewer than 22 of 24 hours,
    without energy or without temperature leaves both sides, and the reason is kept. `events` are adjusted for as each
    says, and the unadjusted figure is kept beside. Raises Refusal for events that cannot be adjusted for.
    """
    if not isinstance(reporting, ReportingData):
        raise TypeError("savings are estimated on ReportingData")
    whole = model.predict(reporting.days, reporting.temperature_c) * reporting.weight

    def fit(counted: NDArray[np.bool_]) -> Metrics:
        days = [day for day, kept in zip(reporting.days, counted, strict=True) if kept]
        rate = reporting.kwh_per_24h[counted]
        return metrics(rate, rate - model.predict(days, reporting.temperature_c[counted]), 0)

    def g14(days: NDArray[np.bool_], months: int) -> float | None:
        return g14_half_width(model.statistics, int(days.sum()), months, confidence)

    out = Outcome(whole, fit, g14)
    return compared(model, reporting, out, confidence, events)


class Outcome(NamedTuple):
    """What a model says of the reporting days, whichever way it came to it."""

    whole: Array
    """Baseline of the hours that have both sides, kWh per day; may be NaN on days that are not complete."""
    fit: Callable[[NDArray[np.bool_]], Metrics]
    """How close it comes on the days marked."""
    g14: Callable[[NDArray[np.bool_], int], float | None]
    """Half-width of the guideline for the days marked, in so many calendar months."""


def compared(
    model: DailyModel, reporting: ReportingData, outcome: Outcome, confidence: float, events: Sequence[Event]
) -> SavingsEstimate:
    """Put both sides together; `model` is the daily one, by which the energy of fitted events is found."""
    whole = outcome.whole
    complete = reporting.complete
    dropped = np.zeros(len(complete), dtype=bool)
    for event in events:
        if event.method == "drop":
            dropped |= event.holds(reporting.ordinals)
    counted = complete & ~dropped
    unadjusted = math.fsum(whole[complete]) - math.fsum(reporting.kwh[complete])
    before = math.fsum(whole[complete])
    by_event = event_days(model, reporting, events, counted)
    energies = [math.fsum(days) for days in by_event]
    avoided = math.fsum(whole[counted]) - math.fsum(reporting.kwh[counted]) + math.fsum(energies)
    widths = _widths(model, reporting, counted, events, outcome=outcome, confidence=confidence)
    return SavingsEstimate(
        days=reporting.days,
        measured_kwh=np.where(counted, reporting.kwh, np.nan),
        adjusted_baseline_kwh=np.where(counted, whole, np.nan),
        counted=counted,
        reasons=tuple(_reasons(reporting, dropped)),
        days_expected=reporting.n_expected,
        intervals={name: Interval(avoided - width, avoided + width, confidence) for name, width in widths.items()},
        fit=outcome.fit(counted),
        findings=tuple(_findings(model, reporting)),
        events=tuple(events),
        event_energies_kwh=tuple(energies),
        event_kwh=np.sum(by_event, axis=0) if by_event else np.zeros(len(complete)),
        unadjusted_avoided_kwh=unadjusted,
        unadjusted_savings_percent=100.0 * unadjusted / before if before > 0.0 else None,
    )


def _widths(
    model: DailyModel,
    reporting: ReportingData,
    counted: NDArray[np.bool_],
    events: Sequence[Event],
    *,
    outcome: Outcome,
    confidence: float,
) -> dict[str, float]:
    """Return the half-widths that can be computed; what a fitted event may be off by is added in quadrature."""
    fitted = np.zeros(len(counted), dtype=bool)
    for event in events:
        if event.method == "indicator":
            fitted |= event.holds(reporting.ordinals)
    s = model.statistics
    widths: dict[str, float] = {}
    for days in (counted, counted & fitted):
        months = {(day.year, day.month) for day, kept in zip(reporting.days, days, strict=True) if kept}
        found = {
            "g14": outcome.g14(days, len(months)) if days.any() else None,
            "empirical": empirical_half_width(s, float(reporting.weight[days].sum()), confidence),
        }
        widths |= {name: math.hypot(widths.get(name, 0.0), width) for name, width in found.items() if width is not None}
    return widths


def _reasons(reporting: ReportingData, dropped: NDArray[np.bool_]) -> Iterator[str]:
    columns = (reporting.complete, dropped, reporting.kwh, reporting.temperature_c)
    for complete, out, energy, temperature in zip(*columns, strict=True):
        if complete:
            yield "event" if out else "measured"
        elif not np.isfinite(energy):
            yield "missing_energy"
        else:
            yield "partial_day" if np.isfinite(temperature) else "missing_temperature"


def _findings(model: DailyModel, reporting: ReportingData) -> Iterator[Finding]:
    counted = reporting.complete
    n = int(counted.sum())
    if n < 0.9 * reporting.n_expected:
        yield Finding(
            "reporting_days_missing",
            N_(
                "Seulement %(counted)s jours sur %(days)s de la période de suivi comptent ; les autres ont quitté les "
                "deux côtés, mesuré et référence."
            ),
            {"counted": n, "days": reporting.n_expected},
        )
    s = model.statistics
    far = reach(reporting.temperature_c[counted], s.coldest, s.warmest)
    if far is not None:
        yield Finding(
            "extrapolation",
            N_(
                "Jours de suivi plus froids ou plus chauds que tous ceux de la référence (%(coldest)s à %(warmest)s "
                "°C) : %(days)s, dont %(far)s de plus d'un dixième de cette étendue ; le modèle y est prolongé."
            ),
            far,
        )
    yield from overlap(model.start, model.end, reporting.start, reporting.end)
