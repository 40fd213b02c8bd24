"""Whether a report's points are counted as its baseline was; where a ratio joins two chains, what it leaves uncertain.

A baseline and its reporting period use the same metering chain (IPMVP). Where they do not, one chain counts as the
other by a ratio measured on 30 common days at least (devices.chains); its standard error then widens the interval of
the avoided energy, as what is independent of the model's error: half-widths add in quadrature (ASHRAE Guideline
14-2014, Annex B). Of a boundary of several points the whole energy is taken for that of the point: never too narrow.

A baseline of bills is the supplier's meter, which the reconciliation compares with the sensor bill by bill
(devices.reconciliation): no chain of ours is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any, Self

from baseline.fitting.findings import Finding
from baseline.fitting.student import t_two_sided
from devices.chains.register import chains_during, joined_chains
from devices.chains.rules import independent_days
from foundation.messages import N_
from foundation.money import kwh
from foundation.time import bounds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from devices.chains.models import OverlapRatio


@dataclass(frozen=True)
class Joined:
    """A ratio two chains of a point are joined by, and the half-width (kWh) it adds."""

    ratio: OverlapRatio
    half_width: Decimal

    @classmethod
    def of(cls, ratio: OverlapRatio, energy: Decimal, confidence: float) -> Self:
        """Return what `ratio` adds where `energy` (kWh) went through it."""
        free = independent_days(ratio.days, ratio.autocorrelation) - 1
        relative = t_two_sided(confidence, free) * float(ratio.standard_error / ratio.ratio)
        return cls(ratio, kwh(abs(float(energy)) * relative))

    def as_data(self) -> dict[str, Any]:
        """Return it as the report keeps it, under its hash."""
        one = self.ratio
        return {
            "point": one.point.name,
            "ratio": f"{one.ratio:.6f}",
            "standard_error": f"{one.standard_error:.6f}",
            "days": one.days,
            "autocorrelation": f"{one.autocorrelation:.4f}",
            "period": [day.isoformat() for day in bounds(one.period)],
            "half_width_kwh": f"{self.half_width:.3f}",
        }


def demand_one_chain(
    session: Session,
    plan: MeasurementPlan,
    start: dt.date,
    end: dt.date,
    *,
    adjusted: Decimal,
    measured: Decimal,
) -> list[Joined]:
    """Return the ratios local days [start, end) and the plan's baseline are joined by; none where one chain counts.

    Raises:
        Refusal: a point is not counted as it was in the baseline, and no ratio joins the two.

    """
    if plan.model_kind == "billing":
        return []
    baseline = bounds(plan.baseline_period)
    points = {
        term.point_id: term.point
        for term in plan.boundary.terms
        if not term.period.isempty and (term.period.upper is None or term.period.upper > baseline[0])
    }
    found = []
    for point in points.values():
        ratios = joined_chains(session, point, baseline, (start, end))
        if ratios:
            here = {one.installation.id for one in chains_during(session, point, start, end)}
            found += [
                Joined.of(one, measured if one.applied_to_id in here else adjusted, float(plan.confidence_level))
                for one in ratios
            ]
    return found


def widened(half_width: Decimal, joined: Sequence[Joined]) -> Decimal:
    """Return a half-width with what the ratios add."""
    return kwh(hypot(float(half_width), *(float(one.half_width) for one in joined))) if joined else half_width


def chain_findings(joined: Sequence[Joined]) -> Iterator[Finding]:
    """Yield what a reader is to know of each ratio."""
    for one in joined:
        yield Finding(
            "two_chains",
            N_(
                "« %(point)s » n'est pas compté par le même appareil qu'en période de référence : un rapport de"
                " %(ratio)s (erreur type %(error)s), mesuré sur %(days)s jours communs, les ramène l'un à l'autre et"
                " ajoute ± %(kwh)s kWh à l'intervalle."
            ),
            {
                "point": one.ratio.point.name,
                "ratio": float(one.ratio.ratio),
                "error": float(one.ratio.standard_error),
                "days": one.ratio.days,
                "kwh": float(one.half_width),
            },
        )
