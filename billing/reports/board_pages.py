"""The board's report on paper."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from baseline.documents.pages import Printed, Section, Table
from billing.reports.charts import shareholders_chart
from billing.reports.money import NOTHING
from devices.alerts.kinds import Kind
from devices.alerts.sentences import sentence
from devices.inventory.states import WORDS as STATE_WORDS
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from foundation.look.language import Language


def board_pages(facts: Mapping[str, Any], sha256: str, language: Language) -> Printed:
    """Return the board's report as a document, from its facts alone."""
    _ = language.translate
    rows = facts["shareholders"]
    total = {
        name: sum((Decimal(one[name]) for one in rows), NOTHING)
        for name in ("avoided_kwh", "half_width_kwh", "avoided", "fee", "invoiced", "received", "remaining", "late")
    }
    until = dt.date.fromisoformat(facts["until"])
    lead = _(
        N_(
            "En {year}, les actionnaires ont évité {energy} ± {half} ; {invoiced} ont été facturés, {received} reçus,"
            " {late} sont en retard."
        )
    ).format(
        year=facts["year"],
        energy=language.kwh(total["avoided_kwh"]),
        half=language.kwh(total["half_width_kwh"]),
        invoiced=language.euros(total["invoiced"]),
        received=language.euros(total["received"]),
        late=language.euros(total["late"]),
    )
    return Printed(
        kind=_(N_("Rapport au conseil d'administration")),
        name=str(facts["year"]),
        company=facts["company"],
        contact=facts["contact"],
        date=_(N_("arrêté au {day}")).format(day=language.date(until)),
        sha256=sha256,
        lead=lead,
        figures=[
            (_(N_("Évité")), language.euros(total["avoided"]), _(N_("hors taxes, décomptes acceptés"))),
            (_(N_("Part de la SPL")), language.euros(total["fee"]), _(N_("hors taxes"))),
            (_(N_("Reçu")), language.euros(total["received"]), _(N_("dans l'année"))),
            (_(N_("Reste dû")), language.euros(total["remaining"]), _(N_("TVA comprise"))),
        ],
        sections=[*_sections(facts, total, language)],
        synthetic=facts["synthetic"],
        tone="saved" if total["avoided_kwh"] >= 0 else "excess",
    )


def _sections(facts: Mapping[str, Any], total: Mapping[str, Decimal], language: Language) -> Iterator[Section]:
    _ = language.translate
    rows = facts["shareholders"]

    def euros(one: Mapping[str, Any], name: str) -> str:
        return language.number(Decimal(one[name]), 2)

    def kwh(one: Mapping[str, Any], name: str) -> str:
        return language.number(Decimal(one[name]))

    paying = [one for one in rows if Decimal(one["avoided"]) > 0]
    whole = {name: f"{value:f}" for name, value in total.items()}
    yield Section(
        _(N_("Qui a économisé quoi, et qui a payé ?")),
        chart=shareholders_chart(paying, language) if paying else None,
        table=Table(
            (
                _(N_("Actionnaire")),
                _(N_("Évité, kWh")),
                _(N_("±, kWh")),
                _(N_("Évité, € HT")),
                _(N_("Part, € HT")),
                _(N_("Facturé, € TTC")),
                _(N_("Reçu, €")),
                _(N_("Reste dû, €")),
            ),
            [
                (
                    one["name"],
                    kwh(one, "avoided_kwh") if one.get("reports", 1) else _(N_("sans rapport")),
                    kwh(one, "half_width_kwh") if one.get("reports", 1) else "–",
                    *(euros(one, name) for name in ("avoided", "fee", "invoiced", "received", "remaining")),
                )
                for one in [*rows, {"name": _(N_("Ensemble")), **whole}]
            ],
            figures=(1, 2, 3, 4, 5, 6, 7),
        ),
    )
    yield _fleet(facts, language)
    yield _drifts(facts, language)
    yield _recovered(facts, total, language)
    yield _capital(facts, language)


def _fleet(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    fleet = facts["fleet"]
    return Section(
        _(N_("Le parc est-il en bonne santé ?")),
        paragraphs=[
            _(N_("En service : {count} ; silencieux : {silent}.")).format(
                count=fleet["in_service"], silent=fleet["silent"]
            )
        ],
        facts=[(_(STATE_WORDS[state]), str(count)) for state, count in fleet["states"].items()],
        points=[
            _(N_("alertes ouvertes, {kind} : {count}")).format(kind=_(word), count=count)
            for word, count in ((one["word"], one["open"]) for one in fleet["alerts"])
        ],
    )


def _drifts(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    said = []
    for one in facts["drifts"]:
        began = language.date(dt.date.fromisoformat(one["began_on"]))
        state = _(N_("encore ouvert")) if one["open"] else _(N_("clos"))
        said.append(f"{began}, {state} : {sentence(Kind.OFF_PLAN, one['facts'], language)}")
    none = [_(N_("Aucun bâtiment suivi n'a quitté son plan dans l'année."))]
    return Section(_(N_("Qu'est-ce qui a dérivé ?")), paragraphs=[] if said else none, points=said)


def _recovered(facts: Mapping[str, Any], total: Mapping[str, Decimal], language: Language) -> Section:
    _ = language.translate
    cost = Decimal(facts["sensors"]["cost"])
    told = [
        (_(N_("Capteurs en service, subventions déduites, hors taxes")), language.euros(cost)),
        (_(N_("Part de la SPL dans l'année, hors taxes")), language.euros(total["fee"])),
    ]
    if cost > 0:
        told.append((_(N_("Part d'une année dans ce coût")), language.percent(total["fee"] / cost, 1)))
    unpriced = int(facts["sensors"]["unpriced"])
    points = (
        [_(N_("Appareils en service sans lot d'achat, dont le coût manque : {count}.")).format(count=unpriced)]
        if unpriced
        else []
    )
    return Section(_(N_("Que coûtent les capteurs, et que rapportent-ils ?")), facts=told, points=points)


def _capital(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    whole = Decimal(facts["owned"])
    owners = sorted(
        (one for one in facts["shareholders"] if Decimal(one["capital"]) > 0), key=lambda one: -Decimal(one["capital"])
    )
    turnover = sum((Decimal(one["fee"]) for one in facts["shareholders"]), NOTHING)
    return Section(
        _(N_("À qui est la SPL, et pour qui travaille-t-elle ?")),
        paragraphs=[
            _(
                N_(
                    "Une SPL n'agit que pour ses actionnaires (CGCT, art. L1531-1) : chaque accord est signé par l'un"
                    " d'eux, toute la part facturée vient d'eux."
                )
            ),
            *(_(one) for one in facts["remarks"]),
        ],
        table=Table(
            (_(N_("Actionnaire")), _(N_("Capital, €")), _(N_("Part du capital")), _(N_("Part du chiffre d'affaires"))),
            [
                (
                    one["name"],
                    language.number(Decimal(one["capital"]), 2),
                    language.percent(Decimal(one["capital"]) / whole, 1),
                    language.percent(Decimal(one["fee"]) / turnover, 1) if turnover else "–",
                )
                for one in owners
            ],
            figures=(1, 2, 3),
        )
        if owners
        else None,
    )
