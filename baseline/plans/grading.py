"""The verdict on a plan's model, by the thresholds the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.fitting.grade import Grade, Thresholds, grade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baseline.fitting import Finding
    from baseline.fitting.kinds import Model
    from baseline.plans.models import MeasurementPlan


def grade_of(plan: MeasurementPlan, model: Model, findings: Sequence[Finding] = ()) -> Grade:
    """Judge `model`, which `plan` has or would have; what is frozen was not forbidden by its `findings`."""
    usual = Thresholds()
    limits = Thresholds(
        usual.most_cv_rmse if plan.most_cv_rmse is None else float(plan.most_cv_rmse),
        None if plan.expected_saving is None else float(plan.expected_saving),
    )
    return grade(model, findings, confidence=plan.confidence_level, interval=plan.interval, thresholds=limits)
