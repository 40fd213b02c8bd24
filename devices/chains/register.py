"""Which metering chains counted at a point, and the ratio of two of them where they overlap."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range as Period

from devices.chains.models import OverlapRatio
from devices.chains.rules import overlap_ratio
from devices.energy.derive import COUNTED
from devices.energy.files import load_coefficients, load_series
from devices.energy.hours import edges_of, hours_of_days, split, total_days
from devices.energy.load import Range, load_spans
from devices.energy.rules import MICRO
from devices.inventory.models import Installation
from devices.series.models import ImportedSeries
from foundation.errors import Refusal
from foundation.time import local_midnight, time_zone

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from devices.points.models import MeteringPoint


class Chain(NamedTuple):
    """One register of a point: an installation of a sensor, or what files say (`series`)."""

    installation: Installation
    series: ImportedSeries | None

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two installations the same chain: files of one step, or sensors of one model and one factor."""
        if self.series is not None:
            return ("file", self.series.counts, self.series.step)
        one = self.installation
        return ("sensor", one.device.model_id, one.quantity, one.factor)


def chains_of(session: Session, point: MeteringPoint) -> list[Chain]:
    """Return the chains of `point` clean energy may be made of, in order of their beginning."""
    rows = session.execute(
        select(Installation, ImportedSeries)
        .outerjoin(ImportedSeries)
        .where(
            Installation.point_id == point.id,
            Installation.quantity.in_(COUNTED) | ImportedSeries.installation_id.is_not(None),
        )
        .order_by(Installation.period, Installation.id)
    )
    return [Chain(installation, series) for installation, series in rows]


def chains_during(session: Session, point: MeteringPoint, start: dt.date, end: dt.date) -> list[Chain]:
    """Return the chains that spoke for `point` on local days [start, end): sensors first, files where none served."""
    zone = time_zone(point.building.site.timezone)
    instants = Period(local_midnight(start, zone), local_midnight(end, zone))
    chains = chains_of(session, point)
    sensors = [one for one in chains if one.series is None and one.installation.period.overlaps(instants)]
    covered = any(one.installation.period.contains(instants) for one in sensors)
    files = [one for one in chains if one.series is not None and daily_energies(session, point, one, start, end)]
    return sensors if covered else [*sensors, *files]


def daily_energies(
    session: Session, point: MeteringPoint, chain: Chain, start: dt.date, end: dt.date
) -> dict[dt.date, Decimal]:
    """Return the energy one chain counted on each complete local day of [start, end), whoever speaks for the point."""
    zone = time_zone(point.building.site.timezone)
    worth = load_coefficients(session, point.id, zone)
    instants = Range(local_midnight(start, zone), local_midnight(end, zone))
    if chain.series is not None:
        spans = load_series(session, chain.series, instants, zone, worth)
    else:
        spans = load_spans(session, [chain.installation], instants, zone, worth)
    grid = hours_of_days(start, end, zone)
    days = total_days(grid, split(spans, edges_of(grid, zone)))
    return {
        day.day: Decimal(day.energy) / MICRO
        for day in days
        if day.energy is not None and day.hours_measured == day.hours_expected
    }


def measure_overlap(
    session: Session,
    point: MeteringPoint,
    *,
    numerator_id: int,
    denominator_id: int,
    start: dt.date,
    end: dt.date,
    by: str,
) -> OverlapRatio:
    """Find and keep what one chain counts for each kWh of the other, on the days of [start, end) both counted whole.

    Raises:
        Refusal: a chain is not of this point, both are the same, or they share fewer than 30 days.

    """
    chains = {one.installation.id: one for one in chains_of(session, point)}
    if numerator_id not in chains or denominator_id not in chains:
        raise Refusal("Choisissez deux compteurs de ce point.", field="numerator_id")
    if numerator_id == denominator_id:
        raise Refusal("Choisissez deux compteurs différents.", field="denominator_id")
    if end <= start:
        raise Refusal("La période finit avant de commencer ; corrigez les dates.", field="last")
    found = overlap_ratio(
        *(daily_energies(session, point, chains[one], start, end) for one in (numerator_id, denominator_id))
    )
    kept = OverlapRatio(
        point=point,
        numerator=chains[numerator_id].installation,
        denominator=chains[denominator_id].installation,
        period=Period(start, end),
        days=found.days,
        ratio=found.ratio,
        standard_error=found.standard_error,
        autocorrelation=found.autocorrelation,
        computed_by=by,
    )
    session.add(kept)
    session.flush()
    return kept


def demand_same_chain(
    session: Session, point: MeteringPoint, baseline: tuple[dt.date, dt.date], reporting: tuple[dt.date, dt.date]
) -> list[OverlapRatio]:
    """Return the ratios between the chains of two periods: none where they are of the same kind.

    Raises:
        Refusal: a chain of one period is of no kind of the other, and no ratio between them was measured.

    """
    before, after = (chains_during(session, point, *period) for period in (baseline, reporting))
    if {one.kind for one in before} == {one.kind for one in after}:
        return []
    ratios = session.scalars(
        select(OverlapRatio).where(OverlapRatio.point_id == point.id).order_by(OverlapRatio.id.desc())
    ).all()
    pairs = {one.installation.id for one in before}, {one.installation.id for one in after}
    fitting = [
        one
        for one in ratios
        if (one.numerator_id in pairs[0] and one.denominator_id in pairs[1])
        or (one.numerator_id in pairs[1] and one.denominator_id in pairs[0])
    ]
    if not fitting:
        raise Refusal(
            "« {point} » n'est pas compté de la même façon avant et après ; mesurez le rapport des deux compteurs sur"
            " 30 jours au moins où ils comptent ensemble, depuis la page du point.",
            point=point.name,
        )
    return fitting
