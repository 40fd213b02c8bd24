"""What a point measured: readings as they arrived, clean energy by hour and by local day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation
from fleet.api import shapes
from fleet.api.answers import answer
from fleet.api.collections import ROOT, collection_named, one_of
from fleet.api.paging import WRONG, asked, page, read_cursor
from foundation.errors import Refusal
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from fleet.api.shapes import Shape


def _instant(written: str, field: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(written).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Refusal("« {written} » n'est pas une heure qui existe.", field=field, written=written) from None


def _day(written: str, field: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise Refusal("« {written} » n'est pas un jour qui existe.", field=field, written=written) from None


def _period(request: Request, read: Any) -> tuple[Any, Any]:
    """Return start and end as they were asked for; the first comes before the second."""
    start, end = (read(request.GET[name], name) for name in ("start", "end"))
    if start >= end:
        raise Refusal("La période finit avant de commencer ; « end » vient après « start ».", field="end")
    return start, end


def readings(request: Request) -> Response:
    """Return the readings of a point, oldest first."""
    point, query = one_of(request, collection_named("points")), asked(request)
    start, end = _period(request, _instant)
    wanted = (
        select(
            Reading.ts,
            Reading.installation_id,
            Reading.value,
            Reading.received_at,
            Installation.channel,
            Installation.quantity,
            Installation.factor,
            Device.serial,
        )
        .join(Installation, Installation.id == Reading.installation_id)
        .join(Device, Device.id == Installation.device_id)
        .where(Installation.point_id == point.id, Reading.ts >= start, Reading.ts < end)
    )
    if "after" in query:
        written, installation = read_cursor(query["after"], str, int)
        wanted = wanted.where(tuple_(Reading.ts, Reading.installation_id) > (_after(written), installation))
    rows = request.dbsession.execute(
        wanted.order_by(Reading.ts, Reading.installation_id).limit(query["limit"] + 1)
    ).all()
    return answer(page(request, rows, _reading, lambda row: (shapes.instant(row.ts) or "", row.installation_id)))


def _after(written: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(written)
    except ValueError:
        raise Refusal(WRONG, field="after") from None


def _reading(row: Any) -> Shape:
    return {
        "time": shapes.instant(row.ts),
        "serial": row.serial,
        "channel": row.channel,
        "quantity": row.quantity,
        "value": shapes.decimal(row.value),
        "factor": shapes.decimal(row.factor),
        "received_at": shapes.instant(row.received_at),
    }


def hours(request: Request) -> Response:
    """Return the hours of a point, oldest first."""
    point, query = one_of(request, collection_named("points")), asked(request)
    start, end = _period(request, _instant)
    wanted = select(HourlyEnergy).where(
        HourlyEnergy.point_id == point.id, HourlyEnergy.hour >= start, HourlyEnergy.hour < end
    )
    if "after" in query:
        wanted = wanted.where(HourlyEnergy.hour > _after(read_cursor(query["after"], str)[0]))
    rows = request.dbsession.scalars(wanted.order_by(HourlyEnergy.hour).limit(query["limit"] + 1)).all()
    return answer(page(request, rows, shapes.hour, lambda row: (shapes.instant(row.hour) or "",)))


def days(request: Request) -> Response:
    """Return the local days of a point, oldest first."""
    point, query = one_of(request, collection_named("points")), asked(request)
    start, end = _period(request, _day)
    wanted = select(DailyEnergy).where(
        DailyEnergy.point_id == point.id, DailyEnergy.day >= start, DailyEnergy.day < end
    )
    if "after" in query:
        wanted = wanted.where(DailyEnergy.day > _after(read_cursor(query["after"], str)[0]).date())
    rows = request.dbsession.scalars(wanted.order_by(DailyEnergy.day).limit(query["limit"] + 1)).all()
    return answer(page(request, rows, shapes.daily, lambda row: (row.day.isoformat(),)))


def includeme(config: Configurator) -> None:
    """Register them."""
    for route, pattern, view in (
        ("api_readings", "readings", readings),
        ("api_hours", "energy/hourly", hours),
        ("api_days", "energy/daily", days),
    ):
        config.add_route(route, f"{ROOT}/points/{{id}}/{pattern}")
        config.add_view(
            view, route_name=route, request_method="GET", permission=Permission.SEE_MEASUREMENTS, openapi=True
        )
