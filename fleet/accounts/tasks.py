"""What the worker forgets for the sake of those it is about: old tries, links that are over, the journal's oldest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from foundation.jobs.schedule import periodically

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

OVER = (
    # Tries only slow down the next hour; a month leaves time to look into an attack.
    "DELETE FROM fleet.sign_in_attempt WHERE at < now() - interval '1 month'",
    "DELETE FROM fleet.one_time_secret WHERE expires_at < now()",
    "DELETE FROM fleet.web_session WHERE expires_at < now()",
    # The database itself refuses anything younger (foundation.keep_journal).
    "DELETE FROM fleet.access_event WHERE at < now() - interval '12 months'",
    "DELETE FROM foundation.change WHERE at < now() - interval '10 years'",
)


@periodically("fleet.accounts.forget", seconds=3600.0)
def forget(session: Session, _moment: Moment) -> None:
    """Forget what is over."""
    forget_old_lines(session)


def forget_old_lines(session: Session) -> None:
    """Delete what has been kept as long as it may be."""
    for statement in OVER:
        session.execute(text(statement))
