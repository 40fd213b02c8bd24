"""A savings report on paper: the answer, the months, the events, how sure it is, what else was looked at."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from baseline.documents.pages import Printed, Section, Table
from baseline.documents.sender import sender
from baseline.events.words import KIND_WORDS
from baseline.events.words import STATES as EVENT_STATES
from baseline.fitting import described
from baseline.fitting.kinds import kind_of, model_from_json
from baseline.plans.words import INTERVALS, MODEL_WORDS
from baseline.reports.drawn import calendar_chart, carpet_chart, cusum_chart, measured_chart
from baseline.reports.signature import signature_of
from devices.reconciliation.rules import Verdict
from devices.reconciliation.words import VERDICTS
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from baseline.reports.models import ReportDay, SavingsReport
    from foundation.look.language import Language

ONE_DAY = dt.timedelta(days=1)
MONTHS_ACROSS = 12
"""Of the annex: what a page holds."""


def report_pages(session: Session, report: SavingsReport, language: Language) -> Printed:
    """Return `report` as a document."""
    _ = language.translate
    start, end = bounds(report.period)
    company = sender(session)
    saved = report.avoided_energy_kwh >= 0
    whole = report.adjusted_baseline_kwh
    share = language.percent(abs(report.avoided_energy_kwh) / whole, 1) if whole else "–"
    half = (report.avoided_high_kwh - report.avoided_low_kwh) / 2
    period = f"{language.date(start)} – {language.date(end - ONE_DAY)}"
    sentence = (
        N_("{energy} ± {half} évités ({share} de la référence ajustée au climat).")
        if saved
        else N_("{energy} ± {half} de plus que la référence ajustée au climat ({share}).")
    )
    confidence = language.percent(report.confidence_level)
    return Printed(
        kind=_(N_("Rapport d'économies")),
        name=report.plan.boundary.name,
        company=company.name,
        contact=company.email,
        date=period,
        sha256=report.sha256,
        lead=_(sentence).format(
            energy=language.kwh(abs(report.avoided_energy_kwh)), half=language.kwh(half), share=share
        ),
        figures=[
            (
                _(N_("Évité")) if saved else _(N_("De trop")),
                language.kwh(abs(report.avoided_energy_kwh)),
                _(N_("confiance {confidence}")).format(confidence=confidence),
            ),
            (_(N_("Référence ajustée")), language.kwh(whole), ""),
            (_(N_("Mesuré")), language.kwh(report.measured_kwh), ""),
            (
                _(N_("Jours comptés")),
                str(report.days_counted),
                _(N_("sur {days}")).format(days=report.days_expected),
            ),
        ],
        sections=[*_sections(session, report, language, period)],
        synthetic=company.synthetic,
        tone="saved" if saved else "excess",
    )


def _sections(session: Session, report: SavingsReport, language: Language, period: str) -> Iterator[Section]:
    _ = language.translate
    analysis = report.analysis or {}
    months = _months(analysis["months"], language) if analysis.get("months") else None
    yield Section(_(N_("Combien, mois après mois ?")), chart=measured_chart(report, language), table=months)
    yield Section(_(N_("Quand l'économie s'est-elle faite ?")), chart=cusum_chart(report, language))
    yield Section(_(N_("Quels jours ?")), chart=calendar_chart(report, language))
    signature = signature_of(session, report.plan, model_from_json(report.plan.model or {}), language, report=report)
    yield Section(_(N_("Comment le bâtiment suit-il la température ?")), chart=signature)
    hours = carpet_chart(session, report, language)
    if hours is not None:
        yield Section(_(N_("À quelles heures ?")), chart=hours)
    if report.events:
        yield Section(_(N_("Quels événements, travaux à part ?")), table=_events(report, language))
    if report.unadjusted_avoided_kwh is not None and (report.events or report.held_kwh):
        yield Section(_(N_("Quel chiffre compte ?")), table=_figures(report, language))
    yield Section(
        _(N_("Comment est-ce calculé, et à quel point est-ce sûr ?")), facts=_method(report, language, period)
    )
    if report.findings:
        told = [described(one, _, language.code) for one in report.findings]
        yield Section(_(N_("Que faut-il en savoir ?")), points=told)
    if analysis.get("bills"):
        yield Section(_(N_("La mesure recoupe-t-elle les factures ?")), table=_bills(analysis["bills"], language))
    yield from _beside(analysis, language)
    yield Section(_(N_("Annexe : chaque jour")), annex=[*_annex(report, language)], new_page=True)


def _bills(bills: Sequence[Mapping[str, Any]], language: Language) -> Table:
    _ = language.translate
    rows = []
    for one in bills:
        start, end = (dt.date.fromisoformat(one[side]) for side in ("start", "end"))
        when = f"{language.short_date(start)} – {language.short_date(end - ONE_DAY)}"
        measured, gap = one["measured_kwh"], one["gap"]
        rows.append(
            (
                f"{one['point']}\n{when}",
                language.number(Decimal(one["billed_kwh"])),
                "–" if measured is None else language.number(Decimal(measured)),
                "–" if gap is None else language.percent(Decimal(gap), 1),
                _(VERDICTS[Verdict(one["verdict"])][0]),
            )
        )
    header = (_(N_("Facture")), _(N_("Facturé, kWh")), _(N_("Mesuré, kWh")), _(N_("Écart")), _(N_("Verdict")))
    return Table(header, rows, figures=(1, 2, 3))


def _annex(report: SavingsReport, language: Language) -> Iterator[tuple[str, Table]]:
    """Yield both sides and their difference, days down and twelve months across: their sums are the report's totals."""
    _ = language.translate
    by_month = [
        (month, {one.day.day: one for one in group})
        for month, group in groupby(report.days, lambda one: one.day.replace(day=1))
    ]
    for number in range(0, len(by_month), MONTHS_ACROSS):
        months = by_month[number : number + MONTHS_ACROSS]
        header = (_(N_("Jour")), *(f"{month:%m/%y}" for month, _days in months))
        for title, side in SIDES.items():
            known = [
                {day: value for day, one in days.items() if (value := side(one)) is not None} for _, days in months
            ]
            rows = [
                (str(day), *(language.number(of[day]) if day in of else "–" for of in known))
                for day in range(1, 32)
                if any(day in days for _, days in months)
            ]
            rows.append((_(N_("Somme")), *(language.number(sum(of.values(), Decimal(0))) for of in known)))
            yield _(title), Table(header, rows, figures=tuple(range(1, len(header))))


def _counted(day: ReportDay) -> tuple[Decimal, Decimal] | None:
    """Return both sides of a day that counts."""
    if not day.counted or day.measured_kwh is None or day.adjusted_baseline_kwh is None:
        return None
    return day.adjusted_baseline_kwh, day.measured_kwh


SIDES: Mapping[str, Callable[[ReportDay], Decimal | None]] = {
    N_("Référence ajustée, kWh"): lambda day: sides[0] if (sides := _counted(day)) else None,
    N_("Mesuré, kWh"): lambda day: sides[1] if (sides := _counted(day)) else None,
    N_("Évité, kWh"): lambda day: sides[0] - sides[1] if (sides := _counted(day)) else None,
}


def _events(report: SavingsReport, language: Language) -> Table:
    _ = language.translate
    rows = []
    for one in report.events:
        energy = language.kwh(Decimal(one["energy_kwh"])) if one["energy_kwh"] is not None else "–"
        until = language.short_date(dt.date.fromisoformat(one["end"]) - ONE_DAY) if one["end"] else "…"
        when = f"{language.short_date(dt.date.fromisoformat(one['start']))} – {until}"
        counted = _(N_("oui")) if one["counted"] else _(N_("non, pas encore"))
        kind = f"{one['number']}. {_(KIND_WORDS[one['kind']])} : {one['reason']}"
        state, _tone = EVENT_STATES[one["state"]]
        rows.append((kind, when, energy, _(state), counted))
    header = (_(N_("Événement")), _(N_("Quand")), _(N_("Au compteur")), _(N_("État")), _(N_("Compte")))
    return Table(header, rows, figures=(2,))


def _figures(report: SavingsReport, language: Language) -> Table:
    _ = language.translate
    rows = (
        (N_("sans aucun ajustement"), report.unadjusted_avoided_kwh),
        (N_("si tous les événements étaient acceptés"), report.adjusted_avoided_kwh),
        (N_("qui compte aujourd'hui"), report.avoided_energy_kwh),
        (N_("retenu jusqu'à l'accord des deux parties"), report.held_kwh),
    )
    return Table(
        (_(N_("Énergie évitée")), "kWh"),
        [(_(word), language.number(value)) for word, value in rows if value is not None],
        figures=(1,),
    )


def _method(report: SavingsReport, language: Language, period: str) -> list[tuple[str, str]]:
    _ = language.translate
    plan = report.plan
    start, end = bounds(plan.baseline_period)
    model = model_from_json(plan.model or {})
    facts = [
        (_(N_("Méthode")), _(N_("IPMVP option C : référence ajustée au climat de la période, moins mesuré"))),
        (_(N_("Période")), period),
        (_(N_("Référence")), f"{language.date(start)} – {language.date(end - ONE_DAY)}"),
        (_(N_("Modèle")), f"{model.name}, {_(MODEL_WORDS[kind_of(model)])}"),
        (_(N_("Station météo")), f"{plan.station.name} ({plan.station.code})"),
    ]
    for name, bounds_of in report.intervals.items():
        counts = _(N_(" (c'est lui qui compte)")) if name == plan.interval else ""
        low, high = (language.number(Decimal(bounds_of[side])) for side in ("low", "high"))
        between = _(N_("de {low} à {high} kWh")).format(low=low, high=high)
        facts.append((_(N_("Intervalle")), f"{_(INTERVALS[name])} : {between}{counts}"))
    facts += [
        (_(N_("Empreinte du plan")), plan.sha256 or ""),
        (_(N_("Empreinte du rapport")), report.sha256),
        (_(N_("Empreinte des jours")), str(report.inputs.get("sha256", ""))),
    ]
    return facts


def _beside(analysis: Mapping[str, Any], language: Language) -> Iterator[Section]:
    _ = language.translate
    normal = analysis.get("normalised")
    if normal:
        half = f" ± {language.kwh(Decimal(normal['half_width_kwh']))}" if normal["half_width_kwh"] else ""
        said = _(N_("Dans l'année météo de référence du plan : {energy} évités sur {baseline}.")).format(
            energy=f"{language.kwh(Decimal(normal['avoided_kwh']))}{half}",
            baseline=language.kwh(Decimal(normal["baseline_kwh"])),
        )
        yield Section(_(N_("Et sous un climat ordinaire ?")), paragraphs=[said])
    years = analysis.get("years", [])
    if len(years) > 1:
        title = _(N_("L'économie dure-t-elle ?"))
        yield Section(title, table=_shares(years, _(N_("Année de suivi")), language))
    windows = analysis.get("windows", [])
    if windows:
        yield Section(
            _(N_("Et avec une autre année de référence ?")),
            paragraphs=[
                _(
                    N_(
                        "Rien de cela n'est facturé : la référence a été choisie par une règle, avant qu'un chiffre"
                        " soit connu."
                    )
                )
            ],
            table=_shares(windows, _(N_("Douze mois de référence")), language),
        )


def _shares(rows: list[dict[str, Any]], first: str, language: Language) -> Table:
    _ = language.translate
    body = []
    for one in rows:
        start, end = (dt.date.fromisoformat(one[side]) for side in ("start", "end"))
        share = "–" if one["share"] is None else language.percent(Decimal(one["share"]), 1)
        when = f"{language.short_date(start)} – {language.short_date(end - ONE_DAY)}"
        body.append((when, language.number(Decimal(one["avoided_kwh"])), share))
    return Table((first, _(N_("Évité, kWh")), _(N_("Part de la référence"))), body, figures=(1, 2))


def _months(rows: list[dict[str, Any]], language: Language) -> Table:
    _ = language.translate
    body = []
    for one in rows:
        adjusted, used = Decimal(one["adjusted_baseline_kwh"]), Decimal(one["measured_kwh"])
        name = language.month(dt.date.fromisoformat(f"{one['month']}-01"))
        figures = (language.number(value) for value in (adjusted, used, adjusted - used))
        body.append((name, f"{one['counted']} / {one['days']}", *figures))
    header = (
        _(N_("Mois")),
        _(N_("Jours comptés")),
        _(N_("Référence ajustée, kWh")),
        _(N_("Mesuré, kWh")),
        _(N_("Évité, kWh")),
    )
    return Table(header, body, figures=(1, 2, 3, 4))
