"""Style, scripts and fonts: our own from here, others' straight from the locked front-end packages."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import FileResponse
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.static import QueryStringConstantCacheBuster

from foundation.look.assets import NODE_MODULES
from foundation.look.theme import chart_theme
from foundation.look.tokens import STYLE_SHEET

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

A_YEAR = 365 * 24 * 3600
STATIC = Path(__file__).with_name("static")
FONTS = NODE_MODULES / "source-sans" / "WOFF2" / "TTF"
FILES = {
    "tokens.css": STYLE_SHEET,
    "figures.css": STYLE_SHEET.with_name("figures.css"),
    "leaflet.css": NODE_MODULES / "leaflet" / "dist" / "leaflet.css",
    "leaflet.js": NODE_MODULES / "leaflet" / "dist" / "leaflet.js",
    "htmx.js": NODE_MODULES / "htmx.org" / "dist" / "htmx.min.js",
    "vega.js": NODE_MODULES / "vega" / "build" / "vega.min.js",
    "vega-lite.js": NODE_MODULES / "vega-lite" / "build" / "vega-lite.min.js",
    "vega-embed.js": NODE_MODULES / "vega-embed" / "build" / "vega-embed.min.js",
    "regular.woff2": FONTS / "SourceSans3-Regular.ttf.woff2",
    "semibold.woff2": FONTS / "SourceSans3-Semibold.ttf.woff2",
}
"""What is served under /vendor/, by name: nothing else of the packages can be asked for."""


def vendor_file(request: Request) -> Response:
    """Serve one of `FILES`; the version in the query makes it safe to keep for a year."""
    path = FILES.get(request.matchdict["name"])
    if path is None:
        raise HTTPNotFound
    return FileResponse(path, request=request, cache_max_age=A_YEAR)


def theme(request: Request) -> dict[str, Any]:
    """Serve the chart theme of a mode in a language."""
    mode, language = request.matchdict["mode"], request.matchdict["language"]
    if mode not in {"light", "dark"} or language not in request.registry["settings"].languages:
        raise HTTPNotFound
    request.response.cache_expires(A_YEAR)
    return chart_theme(mode, language)


def version() -> str:
    """Return what changes whenever a file we serve changes."""
    digest = hashlib.sha256()
    for path in [*sorted(STATIC.iterdir()), *FILES.values(), Path(chart_theme.__wrapped__.__code__.co_filename)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def includeme(config: Configurator) -> None:
    """Serve both, and let templates write addresses that bear the version."""
    token = version()
    config.add_static_view("static", "fleet.web:static", cache_max_age=A_YEAR)
    config.add_cache_buster("fleet.web:static", QueryStringConstantCacheBuster(token))
    config.add_route("vendor", "/vendor/{name}")
    config.add_view(vendor_file, route_name="vendor", request_method="GET", permission=NO_PERMISSION_REQUIRED)
    config.add_route("chart_theme", "/vendor/theme/{language}/{mode}.json")
    config.add_view(
        theme, route_name="chart_theme", renderer="json", request_method="GET", permission=NO_PERMISSION_REQUIRED
    )
    config.add_request_method(lambda _request: token, "asset_version", reify=True)
