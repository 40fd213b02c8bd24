"""Register sites and buildings, and who holds a building from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from contracts.sites.models import Building, Holding, Site
from foundation.errors import Refusal
from foundation.time import time_zone

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder


def register_site(
    session: Session,
    *,
    name: str,
    city: str,
    timezone: str,
    street: str = "",
    postcode: str = "",
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    altitude_m: Decimal | None = None,
    synthetic: bool = False,
) -> Site:
    """Add a site; its time zone decides what a local day is for everything measured there."""
    time_zone(timezone)
    check_place(latitude, longitude)
    if session.scalar(select(Site.id).where(Site.name == name, Site.city == city)) is not None:
        raise Refusal(
            "Il y a déjà un site « {name} » à {city} ; donnez-lui un autre nom.", field="name", name=name, city=city
        )
    site = Site(
        name=name,
        city=city,
        timezone=timezone,
        street=street,
        postcode=postcode,
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        synthetic=synthetic,
    )
    session.add(site)
    session.flush()
    return site


def check_place(latitude: Decimal | None, longitude: Decimal | None) -> None:
    """Refuse coordinates that are not on Earth (WGS 84, degrees)."""
    if latitude is not None and abs(latitude) > 90:
        raise Refusal("La latitude se situe entre -90 et 90 degrés, par exemple 47,7483.", field="latitude")
    if longitude is not None and abs(longitude) > 180:
        raise Refusal("La longitude se situe entre -180 et 180 degrés, par exemple -3,3700.", field="longitude")


def register_building(
    session: Session, site: Site, *, name: str, use: str, floor_area_m2: Decimal | None = None
) -> Building:
    """Add a building to `site`; `floor_area_m2` is its floor area where it is known."""
    if session.scalar(select(Building.id).where(Building.site_id == site.id, Building.name == name)) is not None:
        raise Refusal(
            "Le site « {site} » a déjà un bâtiment « {name} » ; donnez-lui un autre nom.",
            field="name",
            site=site.name,
            name=name,
        )
    if floor_area_m2 is not None and floor_area_m2 <= 0:
        raise Refusal(
            "La surface doit être plus grande que zéro ; laissez vide si elle est inconnue.", field="floor_area_m2"
        )
    building = Building(site=site, name=name, use=use, floor_area_m2=floor_area_m2)
    session.add(building)
    session.flush()
    return building


def hold(
    session: Session, building: Building, shareholder: Shareholder, *, start: dt.date, end: dt.date | None = None
) -> Holding:
    """Say that `shareholder` holds `building` during [start, end) of local days (truth 11)."""
    if end is not None and end <= start:
        raise Refusal(
            "La détention finit ({end:%d/%m/%Y}) avant d'avoir commencé ({start:%d/%m/%Y}).",
            field="end",
            end=end,
            start=start,
        )
    period: Range[dt.date] = Range(start, end)
    other = session.scalar(select(Holding).where(Holding.building_id == building.id, Holding.period.op("&&")(period)))
    if other is not None:
        since = f" depuis le {other.period.lower:%d/%m/%Y}" if other.period.lower else ""
        raise Refusal(
            "« {building} » est déjà détenu par {holder}{since} ; finissez d'abord cette détention.",
            field="start",
            building=building.name,
            holder=other.shareholder.name,
            since=since,
        )
    holding = Holding(building=building, shareholder=shareholder, period=period)
    session.add(holding)
    session.flush()
    return holding
