"""The check of files of network operators: deliveries that are not whole, files no key opens, files nobody can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.alerts.finding import Finding
from devices.alerts.kinds import Severity
from devices.alerts.rules import Judgement, Level
from devices.sources.inbox.missing import missing, not_taken

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

STOPPED: Final = "une erreur du programme l'a arrêté ; voyez les travaux, puis reprenez-le."
_WRONG = Judgement(Level.BAD, Severity.WARNING)


def files(session: Session, now: dt.datetime) -> list[Finding]:
    """Find subscriptions with files that have not come, and files that came and were not taken."""
    found = []
    for one in missing(session, now=now):
        facts = {
            "flow": one.flow,
            "subscription": one.subscription,
            "sequence": one.first_sequence,
            "lost": one.files,
        }
        found.append(Finding(f"source {one.flow} {one.contract} {one.subscription}", _WRONG, facts))
    for file in not_taken(session):
        facts = {"name": file.name}
        if file.state == "unknown_key":
            facts["tried"] = ", ".join(file.outcome.get("tried", ()))
        else:
            facts["why"] = file.sentence or STOPPED
        found.append(Finding(f"source_file {file.id}", _WRONG, facts))
    return found
