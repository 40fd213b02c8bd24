"""Documents printed by the worker, one an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baseline.documents.originals import make_original
from baseline.plans.models import MeasurementPlan
from baseline.reports.models import SavingsReport
from foundation.jobs.queue import Moment, handles
from foundation.look.language import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

PRINT = "baseline.print"


@handles(PRINT)
def print_one(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Print plan `plan_id` or report `report_id` in `language`."""
    of: MeasurementPlan | SavingsReport = (
        session.get_one(SavingsReport, params["report_id"])
        if "report_id" in params
        else session.get_one(MeasurementPlan, params["plan_id"])
    )
    make_original(session, of, language_of(params["language"]), now=moment.now)
    return {"report_id": of.id} if isinstance(of, SavingsReport) else {"plan_id": of.id}
