"""The calendar of a saving: each local day beside its adjusted baseline. Values in, `Chart` out; kWh."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import altair as alt

from foundation.look.charts import TIME_AXIS, UTC, Chart, Key, chart_of, chart_spec, wall_clock
from foundation.look.language import FRENCH, Language
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEK = dt.timedelta(days=7)
EDGES = (0.05, 0.15, 0.30)
"""Shares of the baseline between the shades: within 5 % a day is as foretold."""
DAYS = (N_("lun."), N_("mar."), N_("mer."), N_("jeu."), N_("ven."), N_("sam."), N_("dim."))


class DayOfSavings(NamedTuple):
    """One local day, kWh; None on both sides where it does not count, with the reason."""

    day: dt.date
    measured_kwh: float | None
    adjusted_baseline_kwh: float | None
    reason: str = ""

    @property
    def share(self) -> float | None:
        """What was avoided, as a part of the baseline."""
        if self.measured_kwh is None or not self.adjusted_baseline_kwh or self.adjusted_baseline_kwh <= 0.0:
            return None
        return 1.0 - self.measured_kwh / self.adjusted_baseline_kwh


def calendar(days: Sequence[DayOfSavings], *, language: Language = FRENCH) -> Chart:
    """Draw weeks across and weekdays down: avoided shades one way, used beyond the other, marked +."""
    _ = language.translate
    cells = [_cell(day, language) for day in days]
    known = [cell for cell in cells if cell["step"] is not None]
    holes = [cell for cell in cells if cell["step"] is None]
    beyond = [cell for cell in known if isinstance(cell["step"], int) and cell["step"] < 0]
    names = [_(word) for word in DAYS]
    place = {
        "x": alt.X("from:T", scale=UTC, title=None, axis=TIME_AXIS),
        "x2": "to:T",
        "y": alt.Y("weekday:O", sort=names, title=None, scale=alt.Scale(paddingInner=0.12), axis=alt.Axis(grid=False)),
    }
    tooltip = [
        alt.Tooltip("date:N", title=_("jour")),
        alt.Tooltip("measured:N", title=_("mesuré, kWh")),
        alt.Tooltip("baseline:N", title=_("référence ajustée, kWh")),
        alt.Tooltip("said:N", title=_("évité")),
    ]
    most = len(EDGES)
    shades = alt.Scale(domain=[-most, 0, most], range="diverging", interpolate="rgb")
    shade = alt.Color("step:Q", scale=shades, legend=None)
    layers = [chart_of("known").mark_rect(xOffset=0.5, x2Offset=-0.5).encode(**place, color=shade, tooltip=tooltip)]
    if holes:
        missing = chart_of("holes").mark_rect(style="missing", xOffset=0.5, x2Offset=-0.5)
        layers.append(missing.encode(**place, tooltip=tooltip))
    if beyond:
        at = {"x": alt.X("middle:T", scale=UTC), "y": place["y"], "text": alt.datum("+")}
        layers.append(chart_of("beyond").mark_text(style="beyond").encode(**at))
    key = [
        Key("calendar-saved", _("moins que la référence : pâle dès 5 %, foncé au-delà de 30 %")),
        Key("calendar-excess", _("plus que la référence (+)")),
    ]
    if holes:
        key.append(Key("missing", _("non compté")))
    finding = _finding(days, language)
    return Chart(
        title=finding,
        measure=_("Part évitée de la référence ajustée, jour par jour : une colonne par semaine"),
        key=tuple(key),
        spec=chart_spec(layers, known=known, holes=holes, beyond=beyond),
        summary=f"{finding}.",
        header=(_("Jour"), _("Mesuré, kWh"), _("Référence ajustée, kWh"), _("Évité, kWh"), _("Part"), _("Remarque")),
        rows=tuple(_row(day, language) for day in days),
    )


def _step(share: float | None) -> int | None:
    """Return the shade of a share, from -3 (far beyond the baseline) to 3 (far below)."""
    if share is None:
        return None
    steps = sum(abs(share) >= edge for edge in EDGES)
    return steps if share > 0.0 else -steps


def _cell(day: DayOfSavings, language: Language) -> dict[str, object]:
    monday = day.day - dt.timedelta(days=day.day.weekday())
    said = day.reason if day.share is None else language.percent(day.share)
    return {
        "from": wall_clock(monday),
        "to": wall_clock(monday + WEEK),
        "middle": wall_clock(dt.datetime.combine(monday, dt.time()) + WEEK / 2),
        "weekday": language.translate(DAYS[day.day.weekday()]),
        "date": language.date(day.day),
        "measured": "–" if day.measured_kwh is None else language.number(day.measured_kwh),
        "baseline": "–" if day.adjusted_baseline_kwh is None else language.number(day.adjusted_baseline_kwh),
        "said": said or language.translate(N_("non compté")),
        "step": _step(day.share),
    }


def _finding(days: Sequence[DayOfSavings], language: Language) -> str:
    _ = language.translate
    shares = [share for day in days if (share := day.share) is not None]
    if not shares:
        return _("Pas encore de jour mesuré")
    below, above = sum(share >= EDGES[0] for share in shares), sum(share <= -EDGES[0] for share in shares)
    sentence = _("{below} jours sur {days} ont consommé nettement moins que la référence, {above} nettement plus")
    return sentence.format(below=below, days=len(shares), above=above)


def _row(day: DayOfSavings, language: Language) -> tuple[str, ...]:
    measured, baseline, share = day.measured_kwh, day.adjusted_baseline_kwh, day.share
    if measured is None or baseline is None:
        return language.short_date(day.day), "–", "–", "–", "–", day.reason or language.translate(N_("non compté"))
    return (
        language.short_date(day.day),
        language.number(measured),
        language.number(baseline),
        language.number(baseline - measured),
        "–" if share is None else language.percent(share),
        day.reason,
    )
