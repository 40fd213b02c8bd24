"""A shareholder leaves the SPL: its agreements end, no fee afterwards, and what is to be done has dates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from contracts.agreements.models import Agreement
from contracts.agreements.suspensions import end_agreement
from contracts.agreements.versions import term_in_force
from contracts.parties.capital import leave_capital
from contracts.parties.models import Departure, DepartureTask
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder

DAYS_TO_DO: Final = {"keys": 30, "data": 30, "settlement": 60, "sensors": 90, "capital": 90}
"""What a departure leaves to do, and how many days after it."""


def leave(session: Session, shareholder: Shareholder, *, on: dt.date, reason: str) -> Departure:
    """Let `shareholder` leave the SPL on day `on`: agreements that still run end, its shares of the capital too.

    A draft agreement is in nobody's way: it can no longer be signed. Billing makes the exit settlement of what came
    before.
    """
    if not reason.strip():
        raise Refusal("Dites pourquoi la collectivité sort de la SPL.", field="reason")
    if session.scalar(select(Departure.id).where(Departure.shareholder_id == shareholder.id)) is not None:
        raise Refusal("{name} est déjà sortie de la SPL.", name=shareholder.name)
    running = session.scalars(
        select(Agreement)
        .where(Agreement.shareholder_id == shareholder.id, Agreement.state.in_(("signed", "amended")))
        .order_by(Agreement.id)
    ).all()
    for agreement in running:
        first, end = bounds(term_in_force(agreement))
        if first < on < end:
            end_agreement(session, agreement, on=on, reason=reason)
        elif on <= first:
            raise Refusal(
                "L'accord {number} commence le {day}, après la sortie ; choisissez un jour plus tard.",
                field="on",
                number=agreement.number,
                day=f"{first:%d/%m/%Y}",
            )
    leave_capital(session, shareholder, on)
    departure = Departure(shareholder=shareholder, left_on=on, reason=reason.strip())
    departure.tasks = [
        DepartureTask(code=code, due_on=on + dt.timedelta(days=days)) for code, days in DAYS_TO_DO.items()
    ]
    session.add(departure)
    session.flush()
    return departure


def complete(session: Session, task: DepartureTask, *, on: dt.date, note: str = "") -> DepartureTask:
    """Say that `task` was done on day `on`, and how (bought out for how much, who has the keys…)."""
    if task.done_on is not None:
        raise Refusal("C'est déjà fait depuis le {day}.", day=f"{task.done_on:%d/%m/%Y}")
    task.done_on, task.note = on, note.strip()
    session.flush()
    return task
