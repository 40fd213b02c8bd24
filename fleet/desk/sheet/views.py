"""The sheet as a page and as files, the views people keep, and what is done to many rows at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from devices.inventory.views import STATES as DEVICE_STATES
from devices.points.views import ENERGY_WORDS
from fleet.desk.sheet import bulk, files
from fleet.desk.sheet.asked import ALERTED, SERVED, Asked, read
from fleet.desk.sheet.columns import COLUMNS, GROUPS, LATER, SORTS, USUAL, in_file
from fleet.desk.sheet.models import SheetView
from fleet.desk.sheet.rows import PER_PAGE, Row, choices, complete, count, groups, rows
from fleet.desk.sheet.trend import HEIGHT, WIDTH, pieces
from foundation.actors import Role
from foundation.forms import EntryForm, choice_field, moment_field, submit, text_field
from foundation.messages import N_
from foundation.pages import NUMBER, found
from foundation.people import people
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from fleet.desk.sheet.bulk import Outcome

ALERT_WORDS = {"open": N_("avec une alerte ouverte"), "none": N_("sans alerte")}
SERVED_WORDS = {"bare": N_("points sans capteur"), "spare": N_("capteurs sans point")}
FILTERS = {
    "shareholder": None,
    "use": None,
    "city": None,
    "tag": None,
    "energy": frozenset(ENERGY_WORDS),
    "state": frozenset(DEVICE_STATES),
    "alert": frozenset(ALERTED),
    "served": frozenset(SERVED),
}
HEADINGS = {
    "shareholder": N_("Collectivité"),
    "use": N_("Usage"),
    "energy": N_("Énergie"),
    "state": N_("État du capteur"),
    "city": N_("Ville"),
    "tag": N_("Mot-clé"),
    "alert": N_("Alertes"),
    "served": N_("Pose"),
}
WHOLE_SHEET_ZONE = ZoneInfo("Europe/Paris")
MOST_AT_ONCE = 2_000
"""Rows one action may concern."""
ACTIONS = {
    "tag": N_("Ajouter un mot-clé"),
    "untag": N_("Retirer un mot-clé"),
    "maintenance": N_("Déclarer une maintenance"),
    "assign": N_("Confier les alertes ouvertes"),
}


class TagForm(EntryForm):
    """A word."""

    tag = text_field(N_("Mot-clé"), help_text=N_("Par exemple : chaufferie, à visiter, lot 2026."))


class WindowForm(EntryForm):
    """From when to when, and why."""

    start = moment_field(N_("Du"), help_text=N_("À l'heure de chaque site."))
    end = moment_field(N_("Au"), help_text=N_("À l'heure de chaque site."))
    reason = text_field(N_("Raison"), help_text=N_("Par exemple : travaux de chaufferie, coupure d'Enedis."))


class PersonForm(EntryForm):
    """To whom."""

    person = choice_field(N_("À qui"))


class NameForm(EntryForm):
    """What a view is called."""

    name = text_field(N_("Nom de la vue"), help_text=N_("Par exemple : chaufferies gaz sans relevé."))


def asked_of(request: Request) -> Asked:
    """Return the state of the sheet the address asks for."""
    return _read(request.GET.items())


def _read(pairs: Any) -> Asked:
    return read(pairs, known=tuple(COLUMNS), usual=USUAL, sorts=SORTS, groups=frozenset(GROUPS), filters=FILTERS)


def sheet(request: Request) -> dict[str, Any]:
    """Show one page of the sheet."""
    asked, session = asked_of(request), request.dbsession
    now, today, translate = request.now, request.today, request.language.translate
    total = count(session, asked, now=now, today=today)
    last = max(1, -(-total // PER_PAGE))
    asked = replace(asked, page=min(max(asked.page, 1), last))
    shown = rows(session, asked, now=now, today=today)
    if LATER & set(asked.columns):
        complete(session, shown, now=now, today=today)
    possible = choices(session) | {"alert": list(ALERTED), "served": list(SERVED)}
    views = session.scalars(select(SheetView).order_by(SheetView.name)).all()
    return {
        "asked": asked,
        "total": total,
        "last": last,
        "rows": shown,
        "columns": COLUMNS,
        "headings": HEADINGS,
        "states": DEVICE_STATES,
        "group_words": GROUPS,
        "sorts": SORTS,
        "counts": groups(session, asked, now=now, today=today) if asked.group else {},
        "possible": possible,
        "say": lambda name, value: _say(name, value, translate),
        "pieces": pieces,
        "trend_box": (WIDTH, HEIGHT),
        "address": lambda state, **more: _address(request, "sheet", state, **more),
        "files": {kind: _address(request, "sheet_file", asked, kind=kind) for kind in ("csv", "xlsx")},
        "views": views,
        "mine": lambda view: view.account_id == request.actor.account_id,
        "kept": urlencode(asked.pairs()),
        "usual": urlencode(_read([]).pairs()),
        "actions": ACTIONS,
    }


def _say(name: str, value: Any, translate: Callable[[str], str]) -> Any:
    """Return a code as its word: an energy, a state; anything else as it is."""
    words = {"alert": ALERT_WORDS, "served": SERVED_WORDS, "energy": ENERGY_WORDS}.get(name)
    if name == "state" and value is not None:
        return translate(DEVICE_STATES[value][0])
    return translate(words[value]) if words and value is not None else value


def _address(request: Request, route: str, state: Asked, kind: str = "", page: int = 1) -> str:
    pairs = state.pairs() + ([("page", str(page))] if page > 1 else [])
    address: str = request.route_path(route, _query=pairs, **({"kind": kind} if kind else {}))
    return address


def sheet_file(request: Request) -> Response:
    """Send exactly what is on screen, all its pages, as CSV or XLSX."""
    asked, session = asked_of(request), request.dbsession
    shown = rows(session, asked, now=request.now, today=request.today, whole=True)
    if LATER & set(asked.columns):
        complete(session, shown, now=request.now, today=request.today)
    translate = request.language.translate
    header = [_heading(COLUMNS[name], translate) for name in asked.columns]
    cells = [
        [
            in_file(name, row, WHOLE_SHEET_ZONE, lambda name, value: _say(name, value, translate))
            for name in asked.columns
        ]
        for row in shown
    ]
    answer = request.response
    if request.matchdict["kind"] == "csv":
        answer.body, answer.content_type, answer.charset = files.as_csv(header, cells), "text/csv", "utf-8"
    else:
        answer.body = files.as_xlsx(translate(N_("Points et capteurs")), header, cells)
        answer.content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = f"points-{request.today:%Y-%m-%d}.{request.matchdict['kind']}"
    answer.content_disposition = f'attachment; filename="{name}"'
    return answer


def _heading(column: Any, translate: Callable[[str], str]) -> str:
    words = translate(column.words)
    return f"{words} ({column.unit})" if column.unit else words


def keep_view(request: Request) -> dict[str, Any] | Response:
    """Keep the state of the sheet under a name; a name of one's own is written over."""
    form = NameForm(request.POST)
    asked = _read(parse_qsl(request.POST.get("query", request.query_string)))
    query = urlencode(asked.pairs())

    def act() -> SheetView:
        session, actor = request.dbsession, request.actor
        known: SheetView | None = session.scalar(
            select(SheetView).where(SheetView.account_id == actor.account_id, SheetView.name == form.name.data)
        )
        if known is None:
            known = SheetView(account_id=actor.account_id, role=actor.role.value, name=form.name.data, shared=False)
            session.add(known)
        known.query, known.shared = query, actor.role is Role.OPERATOR and "shared" in request.POST
        session.flush()
        return known

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(f"{request.route_path('sheet')}?{query}")
    return {"form": form, "query": query, "operator": request.actor.role is Role.OPERATOR}


def forget_view(request: Request) -> Response:
    """Forget a view of one's own."""
    view = found(request, SheetView)
    if view.account_id != request.actor.account_id:
        raise HTTPNotFound
    request.dbsession.delete(view)
    return HTTPSeeOther(request.route_path("sheet"))


def act_on_many(request: Request) -> dict[str, Any] | Response:
    """Ask what an action needs, say what it would do, then do it: three times the same page."""
    action = request.matchdict["action"]
    if action not in ACTIONS:
        raise HTTPNotFound
    translate, session = request.language.translate, request.dbsession
    asked = _read(parse_qsl(request.POST.get("query", "")))
    ticked = [key for key in request.POST.getall("row") if key[:1] in {"p", "d"} and key[1:].isdecimal()]
    everything = "everything" in request.POST
    shown = rows(
        session,
        asked,
        now=request.now,
        today=request.today,
        only=None if everything else [key for key in ticked if len(key) < 11],
        whole=True,
    )
    distinct = list({row.key: row for row in shown}.values())
    step = request.POST.get("step", "ask")
    form = _form_of(action, request, asking=step == "ask")
    page: dict[str, Any] = {
        "action": action,
        "title": translate(ACTIONS[action]),
        "form": form,
        "rows": distinct,
        "ticked": ticked,
        "everything": everything,
        "query": request.POST.get("query", ""),
        "back": f"{request.route_path('sheet')}?{urlencode(asked.pairs())}",
        "too_many": len(distinct) > MOST_AT_ONCE,
        "most": MOST_AT_ONCE,
        "outcome": None,
    }
    if step == "ask" or not distinct or page["too_many"]:
        return page
    if step == "do":
        outcome = submit(request, form, lambda: _carry_out(action, request, distinct, form))
        if outcome is None:
            return page
        done = translate(N_("C'est fait ; lignes traitées : {num}.")).format(num=len(outcome.done))
        request.session.flash(done)
        return HTTPSeeOther(page["back"])
    trial = session.begin_nested()
    page["outcome"] = submit(request, form, lambda: _carry_out(action, request, distinct, form))
    trial.rollback()
    return page


def _form_of(action: str, request: Request, *, asking: bool) -> EntryForm:
    sent = None if asking else request.POST
    if action == "maintenance":
        return WindowForm(sent)
    if action == "assign":
        form = PersonForm(sent)
        form.person.choices = {
            str(one.account_id): one.name
            for one in people(request.dbsession)
            if one.role in {Role.OPERATOR, Role.TECHNICIAN}
        }
        return form
    return TagForm(sent)


def _carry_out(action: str, request: Request, shown: list[Row], form: Any) -> Outcome:
    session, actor, now = request.dbsession, request.actor, request.now
    if action == "maintenance":
        return bulk.maintain(session, shown, form.start.data, form.end.data, form.reason.data, actor=actor)
    if action == "assign":
        chosen = next(one for one in people(session) if str(one.account_id) == form.person.data)
        return bulk.confide(session, shown, chosen, actor=actor, now=now)
    return (bulk.tag if action == "tag" else bulk.untag)(session, shown, form.tag.data)


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here, see, act = "fleet.desk.sheet:templates/", Permission.SEE_DEVICES, Permission.MANAGE_MEASUREMENTS
    for route, pattern, view, renderer, permission, methods in (
        ("sheet", "/sheet", sheet, here + "sheet.jinja2", see, "GET"),
        ("sheet_file", "/sheet.{kind:csv|xlsx}", sheet_file, None, see, "GET"),
        ("sheet_keep", "/sheet/views/new", keep_view, here + "keep.jinja2", see, ("GET", "POST")),
        ("sheet_forget", f"/sheet/views/{NUMBER}/forget", forget_view, None, see, "POST"),
        ("sheet_act", "/sheet/many/{action:[a-z]{1,20}}", act_on_many, here + "many.jinja2", act, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
