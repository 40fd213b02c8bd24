"""The page of what was changed, and the way to it from the page of every object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import inspect

from fleet.desk.changes.trail import MOST, trail
from foundation.base import Base
from foundation.history import watched
from foundation.messages import N_
from foundation.pages import NUMBER
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

TABLES = {
    "contracts.site": N_("site"),
    "contracts.building": N_("bâtiment"),
    "contracts.holding": N_("détention"),
    "contracts.shareholder": N_("collectivité"),
    "contracts.budget": N_("budget"),
    "contracts.agreement": N_("accord"),
    "contracts.amendment": N_("avenant"),
    "contracts.annex": N_("annexe"),
    "contracts.price_schedule": N_("prix"),
    "devices.metering_point": N_("point de mesure"),
    "devices.point_payment": N_("qui paie"),
    "devices.measurement_boundary": N_("périmètre"),
    "devices.boundary_term": N_("terme du périmètre"),
    "devices.device": N_("capteur"),
    "devices.installation": N_("pose"),
    "baseline.measurement_plan": N_("plan de mesure"),
    "billing.settlement": N_("décompte"),
    "billing.invoice": N_("facture"),
}
"""Words of the tables people know; another one is named as it is."""
ROUTES = {
    "contracts.site": "site",
    "contracts.building": "building",
    "contracts.shareholder": "shareholder",
    "contracts.agreement": "agreement",
    "devices.metering_point": "point",
    "devices.measurement_boundary": "boundary",
    "devices.device": "device",
    "baseline.measurement_plan": "plan",
    "billing.settlement": "settlement",
    "billing.invoice": "invoice",
}


def history(request: Request) -> dict[str, Any]:
    """Show what was changed on one row and on what hangs on it."""
    name, number = request.matchdict["table"], int(request.matchdict["id"])
    table = Base.metadata.tables.get(name)
    if table is None or "id" not in table.c or name not in watched(request.dbsession):
        raise HTTPNotFound
    entries = trail(request.dbsession, table, number)
    if not entries:
        raise HTTPNotFound
    return {
        "entries": entries,
        "words": TABLES,
        "name": name,
        "number": number,
        "back": request.route_path(ROUTES[name], id=number) if name in ROUTES else "",
        "most": MOST,
    }


def history_address(request: Request) -> str | None:
    """Return where the history of what this page shows stands; None for who may not read it, or where there is none."""
    shown = getattr(request, "shown", None)
    if shown is None or not request.has_permission(Permission.SEE_HISTORY):
        return None
    table = inspect(type(shown)).local_table
    address: str = request.route_path("history", table=table.fullname, id=shown.id)
    return address if table.fullname in ROUTES else None


def includeme(config: Configurator) -> None:
    """Register the page, and what the frame asks for."""
    config.add_route("history", r"/history/{table:[a-z_]{1,40}\.[a-z_]{1,40}}/" + NUMBER)
    config.add_view(
        history,
        route_name="history",
        renderer="fleet.desk.changes:templates/history.jinja2",
        permission=Permission.SEE_HISTORY,
        request_method="GET",
    )
    config.add_request_method(history_address, property=True)
