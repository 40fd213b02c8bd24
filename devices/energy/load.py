"""The readings a derivation needs, and no more of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import aliased

from devices.energy.hours import to_instant
from devices.energy.rules import RADIUS
from devices.energy.timeline import FOREVER, Served, spans_of_point
from devices.inventory.models import Installation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from devices.energy.rules import Span

PLAUSIBLE_KW: Final = 10_000
"""No building of a municipality draws 10 MW: what does is a fault of a meter or of a message."""

_READINGS = text("""
    SELECT installation_id, (extract(epoch FROM ts) * 1000000)::bigint AS instant, value FROM devices.reading
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


def load_spans(session: Session, installations: Sequence[Installation], instants: Range) -> list[Span]:
    """Return the spans of the point `installations` serve, from its readings within `instants` (ends included)."""
    siblings = _siblings(session, installations)
    ids = sorted({sibling for ids in siblings.values() for sibling in ids})
    readings: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    for installation_id, instant, value in session.execute(_READINGS, {"ids": ids, **instants._asdict()}):
        readings[installation_id][instant] = value
    return spans_of_point([_served(one, siblings[one.id], readings) for one in installations], PLAUSIBLE_KW)


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


def _served(one: Installation, siblings: Sequence[int], readings: dict[int, dict[int, Decimal]]) -> Served:
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
    )
