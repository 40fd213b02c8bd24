"""Pages of models and lots, and of lists of devices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select
from sqlalchemy.orm import undefer_group

from devices.dialects.quantities import WORDS as QUANTITY_WORDS
from devices.dialects.registry import DIALECTS
from devices.inventory.bulk import DEVICES
from devices.inventory.catalogue import change_model, register_lot, register_model
from devices.inventory.forms import LotForm, ModelForm
from devices.inventory.models import Device, DeviceModel, StockLot
from devices.inventory.states import WORDS
from devices.inventory.views import crumbs_to
from devices.points.lists.views import list_page, template_file
from foundation.errors import Refusal
from foundation.forms import submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

HERE = "devices.inventory.stock:templates/"


def models(request: Request) -> dict[str, Any]:
    """List the models with how many devices there are of each."""
    rows = request.dbsession.execute(
        select(DeviceModel, func.count(Device.id))
        .outerjoin(Device, Device.model_id == DeviceModel.id)
        .group_by(DeviceModel.id)
        .order_by(DeviceModel.maker, DeviceModel.name)
    ).all()
    return {"models": rows, "quantities": QUANTITY_WORDS, "crumbs": crumbs_to(request)}


def new_model(request: Request) -> dict[str, Any] | Response:
    """Register a model."""
    form = _model_form(request, ModelForm(request.POST))
    _ = request.language.translate
    if request.method == "POST":
        created = submit(
            request,
            form,
            lambda: register_model(request.dbsession, maker=form.maker.data, name=form.name.data, **_model_of(form)),
        )
        if created:
            return HTTPSeeOther(request.route_path("models"))
    return {"title": _("Nouveau modèle"), "crumbs": _to_models(request), "form": form, "submit": _("Enregistrer")}


def model(request: Request) -> dict[str, Any] | Response:
    """Put right what is known of a model; its name is how files and devices call it, and stays."""
    _ = request.language.translate
    known = found(request, DeviceModel)
    form = ModelForm(request.POST, data=_known_of(known))
    del form.maker, form.name
    _model_form(request, form)
    if request.method == "POST" and submit(
        request, form, lambda: change_model(request.dbsession, known, **_model_of(form))
    ):
        return HTTPSeeOther(request.route_path("models"))
    return {"title": known.title, "crumbs": _to_models(request), "form": form, "submit": _("Enregistrer")}


def _to_models(request: Request) -> list[tuple[str, str]]:
    return crumbs_to(request, (request.language.translate(N_("Modèles")), request.route_path("models")))


def _model_form(request: Request, form: Any) -> Any:
    spoken = {"": request.language.translate(N_("pas noté"))}
    form.dialect.choices = spoken | {dialect.name: dialect.name for dialect in DIALECTS}
    return form


def _model_of(form: Any) -> dict[str, Any]:
    """Return what a form says of a model, as the verbs take it."""
    months = form.battery_months.data
    if months is not None and months != int(months):
        raise Refusal("La vie d'une pile se compte en mois entiers.", field="battery_months")
    return {
        "dialect": form.dialect.data,
        "quantities": [code.strip() for code in form.quantities.data.split(",") if code.strip()],
        "expected_every": dt.timedelta(minutes=float(form.expected_every.data)),
        "battery": form.battery.data,
        "battery_months": None if months is None else int(months),
        "pulse_weight": form.pulse_weight.data,
        "max_power_kw": form.max_power_kw.data,
        "register_size": form.register_size.data,
    }


def _known_of(model: DeviceModel) -> dict[str, Any]:
    """Return what is known of `model` as its form shows it."""
    return {
        "dialect": model.dialect,
        "quantities": ", ".join(model.quantities),
        "expected_every": round(Decimal(model.expected_every / dt.timedelta(minutes=1)), 2),
        "battery": model.battery,
        "battery_months": model.battery_months,
        "pulse_weight": model.pulse_weight,
        "max_power_kw": model.max_power_kw,
        "register_size": model.register_size,
    }


def lots(request: Request) -> dict[str, Any]:
    """List the lots with what became of their devices."""
    query = select(StockLot).order_by(StockLot.purchased_on.desc(), StockLot.id.desc())
    if request.has_permission(Permission.SEE_CONTRACTS):
        query = query.options(undefer_group("money"))
    counts: dict[int, dict[str, int]] = {}
    for lot_id, state, number in request.dbsession.execute(
        select(Device.lot_id, Device.state, func.count())
        .where(Device.lot_id.is_not(None))
        .group_by(Device.lot_id, Device.state)
    ):
        counts.setdefault(lot_id, {})[state] = number
    shown = request.dbsession.scalars(query).all()
    return {"lots": shown, "counts": counts, "words": WORDS, "crumbs": crumbs_to(request)}


def new_lot(request: Request) -> dict[str, Any] | Response:
    """Register a lot."""
    _ = request.language.translate
    form = LotForm(request.POST)
    if request.method == "POST" and submit(request, form, lambda: register_lot(request.dbsession, **form.data)):
        return HTTPSeeOther(request.route_path("lots"))
    crumbs = crumbs_to(request, (_("Lots"), request.route_path("lots")))
    return {"title": _("Nouveau lot"), "crumbs": crumbs, "form": form, "submit": _("Enregistrer le lot")}


def new_list(request: Request) -> dict[str, Any]:
    """Take in a list of devices."""
    title = request.language.translate(N_("Mettre des capteurs en stock depuis un fichier"))
    return list_page(request, DEVICES, title=title, crumbs=crumbs_to(request), template="device_template")


def template(_request: Request) -> Response:
    """Serve an empty list of devices."""
    return template_file(DEVICES)


def includeme(config: Configurator) -> None:
    """Register the pages."""
    see, manage, both = Permission.INSTALL_DEVICES, Permission.MANAGE_MEASUREMENTS, ("GET", "POST")
    intake = "devices.points.lists:templates/list.jinja2"
    for route, pattern, view, renderer, permission, methods in (
        ("models", "/models", models, HERE + "models.jinja2", see, "GET"),
        ("model_new", "/models/new", new_model, FORM, manage, both),
        ("model", f"/models/{NUMBER}", model, FORM, manage, both),
        ("lots", "/lots", lots, HERE + "lots.jinja2", see, "GET"),
        ("lot_new", "/lots/new", new_lot, FORM, manage, both),
        ("device_list", "/devices/list", new_list, intake, manage, both),
        ("device_template", "/devices/list.csv", template, None, manage, "GET"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
