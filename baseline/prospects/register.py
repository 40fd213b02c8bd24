"""What a run over all boundaries is made of, and what the last one found.

A run is several jobs, so that several workers share it; an item is a batch of boundaries of one station, fitted
together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import func, select

from baseline.plans.models import MeasurementPlan
from baseline.plans.windows import latest_window
from baseline.weather.choice import Place, ranked
from baseline.weather.models import Station
from devices.points.models import MeasurementBoundary
from foundation.jobs.models import Job, JobItem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

One = TypeVar("One")

RUN = "baseline.prospects"
"""Kind of the jobs."""
CONFIDENCE = 0.9
BATCH = 50
"""Boundaries of an item: done well within the lease of a job."""
ITEMS_OF_JOB = 10
"""Items of a job: the next job can be taken by another worker."""


class Prospect(NamedTuple):
    """What a year of data says of a boundary, fractions; None where nothing could be fitted."""

    boundary: MeasurementBoundary
    model: str | None
    cv_rmse: float | None
    g14: float | None
    """The least provable saving of a year by ASHRAE Guideline 14."""
    empirical: float | None
    """The same by the building's own months."""
    blocking: int
    """Findings that keep the year from carrying a contract."""

    @property
    def least(self) -> float | None:
        """Return the least saving that both intervals would prove: real meters drift beyond the guideline's."""
        known = [one for one in (self.g14, self.empirical) if one is not None]
        return max(known) if known else None

    def provable(self, target: float) -> bool:
        """Say whether a saving of the fraction `target` would be told from chance, and the year carries a contract."""
        return self.least is not None and self.least <= target and not self.blocking

    def by_guideline_only(self, target: float) -> bool:
        """Say whether it would be by the guideline's interval, and not by the building's own months."""
        return self.g14 is not None and self.g14 <= target and not self.blocking and not self.provable(target)


@dataclass(frozen=True)
class Run:
    """The last run."""

    start: dt.date
    end: dt.date
    jobs: Sequence[Job]
    prospects: Sequence[Prospect]
    """The least provable saving first, then what cannot be told."""
    left: int
    """Items not ended yet."""


def jobs_of(session: Session, *, today: dt.date) -> list[dict[str, dict[str, Any]]]:
    """Return the items of each job of a new run: every boundary that has a station, on the last twelve whole months."""
    start, end = latest_window(today)
    by_station: dict[int, list[int]] = {}
    stations = _Stations.of(session)
    for boundary in session.scalars(select(MeasurementBoundary).order_by(MeasurementBoundary.id)):
        station = stations.of_boundary(boundary)
        if station is not None:
            by_station.setdefault(station, []).append(boundary.id)
    run = (session.scalar(select(func.max(Job.id))) or 0) + 1
    items = {
        f"station-{station}-{part[0]}": {
            "run": run,
            "station_id": station,
            "boundary_ids": part,
            "start": start.isoformat(),
            "end": end.isoformat(),
        }
        for station, ids in sorted(by_station.items())
        for part in _batched(ids, BATCH)
    }
    return [dict(part) for part in _batched(list(items.items()), ITEMS_OF_JOB)]


def _batched(everything: list[One], size: int) -> list[list[One]]:
    return [everything[first : first + size] for first in range(0, len(everything), size)]


class _Stations(NamedTuple):
    """Which station speaks for a boundary: its plan's, else the one the rule proposes, else the only one there is."""

    of_plan: Mapping[int, int]
    places: Sequence[tuple[int, Place]]
    only: int | None

    @classmethod
    def of(cls, session: Session) -> _Stations:
        plans = session.execute(
            select(MeasurementPlan.boundary_id, MeasurementPlan.station_id).order_by(MeasurementPlan.id)
        )
        stations = session.scalars(select(Station).order_by(Station.name)).all()
        places = [
            (one.id, Place(one.latitude, one.longitude, one.altitude_m))
            for one in stations
            if one.latitude is not None and one.longitude is not None
        ]
        return cls(dict(plans.all()), places, stations[0].id if len(stations) == 1 else None)

    def of_boundary(self, boundary: MeasurementBoundary) -> int | None:
        known = self.of_plan.get(boundary.id)
        site = boundary.buildings[0].site if boundary.buildings else None
        if known is not None or site is None:
            return known
        if site.latitude is None or site.longitude is None or not self.places:
            return self.only
        return ranked(Place(site.latitude, site.longitude, site.altitude_m), self.places)[0].key


def last_run(session: Session) -> Run | None:
    """Return the last run, what it found so far included; None before the first one."""
    newest = session.scalar(select(Job).where(Job.kind == RUN).order_by(Job.id.desc()).limit(1))
    if newest is None:
        return None
    run = newest.items[0].params["run"]
    items = session.scalars(
        select(JobItem).join(Job).where(Job.kind == RUN, JobItem.params["run"].as_integer() == run).order_by(JobItem.id)
    ).all()
    found = [row for item in items for row in (item.result or {}).get("prospects", ())]
    boundaries = {
        one.id: one
        for one in session.scalars(
            select(MeasurementBoundary).where(MeasurementBoundary.id.in_([row["boundary_id"] for row in found]))
        )
    }
    prospects = [
        Prospect(boundaries[row["boundary_id"]], *(row[name] for name in Prospect._fields[1:]))
        for row in found
        if row["boundary_id"] in boundaries
    ]
    first = items[0].params
    return Run(
        dt.date.fromisoformat(first["start"]),
        dt.date.fromisoformat(first["end"]),
        list({item.job_id: item.job for item in items}.values()),
        sorted(prospects, key=lambda one: (one.least is None, bool(one.blocking), one.least or 0.0, one.boundary.name)),
        sum(item.state == "queued" for item in items),
    )
