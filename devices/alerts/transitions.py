"""What becomes of an alert: opened on a transition, once; closed by lasting return; quiet in a maintenance window."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from devices.alerts.rules import Level

if TYPE_CHECKING:
    import datetime as dt

    from devices.alerts.kinds import Severity


class State(StrEnum):
    """Where an alert is."""

    HELD = "held"
    """It began during a maintenance window: recorded, not told to anybody."""
    OPEN = "open"
    CLOSED = "closed"


class Step(StrEnum):
    """What happens to an alert now."""

    NOTHING = "nothing"
    HOLD = "hold"
    OPEN = "open"
    REOPEN = "reopen"
    ESCALATE = "escalate"
    CALM = "calm"
    """All is well since now; it closes if that lasts."""
    ALARM = "alarm"
    """It is not: what calm there was is over."""
    RETURN = "return"
    """It closes because what was wrong is not any more."""
    LEAVE = "leave"
    """It closes because nobody watches its subject any more (retired, lost, removed)."""


class Known(NamedTuple):
    """What is remembered of the latest alert about a subject."""

    state: State
    severity: Severity
    calm_since: dt.datetime | None = None
    closed_at: dt.datetime | None = None


class Now(NamedTuple):
    """What is the case now."""

    at: dt.datetime
    level: Level
    severity: Severity
    watched: bool
    in_window: bool
    calm: dt.timedelta
    cool_down: dt.timedelta


def step(known: Known | None, now: Now) -> Step:
    """Return what happens to the alert about one subject."""
    if known is None or known.state is State.CLOSED:
        return _begin(known, now)
    if not now.watched:
        return Step.LEAVE
    if now.level is Level.GOOD:
        return _calm(known, now)
    if known.state is State.HELD and now.level is Level.BAD and not now.in_window:
        return Step.OPEN
    worse = now.level is Level.BAD and now.severity.rank > known.severity.rank
    if worse and not now.in_window and known.state is State.OPEN:
        return Step.ESCALATE
    return Step.ALARM if known.calm_since is not None else Step.NOTHING


def _begin(known: Known | None, now: Now) -> Step:
    if now.level is not Level.BAD or not now.watched:
        return Step.NOTHING
    if now.in_window:
        return Step.HOLD
    recent = known is not None and known.closed_at is not None and now.at - known.closed_at < now.cool_down
    return Step.REOPEN if recent else Step.OPEN


def _calm(known: Known, now: Now) -> Step:
    if known.state is State.HELD:
        return Step.RETURN
    if known.calm_since is None:
        return Step.CALM
    return Step.RETURN if now.at - known.calm_since >= now.calm else Step.NOTHING
