"""A study on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.documents.pages import Printed, Section, Table
from baseline.documents.sender import sender
from baseline.eligibility.words import answer, detectable_chart, sentences
from foundation.canonical import canonical_sha256
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from baseline.eligibility.study import Study
    from devices.points.models import MeasurementBoundary
    from foundation.look.language import Language

TONES = {"good": "saved", "warn": "warn", "bad": "excess"}


def study_pages(
    session: Session, boundary: MeasurementBoundary, study: Study, *, today: dt.date, language: Language
) -> Printed:
    """Return a study of `boundary` as a document."""
    _ = language.translate
    lead, tone = answer(study, language)
    asked = study.question
    chart = detectable_chart(study, language)
    least = study.least_share
    company = sender(session)
    said = sentences(study, language)
    return Printed(
        kind=_(N_("Étude d'éligibilité")),
        name=boundary.name,
        company=company.name,
        contact=company.email,
        date=language.date(today),
        sha256=canonical_sha256([lead, list(asked), said]),
        lead=lead,
        figures=[
            (_(N_("Économie espérée")), language.percent(asked.target, 1), ""),
            (
                _(N_("Moindre économie prouvable")),
                "–" if least is None else language.percent(least, 1),
                _(N_("d'une année, à {confidence}")).format(confidence=language.percent(asked.confidence)),
            ),
            (
                _(N_("Données")),
                f"{language.short_date(asked.start)} – {language.short_date(asked.end)}",
                study.model.name if study.model else "",
            ),
        ],
        sections=[
            Section(
                _(N_("L'économie se prouverait-elle ?")),
                chart=chart,
                table=None if chart is None else Table(chart.header, chart.rows, figures=(1,)),
            ),
            Section(
                _(N_("Que faut-il en savoir ?")),
                points=said or [_(N_("Rien à redire : les mesures suffisent et l'économie atteint qui paie."))],
            ),
        ],
        synthetic=company.synthetic,
        tone=TONES[tone],
    )
