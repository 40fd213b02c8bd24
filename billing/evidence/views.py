"""Pages of proof: the SPL's public keys, a PDF checked by whoever holds it, the hours behind an invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.security import NO_PERMISSION_REQUIRED

from billing.evidence.document import verify_pdf
from billing.invoices.models import Invoice
from billing.pack.gather import hours_behind
from billing.pack.keys import published_keys
from foundation.errors import Refusal
from foundation.files import download
from foundation.forms import EntryForm, file_field, submit
from foundation.messages import N_
from foundation.pages import NUMBER, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from billing.evidence.document import Verdict

LARGEST_PDF = 20 * 2**20


def keys(request: Request) -> dict[str, Any]:
    """Publish the keys the SPL has signed with, open to all."""
    return {"keys": published_keys(request.dbsession)}


def key(request: Request) -> Response:
    """Serve one of them as OpenSSL and `fleet billing verify` read it."""
    wanted = request.matchdict["fingerprint"]
    for one in published_keys(request.dbsession):
        if one.fingerprint == wanted:
            return download(f"{wanted[:16]}.pem", one.pem.encode(), "application/x-pem-file")
    raise HTTPNotFound


class PdfForm(EntryForm):
    """The file to check."""

    pdf = file_field(N_("PDF de la facture"), help_text=N_("L'original, tel que vous l'avez reçu ; 20 Mo au plus."))


def verify(request: Request) -> dict[str, Any]:
    """Recompute an invoice from its PDF alone and say whether it holds, and whether the SPL published its key."""
    form = PdfForm(request.POST)
    verdict: Verdict | None = None
    if request.method == "POST":
        verdict = submit(request, form, lambda: verify_pdf(_bounded(form.pdf.data.file.read(LARGEST_PDF + 1))))
    known = {one.fingerprint for one in published_keys(request.dbsession)}
    return {"form": form, "verdict": verdict, "published": verdict is not None and verdict.key in known}


def _bounded(content: bytes) -> bytes:
    if len(content) > LARGEST_PDF:
        raise Refusal("Ce fichier dépasse 20 Mo ; aucune facture n'est aussi grande.", field="pdf")
    return content


def hours(request: Request) -> Response:
    """Serve the hours of one line of an invoice, byte for byte what its manifest names."""
    files = hours_behind(request.dbsession, found(request, Invoice).settlement)
    place = int(request.matchdict["place"])
    if not 0 < place <= len(files):
        raise HTTPNotFound
    return download(f"heures-{place}.csv", files[place - 1].content, "text/csv")


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here = "billing.evidence:templates/"
    see = Permission.SEE_BILLING
    for route, pattern, view, renderer, permission, methods in (
        ("signing_keys", "/keys", keys, here + "keys.jinja2", NO_PERMISSION_REQUIRED, "GET"),
        ("signing_key", "/keys/{fingerprint:[0-9a-f]{64}}.pem", key, None, NO_PERMISSION_REQUIRED, "GET"),
        ("verify", "/verify", verify, here + "verify.jinja2", see, ("GET", "POST")),
        ("invoice_hours", f"/invoices/{NUMBER}/hours/{{place:[0-9]{{1,9}}}}.csv", hours, None, see, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
