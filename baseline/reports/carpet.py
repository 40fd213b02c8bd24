"""The carpet of a period: every hour of every local day by its energy, so that nights, weekends and holidays show.

Values in, `Chart` out; kWh an hour, hours on the building's wall.
"""

from __future__ import annotations

import datetime as dt
import math
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import altair as alt

from foundation.look.charts import TIME_AXIS, UTC, Chart, Key, chart_of, chart_spec, wall_clock
from foundation.look.language import FRENCH, Language
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ONE_DAY = dt.timedelta(days=1)
STEPS = 6
"""Shades, from nothing to the 98th percentile of the hours: told apart on paper, and light to draw."""
NEARLY_ALL = 0.98
NIGHT, DAYTIME = range(5), range(9, 17)
WEEKEND = (5, 6)
WEEKDAYS = (N_("lundi"), N_("mardi"), N_("mercredi"), N_("jeudi"), N_("vendredi"), N_("samedi"), N_("dimanche"))


class DayOfHours(NamedTuple):
    """One local day: kWh of each hour on the wall, 0 to 23; None where it was not measured.

    The hour that autumn has twice is the mean of both; the one spring leaves out is None.
    """

    day: dt.date
    kwh: tuple[float | None, ...]


def carpet(days: Sequence[DayOfHours], *, language: Language = FRENCH) -> Chart:
    """Draw each hour as a cell, days across and hours down; neighbours of one shade are one cell of the picture."""
    _ = language.translate
    top = _usual_most(days)
    cells = [cell for day in days for cell in _cells(day, top, language)]
    holes = _joined([cell for cell in cells if cell["step"] is None])
    known = [cell for cell in cells if cell["step"] is not None]
    place = {
        "x": alt.X("from:T", scale=UTC, title=None, axis=TIME_AXIS),
        "x2": "to:T",
        "y": alt.Y(
            "first:Q",
            title=_("heure de la journée"),
            scale=alt.Scale(domain=[0, 24], reverse=True, nice=False),
            axis=alt.Axis(values=[0, 6, 12, 18, 24], format="d"),
        ),
        "y2": "last:Q",
    }
    tooltip = [
        alt.Tooltip("from:T", title=_("jour"), format="%d/%m/%Y", formatType="time"),
        alt.Tooltip("hours:N", title=_("heures")),
        alt.Tooltip("said:N", title=_("kWh par heure")),
    ]
    shade = alt.Color("step:Q", scale=alt.Scale(domain=[0, STEPS - 1], range="heatmap"), legend=None)
    # A hair wider than a day: no seam shows between two cells of one shade.
    layers = [chart_of("known").mark_rect(x2Offset=0.4).encode(**place, color=shade, tooltip=tooltip)]
    if holes:
        layers.append(chart_of("holes").mark_rect(style="missing").encode(**place, tooltip=tooltip))
    low, high = (language.number(top * step / STEPS, 1 if top < 10 * STEPS else 0) for step in (1, STEPS - 1))
    key = [
        Key("heat-low", _("moins de {low} kWh par heure").format(low=low)),
        Key("heat-high", _("plus de {high} kWh par heure").format(high=high)),
    ]
    if holes:
        key.append(Key("missing", _("non mesuré")))
    finding = _finding(days, language)
    return Chart(
        title=finding,
        measure=_("Énergie de chaque heure, en kWh : les jours de gauche à droite, les heures de haut en bas"),
        key=tuple(key),
        spec=chart_spec(layers, known=known, holes=holes),
        summary=_("{finding} ; {hours} heures mesurées sur {days} jours, au plus {most} par heure.").format(
            finding=finding,
            hours=language.number(sum(one is not None for day in days for one in day.kwh)),
            days=len(days),
            most=language.quantity(
                max((one for day in days for one in day.kwh if one is not None), default=0.0), "kWh", 1
            ),
        ),
        header=(_("Heure"), *(_(word) for word in WEEKDAYS)),
        rows=tuple(_mean_rows(days, language)),
    )


def _usual_most(days: Sequence[DayOfHours]) -> float:
    """Return the energy nearly all hours stay below: a peak or two must not leave the rest without a shade."""
    known = sorted(one for day in days for one in day.kwh if one is not None)
    return max(known[math.ceil(NEARLY_ALL * len(known)) - 1], 1e-9) if known else 1.0


def _cells(day: DayOfHours, top: float, language: Language) -> Iterator[dict[str, object]]:
    steps = [None if one is None else min(max(int(STEPS * one / top), 0), STEPS - 1) for one in day.kwh]
    for step, run in groupby(range(len(steps)), key=steps.__getitem__):
        hours = list(run)
        known = [one for one in (day.kwh[hour] for hour in hours) if one is not None]
        bounds = {language.number(limit, 1) for limit in (min(known), max(known))} if known else set()
        yield {
            "from": wall_clock(day.day),
            "to": wall_clock(day.day + ONE_DAY),
            "first": hours[0],
            "last": hours[-1] + 1,
            "step": step,
            "hours": f"{hours[0]} h – {hours[-1] + 1} h",
            "said": " – ".join(sorted(bounds, key=len)) if known else language.translate(N_("non mesuré")),
        }


def _joined(holes: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Return holes of the same hours on days that follow each other as one: wide enough for its hatching to show."""
    found: dict[tuple[object, object], list[dict[str, object]]] = {}
    for hole in holes:
        runs = found.setdefault((hole["first"], hole["last"]), [])
        if runs and runs[-1]["to"] == hole["from"]:
            runs[-1] = {**runs[-1], "to": hole["to"]}
        else:
            runs.append(hole)
    return [run for runs in found.values() for run in runs]


def _mean(days: Sequence[DayOfHours], hours: Sequence[int]) -> float | None:
    known = [one for day in days for hour in hours if (one := day.kwh[hour]) is not None]
    return math.fsum(known) / len(known) if known else None


def _finding(days: Sequence[DayOfHours], language: Language) -> str:
    """Return what the carpet shows first: what is still used when nobody is there."""
    _ = language.translate
    working = [day for day in days if day.day.weekday() not in WEEKEND]
    busy, night = _mean(working, DAYTIME), _mean(working, NIGHT)
    weekend = _mean([day for day in days if day.day.weekday() in WEEKEND], DAYTIME)
    if not busy or busy <= 0.0 or night is None:
        return _("Chaque heure de la période")
    sentence = _("La nuit, le bâtiment consomme encore {night} de ce qu'il consomme en journée").format(
        night=language.percent(night / busy)
    )
    if weekend is None:
        return sentence
    return sentence + _(" ; le week-end, {weekend}").format(weekend=language.percent(weekend / busy))


def _mean_rows(days: Sequence[DayOfHours], language: Language) -> Iterator[tuple[str, ...]]:
    """Yield the mean of each hour by day of the week: the carpet in 24 rows."""
    by_weekday = [[day for day in days if day.day.weekday() == number] for number in range(7)]
    for hour in range(24):
        means = (_mean(of, [hour]) for of in by_weekday)
        yield f"{hour} h", *("–" if mean is None else language.number(mean, 1) for mean in means)
