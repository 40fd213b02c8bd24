"""An item of a run: the boundaries of one station, measured one by one and fitted together."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from baseline.comparison import SHORTEST_BASELINE_DAYS
from baseline.fitting import fit_many, model_findings, sufficiency
from baseline.fitting.detectable import least_detectable
from baseline.measured_days import baseline_data, measured_days, public_holidays
from baseline.prospects.register import CONFIDENCE, RUN
from baseline.weather.models import Station
from devices.points.models import MeasurementBoundary
from foundation.errors import Refusal
from foundation.jobs.queue import Moment, handles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from baseline.fitting import BaselineData, DailyModel


@handles(RUN)
def fit_batch(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Fit the boundaries of `params` and tell the least saving each would prove. Stores nothing but this result."""
    del moment  # the year was chosen when the run was asked for
    station = session.get_one(Station, params["station_id"])
    start, end = (dt.date.fromisoformat(params[edge]) for edge in ("start", "end"))
    by_holidays: dict[frozenset[dt.date], dict[int, BaselineData]] = {}
    told: dict[int, dict[str, Any]] = {}
    for number in params["boundary_ids"]:
        boundary = session.get(MeasurementBoundary, number)
        try:
            if boundary is None:
                continue
            holidays = public_holidays(boundary, start, end)
            data = baseline_data(measured_days(session, boundary, station, start, end), start, end)
        except Refusal:
            # A boundary across time zones, or without terms: nothing can be told of it.
            told[number] = _told(number, None, 1)
            continue
        if int(data.complete.sum()) < SHORTEST_BASELINE_DAYS:
            told[number] = _told(number, None, sum(one.blocking for one in sufficiency(data)))
        else:
            by_holidays.setdefault(holidays, {})[number] = data
    for holidays, batch in by_holidays.items():
        for (number, data), model in zip(batch.items(), fit_many(batch.values(), holidays=holidays), strict=True):
            if isinstance(model, Refusal):
                told[number] = _told(number, None, 1)
                continue
            findings = [*sufficiency(data), *model_findings(model)]
            told[number] = _told(number, model, sum(one.blocking for one in findings))
    return {"prospects": [told[number] for number in params["boundary_ids"] if number in told]}


def _told(boundary_id: int, model: DailyModel | None, blocking: int) -> dict[str, Any]:
    least = None if model is None else least_detectable(model, CONFIDENCE)
    return {
        "boundary_id": boundary_id,
        "model": None if model is None else model.name,
        "cv_rmse": None if model is None else model.statistics.cv_rmse,
        "g14": None if least is None else least.g14,
        "empirical": None if least is None else least.empirical,
        "blocking": blocking,
    }
