"""Who hears of which alerts: the rows that `devices.alerts.listeners` decides on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from contracts.sites.models import Building, Holding, Site
from devices.alerts.kinds import Kind, Severity
from devices.alerts.listeners import About, Listener, Rhythm, Wish, deaf
from devices.alerts.models import Alert, AlertEvent, Subscription
from devices.inventory.models import Installation
from devices.points.models import MeteringPoint
from foundation.actors import Role

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from foundation.people import Person


def wishes(session: Session) -> list[Wish]:
    """Return every subscription, the oldest first."""
    return [
        Wish(
            rhythm=Rhythm(row.rhythm),
            account_id=row.account_id,
            role=Role(row.role) if row.role else None,
            kind=Kind(row.kind) if row.kind else None,
            site_id=row.site_id,
            shareholder_id=row.shareholder_id,
            least_severity=Severity(row.least_severity),
        )
        for row in session.scalars(select(Subscription).order_by(Subscription.id))
    ]


def listener_of(person: Person) -> Listener:
    """Return what of a person decides what they hear."""
    return Listener(person.account_id, person.role, person.shareholder_id)


def told_to_be(session: Session, events: Sequence[AlertEvent]) -> list[tuple[AlertEvent, About]]:
    """Return each event with what of it decides who hears: among others, who held the building when it happened."""
    query = (
        select(AlertEvent.id, Holding.shareholder_id)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .join(MeteringPoint, MeteringPoint.id == Alert.point_id)
        .join(Building, Building.id == MeteringPoint.building_id)
        .join(Holding, (Holding.building_id == Building.id) & Holding.instants.op("@>")(AlertEvent.at))
        .where(AlertEvent.id.in_([event.id for event in events]))
    )
    held_by = dict(session.execute(query).all())
    return [
        (
            event,
            About(Kind(event.alert.kind), Severity(event.severity), event.alert.site_id, held_by.get(event.id)),
        )
        for event in events
    ]


class Coverage(NamedTuple):
    """Who hears nothing, and what nobody hears."""

    people: list[Person]
    sites: list[Site]
    kinds: list[Kind]


def nobody_hears(session: Session, everybody: Sequence[Person], today: dt.date) -> Coverage:
    """Return the people who receive nothing, the sites with a device, and the kinds, nobody receives anything of.

    Judged for what is worth looking at (a warning): whoever asked for less hears at least that.
    """
    known = wishes(session)
    listeners = [listener_of(person) for person in everybody]
    holders: defaultdict[Site, set[int | None]] = defaultdict(set)
    query = (
        select(Site, Holding.shareholder_id)
        .join(Building, Building.site_id == Site.id)
        .join(MeteringPoint, MeteringPoint.building_id == Building.id)
        .join(Installation, (Installation.point_id == MeteringPoint.id) & func.upper_inf(Installation.period))
        .outerjoin(Holding, (Holding.building_id == Building.id) & Holding.period.op("@>")(today))
        .distinct()
        .order_by(Site.city, Site.name)
    )
    for site, shareholder_id in session.execute(query):
        holders[site].add(shareholder_id)
    # Sites nobody names alike: what is true of one is true of all of the same holders.
    named = {wish.site_id for wish in known}
    answers: dict[tuple[object, ...], set[Kind]] = {}
    unheard: dict[Site, set[Kind]] = {}
    for site, held_by in holders.items():
        alike = (site.id if site.id in named else None, *sorted(held_by, key=lambda one: one or 0))
        if alike not in answers:
            abouts = [About(kind, Severity.WARNING, site.id, holder) for kind in Kind for holder in held_by]
            answers[alike] = {about.kind for about in deaf(listeners, abouts, known)}
        unheard[site] = answers[alike]
    nowhere = {
        one.kind for one in deaf(listeners, [About(kind, Severity.CRITICAL, None, None) for kind in Kind], known)
    }
    return Coverage(
        [person for person, one in zip(everybody, listeners, strict=True) if not _hears(one, known)],
        [site for site, kinds in unheard.items() if len(kinds) == len(Kind)],
        [kind for kind in Kind if kind in nowhere and all(kind in kinds for kinds in unheard.values())],
    )


def _hears(listener: Listener, known: Sequence[Wish]) -> bool:
    return any(wish.is_of(listener) and wish.rhythm is not Rhythm.NONE for wish in known)
