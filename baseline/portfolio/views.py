"""The page of a portfolio: what all buildings avoided together, and how much others drifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baseline.portfolio.gather import portfolio_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

CONFIDENCE = 0.9
YEARS = 5
YEAR_DIGITS = 4


def portfolio_page(request: Request) -> dict[str, Any]:
    """Show the year `?year=`, last year by default."""
    asked = request.GET.get("year", "")
    latest = request.today.year
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == YEAR_DIGITS else latest - 1
    year = min(max(year, latest - YEARS), latest)
    return {
        "year": year,
        "years": range(latest, latest - YEARS - 1, -1),
        "portfolio": portfolio_of(request.dbsession, year, CONFIDENCE),
        "confidence": CONFIDENCE,
    }


def includeme(config: Configurator) -> None:
    """Register the page: the SPL's, who sees all buildings."""
    config.add_route("portfolio", "/portfolio")
    config.add_view(
        portfolio_page,
        route_name="portfolio",
        renderer="baseline.portfolio:templates/portfolio.jinja2",
        permission=Permission.MANAGE_SAVINGS,
        request_method="GET",
    )
