"""What the worker does for the field: looks at tests until what arrives decides them, prints reports of visits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from devices.field.commissioning.register import look_at, open_tests
from devices.field.models import CommissioningTest, Visit, VisitDocument
from devices.field.report import PRINT, make_report
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import ask, handles
from foundation.jobs.schedule import periodically

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

EVERY = 5


@periodically("devices.look_at_tests", EVERY)
def look_at_tests(session: Session, moment: Moment) -> None:
    """Let every open test see what arrived since."""
    for number in open_tests(session, now=moment.now):
        look_at(session, session.get_one(CommissioningTest, number), now=moment.now)


@periodically("devices.print_visits", EVERY)
def print_visits(session: Session, _moment: Moment) -> None:
    """Ask for the report of every visit that ended, once."""
    asked = select(JobItem.key).join(Job).where(Job.kind == PRINT)
    query = select(Visit).outerjoin(VisitDocument, VisitDocument.visit_id == Visit.id)
    for visit in session.scalars(query.where(Visit.state == "closed", VisitDocument.visit_id.is_(None))):
        key = f"visit-{visit.id}"
        if session.scalar(asked.where(JobItem.key == key)) is None:
            ask(session, PRINT, f"Rapport de visite : {visit.site.name}", {key: {"visit_id": visit.id}})


@handles(PRINT)
def print_report(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Print the report of visit `visit_id`, once."""
    document = make_report(session, params["visit_id"], now=moment.now, url=moment.url)
    return {"attachment_id": document.attachment_id}
