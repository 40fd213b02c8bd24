"""What files said of a point, and what its m³ of gas are worth."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from devices.coefficients.register import coefficients_of
from devices.energy.hours import to_instant, to_moment
from devices.energy.load import READINGS, ceilings_of, load_spans
from devices.energy.rules import micro_kwh
from devices.energy.timeline import spans_of_intervals
from devices.energy.volume import Coefficient, energy_of_volume
from devices.inventory.models import Installation
from devices.series.models import ImportedSeries
from foundation.time import bounds, local_midnight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from devices.energy.load import Range
    from devices.energy.rules import Span

FINEST: Final = ("PT5M", "PT10M", "PT15M", "PT30M", "PT60M", "day", "index")


def series_of(session: Session, point_id: int) -> list[ImportedSeries]:
    """Return what files said of a point, the finest steps first: a curve before days, days before an index."""
    query = select(ImportedSeries).join(Installation).where(Installation.point_id == point_id)
    return sorted(session.scalars(query), key=lambda one: (FINEST.index(one.step), one.installation_id))


def load_series(
    session: Session, series: ImportedSeries, instants: Range, zone: dt.tzinfo, coefficients: Sequence[Coefficient]
) -> list[Span]:
    """Return the spans of one of them, from its readings within `instants` (ends included)."""
    installation = series.installation
    if series.step == "index":
        return load_spans(session, [installation], instants, zone, coefficients)
    minutes = 0 if series.step == "day" else int(series.step[2:-1])
    intervals = []
    for _, instant, value in session.execute(READINGS, {"ids": [installation.id], **instants._asdict()}):
        start = to_moment(instant)
        end = start + dt.timedelta(minutes=minutes) if minutes else _next_day(start, zone)
        intervals.append((instant, to_instant(end), micro_kwh(value, installation.factor)))
    ceiling = ceilings_of(session, [installation], zone)[installation.id]
    spans = spans_of_intervals(sorted(intervals), ceiling)
    return energy_of_volume(spans, coefficients) if series.counts == "volume" else spans


def _next_day(start: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return the same local hour a day later, 23, 24 or 25 hours on (gas days begin at 06:00)."""
    return (start.astimezone(zone) + dt.timedelta(days=1)).replace(fold=0).astimezone(dt.UTC)


def load_coefficients(session: Session, point_id: int, zone: dt.tzinfo) -> list[Coefficient]:
    """Return what a m³ is worth at a point, in order of time; kWh PCS, as networks bill."""
    found = []
    for one in coefficients_of(session, point_id):
        start, end = (to_instant(local_midnight(day, zone)) for day in bounds(one.period))
        found.append(Coefficient(start, end, one.kwh_per_m3))
    return found
