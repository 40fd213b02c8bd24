"""What people do with alerts: acknowledge, assign, annotate, declare maintenance, say who receives what."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from devices.alerts.models import Alert, AlertEvent, MaintenanceWindow, Subscription
from devices.alerts.transitions import State
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder
    from contracts.sites.models import Site
    from devices.alerts.kinds import Kind, Severity
    from devices.alerts.listeners import Rhythm
    from devices.inventory.models import Device
    from devices.points.models import MeteringPoint
    from foundation.actors import Actor, Role
    from foundation.people import Person

LONGEST_WINDOW = dt.timedelta(days=366)


def acknowledge(session: Session, alert: Alert, *, actor: Actor, now: dt.datetime) -> Alert:
    """Say that somebody has seen it; it stays open until what is wrong has returned."""
    session.refresh(alert, with_for_update=True)
    if alert.state == State.CLOSED:
        raise Refusal("Cette alerte est close : tout est rentré dans l'ordre, il n'y a plus rien à prendre en compte.")
    if alert.acknowledged_at is not None:
        raise Refusal("{name} a déjà pris cette alerte en compte.", name=alert.acknowledged_by)
    alert.acknowledged_at, alert.acknowledged_by = now, actor.name
    return _told(session, alert, "acknowledged", actor=actor, now=now)


def assign(session: Session, alert: Alert, person: Person, *, actor: Actor, now: dt.datetime) -> Alert:
    """Say who looks after it."""
    session.refresh(alert, with_for_update=True)
    if alert.state == State.CLOSED:
        raise Refusal("Cette alerte est close : il n'y a plus rien à confier.")
    alert.assignee_id, alert.assignee = person.account_id, person.name
    return _told(session, alert, "assigned", actor=actor, now=now, text=person.name)


def note(session: Session, alert: Alert, text: str, *, actor: Actor, now: dt.datetime) -> Alert:
    """Add a remark, to a closed alert too."""
    return _told(session, alert, "note", actor=actor, now=now, text=text)


def _told(session: Session, alert: Alert, what: str, *, actor: Actor, now: dt.datetime, text: str = "") -> Alert:
    event = AlertEvent(
        alert=alert,
        at=now,
        what=what,
        severity=alert.severity,
        account_id=actor.account_id,
        author=actor.name,
        text=text,
    )
    session.add(event)
    session.flush()
    return alert


def declare_maintenance(
    session: Session,
    subject: Device | MeteringPoint | Site,
    *,
    start: dt.datetime,
    end: dt.datetime,
    reason: str,
    actor: Actor,
) -> MaintenanceWindow:
    """From instant `start` to `end`, let nothing be told about a device, a point or a site; said twice, it is one."""
    if end <= start:
        raise Refusal("La maintenance doit finir après avoir commencé ; corrigez les dates.", field="end")
    if end - start > LONGEST_WINDOW:
        raise Refusal("Une maintenance dure un an au plus ; un capteur qui ne sert plus se dépose.", field="end")
    name = {"device": "device_id", "metering_point": "point_id", "site": "site_id"}[subject.__tablename__]
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext(f"devices.maintenance_window {name} {subject.id}")))
    )
    told: dict[str, Any] = {"period": Range(start, end), "reason": reason, name: subject.id}
    same = session.scalars(select(MaintenanceWindow).filter_by(**told)).first()
    if same is not None:
        return same
    window = MaintenanceWindow(created_by=actor.name, **told)
    session.add(window)
    session.flush()
    return window


def end_maintenance(session: Session, window: MaintenanceWindow, *, now: dt.datetime) -> MaintenanceWindow:
    """End a window now; one that has not begun yet is emptied to its first instant."""
    session.refresh(window, with_for_update=True)
    start, end = window.period.lower, window.period.upper
    if start is None or end is None or end <= now:
        raise Refusal("Cette maintenance est déjà finie.")
    window.period = Range(start, max(now, start + dt.timedelta(microseconds=1)))
    session.flush()
    return window


def subscribe(
    session: Session,
    *,
    rhythm: Rhythm,
    least_severity: Severity,
    account_id: int | None = None,
    role: Role | None = None,
    kind: Kind | None = None,
    site: Site | None = None,
    shareholder: Shareholder | None = None,
) -> Subscription:
    """Say how often a person, or everybody of a role, is written to about something; said again, it is changed."""
    if (account_id is None) == (role is None):
        raise Refusal("Choisissez une personne, ou un rôle, et un seul des deux.", field="account_id")
    if site is not None and shareholder is not None:
        raise Refusal("Choisissez un site ou une collectivité, pas les deux.", field="site_id")
    about = {
        "account_id": account_id,
        "role": role.value if role else None,
        "kind": kind.value if kind else None,
        "site_id": site.id if site else None,
        "shareholder_id": shareholder.id if shareholder else None,
    }
    same = [getattr(Subscription, name).is_not_distinct_from(value) for name, value in about.items()]
    known = session.scalar(select(Subscription).where(*same).with_for_update())
    if known is None:
        known = Subscription(**about)
        session.add(known)
    known.rhythm, known.least_severity = rhythm.value, least_severity.value
    session.flush()
    return known


def unsubscribe(session: Session, subscription: Subscription) -> None:
    """Forget one row of who receives what."""
    session.delete(subscription)
    session.flush()
