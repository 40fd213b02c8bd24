"""The yearly report of a municipality on paper: eight pages at most, each a question somebody on a council asks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from baseline.documents.pages import Printed, Section, Table
from baseline.indicators.rules import DECREE, DECREE_AREA
from billing.reports.charts import money_chart, path_chart, places_chart
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from foundation.look.language import Language

HOME_HEATING_KWH = 12_000
MOST_PLACES = 30
"""Rows of the ranking; beyond, the first and the last: eight pages are read, a register is exported."""


def municipality_pages(facts: Mapping[str, Any], sha256: str, language: Language) -> Printed:
    """Return the report as a document, from its facts alone."""
    _ = language.translate
    money, energy = facts["money"], facts["energy"]
    avoided, half = Decimal(energy["avoided_kwh"]), Decimal(energy["half_width_kwh"])
    if not energy["reports"]:
        lead = _(N_("Aucun rapport d'économies ne porte encore sur {year} : cette année n'a rien prouvé.")).format(
            year=facts["year"]
        )
    else:
        sentence = (
            N_("En {year}, vos bâtiments ont évité {energy} ± {half}{image}. Vous gardez {kept}.")
            if avoided >= 0 and money["settlements"]
            else N_("En {year}, vos bâtiments ont évité {energy} ± {half}{image}.")
            if avoided >= 0
            else N_("En {year}, vos bâtiments ont consommé {energy} ± {half} de plus que leur référence.")
        )
        homes = int(avoided // HOME_HEATING_KWH)
        image = _(N_(", soit le chauffage de {homes} logements")).format(homes=homes) if homes > 1 else ""
        lead = _(sentence).format(
            year=facts["year"],
            energy=language.kwh(abs(avoided)),
            half=language.kwh(half),
            image=image,
            kept=language.euros(Decimal(money["kept"])),
        )
    return Printed(
        kind=_(N_("Rapport annuel {year}")).format(year=facts["year"]),
        name=facts["shareholder"],
        company=facts["company"],
        contact=facts["contact"],
        date=_(N_("établi le {day}")).format(day=language.date(dt.date.fromisoformat(facts["made_on"]))),
        sha256=sha256,
        lead=lead,
        figures=[
            (_(N_("Économisé")), language.euros(Decimal(money["avoided"])), _(N_("hors taxes, mesuré"))),
            (_(N_("Dû à la SPL")), language.euros(Decimal(money["fee"])), _(N_("hors taxes"))),
            (_(N_("Gardé")), language.euros(Decimal(money["kept"])), _(N_("TVA non récupérée comprise"))),
            (_(N_("Évité")), language.kwh(avoided), _(N_("± {half}")).format(half=language.kwh(half))),
        ],
        sections=[*_sections(facts, language)],
        synthetic=facts["synthetic"],
        tone="saved" if avoided >= 0 else "excess",
    )


def _sections(facts: Mapping[str, Any], language: Language) -> Iterator[Section]:
    _ = language.translate
    money = facts["money"]
    yield Section(
        _(N_("Combien avez-vous économisé, payé et gardé ?")),
        paragraphs=[] if money["settlements"] else [_(N_("Aucun décompte de cette année n'est accepté encore."))],
        chart=money_chart(money, language) if Decimal(money["avoided"]) > 0 else None,
        table=Table(
            (_(N_("Euros de l'année")), _(N_("Montant"))),
            [
                (_(N_("Énergie évitée, hors taxes")), language.euros(Decimal(money["avoided"]))),
                (
                    _(N_("à plus ou moins (confiance {confidence})")).format(
                        confidence=language.percent(Decimal(facts["energy"]["confidence"]))
                    ),
                    language.euros(Decimal(money["half_width"])),
                ),
                (_(N_("Part de la SPL, hors taxes")), language.euros(Decimal(money["fee"]))),
                (_(N_("Gardé par la collectivité")), language.euros(Decimal(money["kept"]))),
                (
                    _(N_("Facturé à ce jour pour cette année, TVA comprise")),
                    language.euros(Decimal(money["invoiced_for"])),
                ),
                (
                    _(N_("Payé en {year}, toutes années")).format(year=facts["year"]),
                    language.euros(Decimal(money["received"])),
                ),
            ],
            figures=(1,),
        ),
    )
    yield _by_use(facts, language)
    yield _ranking(facts, language)
    yield _decree(facts, language)
    yield _carbon(facts, language)
    yield _method(facts, language)


def _by_use(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    return Section(
        _(N_("Que consomme chaque type de bâtiment ?")),
        paragraphs=[
            _(N_("Énergie finale par mètre carré et par an ; le gaz est compté en kWh PCI.")),
        ],
        table=Table(
            (
                _(N_("Type")),
                _(N_("Lieux")),
                _(N_("Surface, m²")),
                _(N_("kWh/m² mesurés")),
                _(N_("au climat de référence")),
                _(N_("année de référence")),
            ),
            [
                (
                    one["use"],
                    str(one["places"]),
                    _area(one["area_m2"], language),
                    _figure(one["per_m2"], language),
                    _figure(one["corrected_per_m2"], language),
                    _figure(one["reference_per_m2"], language),
                )
                for one in facts["uses"]
            ],
            figures=(1, 2, 3, 4, 5),
        ),
    )


def _ranking(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    ranked = sorted(facts["places"], key=lambda one: (one["rank"] is None, one["rank"] or 0, one["name"]))
    shown = ranked if len(ranked) <= MOST_PLACES else [*ranked[: MOST_PLACES // 2], *ranked[-MOST_PLACES // 2 :]]
    known = [one for one in shown if one["rank"] is not None]
    points = []
    if len(shown) < len(ranked):
        points.append(
            _(N_("{shown} lieux sur {count} : les premiers et les derniers ; le site les montre tous.")).format(
                shown=len(shown), count=len(ranked)
            )
        )
    if facts["part_of_year"]:
        points.append(
            _(N_("Tenus une partie de l'année seulement, hors du classement : {names}.")).format(
                names=", ".join(facts["part_of_year"])
            )
        )
    return Section(
        _(N_("Quels bâtiments consomment le plus ?")),
        chart=places_chart(known, language) if known else None,
        table=Table(
            (
                _(N_("Lieu")),
                _(N_("Rang")),
                _(N_("kWh dans l'année")),
                _(N_("kWh/m² mesurés")),
                _(N_("au climat de référence")),
                _(N_("évolution")),
            ),
            [
                (
                    f"{one['name']}\n{one['use']}",
                    str(one["rank"]) if one["rank"] is not None else "–",
                    _figure(one["year_kwh"], language),
                    _figure(one["per_m2"], language),
                    _figure(one["corrected_per_m2"], language),
                    _change(one["change"], language),
                )
                for one in shown
            ],
            figures=(1, 2, 3, 4, 5),
        ),
        points=points,
        new_page=True,
    )


def _decree(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    sites = facts["sites_of_decree"]
    rule = _(
        N_(
            "Le décret tertiaire (2019-771) demande aux sites de {area} m² et plus de réduire leur énergie finale de"
            " 40 % en 2030, 50 % en 2040 et 60 % en 2050. La référence montrée ici est celle du plan de mesure ; celle"
            " que vous déclarez sur OPERAT peut être une autre année, et OPERAT corrige du climat à sa façon."
        )
    ).format(area=language.number(DECREE_AREA))
    drawn = [one for one in sites if one["path"] and one["corrected_kwh"]["value"] is not None]
    if not sites:
        none = _(N_("Aucun de vos sites mesurés n'a une surface connue de {area} m².")).format(
            area=language.number(DECREE_AREA)
        )
        return Section(_(N_("Êtes-vous sur le chemin de 2030, 2040 et 2050 ?")), paragraphs=[none, rule])
    return Section(
        _(N_("Êtes-vous sur le chemin de 2030, 2040 et 2050 ?")),
        paragraphs=[rule],
        chart=path_chart(drawn, facts["year"], language) if drawn else None,
        table=Table(
            (
                _(N_("Site")),
                _(N_("Surface, m²")),
                _(N_("Référence, kWh")),
                _(N_("{year}, corrigé, kWh")).format(year=facts["year"]),
                *(f"{year}, kWh" for year in DECREE),
            ),
            [
                (
                    one["name"],
                    _area(one["area_m2"], language),
                    _figure(one["reference_kwh"], language),
                    _figure(one["corrected_kwh"], language),
                    *(language.number(Decimal(one["path"][str(year)])) if one["path"] else "–" for year in DECREE),
                )
                for one in sites
            ],
            figures=(1, 2, 3, 4, 5, 6),
        ),
        new_page=True,
    )


def _carbon(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    rows = []
    for one, avoided in zip(facts["co2"], facts["co2_avoided"], strict=True):
        name = one["name"]
        of = _(N_("{counted} sur {places}")).format(counted=one["counted"], places=one["places"])
        rows.append((_(name), _figure(one, language), of, language.number(Decimal(avoided["kg"]))))
    return Section(
        _(N_("Combien de CO₂ ?")),
        paragraphs=[
            _(
                N_(
                    "Chaque table de facteurs sert à un usage ; les chiffres de deux tables ne se comparent pas. La"
                    " première est celle du décret tertiaire."
                )
            )
        ],
        table=Table(
            (
                _(N_("Facteurs")),
                _(N_("Émis dans l'année, kg CO₂e")),
                _(N_("Lieux comptés")),
                _(N_("Évité, kg CO₂e")),
            ),
            rows,
            figures=(1, 2, 3),
        ),
        points=[f"{_(name)} : {_(source)}" for name, source in ((one["name"], one["source"]) for one in facts["co2"])],
    )


def _method(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    return Section(
        _(N_("Comment est-ce calculé ?")),
        paragraphs=[
            _(
                N_(
                    "Évité : ce que le bâtiment de l'année de référence aurait consommé par le temps de cette année,"
                    " moins ce que le compteur mesure. Au climat de référence : la consommation de l'année de référence"
                    " moins ce qui a été évité. Sans plan de mesure, une consommation est montrée telle que mesurée."
                    " Une année compte si neuf jours sur dix sont complets ; les autres sont ajoutés en proportion."
                )
            )
        ],
        table=Table(
            (
                _(N_("Station météo")),
                _(N_("Référence")),
                _(N_("DJU de référence")),
                _(N_("DJU {year}")).format(year=facts["year"]),
            ),
            [
                (
                    one["station"],
                    " – ".join(
                        language.short_date(dt.date.fromisoformat(one[side]))
                        for side in ("reference_start", "reference_end")
                    ),
                    _figure(one["reference_dju"], language),
                    _figure(one["dju"], language),
                )
                for one in facts["weather"]
            ],
            figures=(2, 3),
        )
        if facts["weather"]
        else None,
        points=[_(N_("Degrés-jours de chauffage (DJU) : moyenne du jour, base 18 °C, ramenés à 365 jours."))],
    )


def _figure(said: Mapping[str, Any], language: Language) -> str:
    """Return a figure, or why there is none: an empty cell says nothing."""
    return language.translate(said["why"]) if said["value"] is None else language.number(Decimal(said["value"]))


def _change(said: Mapping[str, Any], language: Language) -> str:
    if said["value"] is None:
        return language.translate(said["why"])
    change = Decimal(said["value"])
    return ("+" if change > 0 else "") + language.percent(change, 1)


def _area(text: str | None, language: Language) -> str:
    return language.translate(N_("inconnue")) if text is None else language.number(Decimal(text))
