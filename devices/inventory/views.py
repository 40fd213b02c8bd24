"""Pages of the fleet of devices: what there is, where it serves, what became of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from contracts.parties.models import Shareholder
from contracts.sites.models import Building
from devices.dialects.quantities import WORDS as QUANTITY_WORDS
from devices.inventory.forms import (
    DeviceForm,
    FoundForm,
    InstallationForm,
    IntervalForm,
    LossForm,
    LostForm,
    OwnerForm,
    RegisterForm,
    RemovalForm,
    StateForm,
)
from devices.inventory.life import (
    FOUND,
    change_owner,
    change_state,
    complete_loss,
    current_loss,
    declare_found,
    declare_lost,
)
from devices.inventory.models import PHASES, Device, DeviceModel, Installation, StockLot
from devices.inventory.register import change_interval, change_register_size, install, register_device, remove
from devices.inventory.states import AFTER, WORDS
from devices.inventory.timeline import life_of
from devices.points.models import MeteringPoint
from foundation.forms import at_wall, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, fragments, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from devices.inventory.models import DeviceLoss
    from devices.inventory.timeline import Step
    from foundation.forms import EntryForm

HERE = "devices.inventory:templates/"
MINUTE = dt.timedelta(minutes=1)
ZONE = "Europe/Paris"
"""Of the wall clock where a device is at no site."""
TONES = {
    "stocked": "plain",
    "in_van": "plain",
    "installed": "good",
    "commissioned": "good",
    "faulty": "bad",
    "lost": "bad",
    "retired": "plain",
}
STATES = {state: (WORDS[state], tone) for state, tone in TONES.items()}
"""Each state with its word and its tone."""
CAUSES = {
    "theft": N_("vol"),
    "vandalism": N_("vandalisme"),
    "fire": N_("incendie"),
    "water": N_("dégât des eaux"),
    "works": N_("travaux"),
    "mislaid": N_("égaré"),
    "unknown": N_("on ne sait pas"),
}
BEARERS = {
    "undecided": N_("pas encore décidé"),
    "spl": N_("la SPL"),
    "owner": N_("son propriétaire"),
    "holder": N_("la collectivité du bâtiment"),
    "insurer": N_("l'assureur"),
    "third_party": N_("un tiers responsable"),
}


def crumbs_to(request: Request, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the way to the fleet and on."""
    return [(request.language.translate(N_("Parc")), request.route_path("devices")), *more]


def _choices(request: Request, words: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {code: request.language.translate(word) for code, word in words}


def _numbered(rows: Iterable[tuple[int, str]], nobody: str) -> dict[str, str]:
    """Return what an optional list offers: nothing, said as `nobody`, then the rows."""
    return {"": nobody} | {str(number): name for number, name in rows}


def _owners(request: Request) -> dict[str, str]:
    rows = request.dbsession.execute(select(Shareholder.id, Shareholder.name).order_by(Shareholder.name))
    return _numbered(((row.id, row.name) for row in rows), request.language.translate(N_("la SPL")))


def _chosen(request: Request, model: type[Any], typed: str) -> Any:
    return request.dbsession.get_one(model, int(typed)) if typed else None


def devices(request: Request) -> dict[str, Any]:
    """List the devices, all of them or those in the state `?state=` asks for."""
    # A serial with a slash stands for the files of a point (devices.series), not for a device of the fleet.
    real = ~Device.serial.contains("/", autoescape=True)
    grouped = request.dbsession.execute(select(Device.state, func.count()).where(real).group_by(Device.state))
    counts = dict(grouped.all())
    query = select(Device).where(real)
    query = query.options(
        selectinload(Device.model),
        selectinload(Device.installations).selectinload(Installation.point).selectinload(MeteringPoint.building),
    )
    asked = request.GET.get("state", "")
    if asked in STATES:
        query = query.where(Device.state == asked)
    page = page_of(request, query.order_by(Device.serial))
    return {"page": page, "states": STATES, "counts": counts, "asked": asked}


def device(request: Request) -> dict[str, Any]:
    """Show one: what it is, where it serves, and its life."""
    shown = found(request, Device)
    translate = request.language.translate
    steps = [
        (
            step,
            translate(step.words).format(
                before=translate(step.before), after=translate(step.after), channel=step.channel
            ),
        )
        for step in life_of(shown)
    ]
    return {
        "device": shown,
        "states": STATES,
        "steps": steps,
        "zone": _zone(shown),
        "causes": CAUSES,
        "bearers": BEARERS,
        "may_change_to": AFTER[shown.state] - {"lost"},
        "fragments": fragments(request, "device", shown),
        "crumbs": crumbs_to(request),
    }


def _told(request: Request, step: Step) -> str:
    translate = request.language.translate
    before, after = (translate(word) if word else "" for word in (step.before, step.after))
    return str(translate(step.words).format(before=before, after=after, channel=step.channel))


def _zone(shown: Device) -> str:
    """Return the time zone of the last site `shown` was at."""
    return shown.installations[-1].point.building.site.timezone if shown.installations else ZONE


def new_device(request: Request) -> dict[str, Any] | Response:
    """Take a device into stock."""
    _ = request.language.translate
    form = DeviceForm(request.POST)
    models = request.dbsession.scalars(select(DeviceModel).order_by(DeviceModel.maker, DeviceModel.name))
    lots = request.dbsession.scalars(select(StockLot).order_by(StockLot.purchased_on.desc()))
    form.model_id.choices = _numbered(((one.id, one.title) for one in models), _("pas noté"))
    form.lot_id.choices = _numbered(((one.id, one.reference) for one in lots), _("pas noté"))
    form.owner_id.choices = _owners(request)

    def act() -> Device:
        minutes = form.expected_every.data
        return register_device(
            request.dbsession,
            serial=form.serial.data,
            model=_chosen(request, DeviceModel, form.model_id.data),
            lot=_chosen(request, StockLot, form.lot_id.data),
            owner=_chosen(request, Shareholder, form.owner_id.data),
            expected_every=None if minutes is None else float(minutes) * MINUTE,
            at=request.now,
            by=request.actor.name,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("device", id=created.id))
    return {"title": _("Nouveau capteur"), "crumbs": crumbs_to(request), "form": form, "submit": _("Mettre en stock")}


def new_installation(request: Request) -> dict[str, Any] | Response:
    """Install a device on a point."""
    _ = request.language.translate
    sensor = found(request, Device)
    form = InstallationForm(request.POST)
    points = request.dbsession.scalars(select(MeteringPoint).join(Building).order_by(Building.name, MeteringPoint.name))
    form.point_id.choices = {str(point.id): f"{point.building.name} — {point.name}" for point in points}
    form.quantity.choices = _choices(request, ((code.value, words) for code, words in QUANTITY_WORDS.items()))
    form.phase.choices = {phase: phase or _("toutes ensemble") for phase in PHASES}

    def act() -> Installation:
        point = request.dbsession.get_one(MeteringPoint, int(form.point_id.data))
        return install(
            request.dbsession,
            sensor,
            point,
            at=at_wall(form.at.data, point.building.site.timezone),
            channel=form.channel.data,
            quantity=form.quantity.data,
            phase=form.phase.data,
            factor=form.factor.data,
            opening_index=form.opening_index.data,
            register_size=form.register_size.data,
            by=request.actor.name,
            now=request.now,
        )

    return _change(request, sensor, form, act, _("Poser le capteur"), _("Poser"))


def interval(request: Request) -> dict[str, Any] | Response:
    """Say how often a device is to be heard: silence is three times as long."""
    _ = request.language.translate
    sensor = found(request, Device)
    return _pace(request, sensor, sensor, _("Tous les combien ce capteur doit-il donner une mesure ?"))


def installation_interval(request: Request) -> dict[str, Any] | Response:
    """Say it of one point a device serves: the channels of a gateway have paces of their own."""
    _ = request.language.translate
    served = found(request, Installation)
    title = _("Tous les combien ce point doit-il donner une mesure ?")
    return _pace(request, served.device, served, title)


def _pace(request: Request, sensor: Device, of: Device | Installation, title: str) -> dict[str, Any] | Response:
    _ = request.language.translate
    form = IntervalForm(request.POST)
    empty = _("Vide : ce que dit le modèle.") if of is sensor else _("Vide : ce que dit le capteur.")
    form.expected_every.description = empty
    if request.method == "GET" and of.own_expected_every is not None:
        minutes = round(Decimal(of.own_expected_every / MINUTE), 2).normalize()
        form.expected_every.data = Decimal(f"{minutes:f}")

    def act() -> Any:
        minutes = form.expected_every.data
        change_interval(request.dbsession, of, None if minutes is None else float(minutes) * MINUTE)
        return of

    return _change(request, sensor, form, act, title, _("Enregistrer"))


def installation_register(request: Request) -> dict[str, Any] | Response:
    """Say where the register of a point is full: a fall is a rollover only where somebody said it."""
    _ = request.language.translate
    served = found(request, Installation)
    form = RegisterForm(request.POST, data={"register_size": served.own_register_size})

    def act() -> Installation:
        change_register_size(request.dbsession, served, form.register_size.data)
        return served

    title = _("À quelle valeur ce compteur revient-il à zéro ?")
    return _change(request, served.device, form, act, title, _("Enregistrer"))


def removal(request: Request) -> dict[str, Any] | Response:
    """Take a device off the point it serves."""
    _ = request.language.translate
    served = found(request, Installation)
    form = RemovalForm(request.POST)

    def act() -> Installation:
        return remove(
            request.dbsession,
            served,
            at=at_wall(form.at.data, served.point.building.site.timezone),
            closing_index=form.closing_index.data,
            by=request.actor.name,
            why=form.why.data,
            now=request.now,
        )

    return _change(request, served.device, form, act, _("Déposer le capteur"), _("Déposer"))


def new_state(request: Request) -> dict[str, Any] | Response:
    """Say what a device became."""
    _ = request.language.translate
    sensor = found(request, Device)
    form = StateForm(request.POST)
    following = [state for state in WORDS if state in AFTER[sensor.state] - {"lost"}]
    form.state.choices = _choices(request, ((state, WORDS[state]) for state in following))

    def act() -> object:
        return change_state(request.dbsession, sensor, form.state.data, **_said(request, sensor, form))

    return _change(request, sensor, form, act, _("Changer l'état du capteur"), _("Enregistrer"))


def loss(request: Request) -> dict[str, Any] | Response:
    """Say that a device is lost; of one that is lost, add what became known since."""
    _ = request.language.translate
    sensor = found(request, Device)
    known = current_loss(request.dbsession, sensor) if sensor.state == "lost" else None
    form = LossForm(request.POST, obj=known) if known else LostForm(request.POST)
    form.cause.choices = _choices(request, CAUSES.items())
    form.borne_by.choices = _choices(request, BEARERS.items())

    def act() -> DeviceLoss:
        told = {name: field.data for name, field in form._fields.items() if name not in {"at", "why"}}
        if known:
            return complete_loss(request.dbsession, known, **told)
        return declare_lost(request.dbsession, sensor, **told, **_said(request, sensor, form))

    title = _("Que sait-on de cette perte ?") if known else _("Déclarer le capteur perdu")
    return _change(request, sensor, form, act, title, _("Enregistrer"))


def finding(request: Request) -> dict[str, Any] | Response:
    """Say that a lost device is found."""
    _ = request.language.translate
    sensor = found(request, Device)
    form = FoundForm(request.POST)
    form.state.choices = _choices(request, ((state, word) for state, word in WORDS.items() if state in FOUND))

    def act() -> object:
        return declare_found(request.dbsession, sensor, state=form.state.data, **_said(request, sensor, form))

    return _change(request, sensor, form, act, _("Déclarer le capteur retrouvé"), _("Enregistrer"))


def new_owner(request: Request) -> dict[str, Any] | Response:
    """Say whose a device is from now on."""
    _ = request.language.translate
    sensor = found(request, Device)
    form = OwnerForm(request.POST)
    form.owner_id.choices = _owners(request)

    def act() -> object:
        owner = _chosen(request, Shareholder, form.owner_id.data)
        return change_owner(request.dbsession, sensor, owner, **_said(request, sensor, form))

    return _change(request, sensor, form, act, _("Changer le propriétaire du capteur"), _("Enregistrer"))


def _said(request: Request, sensor: Device, form: Any) -> dict[str, Any]:
    """Return who says when and why, as the verbs of a device's life take it."""
    at = at_wall(form.at.data, _zone(sensor))
    return {"at": at, "now": request.now, "by": request.actor.name, "why": form.why.data}


def _change(
    request: Request, sensor: Device, form: EntryForm, act: Callable[[], object], *words: str
) -> dict[str, Any] | Response:
    """Do what a form about a device asks for and go to its page; `words` are the form's title and its button."""
    address = request.route_path("device", id=sensor.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    title, button = words
    crumbs = crumbs_to(request, (sensor.serial, address))
    return {"title": title, "crumbs": crumbs, "form": form, "submit": button}


def includeme(config: Configurator) -> None:
    """Register the pages."""
    see, change, both = Permission.SEE_DEVICES, Permission.INSTALL_DEVICES, ("GET", "POST")
    for route, pattern, view, renderer, permission, methods in (
        ("devices", "/devices", devices, HERE + "devices.jinja2", see, "GET"),
        ("device_new", "/devices/new", new_device, FORM, change, both),
        ("device", f"/devices/{NUMBER}", device, HERE + "device.jinja2", see, "GET"),
        ("installation_new", f"/devices/{NUMBER}/installations/new", new_installation, FORM, change, both),
        ("device_interval", f"/devices/{NUMBER}/interval", interval, FORM, change, both),
        (
            "installation_interval",
            f"/installations/{NUMBER}/interval",
            installation_interval,
            FORM,
            change,
            both,
        ),
        (
            "installation_register",
            f"/installations/{NUMBER}/register",
            installation_register,
            FORM,
            change,
            both,
        ),
        ("installation_end", f"/installations/{NUMBER}/end", removal, FORM, change, both),
        ("device_state", f"/devices/{NUMBER}/state", new_state, FORM, change, both),
        ("device_lost", f"/devices/{NUMBER}/lost", loss, FORM, change, both),
        ("device_found", f"/devices/{NUMBER}/found", finding, FORM, change, both),
        ("device_owner", f"/devices/{NUMBER}/owner", new_owner, FORM, Permission.MANAGE_MEASUREMENTS, both),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.include("devices.inventory.stock.views")
