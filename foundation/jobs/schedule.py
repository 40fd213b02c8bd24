"""What a room wants looked at again and again; the worker calls it, each time in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from foundation.jobs.queue import Moment

Look = Callable[["Session", "Moment"], None]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A function to call about every `seconds`; it asks for jobs and does nothing long itself."""

    name: str
    seconds: float
    look: Look


_periodics: dict[str, Periodic] = {}


def periodically(name: str, seconds: float) -> Callable[[Look], Look]:
    """Declare that a function is to be called about every `seconds` by the worker."""

    def register(look: Look) -> Look:
        if name in _periodics:
            raise ValueError(f"two periodic looks named {name!r}")
        _periodics[name] = Periodic(name, seconds, look)
        return look

    return register


def periodics() -> tuple[Periodic, ...]:
    """Return all that was declared, by name."""
    return tuple(_periodics[name] for name in sorted(_periodics))


def look_now(sessions: sessionmaker[Session], periodic: Periodic, clock: Callable[[Session], Moment]) -> None:
    """Call `periodic` once; where another worker is at it this very moment, leave it to that one."""
    with sessions.begin() as session:
        if session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(periodic.name)))):
            periodic.look(session, clock(session))
