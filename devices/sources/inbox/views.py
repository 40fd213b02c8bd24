"""What came from the network operator, what became of each file, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import func, select

from devices.sources.inbox.missing import missing
from devices.sources.inbox.models import SourceDrop, SourceFile
from devices.sources.inbox.tasks import TAKE
from foundation.errors import Refusal
from foundation.forms import EntryForm, submit, text_field
from foundation.jobs.models import Job
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

STATES = {
    "waiting": (N_("en attente"), "plain"),
    "done": (N_("pris"), "good"),
    "refused": (N_("refusé"), "bad"),
    "unknown_key": (N_("clé inconnue"), "warn"),
}
ASIDE = {
    "other": N_("ni énergie active ni pas connu"),
    "facts": N_("description du point"),
    "estimated": N_("estimées"),
    "doubtful": N_("douteuses"),
    "impossible": N_("impossibles"),
}
"""Why what was read of a file is in no series."""
MOST_UNKNOWN = 50


class AgainForm(EntryForm):
    """The decision to take a file once more."""

    reason = text_field(
        N_("Pourquoi des valeurs changent"),
        required=False,
        help_text=N_("À remplir seulement si le fichier contredit ce qui est enregistré et que c'est une correction."),
    )


def sources(request: Request) -> dict[str, Any]:
    """List the files that came, the latest first, with what is missing and which points nobody has registered."""
    session = request.dbsession
    page = page_of(request, select(SourceFile).order_by(SourceFile.id.desc()))
    counts = dict(session.execute(select(SourceFile.state, func.count()).group_by(SourceFile.state)).all())
    ids = [file.id for file in page.rows]
    times = select(SourceDrop.file_id, func.count()).where(SourceDrop.file_id.in_(ids)).group_by(SourceDrop.file_id)
    point = func.jsonb_object_keys(SourceFile.outcome["unknown"]).label("point")
    told = select(point).where(SourceFile.state == "done").distinct().subquery()
    return {
        "page": page,
        "counts": counts,
        "states": STATES,
        "aside": ASIDE,
        "times": dict(session.execute(times).all()),
        "gaps": missing(session, now=request.now),
        "unknown": session.scalars(select(told.c.point).order_by(told.c.point).limit(MOST_UNKNOWN)).all(),
        "unknown_count": session.scalar(select(func.count()).select_from(told)),
    }


def again(request: Request) -> dict[str, Any] | Response:
    """Take a file once more: a key or a point was added, or what contradicts is a correction."""
    _ = request.language.translate
    file = found(request, SourceFile)
    form = AgainForm(request.POST)

    def act() -> SourceFile:
        request.dbsession.refresh(file, with_for_update=True)
        if file.attachment_id is None:
            raise Refusal("Ce fichier était trop grand pour être gardé ; demandez-le de nouveau.")
        job = request.dbsession.get(Job, file.job_id) if file.job_id else None
        if job is None or job.state not in {"queued", "running"}:
            params = {"file_id": file.id, "reason": form.reason.data or ""}
            asked = request.ask(TAKE, N_("Fichiers du gestionnaire de réseau"), {str(file.id): params})
            file.state, file.job_id = "waiting", asked.id
        return file

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("sources"))
    return {
        "title": _("Reprendre ce fichier ?"),
        "intro": file.sentence
        or _("Les mêmes valeurs ne changent rien ; celles de points enregistrés depuis entrent."),
        "crumbs": [
            (_("Réglages"), request.route_path("settings")),
            (_("Fichiers du réseau"), request.route_path("sources")),
            (file.name, ""),
        ],
        "form": form,
        "submit": _("Reprendre le fichier"),
    }


def original(request: Request) -> Response:
    """Serve the file as it arrived, encrypted where it was, as a download."""
    file = found(request, SourceFile)
    if file.attachment is None:
        raise Refusal("Ce fichier était trop grand pour être gardé ; demandez-le de nouveau.")
    return Response(
        body=file.attachment.content,
        content_type="application/octet-stream",
        content_disposition=f'attachment; filename="source-{file.id}.bin"',
    )


def includeme(config: Configurator) -> None:
    """Register the pages."""
    manage = Permission.MANAGE_MEASUREMENTS
    for route, pattern, view, renderer, methods in (
        ("sources", "/sources", sources, "devices.sources.inbox:templates/sources.jinja2", "GET"),
        ("source_again", f"/sources/{NUMBER}/again", again, FORM, ("GET", "POST")),
        ("source_original", f"/sources/{NUMBER}/original", original, None, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=manage, request_method=methods)
