"""A year of data, a saving hoped for: what could be proven, and who would have it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from baseline.comparison import fit, measure_baseline
from baseline.fitting.detectable import Detectable, least_detectable
from baseline.measured_days import public_holidays
from contracts.agreements.models import Agreement, Coverage
from contracts.measures.models import Measure
from devices.points.payments import hindrances_of
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.fitting import Finding
    from baseline.fitting.kinds import Kind, Model
    from baseline.weather.models import Station
    from devices.points.models import MeasurementBoundary
    from devices.points.payers import Hindrance

CONFIDENCES = (0.68, 0.8, 0.9, 0.95)
"""68 % is the confidence of ASHRAE Guideline 14's performance path, 90 % that of most contracts."""
YEAR = dt.timedelta(days=365)


class Question(NamedTuple):
    """A saving of the fraction `target`, told from chance at `confidence`, by the data of local days [start, end)."""

    start: dt.date
    end: dt.date
    target: float
    confidence: float = 0.9
    interval: str = "g14"


@dataclass(frozen=True)
class Study:
    """The answer; `least` is None where no model could be fitted."""

    question: Question
    model: Model | None
    findings: Sequence[Finding]
    least: Detectable | None
    by_confidence: Sequence[tuple[float, float | None]]
    hindrances: Sequence[Hindrance]
    """Why the saving would not reach who pays, today and for a year."""
    shared_by: Sequence[str]
    """Numbers of the agreements that share this boundary today."""
    operators: Sequence[str]
    """Operators with whom measures in its buildings are shared already."""

    @property
    def least_share(self) -> float | None:
        """Return the least provable saving by the interval asked for."""
        return self.least.by(self.question.interval) if self.least else None

    @property
    def provable(self) -> bool:
        """Say whether the saving hoped for would be told from chance, on a period that carries a contract."""
        least = self.least_share
        return least is not None and self.question.target >= least and not any(one.blocking for one in self.findings)

    @property
    def reaches(self) -> bool:
        """Say whether nothing keeps the saving from who pays; not knowing who pays does."""
        return not (self.hindrances or self.shared_by or self.operators)


def study(
    session: Session, boundary: MeasurementBoundary, station: Station, question: Question, *, today: dt.date
) -> Study:
    """Answer `question`; days are asked first, then supplier bills where the days carry no contract. Stores nothing."""
    if question.end <= question.start:
        raise Refusal("L'année de données finit avant d'avoir commencé ; corrigez les dates.", field="end")
    if not 0 < question.target < 1:
        raise Refusal("L'économie espérée est une fraction entre 0 et 1, par exemple 0,15.", field="target")
    if not 0.5 <= question.confidence < 1:
        raise Refusal("Le niveau de confiance est une fraction entre 0,5 et 1, par exemple 0,9.", field="confidence")
    model, findings = _fitted(session, boundary, station, question, "daily")
    if model is None or any(one.blocking for one in findings):
        try:
            billed, told = _fitted(session, boundary, station, question, "billing")
        except Refusal:
            billed, told = None, []
        if billed is not None and not any(one.blocking for one in told):
            model, findings = billed, told
    by_confidence = [] if model is None else [(one, least_detectable(model, one)) for one in CONFIDENCES]
    return Study(
        question,
        model,
        findings,
        None if model is None else least_detectable(model, question.confidence),
        [(one, least.by(question.interval)) for one, least in by_confidence],
        hindrances_of(session, boundary, today, today + YEAR),
        session.scalars(
            select(Agreement.number)
            .join(Coverage, Coverage.agreement_id == Agreement.id)
            .where(Coverage.boundary_id == boundary.id, Coverage.period.contains(today))
            .order_by(Agreement.number)
        ).all(),
        session.scalars(
            select(Measure.shared_with)
            .where(Measure.building_id.in_([one.id for one in boundary.buildings]), Measure.shared_with != "")
            .distinct()
            .order_by(Measure.shared_with)
        ).all(),
    )


def _fitted(
    session: Session, boundary: MeasurementBoundary, station: Station, question: Question, kind: Kind
) -> tuple[Model | None, list[Finding]]:
    start, end = question.start, question.end
    measured = measure_baseline(session, boundary, station, kind, start=start, end=end)
    holidays = public_holidays(boundary, start, end)
    return fit(kind, measured, holidays=holidays, vacations=frozenset())
