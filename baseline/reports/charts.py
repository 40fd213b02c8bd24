"""Pictures of a saving: measured against adjusted baseline, cumulative sum (CUSUM).

Values in, `Chart` out; all energies in kWh, days local to the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt

from foundation.look.charts import TIME_AXIS, UTC, Chart, Key, chart_of, chart_spec, wall_clock
from foundation.look.language import FRENCH, Language

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class MonthOfSavings:
    """One month [start, end) of local days; `low` and `high` bound the adjusted baseline where that is known."""

    start: dt.date
    end: dt.date
    measured_kwh: float
    adjusted_baseline_kwh: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class CumulativeDay:
    """Energy avoided from the first day to the end of `day`; None where the day was not measured, with the reason."""

    day: dt.date
    avoided_kwh: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """Something that happened on `day`, numbered on the line and listed below it."""

    number: int
    day: dt.date
    title: str


def measured_against_baseline(
    months: Sequence[MonthOfSavings],
    *,
    avoided_kwh: float,
    low: float,
    high: float,
    confidence: float,
    station: str = "",
    language: Language = FRENCH,
) -> Chart:
    """Draw each month's measured energy as a bar under its adjusted baseline, dashed, with the interval as a pale band.

    `avoided_kwh`, `low`, `high` and `confidence` (0.9) are those of the whole period, as the report states them.
    """
    _ = language.translate
    values = [
        {
            "start": wall_clock(month.start),
            "end": wall_clock(month.end),
            "measured": round(month.measured_kwh, 3),
            "baseline": round(month.adjusted_baseline_kwh, 3),
            "low": month.low,
            "high": month.high,
            "month": language.month(month.start),
        }
        for month in months
    ]
    tooltip = [
        alt.Tooltip("month:N", title=_("mois")),
        alt.Tooltip("measured:Q", title=_("mesuré, kWh"), format=",.0f"),
        alt.Tooltip("baseline:Q", title=_("référence ajustée, kWh"), format=",.0f"),
    ]
    base = chart_of("days").encode(x=alt.X("start:T", scale=UTC, title=None, axis=TIME_AXIS), x2="end:T")
    energy = alt.Y("measured:Q", title=_("kWh par mois"), scale=alt.Scale(zero=True))
    layers = [
        base.mark_bar(style="measured-bar", xOffset=3, x2Offset=-3).encode(y=energy, y2=alt.datum(0), tooltip=tooltip),
        base.mark_rule(style="baseline").encode(y="baseline:Q", tooltip=tooltip),
    ]
    bounded = any(month.low is not None for month in months)
    if bounded:
        layers.insert(1, base.mark_bar(style="interval").encode(y="low:Q", y2="high:Q"))
    baseline_kwh = sum(month.adjusted_baseline_kwh for month in months)
    key = [Key("measured-bar", _("mesuré")), Key("baseline", _("référence ajustée au climat"))]
    if bounded:
        key.append(Key("interval", _("intervalle à {confidence}").format(confidence=language.percent(confidence))))
    return Chart(
        title=_avoided_finding(avoided_kwh, baseline_kwh, language),
        measure=_("Énergie de chaque mois, en kWh"),
        key=tuple(key),
        spec=chart_spec(layers, days=values),
        summary=_(
            "{finding}, entre {low} et {high} (confiance {confidence}) ; la référence ajustée est de {baseline}."
        ).format(
            finding=_avoided_finding(avoided_kwh, baseline_kwh, language),
            low=language.kwh(low),
            high=language.kwh(high),
            confidence=language.percent(confidence),
            baseline=language.kwh(baseline_kwh),
        ),
        header=(_("Mois"), _("Mesuré, kWh"), _("Référence ajustée, kWh"), _("Évité, kWh")),
        rows=tuple(
            (
                language.month(month.start),
                language.number(month.measured_kwh),
                language.number(month.adjusted_baseline_kwh),
                language.number(month.adjusted_baseline_kwh - month.measured_kwh),
            )
            for month in months
        ),
        source=_("Température : {station}").format(station=station) if station else "",
    )


def cusum(days: Sequence[CumulativeDay], *, events: Sequence[NumberedEvent] = (), language: Language = FRENCH) -> Chart:
    """Draw energy avoided since the first day: up is saving, events are numbered, days not measured leave a gap."""
    _ = language.translate
    values = [{"day": wall_clock(day.day), "avoided": day.avoided_kwh} for day in days]
    gaps = _gaps(days)
    scale = alt.X("day:T", scale=UTC, title=None, axis=TIME_AXIS)
    line = chart_of("days").encode(
        x=scale,
        y=alt.Y(
            "avoided:Q", title=_("kWh évités depuis le début (vers le haut : économie)"), scale=alt.Scale(zero=True)
        ),
        tooltip=[
            alt.Tooltip("day:T", title=_("jour"), format="%d/%m/%Y", formatType="time"),
            alt.Tooltip("avoided:Q", title=_("évité depuis le début, kWh"), format=",.0f"),
        ],
    )
    layers: list[alt.Chart] = []
    holes = [{"from": wall_clock(first), "to": wall_clock(last), "reason": reason} for first, last, reason in gaps]
    if holes:
        layers.append(
            chart_of("holes")
            .mark_rect(style="missing")
            .encode(x=alt.X("from:T", scale=UTC), x2="to:T", tooltip=alt.Tooltip("reason:N", title=_("non mesuré")))
        )
    layers += [
        chart_of("zero").mark_rule(style="zero").encode(y="zero:Q"),
        line.mark_line(style="saved", invalid="break-paths-show-domains"),
    ]
    numbered = _events_on_the_line(days, events)
    if numbered:
        event = chart_of("events").encode(x=alt.X("day:T", scale=UTC), y="avoided:Q", tooltip="title:N")
        layers += [
            event.mark_point(style="event", shape="circle"),
            event.mark_text(style="event-number").encode(text="number:N"),
        ]
    last_known = next((day.avoided_kwh for day in reversed(days) if day.avoided_kwh is not None), 0.0)
    key = [Key("saved", _("énergie évitée, cumulée"))]
    if gaps:
        key.append(Key("missing", _("non mesuré")))
    key += [Key("event", f"{event.number} : {event.title}, {language.short_date(event.day)}") for event in events]
    finding = _cumulative_finding(last_known, days, language)
    told = " ; ".join(f"{event.number}, {event.title}" for event in events)
    return Chart(
        title=finding,
        measure=_("Énergie évitée depuis le premier jour, en kWh ; la courbe monte quand le bâtiment économise"),
        key=tuple(key),
        spec=chart_spec(layers, days=values, holes=holes, zero=[{"zero": 0}], events=numbered),
        summary=_("{finding}. Événements : {events}.").format(finding=finding, events=told)
        if events
        else f"{finding}.",
        header=(_("Jour"), _("Évité depuis le début, kWh"), _("Remarque")),
        rows=tuple(
            (
                language.short_date(day.day),
                _("non mesuré") if day.avoided_kwh is None else language.number(day.avoided_kwh),
                day.reason,
            )
            for day in days
        ),
    )


def _avoided_finding(avoided_kwh: float, baseline_kwh: float, language: Language) -> str:
    _ = language.translate
    share = language.percent(abs(avoided_kwh) / baseline_kwh, 1) if baseline_kwh else "–"
    if avoided_kwh < 0:
        return _("{energy} de plus que la référence ajustée, soit {share}").format(
            energy=language.kwh(-avoided_kwh), share=share
        )
    return _("{energy} évités, soit {share} de la référence ajustée").format(
        energy=language.kwh(avoided_kwh), share=share
    )


def _cumulative_finding(avoided_kwh: float, days: Sequence[CumulativeDay], language: Language) -> str:
    _ = language.translate
    if not days:
        return _("Pas encore de jour mesuré")
    sentence = _("{energy} évités depuis le {day}") if avoided_kwh >= 0 else _("{energy} de trop depuis le {day}")
    return sentence.format(energy=language.kwh(abs(avoided_kwh)), day=language.date(days[0].day))


def _gaps(days: Sequence[CumulativeDay]) -> list[tuple[dt.date, dt.date, str]]:
    """Return runs of days not measured: last measured day, next one, reason, so that a hole is filled edge to edge."""
    gaps: list[tuple[dt.date, dt.date, str]] = []
    before: dt.date | None = None
    opened: tuple[dt.date, str] | None = None
    for day in days:
        if day.avoided_kwh is None:
            opened = opened or (before or day.day, day.reason)
        elif opened:
            gaps.append((opened[0], day.day, opened[1]))
            opened = None
        before = day.day
    if opened and before:
        gaps.append((opened[0], before, opened[1]))
    return gaps


def _events_on_the_line(days: Sequence[CumulativeDay], events: Sequence[NumberedEvent]) -> list[dict[str, object]]:
    """Return each event with the height of the line on its day, or on the last day known before it."""
    known = {day.day: day.avoided_kwh for day in days if day.avoided_kwh is not None}
    placed: list[dict[str, object]] = []
    for event in events:
        reached = [day for day in known if day <= event.day]
        height = known[max(reached)] if reached else 0.0
        placed.append(
            {"day": wall_clock(event.day), "avoided": height, "number": str(event.number), "title": event.title}
        )
    return placed
