"""The rows of the sheet: every metering point with the device that serves it, and every device that serves none.

What is sorted, filtered and grouped by comes from one query; what a row tells besides (last reading, last thirty days)
is asked for the rows that are shown only, so that a page costs the same however many readings there are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select

from contracts.parties.models import Shareholder
from contracts.sites.models import Building, Holding, Site
from devices.alerts.models import Alert
from devices.energy.models import DailyEnergy
from devices.ingest.latest import latest_readings
from devices.inventory.models import Device, DeviceModel, Installation
from devices.points.models import MeteringPoint, PointTag
from fleet.desk.words import folded, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select, SQLColumnExpression
    from sqlalchemy.orm import Session

    from devices.ingest.latest import Latest
    from fleet.desk.sheet.asked import Asked

PER_PAGE = 100
TREND_DAYS = 30


@dataclass(slots=True)
class Row:
    """One line of the sheet; what is None the reader is told why."""

    point_id: int | None
    device_id: int | None
    building_id: int | None
    values: dict[str, Any]
    """By column: what the query knows."""
    latest: Latest | None = None
    days: list[Decimal | None] = field(default_factory=list)
    """kWh of each of the last thirty days, None where a day is not whole."""
    tags: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what a box to tick sends: p12, or d7 for a device that serves no point."""
        return f"p{self.point_id}" if self.point_id else f"d{self.device_id}"

    @property
    def recent_kwh(self) -> Decimal | None:
        """Return the sum of the whole days among the last thirty; None where there is none."""
        whole = [kwh for kwh in self.days if kwh is not None]
        return sum(whole, Decimal(0)) if whole else None


_OPEN_ALERTS = (
    select(func.count()).where(
        Alert.state == "open",
        or_(Alert.point_id == MeteringPoint.id, and_(Alert.point_id.is_(None), Alert.device_id == Device.id)),
    )
).scalar_subquery()
EXPRESSIONS: dict[str, SQLColumnExpression[Any]] = {
    "building": Building.name,
    "site": Site.name,
    "city": Site.city,
    "shareholder": Shareholder.name,
    "use": Building.use,
    "area": Building.floor_area_m2,
    "point": MeteringPoint.name,
    "energy": MeteringPoint.energy,
    "direction": MeteringPoint.direction,
    "identifier": MeteringPoint.identifier,
    "serial": Device.serial,
    "model": func.nullif(func.concat_ws(" ", DeviceModel.maker, DeviceModel.name), ""),
    "state": Device.state,
    "since": func.lower(Installation.period),
    "alerts": _OPEN_ALERTS,
}
_SEARCHED = ("building", "site", "city", "shareholder", "use", "point", "identifier", "serial", "model")


def _all_rows(now: dt.datetime, today: dt.date) -> Select[*tuple[Any, ...]]:
    serving = and_(
        Installation.device_id == Device.id,
        Installation.period.op("@>")(now),
        # What files brought (devices.series) is no sensor.
        ~Installation.quantity.startswith("file_", autoescape=True),
    )
    sensor = ~Device.serial.contains("/", autoescape=True)
    return (
        select(MeteringPoint.id, Device.id, MeteringPoint.building_id)
        .select_from(Device)
        .outerjoin(Installation, serving)
        .outerjoin(MeteringPoint, MeteringPoint.id == Installation.point_id, full=True)
        .outerjoin(Building, Building.id == MeteringPoint.building_id)
        .outerjoin(Site, Site.id == Building.site_id)
        .outerjoin(Holding, and_(Holding.building_id == Building.id, Holding.period.op("@>")(today)))
        .outerjoin(Shareholder, Shareholder.id == Holding.shareholder_id)
        .outerjoin(DeviceModel, DeviceModel.id == Device.model_id)
        .where(or_(Device.id.is_(None), sensor))
    )


def _narrowed(query: Select[*tuple[Any, ...]], asked: Asked) -> Select[*tuple[Any, ...]]:
    for word in words_of(asked.text):
        query = query.where(or_(*(folded(EXPRESSIONS[name]).contains(word, autoescape=True) for name in _SEARCHED)))
    for name in ("shareholder", "use", "energy", "state", "city"):
        if values := asked.values(name):
            query = query.where(EXPRESSIONS[name].in_(values))
    if tags := asked.values("tag"):
        query = query.where(MeteringPoint.id.in_(select(PointTag.point_id).where(PointTag.tag.in_(tags))))
    if alerted := asked.values("alert"):
        query = query.where(or_(*(_OPEN_ALERTS > 0 if one == "open" else _OPEN_ALERTS == 0 for one in alerted)))
    if served := asked.values("served"):
        query = query.where(
            or_(*(Device.id.is_(None) if one == "bare" else MeteringPoint.id.is_(None) for one in served))
        )
    return query


def rows(
    session: Session,
    asked: Asked,
    *,
    now: dt.datetime,
    today: dt.date,
    only: Sequence[str] | None = None,
    whole: bool = False,
) -> list[Row]:
    """Return one page of rows in the order asked for, or all of them (`whole`), or those whose keys are in `only`.

    They know their columns and tags; `complete` adds what they last said.
    """
    query = _narrowed(_all_rows(now, today), asked)
    names = [name for name in EXPRESSIONS if name != "alerts" or "alerts" in {*asked.columns, asked.sort}]
    query = query.add_columns(*(EXPRESSIONS[name].label(f"c_{name}") for name in names))
    if only is not None:
        query = query.where(_among(only))
    order = EXPRESSIONS[asked.sort]
    ordered = [order.desc().nulls_last() if asked.descending else order.asc().nulls_last()]
    if asked.group:
        ordered.insert(0, EXPRESSIONS[asked.group].asc().nulls_last())
    query = query.order_by(*ordered, Building.name, MeteringPoint.id, Device.id)
    if not whole:
        query = query.limit(PER_PAGE).offset((asked.page - 1) * PER_PAGE)
    found = [
        Row(one[0], one[1], one[2], dict(zip(names, one[3:], strict=True))) for one in session.execute(query).all()
    ]
    tagged: dict[int, list[str]] = {}
    for point_id, tag in session.execute(
        select(PointTag.point_id, PointTag.tag)
        .where(PointTag.point_id.in_([row.point_id for row in found if row.point_id]))
        .order_by(PointTag.tag)
    ):
        tagged.setdefault(point_id, []).append(tag)
    for row in found:
        row.tags = tagged.get(row.point_id or 0, [])
    return found


def _among(keys: Sequence[str]) -> ColumnElement[bool]:
    points = [int(key[1:]) for key in keys if key.startswith("p")]
    spare = [int(key[1:]) for key in keys if key.startswith("d")]
    return or_(MeteringPoint.id.in_(points), and_(MeteringPoint.id.is_(None), Device.id.in_(spare)))


def complete(session: Session, found: Sequence[Row], *, now: dt.datetime, today: dt.date) -> None:
    """Tell each row what its point last said, and its energy of each of the last thirty days."""
    ids = [row.point_id for row in found if row.point_id]
    latest = latest_readings(session, ids, now)
    first = today - dt.timedelta(days=TREND_DAYS)
    whole = case((DailyEnergy.hours_measured == DailyEnergy.hours_expected, DailyEnergy.kwh))
    days: dict[int, dict[dt.date, Decimal | None]] = {}
    for point_id, day, kwh in session.execute(
        select(DailyEnergy.point_id, DailyEnergy.day, whole).where(
            DailyEnergy.point_id.in_(ids), DailyEnergy.day >= first, DailyEnergy.day < today
        )
    ):
        days.setdefault(point_id, {})[day] = kwh
    for row in found:
        if row.point_id:
            row.latest = latest.get(row.point_id)
            mine = days.get(row.point_id, {})
            row.days = [mine.get(first + dt.timedelta(days=n)) for n in range(TREND_DAYS)]


def count(session: Session, asked: Asked, *, now: dt.datetime, today: dt.date) -> int:
    """Return how many rows there are."""
    query = _narrowed(_all_rows(now, today), asked)
    return session.scalar(select(func.count()).select_from(query.subquery("rows"))) or 0


def groups(session: Session, asked: Asked, *, now: dt.datetime, today: dt.date) -> dict[Any, int]:
    """Return how many rows each group has."""
    by = EXPRESSIONS[asked.group]
    query = _narrowed(_all_rows(now, today), asked).with_only_columns(by, func.count()).group_by(by)
    return dict(session.execute(query).all())


def choices(session: Session) -> dict[str, list[str]]:
    """Return what each filter may ask for, of what the reader sees; from the small tables, not from the rows."""
    columns = {
        "shareholder": Shareholder.name,
        "use": Building.use,
        "city": Site.city,
        "energy": MeteringPoint.energy,
        "state": Device.state,
        "tag": PointTag.tag,
    }
    return {name: sorted(session.scalars(select(column).distinct())) for name, column in columns.items()}
