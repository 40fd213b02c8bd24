"""What an assessment answers: one JSON object, or a few French sentences with the answer first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baseline.fitting.findings import Finding, in_french
from baseline.fitting.grade import grade

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from baseline.assess.series import Period
    from baseline.fitting.detection import SuggestedEvent
    from baseline.fitting.events import Event
    from baseline.fitting.french_rules import RuleOutcome
    from baseline.fitting.grade import Grade
    from baseline.fitting.hourly.extra import Terms
    from baseline.fitting.kinds import Model
    from baseline.fitting.savings import SavingsEstimate
    from baseline.fitting.uncertainty import Interval

INTERVAL_NAMES = {"g14": "ASHRAE Guideline 14", "empirical": "mois de la référence"}


KIND_NAMES = {"daily": "modèle journalier", "billing": "modèle de factures", "hourly": "modèle horaire"}

RULE_NAMES = {"nb_dju": "N'B = NB × DJU / DJUc", "signature_18": "Signature à base 18"}

ROW_NAMES = {"daily": "jours", "billing": "factures", "hourly": "heures"}


@dataclass(frozen=True)
class Assessment:
    """A fitted baseline and, where a reporting period was given, its savings."""

    kind: str
    """daily, billing or hourly."""
    baseline: Period
    baseline_days: int
    """Days of the baseline that the model was fitted on."""
    model: Model
    savings: SavingsEstimate | None
    reporting: Period | None
    findings: Sequence[Finding]
    suggestions: Sequence[SuggestedEvent] = ()
    rules: Sequence[RuleOutcome] = ()
    """What the rules of French heating contracts would say, for comparison."""
    confidence: float = 0.9
    terms: Terms | None = None
    """Of an hourly model with further variables."""


def to_json(assessment: Assessment) -> dict[str, Any]:
    """Return the answer as plain JSON values: kWh with 3 decimals, metrics as fractions, null where unknown."""
    model, savings, s = assessment.model, assessment.savings, assessment.model.statistics
    adjusted = None if savings is None else round(savings.total_adjusted_baseline_kwh, 3)
    measured = None if savings is None else round(savings.total_measured_kwh, 3)
    avoided = None if adjusted is None or measured is None else round(adjusted - measured, 3)
    percent = 100.0 * avoided / adjusted if avoided is not None and adjusted and adjusted > 0.0 else None
    return {
        "model_kind": assessment.kind,
        "model": model.name,
        "n_parameters": model.n_parameters,
        "cv_rmse": s.cv_rmse,
        "nmbe": s.nmbe,
        "r_squared": s.r_squared,
        "findings": [finding.to_json() for finding in assessment.findings],
        "settlement_grade": _grade(assessment).to_json(),
        "adjusted_baseline_kwh": adjusted,
        "measured_kwh": measured,
        "avoided_energy_kwh": avoided,
        "savings_percent": percent,
        "unadjusted_savings_percent": None if savings is None else savings.unadjusted_savings_percent,
        "interval": None if savings is None else {n: _interval(i) for n, i in savings.intervals.items()},
        "baseline": {
            "start": assessment.baseline.start.isoformat(),
            "end": assessment.baseline.end.isoformat(),
            "days": assessment.baseline_days,
            "days_left_out": assessment.baseline.n_days - assessment.baseline_days,
            "autocorrelation": s.autocorrelation,
        },
        "reporting": None
        if savings is None or assessment.reporting is None
        else {
            "start": assessment.reporting.start.isoformat(),
            "end": assessment.reporting.end.isoformat(),
            "days": savings.days_counted,
            "days_left_out": savings.days_left_out,
            "cv_rmse": savings.fit.cv_rmse,
            "nmbe": savings.fit.nmbe,
            "metered_kwh": round(savings.metered_kwh, 3),
        },
        "events": [] if savings is None else [_event(*pair) for pair in _told(savings)],
        "suggested_events": [
            {
                "start": event.start.isoformat(),
                "end": event.end.isoformat(),
                "effect_kwh": round(event.effect_kwh, 3),
                "evidence": round(event.evidence, 1),
            }
            for event in assessment.suggestions
        ],
        "comparison": [
            {
                "rule": one.rule,
                "adjusted_baseline_kwh": round(one.adjusted_baseline_kwh, 3),
                "avoided_energy_kwh": round(one.avoided_energy_kwh, 3),
                "savings_percent": one.savings_percent,
                "cv_rmse": one.cv_rmse,
            }
            for one in assessment.rules
        ],
        "frozen_model": model.to_json()
        | ({} if assessment.terms is None else {"further_variables": assessment.terms.to_json()}),
    }


def _grade(assessment: Assessment) -> Grade:
    """Return the verdict at the confidence asked for; the file says nothing of the saving that is expected."""
    return grade(assessment.model, assessment.findings, confidence=assessment.confidence)


def _told(savings: SavingsEstimate) -> Iterator[tuple[Event, float]]:
    return zip(savings.events, savings.event_energies_kwh, strict=True)


def _event(event: Event, energy: float) -> dict[str, Any]:
    return {
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "method": event.method,
        "energy_kwh": None if event.method == "drop" else round(energy, 3),
        "reason": event.reason,
    }


def _interval(interval: Interval) -> dict[str, float]:
    return {"low": round(interval.low, 3), "high": round(interval.high, 3), "confidence": interval.confidence}


def to_text(assessment: Assessment) -> str:
    """Return the answer in French, the answer first, then what it stands on, then what to know."""
    return "\n".join(_lines(assessment))


def _lines(assessment: Assessment) -> Iterator[str]:
    model, savings, s = assessment.model, assessment.savings, assessment.model.statistics
    if savings is not None and assessment.reporting is not None:
        yield _sentence(savings, assessment.reporting)
        yield ""
        yield f"  Référence ajustée   {_kwh(savings.total_adjusted_baseline_kwh)} kWh"
        yield f"  Mesuré              {_kwh(savings.total_measured_kwh)} kWh"
        yield f"  Énergie évitée      {_kwh(savings.avoided_energy_kwh)} kWh"
        for name, interval in savings.intervals.items():
            bounds = f"de {_kwh(interval.low)} à {_kwh(interval.high)} kWh"
            yield f"  Intervalle          {bounds} ({INTERVAL_NAMES[name]}, {_percent(interval.confidence)})"
        yield f"  Jours comptés       {savings.days_counted} sur {savings.days_expected}"
        yield ""
        yield from _event_lines(savings, assessment.suggestions)
        for one in assessment.rules:
            share = "" if one.savings_percent is None else f" ({_percent(one.savings_percent / 100.0)})"
            yield f"  À comparer : {RULE_NAMES[one.rule]}, évité {_kwh(one.avoided_energy_kwh)} kWh{share}"
        if assessment.rules:
            yield ""
    period = f"du {in_french(assessment.baseline.start)} au {in_french(assessment.baseline.end)}"
    rows = f"{s.n_days} {ROW_NAMES[assessment.kind]}"
    yield f"Référence {period} : {KIND_NAMES[assessment.kind]} {model.name}, {model.n_parameters} paramètres, {rows}."
    quality = [
        ("CV(RMSE)", s.cv_rmse),
        ("biais NMBE", s.nmbe),
        ("R²", s.r_squared),
    ]
    yield "  " + ", ".join(f"{title} {'inconnu' if value is None else _percent(value)}" for title, value in quality)
    for term in assessment.terms.to_json() if assessment.terms else ():
        slope = f"{float(term['kwh_per_unit']):.4g}".replace(".", ",")
        yield f"  Variable {term['name']} : {slope} kWh par heure et par unité"
    yield ""
    yield f"  {_grade(assessment).sentence}"
    if assessment.findings:
        yield ""
        for finding in assessment.findings:
            yield f"  {'✗ bloquant : ' if finding.blocking else '· '}{finding.description}"


def _event_lines(savings: SavingsEstimate, suggestions: Sequence[SuggestedEvent]) -> Iterator[str]:
    """Yield the events adjusted for, with the figure without them, then those that are only proposed."""
    for event, energy in _told(savings):
        what = "jours retirés des deux côtés" if event.method == "drop" else f"{_signed(energy)} kWh au compteur"
        reason = f" ({event.reason})" if event.reason else ""
        yield f"  Événement du {in_french(event.start)} au {in_french(event.end)} : {what}{reason}"
    if savings.events:
        percent = savings.unadjusted_savings_percent
        share = "" if percent is None else f", soit {_percent(percent / 100.0)}"
        yield f"  Sans ces corrections, énergie évitée : {_kwh(savings.unadjusted_avoided_kwh)} kWh{share}"
    for seen in suggestions:
        less = "moins" if seen.effect_kwh >= 0.0 else "plus"
        when = f"du {in_french(seen.start)} au {in_french(seen.end)}"
        amount = f"environ {_kwh(abs(seen.effect_kwh))} kWh de {less} que le reste de la période ne l'annonce"
        yield f"  À vérifier : {when}, {amount}"
    if savings.events or suggestions:
        yield ""


def _signed(value: float) -> str:
    return ("+" if value >= 0.0 else "") + _kwh(value)


def _sentence(savings: SavingsEstimate, period: Period) -> str:
    avoided, percent = savings.avoided_energy_kwh, savings.savings_percent
    verb = "a évité" if avoided >= 0.0 else "a consommé en plus"
    widest = max(savings.intervals.values(), key=lambda interval: interval.half_width, default=None)
    share = "" if percent is None else f", soit {_percent(abs(percent) / 100.0)} de ce qu'il aurait consommé"
    spread = (
        " (estimation, sans intervalle)"
        if widest is None
        else f" ± {_kwh(widest.half_width)} (confiance {_percent(widest.confidence)})"
    )
    doubt = widest is not None and widest.low < 0.0 < widest.high
    return (
        f"Du {in_french(period.start)} au {in_french(period.end)}, le bâtiment {verb} {_kwh(abs(avoided))} kWh"
        f"{spread}{share}{' : cela ne se distingue pas de zéro' if doubt else ''}."
    )


def _kwh(value: float) -> str:
    """Write kWh without decimals, thousands apart by a narrow no-break space."""
    return f"{value:,.0f}".replace(",", "\u202f").replace("-", "\u2212")


def _percent(fraction: float) -> str:
    """Write a fraction in percent with at most one decimal."""
    text = f"{100.0 * fraction:.1f}".removesuffix(".0").replace(".", ",").replace("-", "\u2212")
    return f"{'0' if text in {'−0', '-0'} else text}\u00a0%"
