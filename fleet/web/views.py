"""Views of no floor: the language switch, and whether the server is alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import text

from fleet.web.addresses import own_path

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


def switch_language(request: Request) -> Response:
    """Keep the language the reader chose and return to the page they came from."""
    chosen = request.POST.get("language")
    if chosen not in request.registry["settings"].languages:
        raise HTTPBadRequest
    request.session["language"] = chosen
    return HTTPSeeOther(own_path(request.POST.get("next", ""), otherwise=request.route_path("home")))


def alive(request: Request) -> dict[str, str]:
    """Answer that pages and database both work; for supervision."""
    request.dbsession.execute(text("SELECT 1"))
    return {"status": "ok"}


def includeme(config: Configurator) -> None:
    """Register both."""
    config.add_route("language", "/language")
    config.add_view(switch_language, route_name="language", request_method="POST", permission=NO_PERMISSION_REQUIRED)
    config.add_route("alive", "/healthz")
    config.add_view(alive, route_name="alive", request_method="GET", renderer="json", permission=NO_PERMISSION_REQUIRED)
