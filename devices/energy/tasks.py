"""Work of the worker: energy of the points that have new readings, a few seconds after they arrived."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from devices.energy.derive import derive_point, points_to_derive
from foundation.jobs.models import Job
from foundation.jobs.queue import ask, handles
from foundation.jobs.schedule import periodically
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

DERIVE = "devices.derive"
POINTS_AN_ITEM = 20
"""Ten seconds of work at most, where each brings three years; a fleet of 10,000 makes 500 items an hour."""

log = logging.getLogger(__name__)


@periodically("devices.energy.look", seconds=5.0)
def look(session: Session, _moment: Moment) -> None:
    """Ask for the points that wait, unless those asked for before are still under way."""
    under_way = select(Job.id).where(Job.kind == DERIVE, Job.state.in_(("queued", "running"))).limit(1)
    if session.scalar(under_way) is None and (points := points_to_derive(session)):
        items = {
            str(first): {"points": points[first : first + POINTS_AN_ITEM]}
            for first in range(0, len(points), POINTS_AN_ITEM)
        }
        ask(session, DERIVE, N_("Énergie des nouveaux relevés"), items)


@handles(DERIVE)
def derive(session: Session, params: Mapping[str, Any], _moment: Moment) -> Mapping[str, Any]:
    """Derive the points of one item; one that fails keeps its arrivals, to be tried again, and stops no other."""
    hours, failed = 0, []
    for point_id in params["points"]:
        try:
            with session.begin_nested():
                hours += derive_point(session, point_id).hours
        except Exception:  # whatever is wrong with one point is not wrong with the next
            log.exception("energy of point %s", point_id)
            failed.append(point_id)
    return {"hours": hours, "failed": failed}
