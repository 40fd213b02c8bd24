"""The page of a list: what its columns are, trying it, taking it in, and what every line became."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.points.lists.intake import intakes, take_in
from devices.points.lists.points import POINTS
from foundation.attachments.models import Attachment
from foundation.files import csv_file
from foundation.forms import EntryForm, choice_field, file_field, submit
from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from devices.points.lists.intake import Intake, List

TEMPLATE = "devices.points.lists:templates/list.jinja2"


class ListForm(EntryForm):
    """A file, and whether it is only tried."""

    file = file_field(N_("Fichier CSV"), help_text=N_("Le modèle rempli, enregistré au format CSV."))
    what = choice_field(N_("Que faire"))


def list_page(
    request: Request, wanted: List, *, title: str, crumbs: Sequence[tuple[str, str]], template: str
) -> dict[str, Any]:
    """Take in the file that was sent, or try it; `template` is the route of the empty list."""
    _ = request.language.translate
    form = ListForm(request.POST)
    form.what.choices = {"try": _("Vérifier sans rien enregistrer"), "take": _("Enregistrer, si tout est juste")}

    def act() -> Intake:
        sent = form.file.data
        return take_in(
            request.dbsession,
            wanted,
            sent.file.read(),
            name=sent.filename,
            by=request.actor.name,
            now=request.now,
            dry_run=form.what.data == "try",
        )

    intake = submit(request, form, act) if request.method == "POST" else None
    if intake is not None and intake.count("wrong"):
        request.response.status_int = 422
    taken = intakes(request.dbsession, wanted.kind)
    return {
        "title": title,
        "crumbs": crumbs,
        "form": form,
        "columns": wanted.columns,
        "template": template,
        "intake": intake,
        "tried": form.what.data == "try",
        "taken": [(one, request.dbsession.get_one(Attachment, one.attachment_id).name) for one in taken],
    }


def template_file(wanted: List) -> Response:
    """Return an empty list to fill in."""
    return csv_file(f"{wanted.kind}.csv", [column.name for column in wanted.columns], [])


def new_list(request: Request) -> dict[str, Any]:
    """Take in a list of points."""
    _ = request.language.translate
    crumbs = [(_("Bâtiments"), request.route_path("sites"))]
    title = _("Enregistrer des points depuis un fichier")
    return list_page(request, POINTS, title=title, crumbs=crumbs, template="point_template")


def point_template(_request: Request) -> Response:
    """Serve an empty list of points."""
    return template_file(POINTS)


def includeme(config: Configurator) -> None:
    """Register the pages of a list of points."""
    manage = Permission.MANAGE_MEASUREMENTS
    config.add_route("point_list", "/points/list")
    config.add_view(
        new_list, route_name="point_list", renderer=TEMPLATE, permission=manage, request_method=("GET", "POST")
    )
    config.add_route("point_template", "/points/list.csv")
    config.add_view(point_template, route_name="point_template", permission=manage, request_method="GET")
