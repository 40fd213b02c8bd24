"""The page of what was found, and its short form under the line as somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.desk.search.find import MOST_HITS, find, marked
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

SHORT = 6
"""Hits of one kind under the line."""


def search(request: Request) -> dict[str, Any]:
    """Show everything that matches `?q=`."""
    return _found(request, MOST_HITS)


def search_short(request: Request) -> dict[str, Any]:
    """Show the first of each kind."""
    return _found(request, SHORT)


def _found(request: Request, most: int) -> dict[str, Any]:
    question = request.GET.get("q", "").strip()
    groups = find(request.dbsession, question, request.has_permission, most)
    return {
        "question": question,
        "groups": groups,
        "total": sum(count for _, _, count in groups),
        "marked": lambda text: marked(text, question),
    }


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here, see = "fleet.desk.search:templates/", Permission.STAY_SIGNED_IN
    for route, pattern, view, template in (
        ("search", "/search", search, "search"),
        ("search_short", "/search/short", search_short, "short"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view, route_name=route, renderer=f"{here}{template}.jinja2", permission=see, request_method="GET"
        )
