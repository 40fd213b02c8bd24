"""The part of a building's page that shows what it uses: load curve and energy of each day, point by point."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from devices.energy.charts import CurvePoint, DayOfEnergy, Quality, daily_bars, load_curve
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.points.models import MeteringPoint
from foundation.messages import N_
from foundation.pages import Fragment
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request

    from contracts.sites.models import Building
    from foundation.look.charts import Chart
    from foundation.look.language import Language


HOUR = dt.timedelta(hours=1)
DAYS_OF_CURVE = 7
DAYS_OF_BARS = 62
# What counts but was split between two indexes is drawn like an estimate: its hours are, its sum is not (truth 2).
QUALITIES: dict[str, Quality] = {
    "measured": "measured",
    "measured_in_total": "estimated",
    "estimated": "estimated",
    "suspicious": "missing",
    "missing": "missing",
}
REASONS = {
    "measured": "",
    "measured_in_total": N_("mesuré en tout, réparti entre deux index"),
    "estimated": N_("estimé, sans index aux deux bouts"),
    "suspicious": N_("douteux, mis de côté"),
    "missing": N_("rien n'est arrivé"),
}
CAUSES = {
    "transient_zero": N_("zéro passager ; si c'était une remise à zéro, compté au plus bas"),
    "spike": N_("pic impossible"),
    "rollover": N_("compteur revenu à zéro"),
    "unknown_size": N_(
        "compteur plein ou remis à zéro : dites la taille du registre sur le modèle du capteur (ou sur sa pose),"
        " l'énergie sera dérivée de nouveau"
    ),
    "reset": N_("compteur remis à zéro"),
    "restart": N_("capteur redémarré"),
    "backwards": N_("index qui recule"),
    "implausible": N_("consommation impossible"),
    "no_device": N_("aucun capteur posé"),
    "no_coefficient": N_("sans coefficient kWh/m³ : entrez celui de la facture de gaz"),
}


def uses_of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the charts of the point `?point=` asks for, or of the first that has energy; None where none has."""
    last_hour = select(func.max(HourlyEnergy.hour)).where(HourlyEnergy.point_id == MeteringPoint.id).scalar_subquery()
    known = request.dbsession.execute(
        select(MeteringPoint, last_hour.label("last"))
        .where(MeteringPoint.building_id == building.id, last_hour.is_not(None))
        .order_by(MeteringPoint.id)
    ).all()
    if not known:
        return None
    asked = request.GET.get("point", "")
    point, last = next((row for row in known if str(row[0].id) == asked), known[0])
    zone = ZoneInfo(building.site.timezone)
    return {
        "points": [row[0] for row in known],
        "point": point,
        "curve": _curve(request, point, last, zone),
        "bars": _bars(request, point, last.astimezone(zone).date()),
        "set_aside": _set_aside(request, point, last),
        "zone": zone,
    }


class SetAside(NamedTuple):
    """Hours from `start` to `end` (UTC) of which some index was not believed, and why."""

    start: dt.datetime
    end: dt.datetime
    why: str


def _set_aside(request: Request, point: MeteringPoint, last: dt.datetime) -> list[SetAside]:
    """Return what the last two months leave out, latest first: nothing is left out silently."""
    rows = request.dbsession.scalars(
        select(HourlyEnergy)
        .where(
            HourlyEnergy.point_id == point.id,
            HourlyEnergy.hour > last - dt.timedelta(days=DAYS_OF_BARS),
            (HourlyEnergy.reason == "suspicious") | (HourlyEnergy.cause == "spike"),
        )
        .order_by(HourlyEnergy.hour)
    )
    found: list[SetAside] = []
    for row in rows:
        start, why = row.hour, _reason(request.language, row.reason, row.cause)
        if found and (found[-1].end, found[-1].why) == (start, why):
            start = found.pop().start
        found.append(SetAside(start, row.hour + HOUR, why))
    return found[::-1]


def _reason(language: Language, reason: str, cause: str | None) -> str:
    words = [REASONS[reason], CAUSES[cause] if cause else ""]
    return ", ".join(language.translate(word) for word in words if word)


def _curve(request: Request, point: MeteringPoint, last: dt.datetime, zone: ZoneInfo) -> Chart:
    """Draw the last week known, hour by hour, on the clock of the site's wall."""
    end = last + HOUR
    start = end - dt.timedelta(days=DAYS_OF_CURVE)
    rows = request.dbsession.scalars(
        select(HourlyEnergy).where(
            HourlyEnergy.point_id == point.id, HourlyEnergy.hour >= start, HourlyEnergy.hour < end
        )
    )
    by_hour = {row.hour: row for row in rows}
    language = request.language
    points = []
    for step in range(DAYS_OF_CURVE * 24):
        hour = start + step * HOUR
        row = by_hour.get(hour)
        reason, cause, kwh = (row.reason, row.cause, row.kwh) if row else ("missing", None, None)
        points.append(
            CurvePoint(
                hour.astimezone(zone),
                # Mean power over an hour in kW is its energy in kWh.
                None if kwh is None else float(kwh),
                QUALITIES[reason],
                _reason(language, reason, cause),
            )
        )
    return load_curve(points, energy=point.energy, step=HOUR, source=point.name, language=language)


def _bars(request: Request, point: MeteringPoint, last: dt.date) -> Chart:
    """Draw the last two months known, day by day."""
    first = last - dt.timedelta(days=DAYS_OF_BARS - 1)
    rows = request.dbsession.scalars(
        select(DailyEnergy).where(DailyEnergy.point_id == point.id, DailyEnergy.day.between(first, last))
    )
    days = _days({row.day: row for row in rows}, first, request.language)
    return daily_bars(days, energy=point.energy, source=point.name, language=request.language)


def _days(by_day: Mapping[dt.date, DailyEnergy], first: dt.date, language: Language) -> Sequence[DayOfEnergy]:
    days = []
    for offset in range(DAYS_OF_BARS):
        day = first + dt.timedelta(days=offset)
        row = by_day.get(day)
        if row is None or row.kwh is None:
            days.append(
                DayOfEnergy(day, None, "missing", language.translate(REASONS[row.reason if row else "missing"]))
            )
            continue
        reason = language.translate(REASONS[row.reason])
        quality = QUALITIES[row.reason]
        if row.hours_measured < row.hours_expected:
            quality = "estimated"
            reason = language.translate(N_("{known} heures sur {all}")).format(
                known=row.hours_measured, all=row.hours_expected
            )
        days.append(DayOfEnergy(day, float(row.kwh), quality, reason))
    return days


def includeme(config: Configurator) -> None:
    """Register the fragment."""
    config.add_fragment(
        Fragment(
            "building",
            "uses",
            30,
            Permission.SEE_MEASUREMENTS,
            "devices.energy:templates/building_uses.jinja2",
            uses_of_building,
        )
    )
