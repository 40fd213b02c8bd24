"""Ask for work: the job is committed with what caused it, then woken up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foundation.jobs.models import Job, JobItem

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from foundation.actors import Actor

Handler = Callable[["Session", Mapping[str, Any], "Moment"], "Mapping[str, Any] | None"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When an item runs: the clock is an argument (truth 13); and where the pages are that letters point to."""

    now: dt.datetime
    today: dt.date
    url: str = ""


_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register a function as what does each item of jobs of `kind`.

    It receives the session of the item's own transaction, the item's params and
    the moment, never commits, may be run again after a crash, and returns a
    JSON-able result or None. A `Refusal` it raises is kept as the item's error.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"two handlers for jobs of kind {kind!r}")
        return handler

    return register


def handler_of(kind: str) -> Handler:
    """Return what does the items of jobs of `kind`."""
    return _handlers[kind]


def ask(
    session: Session, kind: str, title: str, items: Mapping[str, Mapping[str, Any]], *, actor: Actor | None = None
) -> Job:
    """Add a job of `kind` with `items` (key -> params) to the caller's transaction and return it.

    Nothing runs before the caller's commit; the sweep finds it even if no one wakes the worker.
    """
    job = Job(
        kind=kind,
        title=title,
        state="queued",
        account_id=actor.account_id if actor else None,
        asked_by=actor.name if actor else "",
        shareholder_id=actor.shareholder_id if actor else None,
        items=[JobItem(key=key, params=dict(params), state="queued", attempts=0) for key, params in items.items()],
    )
    session.add(job)
    session.flush()
    return job
