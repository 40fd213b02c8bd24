"""The energies in euros, on the page of an agreed change of fuel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.fuel.gather import in_euros
from contracts.prices.energies import ENERGY_NAMES
from foundation.errors import Refusal
from foundation.pages import Fragment
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyramid.config import Configurator
    from pyramid.request import Request

    from baseline.events.models import NonRoutineEvent


def of_event(request: Request, event: NonRoutineEvent) -> Mapping[str, Any] | None:
    """Return the comparison, or the sentence that says what it lacks; None for what is no agreed change of fuel."""
    if event.kind != "fuel" or event.state != "agreed":
        return None
    try:
        return {"compared": in_euros(request.dbsession, event, request.today), "names": ENERGY_NAMES, "lacks": None}
    except Refusal as refusal:
        return {"compared": None, "names": ENERGY_NAMES, "lacks": refusal.said_in(request.language.translate)}


def includeme(config: Configurator) -> None:
    """Register the fragment."""
    template = "baseline.fuel:templates/euros.jinja2"
    config.add_fragment(Fragment("event", "euros", 10, Permission.SEE_SAVINGS, template, of_event))
