"""The map of the sites: a mark each, its worst state now, and the list that says the same without a map.

Tiles come from the address of the setting `web.tiles_url`; without one the marks stand on a blank ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from contracts.sites.models import Building, Site
from devices.alerts.models import Alert
from foundation.pages import Fragment
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request


def site_map(request: Request) -> dict[str, Any]:
    """Show every site the reader sees."""
    session = request.dbsession
    buildings = dict(session.execute(select(Building.site_id, func.count()).group_by(Building.site_id)).all())
    alerts = dict(
        session.execute(select(Alert.site_id, func.count()).where(Alert.state == "open").group_by(Alert.site_id)).all()
    )
    sites = session.scalars(select(Site).order_by(Site.city, Site.name)).all()
    placed = [
        {
            "name": site.name,
            "city": site.city,
            "at": [float(site.latitude), float(site.longitude)],
            "href": request.route_path("site", id=site.id),
            "alerts": alerts.get(site.id, 0),
        }
        for site in sites
        if site.latitude is not None and site.longitude is not None
    ]
    settings = request.registry["settings"]
    return {
        "sites": sites,
        "placed": placed,
        "buildings": buildings,
        "alerts": alerts,
        "tiles": settings.tiles_url or "",
        "credit": settings.tiles_credit,
    }


def includeme(config: Configurator) -> None:
    """Register the page, and the way to it from the list of sites."""
    config.add_route("site_map", "/sites/map")
    config.add_view(
        site_map,
        route_name="site_map",
        renderer="fleet.desk.map:templates/map.jinja2",
        permission=Permission.SEE_SITES,
        request_method="GET",
    )
    link = "fleet.desk.map:templates/link.jinja2"
    config.add_fragment(Fragment("sites", "map", 10, Permission.SEE_SITES, link, lambda _request, _row: {}))
