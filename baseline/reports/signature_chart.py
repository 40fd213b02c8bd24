"""The energy signature: energy a day against outdoor temperature. Values in, `Chart` out; kWh, days local."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import altair as alt

from foundation.look.charts import Chart, Key, chart_of, chart_spec, wall_clock
from foundation.look.language import FRENCH, Language

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

WINTER, SUMMER = (12, 1, 2), (6, 7, 8)


@dataclass(frozen=True, slots=True)
class SignatureDay:
    """One day of an energy signature: its mean outdoor temperature (°C) and what was used."""

    day: dt.date
    temperature: float
    energy_kwh: float
    period: Literal["baseline", "reporting"]


@dataclass(frozen=True, slots=True)
class BalancePoint:
    """The outdoor temperature (°C) from which a building heats or cools."""

    temperature: float
    kind: Literal["heating", "cooling"]


@dataclass(frozen=True, slots=True)
class FittedLine:
    """The baseline of one kind of day as points (°C, kWh a day); the label stands at its end, where it has one."""

    points: tuple[tuple[float, float], ...]
    label: str = ""


def energy_signature(
    days: Sequence[SignatureDay],
    *,
    curves: Sequence[FittedLine],
    balance_points: Sequence[BalancePoint] = (),
    follows_temperature: bool = True,
    station: str = "",
    language: Language = FRENCH,
) -> Chart:
    """Draw energy a day against outdoor temperature: baseline year hollow, reporting year full, the fitted line dashed.

    `follows_temperature` says whether the model has a slope at all.
    """
    _ = language.translate
    seasons = {"winter": _("hiver"), "between": _("mi-saison"), "summer": _("été")}
    periods = {"baseline": _("année de référence"), "reporting": _("année suivie")}
    values = [
        {
            "day": wall_clock(day.day),
            "temperature": round(day.temperature, 2),
            "energy": round(day.energy_kwh, 3),
            "season": seasons[_season(day.day)],
            "period": periods[day.period],
        }
        for day in days
    ]
    temperature = alt.X("temperature:Q", title=_("température extérieure, °C"), scale=alt.Scale(zero=False, nice=True))
    tooltip = [
        alt.Tooltip("day:T", title=_("jour"), format="%d/%m/%Y", formatType="time"),
        alt.Tooltip("temperature:Q", title="°C", format=".1f"),
        alt.Tooltip("energy:Q", title=_("kWh"), format=",.0f"),
        alt.Tooltip("period:N", title=_("période")),
    ]
    base = chart_of("days").encode(
        x=temperature,
        y=alt.Y("energy:Q", title=_("kWh par jour"), scale=alt.Scale(zero=True)),
        color=alt.Color("season:N", scale=alt.Scale(domain=list(seasons.values()), range="category"), legend=None),
        shape=alt.Shape(
            "season:N",
            scale=alt.Scale(domain=list(seasons.values()), range=["circle", "square", "triangle-up"]),
            legend=None,
        ),
        tooltip=tooltip,
    )
    hollow = base.mark_point(filled=False, size=20, strokeWidth=1.2, opacity=0.6)
    full = base.mark_point(filled=True, size=20, opacity=0.75)
    layers: list[alt.Chart] = [
        marks.transform_filter(alt.datum.period == periods[period])
        for period, marks in (("baseline", hollow), ("reporting", full))
        if any(day.period == period for day in days)
    ]
    line = [
        {"temperature": round(degrees, 2), "energy": round(energy, 3), "line": number}
        for number, curve in enumerate(curves)
        for degrees, energy in curve.points
    ]
    if line:
        fitted = chart_of("line").mark_line(style="baseline")
        layers.append(fitted.encode(x="temperature:Q", y="energy:Q", detail="line:N"))
    labels = [
        {"temperature": curve.points[-1][0], "energy": curve.points[-1][1], "label": curve.label}
        for curve in curves
        if curve.label
    ]
    if labels:
        layers.append(
            chart_of("labels")
            .mark_text(style="note", align="right", dy=-8)
            .encode(x="temperature:Q", y="energy:Q", text="label:N")
        )
    marks = [
        {
            "temperature": point.temperature,
            "label": f"{language.number(point.temperature, 1)} °C",
        }
        for point in balance_points
    ]
    if marks:
        guide = chart_of("balance").encode(x="temperature:Q")
        layers += [
            guide.mark_rule(style="guide"),
            guide.mark_text(style="note", dx=5, dy=4, baseline="top").encode(y=alt.value(0), text="label:N"),
        ]
    finding = _signature_finding(balance_points, follows_temperature, language)
    return Chart(
        title=finding,
        measure=_("Énergie d'un jour selon la température extérieure, en kWh"),
        key=(
            Key("hollow", periods["baseline"]),
            Key("full", periods["reporting"]),
            *(Key(f"season-{name}", word) for name, word in seasons.items()),
            Key("baseline", _("droite ajustée sur l'année de référence")),
        ),
        spec=chart_spec(layers, days=values, line=line, labels=labels, balance=marks),
        summary=_signature_summary(days, finding, language),
        header=(_("Jour"), _("Température, °C"), _("Énergie, kWh"), _("Période")),
        rows=tuple(
            (
                language.short_date(day.day),
                language.number(day.temperature, 1),
                language.number(day.energy_kwh),
                periods[day.period],
            )
            for day in days
        ),
        source=_("Température : {station}").format(station=station) if station else "",
    )


def _season(day: dt.date) -> str:
    if day.month in WINTER:
        return "winter"
    return "summer" if day.month in SUMMER else "between"


def _signature_finding(
    balance_points: Sequence[BalancePoint],
    follows_temperature: bool,  # noqa: FBT001 - private, read at its one call
    language: Language,
) -> str:
    _ = language.translate
    written = {point.kind: language.number(point.temperature, 1) for point in balance_points}
    if "heating" in written and "cooling" in written:
        return _("Chauffage sous {heating} °C, climatisation au-dessus de {cooling} °C").format(**written)
    if "heating" in written:
        return _("Le bâtiment chauffe quand il fait moins de {heating} °C").format(**written)
    if "cooling" in written:
        return _("Le bâtiment refroidit quand il fait plus de {cooling} °C").format(**written)
    if follows_temperature:
        return _("La consommation suit la température, sans seuil")
    return _("La consommation ne dépend pas de la température")


def _signature_summary(days: Sequence[SignatureDay], finding: str, language: Language) -> str:
    _ = language.translate
    means = {}
    for period in ("baseline", "reporting"):
        used = [day.energy_kwh for day in days if day.period == period]
        means[period] = language.kwh(sum(used) / len(used)) if used else "–"
    return _(
        "{finding} ; en moyenne {baseline} par jour l'année de référence et {reporting} par jour l'année suivie."
    ).format(finding=finding, **means)
