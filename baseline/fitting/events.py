"""Non-routine events: what happened in the reporting period that the works did not do.

An event is agreed elsewhere, by both parties; here it is told, and its energy is taken out. Nothing is fitted on the
baseline again: the frozen model stays as it is, and the unadjusted figure stays beside the adjusted one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from baseline.fitting.refit import columns, held_out, weight_of_known
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.data import ReportingData
    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]

Method = Literal["drop", "indicator", "submeter", "estimate"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Event:
    """Something that changed the use of the building from `start` to `end`, local days, both included.

    Methods of adjustment (IPMVP, non-routine adjustments): `drop` takes its days out of both sides; `indicator` finds
    its energy by what the other days of the reporting period foretell; `submeter` and `estimate` are told their
    energy. `energy_kwh` is what the event *added* to the meter: negative if it made it use less.
    """

    start: dt.date
    end: dt.date
    method: Method = "indicator"
    energy_kwh: float | None = None
    reason: str = ""
    by_day: Mapping[dt.date, float] | None = None
    """What a sub-meter counted, day by day, where that is known; else the kWh are the same on each day."""

    def __post_init__(self) -> None:
        """Refuse an event that says too little, too much, or ends before it starts."""
        when = f"du {self.start} au {self.end}"
        if self.end < self.start:
            raise Refusal("L'événement {when} finit avant de commencer ; échangez les deux jours.", when=when)
        if self.method not in METHODS:
            known = ", ".join(METHODS)
            raise Refusal(
                "L'événement {when} : la méthode « {method} » n'existe pas ; choisissez parmi {known}.",
                when=when,
                method=self.method,
                known=known,
            )
        if (self.method in {"submeter", "estimate"}) != (self.energy_kwh is not None):
            raise Refusal(
                "L'événement {when} : les kWh s'indiquent avec les méthodes submeter et estimate, et seulement là.",
                when=when,
            )

    def holds(self, ordinals: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which days, as ordinals, the event covers."""
        return (self.start.toordinal() <= ordinals) & (ordinals <= self.end.toordinal())


def event_days(
    model: DailyModel, reporting: ReportingData, events: Sequence[Event], counted: NDArray[np.bool_]
) -> list[Array]:
    """Return per event what it added to the meter on each day, kWh, shape (n,): 0 on days that do not count.

    For an indicator, the model's columns are fitted again on the counted days outside every event, so that the effect
    of the works is kept, and what its days measured beyond that is the event's. A coefficient of which those days say
    little stays near its frozen value, scaled by what the works did to the other days (see `weight_of_known`). Told
    kWh are those of the whole event: the days of it that lie outside the period, or leave both sides, take theirs with
    them. Raises Refusal for an event without a day in the period, or where no day is left to compare with.
    """
    inside = np.zeros(len(reporting.days), dtype=bool)
    for event in events:
        days = event.holds(reporting.ordinals)
        if not days.any():
            raise Refusal(
                "L'événement du {start} au {end} ne touche aucun jour de la période de suivi ; vérifiez ses dates.",
                start=event.start,
                end=event.end,
            )
        inside |= days
    added = [_told(event, reporting, counted) for event in events]
    if any(event.method == "indicator" for event in events):
        # What a day used beyond is one event's only: first what was told, then the indicators in their order.
        left = _excess(model, reporting, inside[counted], counted) - np.sum(added, axis=0)
        for place, event in enumerate(events):
            if event.method == "indicator":
                holds = event.holds(reporting.ordinals) & counted
                added[place] = np.where(holds, left, 0.0)
                left = np.where(holds, 0.0, left)
    return added


def event_energies(
    model: DailyModel, reporting: ReportingData, events: Sequence[Event], counted: NDArray[np.bool_]
) -> list[float]:
    """Return what each event added to the meter on the counted days, kWh; see `event_days`."""
    return [math.fsum(days) for days in event_days(model, reporting, events, counted)]


def _told(event: Event, reporting: ReportingData, counted: NDArray[np.bool_]) -> Array:
    """Return the kWh `event` was told with on the counted days, the same each day unless a sub-meter says."""
    if event.by_day is not None:
        daily = np.array([event.by_day.get(day, 0.0) for day in reporting.days])
    else:
        daily = np.full(len(reporting.days), (event.energy_kwh or 0.0) / ((event.end - event.start).days + 1))
    return np.where(event.holds(reporting.ordinals) & counted, daily, 0.0)


def _excess(
    model: DailyModel, reporting: ReportingData, inside: NDArray[np.bool_], counted: NDArray[np.bool_]
) -> Array:
    """Return, per day, kWh measured beyond what the days outside the events foretell; 0 on days that do not count."""
    if inside.all():
        raise Refusal(
            "Les événements couvrent toute la période de suivi : aucun jour ne reste pour dire ce que le bâtiment "
            "aurait consommé sans eux ; allongez la période ou donnez leurs kWh.",
        )
    days = [day for day, kept in zip(reporting.days, counted, strict=True) if kept]
    temperature, energy = reporting.temperature_c[counted], reporting.kwh_per_24h[counted]
    x, known = columns(model, days, temperature)
    foretold = float((x[~inside] @ known).sum())
    scale = float(energy[~inside].sum()) / foretold if foretold > 0.0 else 1.0
    s = model.statistics
    weight = weight_of_known(known * scale, s.sse / s.n_days, s.autocorrelation)
    beyond = held_out(x, energy, known * scale, inside.astype(np.intp), weight)
    excess = np.zeros(len(counted))
    excess[counted] = np.where(inside, beyond, 0.0) * reporting.weight[counted]
    return excess
