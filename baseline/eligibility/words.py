"""The answer of a study in sentences, and its one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from baseline.fitting import described
from foundation.look.charts import Chart, Key, chart_of, chart_spec
from foundation.messages import N_

if TYPE_CHECKING:
    from baseline.eligibility.study import Study
    from foundation.look.language import Language

SOURCE = N_("ASHRAE Guideline 14-2014, annexe B : F = t · Y · √(MSE′ · (1 + 2/n′) · m) / (m · Ē)")


def answer(study: Study, language: Language) -> tuple[str, str]:
    """Return the sentence on top, and its tone."""
    _ = language.translate
    hoped = language.percent(study.question.target, 1)
    confidence = language.percent(study.question.confidence)
    least = study.least_share
    if least is None:
        return _(N_("On ne peut pas le dire : ces données ne permettent aucun modèle.")), "bad"
    if not study.provable:
        return (
            _(
                N_(
                    "Non : {hoped} ne se prouverait pas ; la moindre économie prouvable est de {least}"
                    " (à {confidence})."
                )
            ).format(hoped=hoped, least=language.percent(least, 1), confidence=confidence),
            "bad",
        )
    if not study.reaches:
        return (
            _(
                N_("{hoped} se prouverait, mais l'économie n'atteindrait pas sûrement qui paie : voyez ci-dessous.")
            ).format(hoped=hoped),
            "warn",
        )
    return (
        _(
            N_("Oui : {hoped} se prouverait (à partir de {least}, à {confidence}), et l'économie atteint qui paie.")
        ).format(hoped=hoped, least=language.percent(least, 1), confidence=confidence),
        "good",
    )


def sentences(study: Study, language: Language) -> list[str]:
    """Return what else is to be known: findings, who pays, who shares already."""
    _ = language.translate
    told = [described(one.to_json(), _, language.code) for one in study.findings]
    told += [one.sentence for one in study.hindrances]
    told += [
        _(N_("L'accord {number} partage déjà l'économie de ce périmètre : elle ne se partage qu'une fois.")).format(
            number=number
        )
        for number in study.shared_by
    ]
    told += [
        _(
            N_(
                "L'économie de travaux faits ici est déjà partagée avec {operator} (intéressement) : elle ne se partage"
                " qu'une fois."
            )
        ).format(operator=operator)
        for operator in study.operators
    ]
    return told


def detectable_chart(study: Study, language: Language) -> Chart | None:
    """Draw the least provable saving by confidence, with the one hoped for; None where nothing can be proven."""
    _ = language.translate
    known = [(confidence, least) for confidence, least in study.by_confidence if least is not None]
    if not known:
        return None
    rows = [
        {"confidence": language.percent(confidence), "least": round(100 * least, 2), "order": number}
        for number, (confidence, least) in enumerate(known)
    ]
    least_axis = alt.Y("least:Q", title=_(N_("économie, % de la référence")), scale=alt.Scale(zero=True))
    bars = chart_of("rows").mark_bar(style="measured-bar", size=56)
    target = [{"target": 100 * study.question.target, "label": _(N_("économie espérée"))}]
    guide = chart_of("target").encode(y=alt.Y("target:Q"))
    axis = alt.X("confidence:N", sort=None, title=_(N_("confiance demandée")), axis=alt.Axis(labelAngle=0))
    layers = [
        bars.encode(x=axis, y=least_axis, tooltip=[alt.Tooltip("confidence:N"), alt.Tooltip("least:Q", format=".1f")]),
        guide.mark_rule(style="baseline"),
    ]
    sentence, _tone = answer(study, language)
    return Chart(
        title=_(N_("Plus on veut être sûr, plus l'économie doit être grande")),
        measure=_(N_("Moindre économie d'une année qui se distingue du hasard, en % de la référence")),
        key=(
            Key("measured-bar", _(N_("moindre économie prouvable"))),
            Key(
                "baseline", _(N_("économie espérée : {share}")).format(share=language.percent(study.question.target, 1))
            ),
        ),
        spec=chart_spec(layers, rows=rows, target=target),
        summary=sentence,
        header=(_(N_("Confiance")), _(N_("Moindre économie prouvable"))),
        rows=tuple((language.percent(confidence), language.percent(least, 1)) for confidence, least in known),
        source=_(SOURCE),
    )
