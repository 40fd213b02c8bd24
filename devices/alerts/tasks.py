"""What the worker looks at again and again: the fleet's health, the letters that are due, what may be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.alerts.evaluate import evaluate
from devices.alerts.forget import forget
from devices.alerts.kinds import Kind
from devices.alerts.letters import write_at_once, write_digests
from foundation.jobs.schedule import periodically

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

OFTEN = (Kind.COLLECTION, Kind.SILENCE)
"""Looked at every minute; the others move by the hour."""
SELDOM = tuple(kind for kind in Kind if kind not in OFTEN)


@periodically("devices.alerts.often", seconds=60.0)
def often(session: Session, moment: Moment) -> None:
    """Look for silence."""
    write_at_once(session, evaluate(session, moment.now, OFTEN), moment)


@periodically("devices.alerts.seldom", seconds=900.0)
def seldom(session: Session, moment: Moment) -> None:
    """Look at batteries, radios, clocks, and at what arrived."""
    write_at_once(session, evaluate(session, moment.now, SELDOM), moment)


@periodically("devices.alerts.digests", seconds=300.0)
def digests(session: Session, moment: Moment) -> None:
    """Write the letters of the day and of the week."""
    write_digests(session, moment)


@periodically("devices.alerts.forget", seconds=3600.0)
def prune(session: Session, _moment: Moment) -> None:
    """Forget what nobody will ask for."""
    forget(session)
