"""Which metering chains counted at a point, and the ratio of two of them where they overlap."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range as Period

from devices.chains.models import OverlapRatio
from devices.chains.rules import overlap_ratio, same_in_kind
from devices.energy.files import load_coefficients, load_series
from devices.energy.hours import edges_of, hours_of_days, split, total_days
from devices.energy.load import Range, load_spans
from devices.energy.rules import MICRO
from devices.inventory.models import Installation
from devices.points.kinds import counted_at
from devices.series.models import ImportedSeries
from foundation.errors import Refusal
from foundation.time import days, local_midnight, time_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from devices.points.models import MeteringPoint

ONE_DAY: Final = dt.timedelta(days=1)
LAST_OF_A_FACTOR: Final = Decimal("0.000000000001")


class Chain(NamedTuple):
    """One register of a point: an installation of a sensor, or what files say (`series`)."""

    installation: Installation
    series: ImportedSeries | None


def chains_of(session: Session, point: MeteringPoint) -> list[Chain]:
    """Return the chains of `point` clean energy may be made of, in order of their beginning."""
    rows = session.execute(
        select(Installation, ImportedSeries)
        .outerjoin(ImportedSeries)
        .where(
            Installation.point_id == point.id,
            Installation.quantity.in_(counted_at(point.energy, point.direction))
            | ImportedSeries.installation_id.is_not(None),
        )
        .order_by(Installation.period, Installation.id)
    )
    return [Chain(installation, series) for installation, series in rows]


def chains_during(
    session: Session, point: MeteringPoint, start: dt.date, end: dt.date, *, chains: Sequence[Chain] | None = None
) -> list[Chain]:
    """Return the chains that spoke for `point` on local days [start, end): sensors, and files where none served.

    A swap leaves minutes nobody serves: files speak only for whole days without a sensor.
    """
    zone = time_zone(point.building.site.timezone)
    instants = Period(local_midnight(start, zone), local_midnight(end, zone))
    known = chains_of(session, point) if chains is None else chains
    sensors = [one for one in known if one.series is None and one.installation.period.overlaps(instants)]
    served = {
        day
        for one in sensors
        for day in days(start, end)
        if one.installation.period.overlaps(Period(local_midnight(day, zone), local_midnight(day + ONE_DAY, zone)))
    }
    files = [
        one
        for one in known
        if one.series is not None
        and len(served) < (end - start).days
        and daily_energies(session, point, one, start, end).keys() - served
    ]
    return [*sensors, *files]


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
    return {
        day.day: Decimal(day.energy) / MICRO
        for day in total_days(grid, split(spans, edges_of(grid, zone)))
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


def apply_ratio(session: Session, found: OverlapRatio, *, to: Installation, by: str, now: dt.datetime) -> OverlapRatio:
    """Let the chain `to` count as the other one of `found`: its factor is multiplied, its energy derived again.

    This is the one door through which one chain's kWh become another's; what was frozen or issued stays as it was.

    Raises:
        Refusal: `to` is not of the two, or one of the two was made to count as the other before.

    """
    session.refresh(found, with_for_update=True)
    if to.id not in {found.numerator_id, found.denominator_id}:
        raise Refusal("Choisissez l'un des deux compteurs de ce rapport.", field="to_id")
    before = session.scalar(
        select(OverlapRatio.id).where(
            OverlapRatio.applied_to_id.in_([found.numerator_id, found.denominator_id]),
            OverlapRatio.numerator_id.in_([found.numerator_id, found.denominator_id]),
            OverlapRatio.denominator_id.in_([found.numerator_id, found.denominator_id]),
        )
    )
    if before is not None:
        raise Refusal(
            "Ces deux compteurs comptent déjà l'un comme l'autre : le rapport {number} est appliqué.", number=before
        )
    to.factor = to.factor * found.ratio if to.id == found.denominator_id else _kept(to.factor / found.ratio)
    found.applied_to, found.applied_by, found.applied_at = to, by, now
    session.flush()
    return found


def _kept(factor: Decimal) -> Decimal:
    return factor.quantize(LAST_OF_A_FACTOR)


def joined_chains(
    session: Session, point: MeteringPoint, baseline: tuple[dt.date, dt.date], reporting: tuple[dt.date, dt.date]
) -> list[OverlapRatio]:
    """Return the applied ratios that make the chains of two periods one: none where they are of the same kind.

    Raises:
        Refusal: a chain of one period is of no kind of the other, and no ratio joins them.

    """
    chains = chains_of(session, point)
    kinds = _kinds(session, chains)
    known = session.scalars(select(OverlapRatio).where(OverlapRatio.point_id == point.id).order_by(OverlapRatio.id))
    ratios = [one for one in known if one.numerator_id in kinds and one.denominator_id in kinds]
    used = {
        kinds[one.installation.id]
        for period in (baseline, reporting)
        for one in chains_during(session, point, *period, chains=chains)
    }
    if len(used) <= 1:
        return []
    applied = [one for one in ratios if one.applied_to_id is not None]
    if same_in_kind(used, [(kinds[one.numerator_id], kinds[one.denominator_id]) for one in applied]):
        return applied
    if same_in_kind(used, [(kinds[one.numerator_id], kinds[one.denominator_id]) for one in ratios]):
        raise Refusal(
            "« {point} » n'est pas compté de la même façon avant et après, et le rapport de ses deux compteurs est"
            " mesuré sans être appliqué ; appliquez-le depuis la page du point.",
            point=point.name,
        )
    raise Refusal(
        "« {point} » n'est pas compté de la même façon avant et après ; mesurez le rapport des deux compteurs sur"
        " 30 jours au moins où ils comptent ensemble, depuis la page du point, puis appliquez-le.",
        point=point.name,
    )


def _kinds(session: Session, chains: Sequence[Chain]) -> dict[int, tuple[object, ...]]:
    """Return for each installation what makes it one chain with others of its point.

    Files of one quantity are one: they tell the same meter of the operator. So are sensors of one model and one
    factor, and a sensor that took over at the same factor, or with both indexes read: it goes on where the other
    stopped.
    """
    kinds: dict[int, tuple[object, ...]] = {}
    scaled = set(session.scalars(select(OverlapRatio.applied_to_id).where(OverlapRatio.applied_to_id.is_not(None))))
    for chain in chains:
        one = chain.installation
        if chain.series is not None:
            kinds[one.id] = ("file", chain.series.counts)
            continue
        before = [
            other.installation
            for other in chains
            if other.series is None
            and (other.installation.quantity, other.installation.phase) == (one.quantity, one.phase)
            and other.installation.period.upper is not None
            and one.period.lower is not None
            and other.installation.period.upper <= one.period.lower
        ]
        kinds[one.id] = ("sensor", one.device.model_id, one.quantity, one.phase, one.factor)
        last = before[-1] if before else None
        if last is not None and one.opening_index is not None:
            same_factor = last.factor == one.factor
            # What was scaled goes on scaled only under the same factor.
            if same_factor or (last.closing_index is not None and last.id not in scaled):
                kinds[one.id] = kinds[last.id]
    return kinds
