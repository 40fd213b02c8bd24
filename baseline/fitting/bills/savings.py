"""Avoided energy of bills: whole bills against the frozen model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from baseline.fitting.bills.data import BilledReporting
from baseline.fitting.findings import Finding
from baseline.fitting.metrics import metrics
from baseline.fitting.savings import SavingsEstimate
from baseline.fitting.savings_findings import overlap, reach
from baseline.fitting.uncertainty import Interval, empirical_half_width, g14_billing_half_width
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.bills.model import BillingModel
    from baseline.fitting.events import Event


def estimate_billing_savings(
    model: BillingModel, reporting: BilledReporting, confidence: float = 0.9, *, events: Sequence[Event] = ()
) -> SavingsEstimate:
    """Compare the reporting bills with the model, each over its own days.

    A bill without energy or temperatures leaves both sides. `drop` takes out every bill the event touches. Told kWh are
    those of the whole event: its days outside the bills that count take theirs with them. Raises Refusal for an
    indicator, which bills are too few to fit, and for an event outside the period.
    """
    if not isinstance(reporting, BilledReporting):
        raise TypeError("savings of bills are estimated on BilledReporting")
    complete, lengths = reporting.complete, reporting.lengths
    dropped = np.zeros(len(complete), dtype=bool)
    for event in events:
        touched = _touched(event, reporting)
        if event.method == "drop":
            dropped |= touched
    counted = complete & ~dropped
    whole = model.predict(reporting.temperatures) * lengths
    energies = [_added(event, reporting, counted) for event in events]
    unadjusted = math.fsum(whole[complete]) - math.fsum(reporting.kwh[complete])
    before = math.fsum(whole[complete])
    avoided = math.fsum(whole[counted]) - math.fsum(reporting.kwh[counted]) + math.fsum(energies)
    days = float(lengths[counted].sum())
    bills = int(counted.sum())
    months = max(round(days / 30.4375), 1)
    widths = {
        "g14": g14_billing_half_width(model.statistics, days, bills, months, confidence) if bills else None,
        "empirical": empirical_half_width(model.statistics, days, confidence) if bills else None,
    }
    rate = reporting.kwh[counted] / lengths[counted]
    return SavingsEstimate(
        days=reporting.ends,
        measured_kwh=np.where(counted, reporting.kwh, np.nan),
        adjusted_baseline_kwh=np.where(counted, whole, np.nan),
        counted=counted,
        reasons=tuple(_reasons(reporting, dropped)),
        days_expected=reporting.n_expected,
        intervals={
            name: Interval(avoided - width, avoided + width, confidence)
            for name, width in widths.items()
            if width is not None
        },
        fit=metrics(rate, rate - whole[counted] / lengths[counted], 0),
        findings=tuple(_findings(model, reporting, counted)),
        events=tuple(events),
        event_energies_kwh=tuple(energies),
        unadjusted_avoided_kwh=unadjusted,
        unadjusted_savings_percent=100.0 * unadjusted / before if before > 0.0 else None,
        row_days=lengths,
    )


def _touched(event: Event, reporting: BilledReporting) -> NDArray[np.bool_]:
    """Return the bills an event touches. Raises Refusal where there is none, or where bills cannot show it."""
    if event.method == "indicator":
        raise Refusal(
            "L'événement du {start} au {end} : des factures sont trop peu nombreuses pour en ajuster l'énergie "
            "; donnez ses kWh (submeter ou estimate) ou retirez ses factures (drop).",
            start=event.start,
            end=event.end,
        )
    pairs = zip(reporting.starts, reporting.ends, strict=True)
    touched = np.array([first <= event.end and event.start <= last for first, last in pairs], dtype=bool)
    if not touched.any():
        raise Refusal(
            "L'événement du {start} au {end} ne touche aucune facture de la période de suivi ; vérifiez ses dates.",
            start=event.start,
            end=event.end,
        )
    return touched


def _added(event: Event, reporting: BilledReporting, counted: NDArray[np.bool_]) -> float:
    """Return what `event` added to the bills that count, kWh: by its days in them, or as its sub-meter says."""
    bills = [
        bill for bill, kept in zip(zip(reporting.starts, reporting.ends, strict=True), counted, strict=True) if kept
    ]
    if event.by_day is not None:
        return math.fsum(kwh for day, kwh in event.by_day.items() if any(first <= day <= last for first, last in bills))
    shared = sum(max((min(last, event.end) - max(first, event.start)).days + 1, 0) for first, last in bills)
    return (event.energy_kwh or 0.0) * shared / ((event.end - event.start).days + 1)


def _reasons(reporting: BilledReporting, dropped: NDArray[np.bool_]) -> Iterator[str]:
    for complete, out, energy in zip(reporting.complete, dropped, reporting.kwh, strict=True):
        if complete:
            yield "event" if out else "measured"
        else:
            yield "missing_temperature" if np.isfinite(energy) else "missing_energy"


def _findings(model: BillingModel, reporting: BilledReporting, counted: NDArray[np.bool_]) -> Iterator[Finding]:
    days = int(reporting.lengths[counted].sum())
    if days < 0.9 * reporting.n_expected:
        yield Finding(
            "reporting_days_missing",
            N_(
                "Les factures qui comptent couvrent %(counted)s jours sur les %(days)s de la période de suivi ; les "
                "autres ont quitté les deux côtés, mesuré et référence."
            ),
            {"counted": days, "days": reporting.n_expected},
        )
    means = np.array([t.mean() for t, kept in zip(reporting.temperatures, counted, strict=True) if kept])
    s = model.statistics
    far = reach(means, s.coldest, s.warmest)
    if far is not None:
        yield Finding(
            "extrapolation",
            N_(
                "Factures de suivi plus froides ou plus chaudes que toutes celles de la référence (%(coldest)s à "
                "%(warmest)s °C) : %(days)s, dont %(far)s de plus d'un dixième de cette étendue ; le modèle y est "
                "prolongé."
            ),
            far,
        )
    yield from overlap(model.start, model.end, reporting.start, reporting.end)
