"""Pictures of clean energy: load curve with visible gaps, energy of each day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import altair as alt

from foundation.look.charts import TIME_AXIS, UTC, Chart, Key, chart_of, chart_spec, wall_clock
from foundation.look.energies import ENERGIES
from foundation.look.language import FRENCH, Language
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

Quality = Literal["measured", "estimated", "missing"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Mean power (kW) over one step that starts at local time `start`; None where nothing is known, with the reason."""

    start: dt.datetime
    power_kw: float | None
    quality: Quality = "measured"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DayOfEnergy:
    """Energy of one local day (kWh); None where nothing is known, with the reason."""

    day: dt.date
    energy_kwh: float | None
    quality: Quality = "measured"
    reason: str = ""


def load_curve(
    points: Sequence[CurvePoint], *, energy: str, step: dt.timedelta, source: str = "", language: Language = FRENCH
) -> Chart:
    """Draw mean power over time, in steps; what was estimated is dotted, what is missing stays a hatched gap."""
    _ = language.translate
    qualities = _quality_words(language)
    values = _steps(points, step, qualities)
    tooltip = [
        alt.Tooltip("start:T", title=_("début"), format="%d/%m/%Y %H:%M", formatType="time"),
        alt.Tooltip("power:Q", title="kW", format=",.1f"),
        alt.Tooltip("quality:N", title=_("qualité")),
        alt.Tooltip("reason:N", title=_("raison")),
    ]
    base = chart_of("steps").encode(x=alt.X("start:T", scale=UTC, title=None, axis=TIME_AXIS), tooltip=tooltip)
    power = alt.Y("power:Q", title="kW", scale=alt.Scale(zero=True))
    token = ENERGIES[energy].token
    holes = _holes([(point.start, point.power_kw, point.reason) for point in points], step)
    broken: Literal["break-paths-show-domains"] = "break-paths-show-domains"
    layers = [
        *_gap_layer(holes, language),
        base.mark_area(style=f"{token}-area", interpolate="step-after", invalid=broken).encode(y=power),
        base.mark_line(style=f"{token}-line", interpolate="step-after", invalid=broken).encode(y=power),
    ]
    present = {point.quality if point.power_kw is not None else "missing" for point in points}
    if "estimated" in present:
        layers.append(
            base.mark_line(style="estimated", interpolate="step-after", invalid=broken).encode(y="estimated:Q")
        )
    known = [point for point in points if point.power_kw is not None]
    finding = _power_finding(known, language)
    return Chart(
        title=finding,
        measure=_("Puissance moyenne par pas de {step}, en kW").format(step=language.duration(step)),
        key=_key(f"{token}-line", "estimated", present, language),
        spec=chart_spec(layers, steps=values, holes=holes),
        summary=_("{finding}. {known} pas connus sur {all}.").format(
            finding=finding, known=language.number(len(known)), all=language.number(len(points))
        ),
        header=(_("Début"), _("Puissance, kW"), _("Qualité"), _("Raison")),
        rows=tuple(
            (
                f"{point.start:%d/%m/%Y %H:%M}",
                "–" if point.power_kw is None else language.number(point.power_kw, 1),
                qualities[point.quality if point.power_kw is not None else "missing"],
                point.reason,
            )
            for point in points
        ),
        source=source,
    )


def daily_bars(days: Sequence[DayOfEnergy], *, energy: str, source: str = "", language: Language = FRENCH) -> Chart:
    """Draw the energy of each local day as a bar; estimated days are hatched, missing days leave a hatched gap."""
    _ = language.translate
    qualities = _quality_words(language)
    one_day = dt.timedelta(days=1)
    values = [
        {
            "start": wall_clock(day.day),
            "end": wall_clock(day.day + one_day),
            "energy": None if day.energy_kwh is None else round(day.energy_kwh, 3),
            "estimated": day.quality == "estimated",
            "quality": qualities[day.quality],
            "reason": day.reason,
        }
        for day in days
    ]
    tooltip = [
        alt.Tooltip("start:T", title=_("jour"), format="%A %d/%m/%Y", formatType="time"),
        alt.Tooltip("energy:Q", title="kWh", format=",.0f"),
        alt.Tooltip("quality:N", title=_("qualité")),
        alt.Tooltip("reason:N", title=_("raison")),
    ]
    base = chart_of("steps").encode(
        x=alt.X("start:T", scale=UTC, title=None, axis=TIME_AXIS),
        x2="end:T",
        y=alt.Y("energy:Q", title=_("kWh par jour"), scale=alt.Scale(zero=True)),
        y2=alt.datum(0),
        tooltip=tooltip,
    )
    holes = _holes([(day.day, day.energy_kwh, day.reason) for day in days], one_day)
    spacing = 1 if len(days) <= 62 else 0
    token = ENERGIES[energy].token
    layers = _gap_layer(holes, language)
    known = [day for day in days if day.energy_kwh is not None]
    present = {day.quality if day.energy_kwh is not None else "missing" for day in days}
    if "measured" in present:
        layers.append(base.transform_filter("!datum.estimated").mark_bar(style=f"{token}-bar", x2Offset=-spacing))
    if "estimated" in present:
        layers.append(base.transform_filter("datum.estimated").mark_bar(style="estimated-bar", x2Offset=-spacing))
    total = sum(day.energy_kwh or 0.0 for day in known)
    finding = (
        _("{energy} en {days} jours").format(energy=language.kwh(total), days=language.number(len(known)))
        if known
        else _("Aucun jour connu sur cette période")
    )
    return Chart(
        title=finding,
        measure=_("Énergie de chaque jour, en kWh"),
        key=_key(f"{token}-bar", "estimated-bar", present, language),
        spec=chart_spec(layers, steps=values, holes=holes),
        summary=_("{finding} ; {missing} jours manquent.").format(
            finding=finding, missing=language.number(len(days) - len(known))
        ),
        header=(_("Jour"), _("Énergie, kWh"), _("Qualité"), _("Raison")),
        rows=tuple(
            (
                language.short_date(day.day),
                "–" if day.energy_kwh is None else language.number(day.energy_kwh),
                qualities[day.quality if day.energy_kwh is not None else "missing"],
                day.reason,
            )
            for day in days
        ),
        source=source,
    )


def _quality_words(language: Language) -> dict[Quality, str]:
    _ = language.translate
    return {"measured": _("mesuré"), "estimated": _("estimé"), "missing": _("manquant")}


def _steps(points: Sequence[CurvePoint], step: dt.timedelta, words: dict[Quality, str]) -> list[dict[str, object]]:
    """Return each point of a line drawn in steps; where a run of one quality ends, a second closes its last step."""
    values: list[dict[str, object]] = []
    for index, point in enumerate(points):
        power = None if point.power_kw is None else round(point.power_kw, 3)
        estimated = point.quality == "estimated"
        value = {
            "power": None if estimated else power,
            "estimated": power if estimated else None,
            "quality": words[point.quality],
            "reason": point.reason,
        }
        values.append({"start": wall_clock(point.start), **value})
        following = points[index + 1] if index + 1 < len(points) else None
        if following is None or following.quality != point.quality or (following.power_kw is None) != (power is None):
            values.append({"start": wall_clock(point.start + step), **value})
    return values


def _key(measured: str, estimated: str, present: set[Quality], language: Language) -> tuple[Key, ...]:
    words = _quality_words(language)
    styles: dict[Quality, str] = {"measured": measured, "estimated": estimated, "missing": "missing"}
    return tuple(Key(style, words[quality]) for quality, style in styles.items() if quality in present)


def _power_finding(known: Sequence[CurvePoint], language: Language) -> str:
    _ = language.translate
    if not known:
        return _("Aucune mesure sur cette période")
    powers = [point.power_kw or 0.0 for point in known]
    return _("{mean} en moyenne, {peak} au plus fort").format(
        mean=language.quantity(sum(powers) / len(powers), "kW", 1), peak=language.quantity(max(powers), "kW", 1)
    )


def _holes(steps: Sequence[tuple[dt.date, float | None, str]], step: dt.timedelta) -> list[dict[str, str]]:
    """Return the runs of steps without a value, each with its first reason."""
    holes: list[dict[str, str]] = []
    open_hole = False
    for start, value, reason in steps:
        if value is None:
            end = wall_clock(start + step)
            if open_hole:
                holes[-1]["to"] = end
            else:
                holes.append({"from": wall_clock(start), "to": end, "reason": reason})
        open_hole = value is None
    return holes


def _gap_layer(holes: Sequence[dict[str, str]], language: Language) -> list[alt.Chart]:
    """Return hatched rectangles over the whole height, where there are holes."""
    if not holes:
        return []
    reason = alt.Tooltip("reason:N", title=language.translate(N_("manquant")))
    hatched = chart_of("holes").mark_rect(style="missing")
    return [hatched.encode(x=alt.X("from:T", scale=UTC), x2="to:T", tooltip=reason)]
