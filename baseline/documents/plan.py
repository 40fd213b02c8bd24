"""A measurement plan on paper: the headings of IPMVP, each with what was frozen under it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from baseline.documents.pages import Printed, Section, Table
from baseline.documents.sender import sender
from baseline.fitting import described
from baseline.fitting.detectable import least_detectable
from baseline.fitting.kinds import daily_of, kind_of, model_from_json
from baseline.plans.grading import grade_of
from baseline.plans.headings import HEADINGS
from baseline.plans.words import HOT_WATER, INTERVALS, MODEL_WORDS, WINDOW_RULES
from baseline.reports.signature import signature_of
from foundation.errors import Refusal
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from baseline.fitting.kinds import Model
    from baseline.plans.models import MeasurementPlan
    from foundation.look.language import Language

ONE_DAY = dt.timedelta(days=1)


def plan_pages(session: Session, plan: MeasurementPlan, language: Language) -> Printed:
    """Return `plan` as a document. Raises Refusal for one that is not frozen: a draft is not signed."""
    if plan.sha256 is None:
        raise Refusal("Un brouillon ne s'imprime pas ; figez le plan d'abord.")
    _ = language.translate
    model = model_from_json(plan.model or {})
    start, end = bounds(plan.baseline_period)
    least = least_detectable(model, plan.confidence_level).by(plan.interval)
    statistics = model.statistics
    lead = _(
        N_(
            "Ce qui est évité sera la différence entre ce que le bâtiment aurait consommé, d'après son année de"
            " référence ajustée au climat, et ce que le compteur mesure."
        )
    )
    unknown = "–"
    figures = [
        (_(N_("Modèle")), model.name, _(MODEL_WORDS[kind_of(model)])),
        (
            "CV(RMSE)",
            unknown if statistics.cv_rmse is None else language.percent(statistics.cv_rmse, 1),
            _(N_("dispersion autour du modèle")),
        ),
        (
            "R²",
            unknown if statistics.r_squared is None else language.number(statistics.r_squared, 2),
            _(N_("part expliquée")),
        ),
        (
            _(N_("Moindre économie prouvable")),
            unknown if least is None else language.percent(least, 1),
            _(N_("d'une année, à {confidence}")).format(confidence=language.percent(plan.confidence_level)),
        ),
    ]
    company = sender(session)
    return Printed(
        kind=_(N_("Plan de mesure et de vérification")),
        name=plan.boundary.name,
        company=company.name,
        contact=company.email,
        date=_(N_("figé le {day}")).format(day=language.date(plan.frozen_at.date())) if plan.frozen_at else "",
        sha256=plan.sha256,
        lead=lead,
        figures=figures,
        sections=[
            Section(
                _(N_("Que mesure-t-on, et pourquoi ?")),
                facts=[
                    *_written(plan, ("purpose",), language),
                    (_(N_("Option")), _(N_("IPMVP option C, bâtiment entier (EVO 10000-1:2022)"))),
                    (_(N_("Périmètre")), _buildings(plan)),
                    (_(N_("Énergie")), _(company.energy_words[plan.boundary.energy])),
                    (_(N_("Référence")), f"{language.date(start)} – {language.date(end - ONE_DAY)}"),
                    *(
                        [(_(N_("Choix de la référence")), _(WINDOW_RULES[plan.window_rule]))]
                        if plan.window_rule
                        else []
                    ),
                    (_(N_("Suivi")), _(N_("à partir du {day}")).format(day=language.date(plan.reporting_starts_on))),
                    (_(N_("Station météo")), f"{plan.station.name} ({plan.station.code})"),
                    *_written(plan, ("static_factors",), language),
                    *_comfort(plan, language),
                    *([(_(N_("Eau chaude sanitaire")), _(HOT_WATER[plan.hot_water]))] if plan.hot_water else []),
                ],
            ),
            Section(
                _(N_("Quels compteurs font foi ?")),
                table=Table(
                    (_(N_("Point de mesure")), _(N_("PRM ou PCE")), _(N_("Coefficient")), _(N_("Depuis"))),
                    [
                        (
                            term.point.name,
                            term.point.identifier or unknown,
                            language.number(term.numerator, 2) if term.divisor == 1 else term.share.written,
                            language.short_date(term.period.lower) if term.period.lower else unknown,
                        )
                        for term in plan.boundary.terms
                    ],
                    figures=(2,),
                ),
            ),
            Section(
                _(N_("Comment le bâtiment réagit-il au temps qu'il fait ?")),
                chart=signature_of(session, plan, model, language),
                table=_curves(model, language),
                new_page=True,
            ),
            Section(
                _(N_("Jusqu'où peut-on s'y fier ?")),
                facts=[
                    (_(N_("Intervalle qui compte")), _(INTERVALS[plan.interval])),
                    (_(N_("Confiance")), language.percent(plan.confidence_level)),
                    *_written(plan, ("expected_accuracy",), language),
                    *(
                        [
                            (
                                _(N_("Jours complets d'un mois")),
                                _(N_("au moins {part}")).format(part=language.percent(plan.least_completeness)),
                            )
                        ]
                        if plan.least_completeness is not None
                        else []
                    ),
                ],
                points=[described(one, _, language.code) for one in plan.findings or []],
            ),
            _graded(plan, model, language),
            Section(
                _(N_("Que se passe-t-il quand autre chose change ?")),
                paragraphs=[
                    _(
                        N_(
                            "Un événement (surface, horaires, consigne, équipement, énergie) est proposé par une partie"
                            " et accepté par les deux. D'ici là, le chiffre le plus bas compte et la différence est"
                            " montrée comme retenue. La référence n'est jamais ajustée de nouveau en silence : une"
                            " nouvelle version de ce plan nomme celle qu'elle remplace."
                        )
                    )
                ],
                facts=_written(plan, ("responsibilities",), language),
            ),
            Section(
                _(N_("Qui signe ?")),
                paragraphs=[
                    _(N_("Empreinte SHA-256 du plan, que l'accord cite en annexe : {hash}")).format(hash=plan.sha256)
                ],
                table=Table(
                    (_(N_("Partie")), _(N_("Nom et qualité")), _(N_("Date et signature"))),
                    [(company.name, "\n\n", ""), (_(N_("La collectivité")), "\n\n", "")],
                ),
            ),
        ],
        synthetic=company.synthetic,
        tone="sea",
    )


def _graded(plan: MeasurementPlan, model: Model, language: Language) -> Section:
    """Return the verdict on the model: each criterion, whether it is met, where its threshold comes from."""
    _ = language.translate
    verdict = grade_of(plan, model)
    met = {True: _(N_("tenu")), False: _(N_("pas tenu")), None: _(N_("pas jugé"))}
    return Section(
        _(N_("Ce modèle peut-il régler une facture ?")),
        paragraphs=[_(verdict.sentence)],
        table=Table(
            (_(N_("Critère")), _(N_("Verdict")), _(N_("D'où vient le seuil"))),
            [
                (described(one.said.to_json(), _, language.code), met[one.passed], _(one.source))
                for one in verdict.criteria
            ],
        ),
    )


def _written(plan: MeasurementPlan, names: tuple[str, ...], language: Language) -> list[tuple[str, str]]:
    _ = language.translate
    said = plan.headings or {}
    return [(_(HEADINGS[name].title), said.get(name) or _(N_("rien n'est écrit"))) for name in names]


def _buildings(plan: MeasurementPlan) -> str:
    return "\n".join(f"{one.site.name}, {one.name}" for one in plan.boundary.buildings)


def _comfort(plan: MeasurementPlan, language: Language) -> Iterator[tuple[str, str]]:
    if plan.comfort_minimum_c is None or plan.comfort_point is None:
        return
    _ = language.translate
    yield (
        _(N_("Confort minimal")),
        _(N_("{celsius} °C de {first} h à {last} h les jours ouvrés, mesurés par {point}")).format(
            celsius=language.number(plan.comfort_minimum_c, 1),
            first=plan.occupied_from,
            last=plan.occupied_until,
            point=plan.comfort_point.name,
        ),
    )


def _curves(model: Model, language: Language) -> Table:
    """Return the coefficients of each regime, as they are frozen, rounded for the eye."""
    _ = language.translate
    unknown = "–"
    rows = []
    for number, regime in enumerate(daily_of(model).regimes, start=1):
        curve = regime.curve
        rows.append(
            (
                _(N_("régime {number} ({shape})")).format(number=number, shape=curve.shape),
                " / ".join(language.number(level, 1) for level in regime.levels),
                language.number(curve.heating_slope, 2) if curve.heating_slope else unknown,
                unknown if curve.heating_balance_point is None else language.number(curve.heating_balance_point, 1),
                language.number(curve.cooling_slope, 2) if curve.cooling_slope else unknown,
                unknown if curve.cooling_balance_point is None else language.number(curve.cooling_balance_point, 1),
            )
        )
    header = (
        _(N_("Jours")),
        _(N_("Talon, kWh/jour")),
        _(N_("Chauffage, kWh/jour/°C")),
        _(N_("sous, °C")),
        _(N_("Froid, kWh/jour/°C")),
        _(N_("au-dessus de, °C")),
    )
    return Table(header, rows, figures=(1, 2, 3, 4, 5))
