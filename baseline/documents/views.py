"""Pages of documents: ask for the PDF of a plan or a report, download it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from baseline.documents.originals import original_of
from baseline.documents.tasks import PRINT
from baseline.plans.models import MeasurementPlan
from baseline.reports.models import SavingsReport
from foundation.files import download
from foundation.messages import N_
from foundation.pages import NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from baseline.fitting.kinds import Model

LANGUAGES = {"fr": N_("en français"), "en": N_("en anglais")}


def _of(request: Request) -> MeasurementPlan | SavingsReport:
    route = request.matched_route
    if route is not None and route.name.startswith("report"):
        return found(request, SavingsReport)
    return found(request, MeasurementPlan)


def _language(request: Request) -> str:
    asked = request.GET.get("language", "fr")
    return asked if asked in LANGUAGES else "fr"


def ask(request: Request) -> Response:
    """Ask the worker to print it."""
    of, language = _of(request), _language(request)
    name = "report_id" if isinstance(of, SavingsReport) else "plan_id"
    place = (of.plan if isinstance(of, SavingsReport) else of).boundary.name
    title = request.language.translate(N_("PDF : {boundary}")).format(boundary=place)
    job = request.ask(PRINT, title, {f"{name}-{of.id}-{language}": {name: of.id, "language": language}})
    return HTTPSeeOther(request.route_path("job", id=job.id))


def pdf(request: Request) -> Response:
    """Serve the original."""
    of = _of(request)
    row = original_of(request.dbsession, of, _language(request))
    if row is None:
        raise HTTPNotFound
    return download(row.attachment.name, row.attachment.content, row.attachment.media_type)


def of_plan(request: Request, assessed: tuple[MeasurementPlan, Model | None]) -> Mapping[str, Any] | None:
    """Return the documents of a plan that is frozen; None for a draft."""
    return None if assessed[0].state == "draft" else _documents(request, assessed[0], "plan")


def of_report(request: Request, report: SavingsReport) -> Mapping[str, Any]:
    """Return the documents of a report."""
    return _documents(request, report, "report")


def _documents(request: Request, of: MeasurementPlan | SavingsReport, route: str) -> Mapping[str, Any]:
    made = {code: original_of(request.dbsession, of, code) for code in LANGUAGES}
    return {"of": of, "route": route, "made": made, "languages": LANGUAGES}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    see, manage = Permission.SEE_SAVINGS, Permission.MANAGE_SAVINGS
    for kind in ("plan", "report"):
        config.add_route(f"{kind}_pdf", f"/{kind}s/{NUMBER}.pdf")
        config.add_view(pdf, route_name=f"{kind}_pdf", permission=see, request_method="GET")
        config.add_route(f"{kind}_print", f"/{kind}s/{NUMBER}/print")
        config.add_view(ask, route_name=f"{kind}_print", permission=manage, request_method="POST")
    here = "baseline.documents:templates/documents.jinja2"
    config.add_fragment(Fragment("plan", "documents", 1, see, here, of_plan))
    config.add_fragment(Fragment("report", "documents", 1, see, here, of_report))
