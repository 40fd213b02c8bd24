"""The events a report knew, frozen: number, version, hash, what it took and whether it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baseline.reports.findings import UNMETERED, cannot_adjust, fuel_switch_open, unmetered
from foundation.money import kwh

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from baseline.events.models import NonRoutineEvent
    from baseline.events.rules import Outcome, Reckoning
    from baseline.fitting import Finding
    from devices.points.models import MeasurementBoundary


def frozen_events(events: Sequence[NonRoutineEvent], outcome: Outcome) -> list[dict[str, Any]]:
    """Return `events` numbered from 1 as the report freezes them: version and hash, kWh, whether they count.

    The kWh are what the event added to the meter in the period, as the payable figure or, for one that does not count
    there, as the figure with every event has it; None for one that drops its days or could not be adjusted for.
    """
    counted, all_of_them = _energies(outcome.payable), _energies(outcome.adjusted)
    return [
        {
            "number": number,
            "id": event.id,
            "sha256": event.sha256,
            "state": event.state,
            "kind": event.kind,
            "method": event.method,
            "start": event.period.lower.isoformat() if event.period.lower else None,
            "end": event.period.upper.isoformat() if event.period.upper else None,
            "reason": event.reason,
            "energy_kwh": None if event.method == "drop" else counted.get(event.id, all_of_them.get(event.id)),
            "counted": event.id in counted,
            "decisions": [[one.party, one.verdict, one.by, one.decided_on.isoformat()] for one in event.decisions],
        }
        for number, event in enumerate(events, start=1)
    ]


def event_findings(
    boundary: MeasurementBoundary,
    events: Sequence[NonRoutineEvent],
    switches: Sequence[NonRoutineEvent],
    refused: Mapping[int, str],
    end: dt.date,
) -> Iterator[Finding]:
    """Yield what the events and open changes of fuel of a report until `end` ask both parties to accept."""
    for event in switches:
        if event.period.lower and event.period.lower < end:
            yield fuel_switch_open(event.id, event.period.lower)
    metered = {term.point.energy for term in boundary.terms}
    for event in events:
        start = event.period.lower
        if event.kind in UNMETERED and event.method != "submeter" and event.kind not in metered and start:
            yield unmetered(event.kind, event.id, start)
        if event.id in refused:
            yield cannot_adjust(event.id, refused[event.id])


def _energies(reckoning: Reckoning) -> dict[int, str]:
    adjusted = [one for one in reckoning.told if one.event is not None]
    return {
        one.id: str(kwh(energy)) for one, energy in zip(adjusted, reckoning.savings.event_energies_kwh, strict=True)
    }
