"""The pictures of a simulation: who gets what over a range of savings, and year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from foundation.look.charts import Chart, Key, chart_of, chart_spec
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from billing.simulation.rules import Flow, Point
    from foundation.look.language import Language

LINES = ("electricity-line", "gas-line", "heat-line", "water-line", "photovoltaic-line")
"""Styles of the terms compared, in order."""
EUROS = alt.Axis(format=",.0f")


def range_chart(points: Mapping[str, Sequence[Point]], language: Language) -> Chart:
    """Draw what each of several terms (name to points) asks for over a range of savings of one year."""
    _ = language.translate
    own = next(iter(points.values()))
    rows = [
        {"saving": round(100 * float(one.saving), 1), "euros": float(one.fee), "terms": str(number)}
        for number, listed in enumerate(points.values())
        for one in listed
    ]
    x = alt.X("saving:Q", title=_(N_("économie de l'année, % de la référence")))
    y = alt.Y("euros:Q", title=_(N_("part de la SPL, € HT")), axis=EUROS)
    layers = [
        chart_of("rows")
        .transform_filter(f"datum.terms === '{number}'")
        .mark_line(style=_style(number))
        .encode(x=x, y=y, tooltip=[alt.Tooltip("saving:Q"), alt.Tooltip("euros:Q", format=",.2f")])
        for number in reversed(range(len(points)))
    ]
    first = next((one for one in own if one.fee > 0), None)
    found = (
        _(N_("La SPL ne reçoit rien dans ce domaine"))
        if first is None
        else _(N_("La SPL reçoit une part à partir de {share} d'économie")).format(
            share=language.percent(float(first.saving), 1)
        )
    )
    return Chart(
        title=found,
        measure=_(N_("Part de la SPL d'une année complète selon l'économie mesurée, € HT")),
        key=tuple(Key(_style(number), name) for number, name in enumerate(points)),
        spec=chart_spec(layers, rows=rows),
        summary=found + ".",
        header=(_(N_("Économie")), _(N_("En euros")), *points),
        rows=tuple(
            (
                language.percent(float(at[0].saving), 1),
                language.euros(at[0].saved),
                *(language.euros(one.fee) for one in at),
            )
            for at in zip(*points.values(), strict=True)
        ),
    )


def flow_chart(flows: Sequence[Flow], language: Language) -> Chart:
    """Draw what the municipality keeps and what the SPL receives, year by year, with their ranges."""
    _ = language.translate
    rows = [
        {"year": number, "low": float(side[0]), "euros": float(side[1]), "high": float(side[2]), "who": who}
        for number, flow in enumerate(flows, start=1)
        for who, side in (("kept", flow.kept), ("fee", flow.fee))
    ]
    x = alt.X("year:O", title=_(N_("année de l'accord")), axis=alt.Axis(labelAngle=0))
    drawn = chart_of("rows")
    layers = []
    for who, line, band in (("kept", "saved", "interval"), ("fee", "measured", "estimated")):
        of = drawn.transform_filter(f"datum.who === '{who}'")
        y = alt.Y("euros:Q", title=_(N_("€ par an")), axis=EUROS)
        area = of.mark_area(style=band) if band == "interval" else of.mark_line(style=band)
        layers.append(area.encode(x=x, y=alt.Y("low:Q"), **({"y2": alt.Y2("high:Q")} if band == "interval" else {})))
        layers.append(of.mark_line(style=line, point=True).encode(x=x, y=y))
    kept = sum(flow.kept[1] for flow in flows)
    title = _(N_("La collectivité garde {amount} en tout, le plus souvent")).format(amount=language.euros(kept))
    return Chart(
        title=title,
        measure=_(N_("Euros par an : quantile 50 %, et l'intervalle de 10 à 90 % de ce que garde la collectivité")),
        key=(
            Key("saved", _(N_("gardé par la collectivité"))),
            Key("interval", _(N_("intervalle de 10 à 90 %"))),
            Key("measured", _(N_("reçu par la SPL"))),
            Key("estimated", _(N_("reçu par la SPL, quantile 10 %"))),
        ),
        spec=chart_spec(layers, rows=rows),
        summary=title + ".",
        header=(
            _(N_("Année")),
            *(f"{who} {part}" for who in (_(N_("SPL")), _(N_("collectivité"))) for part in ("P10", "P50", "P90")),
        ),
        rows=tuple(
            (str(number), *(language.euros(one) for one in (*flow.fee, *flow.kept)))
            for number, flow in enumerate(flows, start=1)
        ),
    )


def _style(number: int) -> str:
    return "saved" if number == 0 else LINES[(number - 1) % len(LINES)]
