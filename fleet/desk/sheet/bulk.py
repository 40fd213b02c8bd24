"""Doing one thing to many rows: first what it would do and what it would leave alone, then the same for real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from devices.alerts.models import Alert
from devices.alerts.register import assign, declare_maintenance
from devices.points.models import MeteringPoint
from devices.points.tags import tag_points, untag_points
from foundation.forms import at_wall
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from fleet.desk.sheet.rows import Row
    from foundation.actors import Actor
    from foundation.people import Person

NO_POINT = N_("sans point de mesure")
NO_ALERT = N_("aucune alerte ouverte")
ALREADY = N_("c'est déjà le cas")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, or would be: the rows it concerns, and those left alone, each with why."""

    done: list[Row]
    left: list[tuple[Row, str]]


def tag(session: Session, rows: Sequence[Row], word: str) -> Outcome:
    """Put a word on the points of `rows`."""
    outcome = _points(rows, lambda row: word.lower().strip() in row.tags)
    tag_points(session, _ids(outcome.done), word)
    return outcome


def untag(session: Session, rows: Sequence[Row], word: str) -> Outcome:
    """Take a word off the points of `rows`."""
    outcome = _points(rows, lambda row: word.lower().strip() not in row.tags)
    untag_points(session, _ids(outcome.done), word)
    return outcome


def maintain(
    session: Session, rows: Sequence[Row], start: dt.datetime, end: dt.datetime, reason: str, *, actor: Actor
) -> Outcome:
    """Declare maintenance of each point of `rows`, from `start` to `end` on the clocks of their sites."""
    outcome = _points(rows, lambda _row: False)
    points = session.scalars(select(MeteringPoint).where(MeteringPoint.id.in_(_ids(outcome.done))))
    for point in points.unique():
        zone = point.building.site.timezone
        declare_maintenance(
            session, point, start=at_wall(start, zone), end=at_wall(end, zone), reason=reason, actor=actor
        )
    return outcome


def confide(session: Session, rows: Sequence[Row], person: Person, *, actor: Actor, now: dt.datetime) -> Outcome:
    """Assign the open alerts of `rows` to `person`."""
    done: list[Row] = []
    left: list[tuple[Row, str]] = []
    told: set[int] = set()
    for row in rows:
        about = or_(Alert.point_id == (row.point_id or 0), Alert.device_id == (row.device_id or 0))
        alerts = session.scalars(select(Alert).where(Alert.state == "open", about).order_by(Alert.id)).all()
        ours = [alert for alert in alerts if alert.assignee_id != person.account_id]
        if ours:
            done.append(row)
            for alert in ours:
                if alert.id not in told:
                    told.add(alert.id)
                    assign(session, alert, person, actor=actor, now=now)
        else:
            left.append((row, ALREADY if alerts else NO_ALERT))
    return Outcome(done, left)


def _points(rows: Sequence[Row], already: Callable[[Row], bool]) -> Outcome:
    done: list[Row] = []
    left: list[tuple[Row, str]] = []
    for row in rows:
        if row.point_id is None:
            left.append((row, NO_POINT))
        elif already(row):
            left.append((row, ALREADY))
        else:
            done.append(row)
    return Outcome(done, left)


def _ids(rows: Sequence[Row]) -> list[int]:
    return sorted({row.point_id for row in rows if row.point_id is not None})
