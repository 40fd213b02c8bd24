"""Pages of reports and accounts: ask for one, download it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from billing.reports.models import ReportDocument
from billing.reports.register import MAKE, documents_of
from billing.settlements.models import Settlement
from contracts.parties.models import Shareholder
from foundation.files import download
from foundation.messages import N_
from foundation.pages import NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

LANGUAGES = {"fr": N_("en français"), "en": N_("en anglais")}
YEARS_BACK = 4


def _language(request: Request) -> str:
    asked = request.params.get("language", "fr")
    return asked if asked in LANGUAGES else "fr"


def _year(request: Request, latest: int) -> int:
    asked = request.params.get("year", "")
    years = range(latest, latest - YEARS_BACK, -1)
    return int(asked) if asked in {str(one) for one in years} else latest


def _asked(request: Request, title: str, item: Mapping[str, Any], key: str) -> Response:
    job = request.ask(MAKE, title, {key: {**item, "language": _language(request)}})
    return HTTPSeeOther(request.route_path("job", id=job.id))


def ask_municipality(request: Request) -> Response:
    """Ask the worker for a municipality's year."""
    owner, year = found(request, Shareholder), _year(request, request.today.year - 1)
    title = request.language.translate(N_("Rapport annuel {year} : {name}")).format(year=year, name=owner.name)
    return _asked(request, title, {"shareholder_id": owner.id, "year": year}, f"{owner.id}-{year}")


def ask_board(request: Request) -> Response:
    """Ask the worker for the board's year."""
    year = _year(request, request.today.year)
    title = request.language.translate(N_("Rapport au conseil {year}")).format(year=year)
    return _asked(request, title, {"year": year}, str(year))


def ask_account(request: Request) -> Response:
    """Ask the worker for the account of a settlement."""
    settlement = found(request, Settlement)
    title = request.language.translate(N_("Décompte {number} en PDF")).format(number=settlement.id)
    return _asked(request, title, {"settlement_id": settlement.id}, str(settlement.id))


def pdf(request: Request) -> Response:
    """Serve what was printed."""
    row = found(request, ReportDocument)
    return download(row.attachment.name, row.attachment.content, row.attachment.media_type)


def board(request: Request) -> dict[str, Any]:
    """List the board's reports."""
    latest = request.today.year
    return {
        "made": documents_of(request.dbsession, "board"),
        "years": range(latest, latest - YEARS_BACK, -1),
        "languages": LANGUAGES,
        "crumbs": [(request.language.translate(N_("Factures")), request.route_path("invoices"))],
    }


def of_shareholder(request: Request, owner: Shareholder) -> Mapping[str, Any]:
    """Return the yearly reports of a municipality."""
    latest = request.today.year - 1
    return {
        "owner": owner,
        "made": documents_of(request.dbsession, "municipality", shareholder_id=owner.id),
        "years": range(latest, latest - YEARS_BACK, -1),
        "languages": LANGUAGES,
    }


def of_settlement(request: Request, settlement: Settlement) -> Mapping[str, Any]:
    """Return the accounts of a settlement on paper."""
    made = documents_of(
        request.dbsession, "account", shareholder_id=settlement.shareholder_id, settlement_id=settlement.id
    )
    return {"settlement": settlement, "made": made, "languages": LANGUAGES}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "billing.reports:templates/"
    see, bill = Permission.SEE_BILLING, Permission.BILL
    for route, pattern, view in (
        ("municipality_report", f"/shareholders/{NUMBER}/report", ask_municipality),
        ("board_report", "/board-reports/ask", ask_board),
        ("account_print", f"/settlements/{NUMBER}/account", ask_account),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, permission=bill, request_method="POST")
    config.add_route("report_document", f"/report-documents/{NUMBER}.pdf")
    config.add_view(pdf, route_name="report_document", permission=see, request_method="GET")
    config.add_route("board_reports", "/board-reports")
    config.add_view(
        board, route_name="board_reports", renderer=here + "board.jinja2", permission=bill, request_method="GET"
    )
    config.add_fragment(Fragment("shareholder", "reports", 60, see, here + "municipality.jinja2", of_shareholder))
    config.add_fragment(Fragment("settlement", "account", 60, see, here + "account.jinja2", of_settlement))
