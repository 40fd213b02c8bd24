"""What the machine noticed: kept as a suggestion, dismissed with a reason or proposed by a party, never adjusted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from baseline.events.models import EventSuggestion
from baseline.fitting import suggested_events
from baseline.fitting.uncertainty import empirical_half_width, g14_half_width
from foundation.errors import Refusal
from foundation.money import kwh
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.events.rules import Told
    from baseline.fitting import DailyModel, ReportingData, SuggestedEvent
    from baseline.plans.models import MeasurementPlan

ONE_DAY = dt.timedelta(days=1)
ALIKE = 0.5
"""Two windows that share so much of the days of both are the same suggestion."""


def note_suggestions(
    session: Session,
    plan: MeasurementPlan,
    model: DailyModel,
    reporting: ReportingData,
    *,
    told: Sequence[Told],
    today: dt.date,
) -> list[EventSuggestion]:
    """Keep what stands out of `reporting` beside the events `told`, unless the same was noticed before."""
    known = [bounds(one.period) for one in suggestions_of(session, plan.id)]
    fresh: list[EventSuggestion] = []
    for seen in suggested_events(model, reporting, told=[one.event for one in told if one.event is not None]):
        start, end = seen.start, seen.end + ONE_DAY
        if any(_alike(start, end, *other) for other in known):
            continue
        width = _half_width(plan, model, reporting, seen)
        fresh.append(
            EventSuggestion(
                plan=plan,
                period=Range(start, end),
                effect_kwh=kwh(seen.effect_kwh),
                half_width_kwh=None if width is None else kwh(width),
                confidence_level=plan.confidence_level,
                evidence=round(seen.evidence, 1),
                seen_on=today,
            )
        )
    session.add_all(fresh)
    session.flush()
    return fresh


def suggestions_of(session: Session, plan_id: int) -> Sequence[EventSuggestion]:
    """Return what was noticed in the reports of a plan, the dismissed ones included, in order of date."""
    return session.scalars(
        select(EventSuggestion).where(EventSuggestion.plan_id == plan_id).order_by(EventSuggestion.period)
    ).all()


def dismiss(session: Session, suggestion: EventSuggestion, *, by: str, reason: str, today: dt.date) -> EventSuggestion:
    """Say why a suggestion is no event; it stays in sight with the reason."""
    if suggestion.dismissed_on is not None:
        raise Refusal("Cette suggestion est déjà écartée.")
    if not reason.strip():
        raise Refusal("Dites pourquoi ce n'est pas un événement.", field="reason")
    suggestion.dismissed_on = today
    suggestion.dismissed_by = by
    suggestion.dismissed_reason = reason.strip()
    session.flush()
    return suggestion


def _alike(start: dt.date, end: dt.date, other_start: dt.date, other_end: dt.date) -> bool:
    shared = (min(end, other_end) - max(start, other_start)).days
    return shared >= ALIKE * (max(end, other_end) - min(start, other_start)).days


def _half_width(
    plan: MeasurementPlan, model: DailyModel, reporting: ReportingData, seen: SuggestedEvent
) -> float | None:
    """Return the half-width of the event's days, by the interval the plan goes by."""
    days = [
        (day, weight)
        for day, weight, counts in zip(reporting.days, reporting.weight, reporting.complete, strict=True)
        if counts and seen.start <= day <= seen.end
    ]
    if plan.interval == "empirical":
        return empirical_half_width(model.statistics, float(sum(weight for _, weight in days)), plan.confidence_level)
    months = {(day.year, day.month) for day, _ in days}
    return g14_half_width(model.statistics, len(days), len(months), plan.confidence_level)
