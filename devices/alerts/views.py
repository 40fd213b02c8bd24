"""Pages of alerts: what is wrong, what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select

from contracts.sites.models import Building, Site
from devices.alerts.kinds import RULES, SEVERITIES, Kind, Severity
from devices.alerts.listing import AGES, Asked, counts, rows
from devices.alerts.models import Alert
from devices.alerts.register import acknowledge, assign, note
from devices.alerts.sentences import sentence
from devices.alerts.transitions import State
from devices.points.models import MeteringPoint
from foundation.actors import Role
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, submit, text_field
from foundation.messages import N_
from foundation.pages import NUMBER, Fragment, found, page_of
from foundation.people import people
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from foundation.people import Person

STATE_WORDS = {
    State.OPEN.value: (N_("ouvertes"), N_("ouverte"), "bad"),
    State.HELD.value: (N_("en maintenance"), N_("en maintenance"), "plain"),
    State.CLOSED.value: (N_("closes"), N_("close"), "good"),
}
"""Each state: the word for many, for one, and its tone."""
AGE_WORDS = {
    "day": N_("depuis plus d'un jour"),
    "week": N_("depuis plus d'une semaine"),
    "month": N_("depuis plus d'un mois"),
}
HAPPENED = {
    "held": N_("constatée pendant une maintenance"),
    "opened": N_("ouverte"),
    "reopened": N_("rouverte"),
    "escalated": N_("devenue urgente"),
    "returned": N_("close : tout est rentré dans l'ordre"),
    "left": N_("close : le capteur n'est plus en service"),
    "acknowledged": N_("prise en compte"),
    "assigned": N_("confiée à"),
    "note": N_("note"),
}


class NoteForm(EntryForm):
    """A remark."""

    text = text_field(N_("Note"), help_text=N_("Ce que vous avez vu ou fait."))


class AssignForm(EntryForm):
    """Who looks after it."""

    account_id = choice_field(N_("Confier à"))


def words(request: Request) -> dict[str, Any]:
    """Return what templates of alerts need to speak."""
    return {
        "kinds": {kind.value: rule.word for kind, rule in RULES.items()},
        "severities": SEVERITIES,
        "states": STATE_WORDS,
        "say": lambda alert: sentence(alert.kind, alert.facts, request.language),
    }


def alerts(request: Request) -> dict[str, Any]:
    """List what is wrong, by state, kind, site and age."""
    asked = Asked.of(request.GET)
    site = request.dbsession.get(Site, asked.site) if asked.site else None
    return {
        "page": page_of(request, rows(asked, request.now)),
        "counts": counts(request.dbsession, asked, request.now),
        "asked": asked,
        "site": site,
        "ages": {age: AGE_WORDS[age] for age in AGES},
        **words(request),
    }


def alert(request: Request) -> dict[str, Any]:
    """Show one: what is wrong, since when, what was done about it."""
    return _alert_page(request, found(request, Alert))


def _alert_page(request: Request, shown: Alert, **forms: EntryForm) -> dict[str, Any]:
    page: dict[str, Any] = {"alert": shown, "happened": HAPPENED, **words(request), "refusal": ""}
    if request.has_permission(Permission.HANDLE_ALERTS):
        page |= {"note_form": NoteForm(), "assign_form": _assign_form(request)} | forms
    return page


def _colleagues(request: Request) -> dict[int, Person]:
    return {one.account_id: one for one in people(request.dbsession) if one.role is not Role.SHAREHOLDER}


def _assign_form(request: Request) -> AssignForm:
    form = AssignForm(request.POST)
    form.account_id.choices = [(str(number), person.name) for number, person in _colleagues(request).items()]
    return form


def alert_acknowledge(request: Request) -> dict[str, Any] | Response:
    """Say that one has seen it."""
    shown = found(request, Alert)
    try:
        acknowledge(request.dbsession, shown, actor=request.actor, now=request.now)
    except Refusal as refusal:
        request.response.status_int = 422
        return _alert_page(request, shown) | {"refusal": refusal.said_in(request.language.translate)}
    return HTTPSeeOther(request.route_path("alert", id=shown.id))


def alert_assign(request: Request) -> dict[str, Any] | Response:
    """Say who looks after it."""
    shown, form = found(request, Alert), _assign_form(request)

    def act() -> Alert:
        person = _colleagues(request)[int(form.account_id.data)]
        return assign(request.dbsession, shown, person, actor=request.actor, now=request.now)

    if submit(request, form, act):
        return HTTPSeeOther(request.route_path("alert", id=shown.id))
    return _alert_page(request, shown, assign_form=form)


def alert_note(request: Request) -> dict[str, Any] | Response:
    """Add a remark."""
    shown, form = found(request, Alert), NoteForm(request.POST)
    if submit(
        request, form, lambda: note(request.dbsession, shown, form.text.data, actor=request.actor, now=request.now)
    ):
        return HTTPSeeOther(request.route_path("alert", id=shown.id))
    return _alert_page(request, shown, note_form=form)


def now_wrong(request: Request, _row: None) -> Mapping[str, Any] | None:
    """Return how many alerts are open, of which kinds, for the first page; None where all is well."""
    query = (
        select(Alert.kind, func.count(), func.count().filter(Alert.severity == Severity.CRITICAL.value))
        .where(Alert.state == State.OPEN.value)
        .group_by(Alert.kind)
    )
    open_now = {kind: (number, urgent) for kind, number, urgent in request.dbsession.execute(query)}
    if not open_now:
        return None
    return {
        "kinds": [(kind.value, RULES[kind].word, *open_now[kind.value]) for kind in Kind if kind.value in open_now],
        "total": sum(number for number, _ in open_now.values()),
        "urgent": sum(urgent for _, urgent in open_now.values()),
    }


def of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return what is wrong in `building` now; None where all is well."""
    query = (
        select(Alert)
        .join(MeteringPoint, MeteringPoint.id == Alert.point_id)
        .where(MeteringPoint.building_id == building.id, Alert.state == State.OPEN.value)
        .order_by(Alert.began_at)
    )
    open_now = request.dbsession.scalars(query).all()
    return {"alerts": open_now, **words(request)} if open_now else None


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "devices.alerts:templates/"
    see, handle = Permission.SEE_MEASUREMENTS, Permission.HANDLE_ALERTS
    for route, pattern, view, template, permission, method in (
        ("alerts", "/alerts", alerts, "alerts", see, "GET"),
        ("alert", f"/alerts/{NUMBER}", alert, "alert", see, "GET"),
        ("alert_acknowledge", f"/alerts/{NUMBER}/acknowledge", alert_acknowledge, "alert", handle, "POST"),
        ("alert_assign", f"/alerts/{NUMBER}/assign", alert_assign, "alert", handle, "POST"),
        ("alert_note", f"/alerts/{NUMBER}/note", alert_note, "alert", handle, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view, route_name=route, renderer=f"{here}{template}.jinja2", permission=permission, request_method=method
        )
    config.add_fragment(Fragment("home", "alerts", 10, see, here + "now_wrong.jinja2", now_wrong))
    config.add_fragment(Fragment("building", "alerts", 5, see, here + "of_building.jinja2", of_building))
    config.include("devices.alerts.maintenance.views")
    config.include("devices.alerts.audience.views")
