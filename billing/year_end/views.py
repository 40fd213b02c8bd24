"""The page of the year-end run: a year, what would be done, and the button that does it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from billing.year_end.register import RUN, STEPS, items_of, know_their_job, planned
from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

YEARS_BACK = 4
TONES = {
    "propose": "busy",
    "wait": "warn",
    "issue": "busy",
    "render": "busy",
    "cancelled": "warn",
    "nothing": "plain",
    "done": "good",
}


def year_end(request: Request) -> dict[str, Any] | Response:
    """Show what the run would do for a year; start it."""
    latest = request.today.year
    years = [latest - back for back in range(YEARS_BACK)]
    asked = request.params.get("year", "")
    year = int(asked) if asked in {str(one) for one in years} else latest - 1
    plans = planned(request.dbsession, year)
    items = items_of(plans)
    if request.method == "POST" and items:
        title = request.language.translate(N_("Clôture de l'année {year}")).format(year=year)
        job = request.ask(RUN, title, items)
        know_their_job(job)
        return HTTPSeeOther(request.route_path("job", id=job.id))
    return {
        "year": year,
        "years": years,
        "plans": plans,
        "items": items,
        "counts": Counter(one.step for one in plans),
        "steps": STEPS,
        "tones": TONES,
        "crumbs": [(request.language.translate(N_("Factures")), request.route_path("invoices"))],
    }


def includeme(config: Configurator) -> None:
    """Register the page."""
    config.add_route("year_end", "/year-end")
    config.add_view(
        year_end,
        route_name="year_end",
        renderer="billing.year_end:templates/year_end.jinja2",
        permission=Permission.BILL,
        request_method=("GET", "POST"),
    )
