"""Readings brought by a program: kept as they came, stored by the worker through the door of the devices' messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.api import shapes
from fleet.api.answers import answer
from fleet.api.collections import ROOT, collection_named, one_of
from fleet.api.tasks import TAKE_READINGS
from foundation.attachments.store import keep
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


def send(request: Request) -> Response:
    """Keep the readings and ask for their storing; the job says what became of them."""
    device = one_of(request, collection_named("devices"))
    original = keep(request.dbsession, request.body, name=f"{device.serial}.json", media_type="application/json")
    params = {"attachment_id": original.id, "serial": device.serial, "received_at": shapes.instant(request.now)}
    job = request.ask(TAKE_READINGS, f"Relevés de {device.serial} par l'interface", {device.serial: params})
    request.dbsession.refresh(job)
    response = answer(shapes.job(job), status=202)
    response.location = f"{ROOT}/jobs/{job.id}"
    return response


def includeme(config: Configurator) -> None:
    """Register it."""
    config.add_route("api_send_readings", f"{ROOT}/devices/{{id}}/readings")
    config.add_view(
        send,
        route_name="api_send_readings",
        request_method="POST",
        permission=Permission.SEND_READINGS,
        openapi=True,
        # A token is shown with each call: there is no cookie that another site could use.
        require_csrf=False,
    )
