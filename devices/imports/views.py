"""Pages of imported files: choose file and profile, see what would happen, confirm, find the original again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import select

from devices.imports.forms import ProfileForm, columns_of, profile_from, suggested
from devices.imports.guess import guess
from devices.imports.models import FileImport, ImportProfile
from devices.imports.outcome import Outcome
from devices.imports.profile import KIND_WORDS, Kind
from devices.imports.register import choose_profile, receive, save_profile
from devices.imports.table import LARGEST
from devices.imports.tasks import CARRY_OUT, CHECK
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, file_field, submit, text_field
from foundation.jobs.models import Job
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

NONE_YET = "0"
"""What is sent for "no profile yet"."""
OPEN = {"queued", "running"}


class NewImportForm(EntryForm):
    """A file and how to read it."""

    file = file_field(
        N_("Fichier CSV"),
        help_text=N_("Jusqu'à 30 Mo ici, 200 Mo par « fleet devices import » ; rien n'est importé avant votre accord."),
    )
    profile_id = choice_field(
        N_("Profil de la source"), help_text=N_("Comment ce fournisseur ou ce gestionnaire écrit ses fichiers.")
    )


class CarryOutForm(EntryForm):
    """The decision to import."""

    reason = text_field(
        N_("Pourquoi ces valeurs changent"),
        help_text=N_("Des lignes contredisent ce qui est enregistré ; c'est donc une correction."),
    )


def _crumbs(request: Request) -> list[tuple[str, str]]:
    _ = request.language.translate
    return [(_("Réglages"), request.route_path("settings")), (_("Fichiers"), request.route_path("imports"))]


def imports(request: Request) -> dict[str, Any]:
    """List the files received, the latest first."""
    profiles = request.dbsession.scalars(select(ImportProfile).order_by(ImportProfile.name)).all()
    return {
        "page": page_of(request, select(FileImport).order_by(FileImport.id.desc())),
        "profiles": profiles,
        "kinds": {profile.id: KIND_WORDS[Kind(profile.mapping["kind"])] for profile in profiles},
    }


def new_import(request: Request) -> dict[str, Any] | Response:
    """Receive a file; with a profile it is checked at once, without one somebody says first how to read it."""
    _ = request.language.translate
    form = NewImportForm(request.POST)
    saved = request.dbsession.scalars(select(ImportProfile).order_by(ImportProfile.name)).all()
    form.profile_id.choices = {NONE_YET: _("Pas encore de profil : m'en proposer un")} | {
        str(profile.id): profile.name for profile in saved
    }

    def act() -> FileImport:
        sent = form.file.data
        profile = next((one for one in saved if str(one.id) == form.profile_id.data), None)
        return receive(
            request.dbsession,
            sent.file.read(LARGEST + 1),
            name=sent.filename,
            profile=profile,
            by=request.actor.name,
            now=request.now,
        )

    if request.method == "POST":
        received = submit(request, form, act)
        if received:
            if received.profile is None:
                return HTTPSeeOther(request.route_path("import_profile", id=received.id))
            if received.state != "imported":
                _ask(request, received, CHECK, {})
            return HTTPSeeOther(request.route_path("import", id=received.id))
    return {
        "title": _("Importer un fichier"),
        "intro": _("Factures, index, courbes de charge, relevés de sous-compteurs : tout le fichier, ou rien."),
        "crumbs": _crumbs(request),
        "form": form,
        "submit": _("Vérifier le fichier"),
        "files": True,
    }


def _ask(request: Request, received: FileImport, kind: str, params: dict[str, str]) -> None:
    """Ask the worker for one step of an import, unless one is under way; who asks twice at once takes turns."""
    request.dbsession.flush()
    request.dbsession.refresh(received, with_for_update=True)
    job = received.job_id and request.dbsession.get(Job, received.job_id)
    if job and job.state in OPEN:
        return
    words = {CHECK: N_("Vérification d'un fichier"), CARRY_OUT: N_("Import d'un fichier")}
    asked = request.ask(kind, words[kind], {received.attachment.name: {"import_id": received.id, **params}})
    received.job_id, received.rows_read = asked.id, 0


def choose(request: Request) -> dict[str, Any] | Response:
    """Say how to read a received file, starting from what its head suggests; saved under a name, then checked."""
    _ = request.language.translate
    received = found(request, FileImport)
    seen = guess(received.attachment.content)
    form = ProfileForm(request.POST, data=suggested(seen))
    columns_of(form, seen["headings"], _)

    def act() -> FileImport:
        profile = save_profile(
            request.dbsession, name=form.name.data, profile=profile_from(form), by=request.actor.name
        )
        return choose_profile(request.dbsession, received, profile)

    if request.method == "POST" and submit(request, form, act):
        _ask(request, received, CHECK, {})
        return HTTPSeeOther(request.route_path("import", id=received.id))
    return {
        "title": _("Comment lire ce fichier ?"),
        "intro": _("Voici ce que son début laisse croire ; vérifiez chaque ligne : rien n'est appliqué sans vous."),
        "crumbs": [*_crumbs(request), (received.attachment.name, request.route_path("import", id=received.id))],
        "form": form,
        "submit": _("Enregistrer ce profil et vérifier"),
    }


def shown(request: Request) -> dict[str, Any]:
    """Show one import: what would happen, or happened, with every problem; renewed while the worker is at it."""
    received = found(request, FileImport)
    job = request.dbsession.get(Job, received.job_id) if received.job_id else None
    return {
        "received": received,
        "outcome": Outcome.from_json(received.outcome) if received.outcome else None,
        "busy": job is not None and job.state in OPEN,
        "failure": next((item.error for item in job.items if item.error), "") if job else "",
        "form": CarryOutForm(),
        "crumbs": _crumbs(request),
    }


def check_again(request: Request) -> Response:
    """Check once more: points may have been registered meanwhile."""
    received = found(request, FileImport)
    if received.state != "imported":
        _ask(request, received, CHECK, {})
    return HTTPSeeOther(request.route_path("import", id=received.id))


def confirm(request: Request) -> Response:
    """Ask for the import somebody has read the check of."""
    received = found(request, FileImport)
    form = CarryOutForm(request.POST)
    outcome = Outcome.from_json(received.outcome) if received.outcome else None
    if outcome is None or not outcome.is_clean:
        raise Refusal("Ce fichier n'est pas encore vérifié, ou des lignes sont refusées ; corrigez-les d'abord.")
    if outcome.changed and not form.validate():
        raise Refusal("Des lignes contredisent ce qui est enregistré : dites pourquoi, si c'est une correction.")
    if received.state != "imported":
        _ask(request, received, CARRY_OUT, {"reason": form.reason.data or "", "by": request.actor.name})
    return HTTPSeeOther(request.route_path("import", id=received.id))


def original(request: Request) -> Response:
    """Serve the file as it arrived, as a download and never as a page."""
    received = found(request, FileImport)
    return Response(
        body=received.attachment.content,
        content_type="text/csv",
        content_disposition=f'attachment; filename="import-{received.id}.csv"',
    )


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here, manage = "devices.imports:templates/", Permission.MANAGE_MEASUREMENTS
    for route, pattern, view, renderer, methods in (
        ("imports", "/imports", imports, here + "imports.jinja2", "GET"),
        ("import_new", "/imports/new", new_import, FORM, ("GET", "POST")),
        ("import", f"/imports/{NUMBER}", shown, here + "import.jinja2", "GET"),
        ("import_state", f"/imports/{NUMBER}/state", shown, here + "import_state.jinja2", "GET"),
        ("import_profile", f"/imports/{NUMBER}/profile", choose, FORM, ("GET", "POST")),
        ("import_check", f"/imports/{NUMBER}/check", check_again, None, "POST"),
        ("import_confirm", f"/imports/{NUMBER}/confirm", confirm, None, "POST"),
        ("import_original", f"/imports/{NUMBER}/original", original, None, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=manage, request_method=methods)
