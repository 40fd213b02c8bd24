"""Studies printed by the worker: kept as originals of the SPL, before there is any contract."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from baseline.documents.pages import print_pages
from baseline.eligibility.document import study_pages
from baseline.eligibility.study import Question, study
from baseline.weather.models import Station
from devices.points.models import MeasurementBoundary
from foundation.attachments.store import keep
from foundation.jobs.queue import Moment, handles
from foundation.look.language import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

PRINT = "baseline.print_study"
NAME = "eligibilite-{boundary}.pdf"


@handles(PRINT)
def print_study(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Print the study of a boundary for what `params` asks."""
    boundary = session.get_one(MeasurementBoundary, params["boundary_id"])
    station = session.get_one(Station, params["station_id"])
    question = Question(
        dt.date.fromisoformat(params["start"]),
        dt.date.fromisoformat(params["end"]),
        float(params["target"]),
        float(params["confidence"]),
        params["interval"],
    )
    language = language_of(params["language"])
    answered = study(session, boundary, station, question, today=moment.today)
    pages = study_pages(session, boundary, answered, today=moment.today, language=language)
    pdf = print_pages(pages, instant=moment.now, language=language)
    name = NAME.format(boundary=boundary.id)
    return {"study_id": keep(session, pdf, name=name, media_type="application/pdf").id}
