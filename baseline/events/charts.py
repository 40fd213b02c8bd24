"""The picture of an event: each day measured less baseline, and how its level moved."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import altair as alt

from foundation.look.charts import TIME_AXIS, UTC, Chart, Key, chart_of, chart_spec, wall_clock
from foundation.look.language import FRENCH, Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baseline.events.levels import Level, Residual

ONE_DAY = dt.timedelta(days=1)


def effect(residuals: Sequence[Residual], levels: Sequence[Level], language: Language = FRENCH) -> Chart:
    """Draw the days around an event as points, its own days as a band, and the level of each part as a line."""
    _ = language.translate
    names = {"before": _("avant"), "during": _("pendant"), "after": _("après")}
    by_name = {level.name: level.mean_kwh for level in levels}
    values = [{"day": wall_clock(one.day), "kwh": round(one.kwh, 3)} for one in residuals]
    means = [
        {
            "from": wall_clock(level.start),
            "to": wall_clock(level.end),
            "mean": round(level.mean_kwh, 3),
            "part": names[level.name],
        }
        for level in levels
    ]
    band = [one for one, level in zip(means, levels, strict=True) if level.name == "during"]
    x = alt.X("day:T", scale=UTC, title=None, axis=TIME_AXIS)
    span = {"x": alt.X("from:T", scale=UTC), "x2": "to:T"}
    tooltip = [
        alt.Tooltip("day:T", title=_("jour"), format="%d/%m/%Y", formatType="time"),
        alt.Tooltip("kwh:Q", title=_("mesuré moins référence, kWh"), format=",.0f"),
    ]
    layers = [
        chart_of("band").mark_rect(style="interval").encode(**span),
        chart_of("zero").mark_rule(style="zero").encode(y="zero:Q"),
        chart_of("days")
        .mark_point(filled=True, size=18, opacity=0.6)
        .encode(x=x, y=alt.Y("kwh:Q", title=_("mesuré moins référence, kWh par jour")), tooltip=tooltip),
        chart_of("levels").mark_rule(style="saved").encode(**span, y="mean:Q", tooltip=["part:N", "mean:Q"]),
    ]
    finding = _finding(by_name, language)
    told = " ; ".join(f"{names[level.name]} {language.quantity(level.mean_kwh, 'kWh', 1)}" for level in levels)
    return Chart(
        title=finding,
        measure=_("Chaque jour, ce qui est mesuré de plus (ou de moins) que la référence ajustée au climat, en kWh"),
        key=(
            Key("full", _("un jour")),
            Key("saved", _("niveau moyen avant, pendant, après")),
            Key("interval", _("l'événement")),
        ),
        spec=chart_spec(layers, days=values, levels=means, band=band, zero=[{"zero": 0}]),
        summary=_("{finding} ; par jour : {levels}.").format(finding=finding, levels=told),
        header=(_("Jour"), _("Mesuré moins référence, kWh")),
        rows=tuple((language.short_date(one.day), language.number(one.kwh, 1)) for one in residuals),
    )


def _finding(means: dict[str, float], language: Language) -> str:
    _ = language.translate
    around = [means[name] for name in ("before", "after") if name in means]
    if "during" not in means or not around:
        return _("Pas encore assez de jours pour comparer")
    change = means["during"] - sum(around) / len(around)
    amount = language.quantity(abs(change), "kWh", 1)
    sentence = _("{amount} de plus par jour qu'autour") if change >= 0 else _("{amount} de moins par jour qu'autour")
    return sentence.format(amount=amount)
