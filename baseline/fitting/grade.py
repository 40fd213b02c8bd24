"""Can this model settle an invoice? A few thresholds, each with its source, and what the model makes of them.

The plan says the thresholds it departs from; the others are those of the guidelines. A verdict blocks nothing by
itself, findings do that: it says in one place what an expert of the other party would look at first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from baseline.fitting.detectable import least_detectable
from baseline.fitting.findings import Finding
from baseline.fitting.hourly.model import HourlyModel
from baseline.fitting.kinds import daily_of, kind_of
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from baseline.fitting.kinds import Model


class Thresholds(NamedTuple):
    """Fractions."""

    most_cv_rmse: float = 0.25
    expected_saving: float | None = None
    """What the works are expected to save of the baseline; None where the plan does not say."""
    least_coverage: float = 0.9
    most_uncertainty: float = 0.5
    """Of the expected saving."""


MOST_BIAS = 0.00005
MOST_BIAS_SHRUNK = 0.001
"""Of the hourly model, whose coefficients are shrunk: it gives up some exactness on its own year to foretell better."""

SOURCES = {
    "cv_rmse": N_("ASHRAE Guideline 14-2014, voie prescriptive : 25 % pour 12 à 60 mois de suivi ; usage NMEC"),
    "bias": N_("ASHRAE Guideline 14-2014, voie prescriptive : biais net de 0,005 % au plus"),
    "shrunk_bias": N_("0,1 % pour le modèle horaire, rétréci pour mieux prédire, au lieu des 0,005 % de l'ASHRAE"),
    "coverage": N_("IPMVP option C, douze mois ; CalTRACK 2.2.1.2, 90 %"),
    "uncertainty": N_("ASHRAE Guideline 14-2014, voie de performance : 50 % de l'économie ; usage NMEC, à 90 %"),
}


@dataclass(frozen=True)
class Criterion:
    """One threshold: what the model makes of it, in a sentence, and where the threshold comes from."""

    code: str
    said: Finding
    passed: bool | None
    """None where it cannot be judged."""

    @property
    def source(self) -> str:
        """Return the French name of the source, the msgid of its translation."""
        return SOURCES[self.code]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"criterion": self.code, "passed": self.passed, "said": self.said.description, "source": self.source}


@dataclass(frozen=True)
class Grade:
    """The verdict and what it stands on."""

    criteria: tuple[Criterion, ...]
    blocked: bool
    """Whether a finding forbids to use the period or the model at all."""

    @property
    def passed(self) -> bool | None:
        """Say whether an invoice may stand on it; None where a criterion could not be judged and none failed."""
        if self.blocked or any(one.passed is False for one in self.criteria):
            return False
        return None if any(one.passed is None for one in self.criteria) else True

    @property
    def sentence(self) -> str:
        """Return the verdict in French, the msgid of its translation."""
        return VERDICTS[self.passed]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "passed": self.passed,
            "said": self.sentence,
            "criteria": [one.to_json() for one in self.criteria],
        }


VERDICTS = {
    True: N_("Ce modèle peut régler une facture : tous les critères sont tenus."),
    False: N_(
        "Tel quel, ce modèle ne peut pas régler une facture : un critère n'est pas tenu, ou un constat l'interdit."
    ),
    None: N_("Rien ne s'oppose à ce que ce modèle règle une facture, mais un critère ne peut pas être jugé."),
}


def grade(
    model: Model,
    findings: Sequence[Finding],
    *,
    confidence: float,
    interval: str = "g14",
    thresholds: Thresholds | None = None,
) -> Grade:
    """Judge `model` and the `findings` about its period by the interval that counts; nothing is fitted."""
    limits = thresholds or Thresholds()
    criteria = tuple(_criteria(model, confidence, interval, limits))
    return Grade(criteria, any(one.blocking for one in findings))


def _criteria(model: Model, confidence: float, interval: str, limits: Thresholds) -> Iterator[Criterion]:
    s = daily_of(model).statistics
    shrunk = isinstance(model, HourlyModel)
    bias = (model.statistics if isinstance(model, HourlyModel) else s).nmbe
    yield _judged(
        "cv_rmse",
        N_("Les écarts au modèle sont de %(value)s %% en moyenne quadratique (CV(RMSE)) ; %(limit)s %% au plus."),
        s.cv_rmse,
        limits.most_cv_rmse,
    )
    yield _judged(
        "shrunk_bias" if shrunk else "bias",
        N_("Sur sa propre année, le modèle se trompe de %(value)s %% au total (NMBE) ; %(limit)s %% au plus."),
        None if bias is None else abs(bias),
        MOST_BIAS_SHRUNK if shrunk else MOST_BIAS,
    )
    if kind_of(model) != "billing":
        daily = daily_of(model)
        expected = (daily.end - daily.start).days + 1
        yield _judged(
            "coverage",
            N_("%(value)s %% des jours de la référence sont complets ; %(limit)s %% au moins."),
            s.n_days / expected,
            limits.least_coverage,
            most=False,
        )
    least = least_detectable(model, confidence).by(interval)
    if limits.expected_saving is None or least is None:
        said = N_(
            "La moindre économie prouvable est de %(value)s %% ; l'économie attendue n'est pas écrite : on ne sait pas"
            " si elle s'en distinguera."
        )
        yield Criterion("uncertainty", Finding("uncertainty", said, {"value": _percent(least)}), None)
        return
    yield _judged(
        "uncertainty",
        N_("L'incertitude d'une année vaut %(value)s %% de l'économie attendue ; %(limit)s %% au plus."),
        least / limits.expected_saving,
        limits.most_uncertainty,
    )


def _judged(code: str, said: str, value: float | None, limit: float, *, most: bool = True) -> Criterion:
    passed = None if value is None else value <= limit if most else value >= limit
    return Criterion(code, Finding(code, said, {"value": _percent(value), "limit": _percent(limit)}), passed)


def _percent(value: float | None) -> float | str:
    """Return percent with three digits at least that matter: a bias is thousandths, a scatter is tens."""
    if value is None:
        return "?"
    return round(100.0 * value, 1 if value >= 0.01 else 4)
