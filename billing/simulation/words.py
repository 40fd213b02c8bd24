"""The answer of a simulation in sentences, the same on the page and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foundation.messages import N_

if TYPE_CHECKING:
    from billing.simulation.rules import Expected, Simulation
    from foundation.look.language import Language

ANSWER = N_(
    "En {years} ans, la collectivité garderait {kept} et la SPL recevrait {fee} (quantiles 50 %) ; la collectivité"
    " paierait plus qu'elle n'économise avec une probabilité de {loses}."
)
NOTE = N_(
    "SPL : hors TVA. Collectivité : ce qu'elle économise vraiment moins ce qu'elle paie, avec la TVA qu'elle ne"
    " récupère pas ({vat}). Chaque année est évaluée par les clauses mêmes qui facturent ; l'erreur de mesure change"
    " d'une année à l'autre, l'économie vraie non."
)


def answer(expected: Expected, found: Simulation, language: Language) -> str:
    """Return the sentence on top."""
    return language.translate(ANSWER).format(
        years=expected.years,
        kept=language.euros(found.whole.kept[1]),
        fee=language.euros(found.whole.fee[1]),
        loses=language.percent(found.loses),
    )


def note(expected: Expected, language: Language) -> str:
    """Return what the figures count."""
    return language.translate(NOTE).format(vat=language.percent(float(expected.vat), 1))


def figures(found: Simulation, language: Language) -> list[tuple[str, str]]:
    """Return the four figures: name and value."""
    _ = language.translate
    kept, fee = found.whole.kept, found.whole.fee
    after = found.payback_years[1]
    return [
        (_(N_("gardé, de 10 à 90 %")), f"{language.euros(kept[0])} – {language.euros(kept[2])}"),
        (_(N_("reçu par la SPL, de 10 à 90 %")), f"{language.euros(fee[0])} – {language.euros(fee[2])}"),
        (
            _(N_("capteurs payés après")),
            _(N_("jamais")) if after is None else _(N_("{years} ans")).format(years=after),
        ),
        (_(N_("dû si rien n'est vraiment économisé")), language.euros(found.fee_of_nothing)),
    ]


def assumed(expected: Expected, language: Language) -> list[tuple[str, str]]:
    """Return what was assumed: name and value."""
    _ = language.translate
    return [
        (_(N_("Référence, kWh par an")), language.kwh(expected.baseline_kwh)),
        (_(N_("Économie espérée")), language.percent(float(expected.saving), 1)),
        (_(N_("Incertitude de ce qui est espéré")), language.percent(float(expected.spread), 1)),
        (_(N_("Incertitude d'une année mesurée")), language.percent(float(expected.measurement), 1)),
        (_(N_("Prix, € HT par kWh")), language.number(expected.price, 4)),
        (_(N_("Hausse du prix par an")), language.percent(float(expected.price_growth), 1)),
        (_(N_("Coût des capteurs, € HT")), language.euros(expected.sensor_cost)),
    ]
