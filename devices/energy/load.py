"""The readings a derivation needs, and no more of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import aliased

from devices.energy.ceiling import ceiling_of, subscribed
from devices.energy.hours import to_instant
from devices.energy.rules import RADIUS
from devices.energy.timeline import FOREVER, Served, spans_of_point
from devices.inventory.models import Device, DeviceModel, Installation
from devices.points.models import SubscribedPower
from foundation.time import local_midnight

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.dialects.postgresql import Range as PeriodOfDays
    from sqlalchemy.orm import Session

    from devices.energy.ceiling import Ceiling
    from devices.energy.rules import Span
    from devices.energy.volume import Coefficient

VOLUMES: Final = ("volume_index", "file_volume_index")
"""Quantities in m³; of gas they become kWh, of water they are what the point is kept in."""

# A declared correction counts instead of the reading, which stays; the newest of several.
READINGS = text("""
    SELECT installation_id, (extract(epoch FROM ts) * 1000000)::bigint AS instant, coalesce(c.value, r.value)
    FROM devices.reading r LEFT JOIN (
        SELECT DISTINCT ON (installation_id, ts) installation_id, ts, value FROM devices.reading_correction
        WHERE installation_id = ANY(:ids) ORDER BY installation_id, ts, id DESC) c USING (installation_id, ts)
    WHERE installation_id = ANY(:ids)
        AND ts >= coalesce(:start, timestamptz '-infinity') AND ts <= coalesce(:end, timestamptz 'infinity')
""")
# One installation at a time: so the key gives them in order, month after month, and a dozen are read instead of all.
_BEFORE = text("""
    SELECT near.ts FROM unnest(CAST(:ids AS int[])) AS one (id) CROSS JOIN LATERAL (
        SELECT ts FROM devices.reading WHERE installation_id = one.id AND ts < :instant AND value <> 0
        ORDER BY ts DESC LIMIT :skipped + 1) AS near
    ORDER BY near.ts DESC OFFSET :skipped LIMIT 1
""")
_AFTER = text("""
    SELECT near.ts FROM unnest(CAST(:ids AS int[])) AS one (id) CROSS JOIN LATERAL (
        SELECT ts FROM devices.reading WHERE installation_id = one.id AND ts > :instant AND value <> 0
        ORDER BY ts LIMIT :skipped + 1) AS near
    ORDER BY near.ts OFFSET :skipped LIMIT 1
""")
_FIRST = text("""
    SELECT min(near.ts) FROM unnest(CAST(:ids AS int[])) AS one (id) CROSS JOIN LATERAL (
        SELECT ts FROM devices.reading WHERE installation_id = one.id ORDER BY ts LIMIT 1) AS near
""")


class Range(NamedTuple):
    """From one instant to another; None: from the first, to the last."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None


def readings_around(session: Session, installations: Sequence[Installation], instants: Range) -> Range:
    """Return `instants` widened by as many readings as their meaning may depend on (`rules.RADIUS`)."""
    ids = sorted({sibling for ids in _siblings(session, installations).values() for sibling in ids})
    start, end = (
        instant and session.scalar(query, {"ids": ids, "instant": instant, "skipped": RADIUS - 1})
        for query, instant in ((_BEFORE, instants.start), (_AFTER, instants.end))
    )
    return Range(start, end)


def first_reading(session: Session, installations: Sequence[Installation]) -> dt.datetime | None:
    """Return the instant of the first reading of the point `installations` serve, None where there is none."""
    ids = sorted({sibling for ids in _siblings(session, installations).values() for sibling in ids})
    first: dt.datetime | None = session.scalar(_FIRST, {"ids": ids})
    return first


def load_spans(
    session: Session,
    installations: Sequence[Installation],
    instants: Range,
    zone: dt.tzinfo,
    coefficients: Sequence[Coefficient] = (),
) -> list[Span]:
    """Return the spans of the point `installations` serve, from its readings within `instants` (ends included).

    Subscriptions last for local days of `zone`; `coefficients` are what m³ of gas are worth.
    """
    siblings = _siblings(session, installations)
    ids = sorted({sibling for ids in siblings.values() for sibling in ids})
    readings: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    for installation_id, instant, value in session.execute(READINGS, {"ids": ids, **instants._asdict()}):
        readings[installation_id][instant] = value
    ceilings = ceilings_of(session, installations, zone)
    services = [_served(one, siblings[one.id], readings, ceilings[one.id]) for one in installations]
    return spans_of_point(services, coefficients)


def ceilings_of(session: Session, installations: Sequence[Installation], zone: dt.tzinfo) -> dict[int, Ceiling]:
    """Return for each installation what its register can count at most, by the point's contract and its model."""
    points = {one.point_id for one in installations}
    limits = [
        subscribed(*_instants(row.period, zone), row.power)
        for row in session.scalars(select(SubscribedPower).where(SubscribedPower.point_id.in_(points)))
    ]
    models = (
        select(Installation.id, DeviceModel.max_power_kw)
        .join(Device, Device.id == Installation.device_id)
        .outerjoin(DeviceModel, DeviceModel.id == Device.model_id)
        .where(Installation.id.in_([one.id for one in installations]))
    )
    return {installation_id: ceiling_of(limits, kw) for installation_id, kw in session.execute(models)}


def _instants(period: PeriodOfDays[dt.date], zone: dt.tzinfo) -> tuple[int, int]:
    start, end = period.lower, period.upper
    return (
        to_instant(local_midnight(start, zone)) if start else -FOREVER,
        to_instant(local_midnight(end, zone)) if end else FOREVER,
    )


def _siblings(session: Session, installations: Sequence[Installation]) -> dict[int, list[int]]:
    """Return for each installation all those of its channel, itself last.

    A reading stays with the installation that was in place when it arrived. Where a move is registered afterwards,
    the instant says whose it is.
    """
    other = aliased(Installation)
    query = (
        select(Installation.id, other.id)
        .join(other, (other.device_id == Installation.device_id) & (other.channel == Installation.channel))
        .where(Installation.id.in_([one.id for one in installations]))
        .order_by(Installation.id, other.id == Installation.id, other.id)
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for installation_id, sibling in session.execute(query):
        found[installation_id].append(sibling)
    return found


def _served(
    one: Installation, siblings: Sequence[int], readings: dict[int, dict[int, Decimal]], ceiling: Ceiling
) -> Served:
    start, end = one.period.lower, one.period.upper
    heard: dict[int, Decimal] = {}
    for sibling in siblings:
        heard |= readings.get(sibling, {})
    return Served(
        start=to_instant(start) if start else -FOREVER,
        end=to_instant(end) if end else FOREVER,
        factor=one.factor,
        readings=heard,
        opening=one.opening_index,
        closing=one.closing_index,
        ceiling=ceiling,
        size=one.register_size,
        is_volume=one.quantity in VOLUMES and one.point.energy == "gas",
    )
