"""Turn what the checks find into transitions of alerts, in the caller's transaction.

The same moment evaluated again changes nothing: what happens to an alert depends on its row and on the finding alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from devices.alerts.checks import CHECKS, OUT_OF_SERVICE
from devices.alerts.kinds import RULES, Kind, Severity
from devices.alerts.models import Alert, AlertEvent, MaintenanceWindow
from devices.alerts.rules import GOOD, Level
from devices.alerts.transitions import Known, Now, State, Step, step
from devices.inventory.models import Device, Installation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from devices.alerts.finding import Finding

HAPPENED = {
    Step.HOLD: "held",
    Step.OPEN: "opened",
    Step.REOPEN: "reopened",
    Step.ESCALATE: "escalated",
    Step.RETURN: "returned",
    Step.LEAVE: "left",
}
TOLD_AT_ONCE = {Step.OPEN, Step.REOPEN, Step.ESCALATE}


class Windows(NamedTuple):
    """What is under maintenance now."""

    devices: frozenset[int]
    points: frozenset[int]
    sites: frozenset[int]

    def hold(self, device_id: int | None, point_id: int | None, site_id: int | None) -> bool:
        """Say whether one of the three is."""
        return device_id in self.devices or point_id in self.points or site_id in self.sites


def evaluate(session: Session, now: dt.datetime, kinds: Iterable[Kind] = tuple(Kind)) -> list[AlertEvent]:
    """Check `kinds`, bring their alerts up to date, and return what was opened, reopened or made worse."""
    windows = _windows(session, now)
    told = []
    for kind in kinds:
        # Nobody looks for the kinds of a floor that is not there.
        findings = CHECKS[kind](session, now) if kind in CHECKS else None
        if findings is not None:
            told += _bring_up_to_date(session, kind, findings, windows, now)
    session.flush()
    return told


def _bring_up_to_date(
    session: Session, kind: Kind, findings: list[Finding], windows: Windows, now: dt.datetime
) -> list[AlertEvent]:
    rule = RULES[kind]
    alive = {alert.subject: alert for alert in _alive(session, kind)}
    watched = _watched(session, alive.values(), now)
    found = {one.subject: one for one in findings}
    begun = [one for one in findings if one.judgement.level is Level.BAD and one.subject not in alive]
    latest = _latest_closed(session, kind, [one.subject for one in begun], now)
    told = []
    for subject in dict.fromkeys([*alive, *(one.subject for one in begun)]):
        alert, finding = alive.get(subject) or latest.get(subject), found.get(subject)
        judgement = finding.judgement if finding else GOOD
        place = _place(finding, alert)
        moment = Now(
            at=now,
            level=judgement.level,
            severity=judgement.severity,
            watched=finding is not None or alert is None or alert.device_id is None or alert.device_id in watched,
            in_window=windows.hold(*place),
            calm=max(rule.calm, finding.calm) if finding else rule.calm,
            cool_down=rule.cool_down,
        )
        happens = step(_known(alert), moment)
        if alert is None or (happens is Step.OPEN and alert.state == State.CLOSED) or happens is Step.HOLD:
            alert = _insert(session, kind, finding, happens, now) if finding and happens in HAPPENED else None
            if alert is None:
                continue
        if finding and judgement.level is Level.BAD and alert.facts != finding.facts:
            alert.facts = finding.facts
        event = _apply(alert, happens, moment)
        if event is not None:
            session.add(event)
            told += [event] if happens in TOLD_AT_ONCE else []
    return told


def _place(finding: Finding | None, alert: Alert | None) -> tuple[int | None, int | None, int | None]:
    if finding is not None:
        return finding.device_id, finding.point_id, finding.site_id
    return (alert.device_id, alert.point_id, alert.site_id) if alert is not None else (None, None, None)


def _known(alert: Alert | None) -> Known | None:
    if alert is None:
        return None
    return Known(State(alert.state), Severity(alert.severity), alert.calm_since, alert.closed_at)


def _insert(session: Session, kind: Kind, finding: Finding, happens: Step, now: dt.datetime) -> Alert | None:
    """Add an alert; None where somebody else just did: theirs is the one."""
    held = happens is Step.HOLD
    statement = (
        insert(Alert)
        .values(
            kind=kind.value,
            subject=finding.subject,
            device_id=finding.device_id,
            point_id=finding.point_id,
            site_id=finding.site_id,
            state=State.HELD.value if held else State.OPEN.value,
            severity=finding.judgement.severity.value,
            facts=finding.facts,
            began_at=now,
            opened_at=None if held else now,
            assignee="",
        )
        # Word for word the index's own condition: with a parameter in it, a prepared statement does not find the index.
        .on_conflict_do_nothing(index_elements=["kind", "subject"], index_where=text("state <> 'closed'"))
        .returning(Alert)
    )
    return session.scalars(statement).one_or_none()


def _apply(alert: Alert, happens: Step, now: Now) -> AlertEvent | None:
    """Write on the alert what happens to it and return the event, None where there is nothing to tell."""
    if happens is Step.CALM:
        alert.calm_since = now.at
    elif happens is Step.ALARM:
        alert.calm_since = None
    elif happens in {Step.RETURN, Step.LEAVE}:
        alert.state, alert.closed_at = State.CLOSED.value, now.at
    elif happens in TOLD_AT_ONCE:
        alert.state, alert.severity = State.OPEN.value, now.severity.value
        alert.opened_at = alert.opened_at or now.at
        alert.calm_since = alert.closed_at = None
        if happens is not Step.OPEN:
            # Whoever had seen it saw something else.
            alert.acknowledged_at = alert.acknowledged_by = None
    if happens not in HAPPENED:
        return None
    return AlertEvent(alert=alert, at=now.at, what=HAPPENED[happens], severity=alert.severity, author="", text="")


def _alive(session: Session, kind: Kind) -> list[Alert]:
    return list(
        session.scalars(
            select(Alert).where(Alert.kind == kind.value, Alert.state != State.CLOSED.value).with_for_update()
        )
    )


def _latest_closed(session: Session, kind: Kind, subjects: list[str], now: dt.datetime) -> Mapping[str, Alert]:
    """Return the alerts of `subjects` that ended so lately that they are the same when they come back."""
    if not subjects:
        return {}
    query = (
        select(Alert)
        .where(
            Alert.kind == kind.value,
            Alert.subject.in_(subjects),
            Alert.opened_at.is_not(None),
            Alert.closed_at > now - RULES[kind].cool_down,
        )
        .order_by(Alert.closed_at)
    )
    return {alert.subject: alert for alert in session.scalars(query)}


def _watched(session: Session, alerts: Iterable[Alert], now: dt.datetime) -> set[int]:
    """Return which devices of `alerts` still serve a point and are neither lost nor retired."""
    ids = {alert.device_id for alert in alerts if alert.device_id is not None}
    if not ids:
        return set()
    query = (
        select(Device.id)
        .join(Installation, Installation.device_id == Device.id)
        .where(Device.id.in_(ids), Device.state.not_in(OUT_OF_SERVICE), Installation.period.op("@>")(now))
    )
    return set(session.scalars(query))


def _windows(session: Session, now: dt.datetime) -> Windows:
    open_now: defaultdict[str, set[int]] = defaultdict(set)
    for window in session.scalars(select(MaintenanceWindow).where(MaintenanceWindow.period.op("@>")(now))):
        for name in ("device_id", "point_id", "site_id"):
            if (number := getattr(window, name)) is not None:
                open_now[name].add(number)
    return Windows(*(frozenset(open_now[name]) for name in ("device_id", "point_id", "site_id")))
