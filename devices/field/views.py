"""Pages of visits: who goes where, what was done, what contradicts itself, what phones carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from contracts.sites.models import Building, Site
from devices.dialects.quantities import WORDS as QUANTITIES
from devices.field.commissioning.rules import WORDS as CHECKS
from devices.field.downloads import revoke
from devices.field.forms import AuthorisationForm, LabelForm, MoveForm, SheetForm, TaskForm, VisitForm
from devices.field.labels import Label, print_labels
from devices.field.models import Authorisation, CommissioningTest, Download, Photo, Submission, Visit, VisitTask
from devices.field.submissions import set_aside, try_again
from devices.field.visits import (
    GOES,
    OPEN,
    add_task,
    authorise,
    cancel,
    plan_visit,
    reassign,
    sheet_of,
    withdraw,
    write_sheet,
)
from devices.field.words import ASBESTOS, AUTHORISATIONS, OUTCOMES, PHOTOS, PLACES, STEPS, TASKS, TESTS, VISITS
from devices.inventory.models import Device, Installation, StockLot
from devices.points.models import MeteringPoint
from foundation.errors import Refusal
from foundation.forms import submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, named, page_of
from foundation.people import people
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request

    from foundation.forms import EntryForm

HERE = "devices.field:templates/"
TONES = {"planned": "plain", "started": "busy", "closed": "good", "cancelled": "plain"}
OUTCOME_TONES = {"applied": "good", "refused": "bad", "conflict": "warn", "set_aside": "plain"}
TEST_TONES = {"pending": "busy", "passed": "good", "reserve": "warn", "failed": "bad"}
CHECK_WORDS = {
    "good": (N_("bon"), "good"),
    "reserve": (N_("réserve"), "warn"),
    "bad": (N_("mauvais"), "bad"),
    "waiting": (N_("attendu"), "busy"),
    "none": (N_("sans objet"), "plain"),
}
SHOWN = {"yes": N_("le même que le cadran"), "no": N_("des impulsions comptées depuis zéro")}


def _crumbs(request: Request, *more: tuple[str, str]) -> list[tuple[str, str]]:
    _ = request.language.translate
    return [(_(N_("Parc")), request.route_path("devices")), (_(N_("Visites")), request.route_path("visits")), *more]


def _words(request: Request, words: Mapping[str, str]) -> dict[str, str]:
    return {code: request.language.translate(word) for code, word in words.items()}


def _technicians(request: Request) -> dict[str, str]:
    return {str(one.account_id): one.name for one in people(request.dbsession) if one.role in GOES}


def _form(request: Request, form: EntryForm, act: Callable[[], object], words: tuple[str, str], there: str) -> Any:
    """Do what a form asks for and go `there`, or show it; `words` are its title and its button."""
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(there)
    return {"title": words[0], "crumbs": _crumbs(request), "form": form, "submit": words[1]}


def _said(request: Request, act: Callable[[], object]) -> None:
    """Do `act`; a refusal is said on the next page."""
    try:
        act()
    except Refusal as refusal:
        request.session.flash(refusal.said_in(request.language.translate))


def visits(request: Request) -> dict[str, Any]:
    """List the visits, those to do first."""
    counts = dict(request.dbsession.execute(select(Visit.state, func.count()).group_by(Visit.state)).all())
    asked = request.GET.get("state", "")
    query = select(Visit).options(selectinload(Visit.site), selectinload(Visit.tasks))
    if asked in VISITS:
        query = query.where(Visit.state == asked)
    open_first = Visit.state.in_(["planned", "started"]).desc()
    page = page_of(request, query.order_by(open_first, Visit.planned_on, Visit.id))
    conflicts = request.dbsession.scalars(
        select(Submission).where(Submission.state == "conflict").order_by(Submission.id)
    ).all()
    waiting = select(func.count()).select_from(CommissioningTest).where(CommissioningTest.state == "pending")
    return {
        "page": page,
        "counts": counts,
        "asked": asked,
        "states": VISITS,
        "tones": TONES,
        "conflicts": conflicts,
        "steps": STEPS,
        "tests_waiting": request.dbsession.scalar(waiting),
    }


def visit(request: Request) -> dict[str, Any]:
    """Show one visit: what is to be done, what was done, what proves it."""
    shown = found(request, Visit)
    keys = [row.key for row in shown.submissions]
    photos = request.dbsession.scalars(select(Photo).where(Photo.submission_key.in_(keys)).order_by(Photo.id)).all()
    tests = request.dbsession.scalars(
        select(CommissioningTest)
        .where(CommissioningTest.submission_id.in_([row.id for row in shown.submissions]))
        .options(selectinload(CommissioningTest.installation).selectinload(Installation.device))
        .order_by(CommissioningTest.id)
    ).all()
    return {
        "visit": shown,
        # Keys and alarms are for who goes there and who plans it.
        "sheet": sheet_of(request.dbsession, shown.site_id)
        if request.has_permission(Permission.WORK_IN_FIELD)
        else None,
        "photos": photos,
        "tests": tests,
        "say": lambda pattern, values: Refusal(pattern, **values).said_in(request.language.translate),
        "words": {
            "tasks": TASKS,
            "places": PLACES,
            "steps": STEPS,
            "outcomes": OUTCOMES,
            "tests": TESTS,
            "visits": VISITS,
            "photos": PHOTOS,
            "asbestos": ASBESTOS,
            "checks": CHECKS,
            "results": CHECK_WORDS,
        },
        "tones": {"visits": TONES, "outcomes": OUTCOME_TONES, "tests": TEST_TONES},
        "crumbs": _crumbs(request),
    }


def new_visit(request: Request) -> Any:
    """Plan a visit to the site the address names."""
    _ = request.language.translate
    site = named(request, Site, "site")
    form = VisitForm(request.POST)
    form.technician_id.choices = _technicians(request)

    def act() -> Visit:
        return plan_visit(
            request.dbsession,
            site,
            planned_on=form.planned_on.data,
            technician_id=int(form.technician_id.data),
            instructions=form.instructions.data,
            by=request.actor.name,
            today=request.today,
        )

    if request.method == "POST":
        made = submit(request, form, act)
        if made:
            return HTTPSeeOther(request.route_path("visit", id=made.id))
    title = _(N_("Prévoir une visite à {name}")).format(name=site.name)
    return {"title": title, "crumbs": _crumbs(request), "form": form, "submit": _(N_("Prévoir la visite"))}


def new_task(request: Request) -> Any:
    """Add something to do to a visit."""
    _ = request.language.translate
    shown = found(request, Visit)
    form = TaskForm(request.POST)
    points = request.dbsession.scalars(
        select(MeteringPoint)
        .join(Building)
        .where(Building.site_id == shown.site_id)
        .order_by(Building.name, MeteringPoint.name)
    )
    form.kind.choices = _words(request, TASKS)
    form.point_id.choices = {str(one.id): f"{one.building.name} — {one.name}" for one in points}
    form.place.choices = _words(request, PLACES)
    form.quantity.choices = _words(request, {code.value: words for code, words in QUANTITIES.items()})
    form.shows_dial.choices = _words(request, SHOWN)

    def act() -> VisitTask:
        return add_task(
            request.dbsession,
            shown,
            request.dbsession.get_one(MeteringPoint, int(form.point_id.data)),
            kind=form.kind.data,
            place=form.place.data or "",
            channel=form.channel.data,
            quantity=form.quantity.data,
            factor=form.factor.data,
            shows_dial=form.shows_dial.data == "yes",
            note=form.note.data,
        )

    there = request.route_path("visit", id=shown.id)
    return _form(request, form, act, (_(N_("Que faire pendant cette visite ?")), _(N_("Ajouter"))), there)


def move_visit(request: Request) -> Any:
    """Move a visit to another day or another technician."""
    _ = request.language.translate
    shown = found(request, Visit)
    form = MoveForm(request.POST, obj=shown)
    form.technician_id.choices = _technicians(request)
    if request.method == "GET":
        form.technician_id.data = str(shown.technician_id)

    def act() -> Visit:
        return reassign(
            request.dbsession,
            shown,
            planned_on=form.planned_on.data,
            technician_id=int(form.technician_id.data),
            today=request.today,
        )

    words = _(N_("Déplacer la visite")), _(N_("Déplacer"))
    return _form(request, form, act, words, request.route_path("visit", id=shown.id))


def cancel_visit(request: Request) -> Response:
    """Call a visit off."""
    shown = found(request, Visit)
    _said(request, lambda: cancel(request.dbsession, shown))
    return HTTPSeeOther(request.route_path("visit", id=shown.id))


def report_pdf(request: Request) -> Response:
    """Send the report of a visit as it was first printed."""
    shown = found(request, Visit)
    if shown.document is None:
        raise HTTPNotFound
    kept = shown.document.attachment
    answer = Response(kept.content, content_type=kept.media_type, charset=None)
    answer.content_disposition = f'inline; filename="{kept.name}"'
    return answer


def photo(request: Request) -> Response:
    """Send one photo."""
    kept = found(request, Photo).attachment
    answer = Response(kept.content, content_type=kept.media_type, charset=None)
    answer.content_disposition = f'inline; filename="{kept.name}"'
    return answer


def sheet(request: Request) -> Any:
    """Write what who goes to a site must know."""
    _ = request.language.translate
    site = found(request, Site)
    form = SheetForm(request.POST, obj=sheet_of(request.dbsession, site.id))
    form.asbestos.choices = _words(request, ASBESTOS)

    def act() -> object:
        told = {name: field.data or "" for name, field in form._fields.items()}
        return write_sheet(request.dbsession, site, by=request.actor.name, now=request.now, **told)

    words = _(N_("Que faut-il savoir avant d'aller à {name} ?")).format(name=site.name), _(N_("Enregistrer"))
    return _form(request, form, act, words, request.route_path("visits"))


def authorisations(request: Request) -> dict[str, Any]:
    """List who may work where, until when."""
    rows = request.dbsession.scalars(
        select(Authorisation).order_by(Authorisation.holder, Authorisation.kind, Authorisation.period)
    ).all()
    return {"rows": rows, "kinds": AUTHORISATIONS, "crumbs": _crumbs(request)}


def new_authorisation(request: Request) -> Any:
    """Record what a technician may work on."""
    _ = request.language.translate
    form = AuthorisationForm(request.POST)
    form.account_id.choices = _technicians(request)
    form.kind.choices = _words(request, AUTHORISATIONS)

    def act() -> Authorisation:
        told = {name: field.data for name, field in form._fields.items()}
        told["account_id"] = int(told["account_id"])
        return authorise(request.dbsession, by=request.actor.name, **told)

    words = _(N_("Enregistrer une habilitation")), _(N_("Enregistrer"))
    return _form(request, form, act, words, request.route_path("authorisations"))


def end_authorisation(request: Request) -> Response:
    """End one today."""
    row = found(request, Authorisation)
    _said(request, lambda: withdraw(request.dbsession, row, on=request.today))
    return HTTPSeeOther(request.route_path("authorisations"))


def phones(request: Request) -> dict[str, Any]:
    """List what phones carry."""
    query = select(Download).order_by(Download.revoked_at.isnot(None), Download.renewed_at.desc())
    return {"page": page_of(request, query), "crumbs": _crumbs(request)}


def revoke_phone(request: Request) -> Response:
    """Take back what a phone carries."""
    row = found(request, Download)
    _said(request, lambda: revoke(request.dbsession, row, by=request.actor.name, now=request.now))
    return HTTPSeeOther(request.route_path("phones"))


def submission(request: Request) -> dict[str, Any]:
    """Show what a technician sent, beside what it contradicts."""
    row = found(request, Submission)
    keys = [one.key for one in (row, row.rival) if one is not None]
    photos = request.dbsession.scalars(select(Photo).where(Photo.submission_key.in_(keys)).order_by(Photo.id)).all()
    return {
        "row": row,
        "photos": photos,
        "say": lambda one: Refusal(one.sentence, **one.filled).said_in(request.language.translate),
        "words": {"steps": STEPS, "outcomes": OUTCOMES, "photos": PHOTOS},
        "tones": OUTCOME_TONES,
        "crumbs": _crumbs(request),
    }


def settle(request: Request) -> Response:
    """Decide a conflict: apply it after all, or set it aside."""
    row = found(request, Submission)
    if request.POST.get("decision") == "apply":
        _said(request, lambda: try_again(request.dbsession, row, by=request.actor.name, now=request.now))
    else:
        _said(request, lambda: set_aside(request.dbsession, row, by=request.actor.name))
    return HTTPSeeOther(request.route_path("submission", id=row.id))


def labels(request: Request) -> Any:
    """Print labels for devices: a sheet of QR codes."""
    _ = request.language.translate
    form = LabelForm(request.POST)
    lots = request.dbsession.scalars(select(StockLot).order_by(StockLot.purchased_on.desc()))
    form.lot_id.choices = {"": _(N_("aucun lot"))} | {str(lot.id): lot.reference for lot in lots}

    def act() -> bytes:
        return print_labels(
            _labels_of(request, form), company=_company(request), instant=request.now, skip=int(form.skip.data)
        )

    pdf = submit(request, form, act) if request.method == "POST" else None
    if pdf:
        answer = Response(pdf, content_type="application/pdf", charset=None)
        answer.content_disposition = 'attachment; filename="etiquettes.pdf"'
        return answer
    words = _(N_("Imprimer des étiquettes")), _(N_("Faire la planche"))
    return {"title": words[0], "crumbs": _crumbs(request), "form": form, "submit": words[1]}


def _company(request: Request) -> str:
    return request.company.name if request.company else "SPL"


def _labels_of(request: Request, form: LabelForm) -> list[Label]:
    query = select(Device).options(selectinload(Device.model)).order_by(Device.serial)
    typed = [line.strip() for line in (form.serials.data or "").splitlines() if line.strip()]
    if typed:
        known = {one.serial: one for one in request.dbsession.scalars(query.where(Device.serial.in_(typed)))}
        unknown = next((serial for serial in typed if serial not in known), None)
        if unknown is not None:
            raise Refusal(
                "Le capteur {serial} n'est pas enregistré ; faites-le entrer en stock d'abord.",
                field="serials",
                serial=unknown[:80],
            )
        rows = [known[serial] for serial in typed]
    elif form.lot_id.data:
        rows = list(request.dbsession.scalars(query.where(Device.lot_id == int(form.lot_id.data))))
    else:
        rows = []
    return [Label(one.serial, one.model.title if one.model else "") for one in rows]


def _of_building(request: Request, building: Building) -> dict[str, Any] | None:
    """Return the visits of a building's site, the next ones first."""
    query = (
        select(Visit)
        .where(Visit.site_id == building.site_id, Visit.state != "cancelled")
        .order_by(Visit.planned_on.desc())
        .limit(5)
    )
    rows = request.dbsession.scalars(query).all()
    plans = request.has_permission(Permission.PLAN_VISITS)
    if not rows and not plans:
        return None
    return {"rows": rows, "site": building.site, "plans": plans, "states": VISITS, "tones": TONES}


def _mine(request: Request, _row: None) -> dict[str, Any] | None:
    """Return the visits of who is signed in that are to be made, the next ones first."""
    query = select(Visit).where(Visit.technician_id == request.actor.account_id, Visit.state.in_(OPEN))
    rows = request.dbsession.scalars(query.order_by(Visit.planned_on, Visit.id).limit(5)).all()
    # Who is sent to places finds the application even on a day without a visit; the others only where there is one.
    return {"rows": rows} if rows or not request.has_permission(Permission.PLAN_VISITS) else None


def includeme(config: Configurator) -> None:
    """Register the pages."""
    see, plan, both = Permission.SEE_DEVICES, Permission.PLAN_VISITS, ("GET", "POST")
    for route, pattern, view, renderer, permission, methods in (
        ("visits", "/visits", visits, HERE + "visits.jinja2", see, "GET"),
        ("visit_new", "/visits/new", new_visit, FORM, plan, both),
        ("visit", f"/visits/{NUMBER}", visit, HERE + "visit.jinja2", see, "GET"),
        ("visit_task_new", f"/visits/{NUMBER}/tasks/new", new_task, FORM, plan, both),
        ("visit_move", f"/visits/{NUMBER}/move", move_visit, FORM, plan, both),
        ("visit_cancel", f"/visits/{NUMBER}/cancel", cancel_visit, None, plan, "POST"),
        ("visit_pdf", f"/visits/{NUMBER}.pdf", report_pdf, None, see, "GET"),
        ("visit_photo", f"/visit-photos/{NUMBER}.jpg", photo, None, see, "GET"),
        ("site_sheet", f"/sites/{NUMBER}/sheet", sheet, FORM, plan, both),
        ("authorisations", "/authorisations", authorisations, HERE + "authorisations.jinja2", plan, "GET"),
        ("authorisation_new", "/authorisations/new", new_authorisation, FORM, plan, both),
        ("authorisation_end", f"/authorisations/{NUMBER}/end", end_authorisation, None, plan, "POST"),
        ("phones", "/phones", phones, HERE + "phones.jinja2", plan, "GET"),
        ("phone_revoke", f"/phones/{NUMBER}/revoke", revoke_phone, None, plan, "POST"),
        ("submission", f"/submissions/{NUMBER}", submission, HERE + "submission.jinja2", see, "GET"),
        ("submission_settle", f"/submissions/{NUMBER}/settle", settle, None, plan, "POST"),
        ("labels", "/labels", labels, FORM, plan, both),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("building", "visits", 85, see, HERE + "of_building.jinja2", _of_building))
    config.add_fragment(Fragment("home", "visits", 5, Permission.WORK_IN_FIELD, HERE + "mine.jinja2", _mine))
