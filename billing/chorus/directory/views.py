"""Pages of the directory: what Chorus Pro demands of invoices to each budget, and whether we have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from billing.chorus.jobs import STRUCTURE
from billing.invoices.requirements import billed_on, last_day
from contracts.parties.directory import COLUMNS, missing_references, note_structure, read_directory
from contracts.parties.models import Budget, Shareholder, Structure
from foundation.errors import Refusal
from foundation.files import download
from foundation.forms import EntryForm, file_field, submit
from foundation.messages import N_
from foundation.pages import Fragment
from foundation.permissions import Permission
from foundation.sheets import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

LARGEST_FILE = 5_000_000


class DirectoryForm(EntryForm):
    """The directory as a file."""

    file = file_field(N_("Fichier de l'annuaire"), help_text=N_("CSV, colonnes du modèle ; 5 Mo au plus."))


def structures(request: Request) -> dict[str, Any] | Response:
    """Show each budget, what is demanded of its invoices, and what is missing; take the directory from a file."""
    form = DirectoryForm(request.POST)
    if request.method == "POST" and submit(request, form, lambda: _take(request, form)):
        request.session.flash(request.language.translate(N_("L'annuaire est enregistré.")))
        return HTTPSeeOther(request.route_path("structures"))
    rows = []
    for budget in request.dbsession.scalars(select(Budget).join(Shareholder).order_by(Shareholder.name, Budget.id)):
        known = request.dbsession.get(Structure, budget.siret)
        faults = missing_references(
            budget,
            known,
            service_code=budget.service_code or "",
            commitment_number=_commitment(budget, request.today.year),
        )
        rows.append((budget, known, faults))
    return {
        "rows": rows,
        "wrong": sum(bool(faults) for _, _, faults in rows),
        "unasked": sum(known is None for _, known, _ in rows),
        "form": form,
        "on": bool(request.registry["settings"].chorus_api_url),
        "crumbs": [
            (request.language.translate(N_("Factures")), request.route_path("invoices")),
            ("Chorus Pro", request.route_path("chorus")),
        ],
    }


def _commitment(budget: Budget, year: int) -> str:
    return next((one.number for one in budget.commitments if one.year == year), budget.commitment_number or "")


def _take(request: Request, form: DirectoryForm) -> int:
    """Keep what a file says of our own budgets: the whole country's directory is of no use here."""
    content = form.file.data.file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Refusal("Ce fichier dépasse 5 Mo ; gardez-en les lignes de vos collectivités.", field="file")
    ours = set(request.dbsession.scalars(select(Budget.siret)))
    told = [one for one in read_directory(content) if one.siret in ours]
    if not told:
        raise Refusal("Aucun SIRET de ce fichier n'est celui d'un de vos budgets.", field="file")
    for one in told:
        note_structure(request.dbsession, one, source="file", now=request.now)
    return len(told)


def ask_structures(request: Request) -> Response:
    """Ask Chorus Pro about every budget's SIRET."""
    if not request.registry["settings"].chorus_api_url:
        request.session.flash(request.language.translate(N_("Chorus Pro n'est pas réglé sur ce serveur.")))
        return HTTPSeeOther(request.route_path("structures"))
    items = {siret: {"siret": siret} for siret in request.dbsession.scalars(select(Budget.siret))}
    title = request.language.translate(N_("Annuaire de Chorus Pro"))
    return HTTPSeeOther(request.route_path("job", id=request.ask(STRUCTURE, title, items).id))


def template(_request: Request) -> Response:
    """Serve an empty file of the directory, with one line as an example."""
    example = ("20000000800017", "VILLE D'EXEMPLE", "oui", "non", "FINANCES", "Direction des finances", "oui", "non")
    return download("annuaire.csv", csv_bytes(COLUMNS, [example]), "text/csv")


def commitments(request: Request, owner: Shareholder) -> Mapping[str, Any] | None:
    """Return what is left of each commitment of a municipality; None where it has none."""
    rows = []
    for budget in owner.budgets:
        for one in budget.commitments:
            billed = billed_on(request.dbsession, one)
            rows.append((budget, one, billed, one.amount - billed, last_day(one)))
    return {"rows": rows} if rows else None


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "billing.chorus.directory:templates/"
    bill = Permission.BILL
    for route, pattern, view, renderer, methods in (
        ("structures", "/structures", structures, here + "structures.jinja2", ("GET", "POST")),
        ("structures_ask", "/structures/ask", ask_structures, None, "POST"),
        ("structure_template", "/structures/template.csv", template, None, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=bill, request_method=methods)
    config.add_fragment(
        Fragment("shareholder", "commitments", 40, Permission.SEE_BILLING, here + "commitments.jinja2", commitments)
    )
