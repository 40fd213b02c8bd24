"""The page that sets the day it is; it does not exist in production (truth 13)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from foundation.clock import set_clock
from foundation.forms import EntryForm, at_wall, moment_field, submit
from foundation.messages import N_
from foundation.pages import FORM
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

PARIS = "Europe/Paris"


class ClockForm(EntryForm):
    """Which instant to believe it is."""

    now = moment_field(N_("Il est"), required=False, help_text=N_("Laissez vide pour rendre l'heure à la machine."))


def clock(request: Request) -> dict[str, Any] | Response:
    """Set the clock of web and worker, or give it back."""
    _ = request.language.translate
    form = ClockForm(request.POST)

    def act() -> bool:
        typed = form.now.data
        set_clock(request.dbsession, at_wall(typed, PARIS).astimezone(dt.UTC) if typed else None)
        return True

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("home"))
    return {
        "title": _("Quelle heure est-il ?"),
        "crumbs": [(_("Réglages"), request.route_path("settings"))],
        "intro": _("Pour la démonstration et les essais : le site et les tâches croient l'heure que vous donnez."),
        "form": form,
        "submit": _("Régler l'horloge"),
    }


def includeme(config: Configurator) -> None:
    """Register the page where the clock may be set."""
    if config.registry["settings"].clock_settable:
        config.add_route("clock", "/clock")
        config.add_view(
            clock, route_name="clock", renderer=FORM, permission=Permission.SET_CLOCK, request_method=("GET", "POST")
        )
