"""The lists and their rows; row-level security decides which rows there are, as for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import select
from sqlalchemy.orm import defer, selectinload

from baseline.reports.models import SavingsReport
from billing.invoices.models import Invoice
from billing.settlements.models import Settlement
from contracts.sites.models import Building, Site
from devices.alerts.models import Alert
from devices.inventory.models import Device
from devices.points.models import MeteringPoint
from fleet.api import shapes
from fleet.api.answers import answer, tagged
from fleet.api.paging import asked, number_in, page, read_cursor
from foundation.files import download
from foundation.jobs.models import Job
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm.interfaces import ORMOption

    from fleet.api.shapes import Shape

ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Collection:
    """One list: its address, who may ask, the rows, how each is written, what it can be narrowed by."""

    name: str
    permission: Permission
    model: type[Any]
    shape: Callable[[Any], Shape]
    filters: tuple[str, ...] = ()
    """Parameters of the query that are columns of the rows."""
    only: tuple[ColumnElement[bool], ...] = ()
    options: tuple[ORMOption, ...] = ()

    @property
    def route(self) -> str:
        """Name of its route; that of a row ends in "_one"."""
        return f"api_{self.name.replace('-', '_')}"


COLLECTIONS = (
    Collection("sites", Permission.SEE_SITES, Site, shapes.site),
    Collection("buildings", Permission.SEE_SITES, Building, shapes.building, ("site_id",)),
    Collection("points", Permission.SEE_MEASUREMENTS, MeteringPoint, shapes.point, ("building_id",)),
    Collection(
        "devices",
        Permission.SEE_DEVICES,
        Device,
        shapes.device,
        ("state",),
        options=(selectinload(Device.model),),
    ),
    Collection(
        "savings-reports",
        Permission.SEE_SAVINGS,
        SavingsReport,
        shapes.report,
        ("plan_id",),
        options=tuple(defer(getattr(SavingsReport, name)) for name in ("inputs", "analysis", "events", "findings")),
    ),
    Collection(
        "settlements",
        Permission.SEE_BILLING,
        Settlement,
        shapes.settlement,
        ("state",),
        options=(defer(Settlement.evaluation),),
    ),
    # A draft is the SPL's own: it has no number yet, and nobody is told of it.
    Collection(
        "invoices",
        Permission.SEE_BILLING,
        Invoice,
        shapes.invoice,
        only=(Invoice.number.is_not(None),),
        options=(defer(Invoice.snapshot),),
    ),
    Collection("alerts", Permission.SEE_DEVICES, Alert, shapes.alert, ("state",), options=(defer(Alert.facts),)),
    Collection("jobs", Permission.SEE_JOBS, Job, shapes.job, ("state",), options=(selectinload(Job.items),)),
)


def _many(collection: Collection) -> Callable[[Request], Response]:
    model = collection.model

    def view(request: Request) -> Response:
        query = asked(request)
        wanted = select(model).where(*collection.only).options(*collection.options)
        for name in collection.filters:
            if name in query:
                wanted = wanted.where(getattr(model, name) == query[name])
        if "after" in query:
            wanted = wanted.where(model.id > read_cursor(query["after"], int)[0])
        rows = request.dbsession.scalars(wanted.order_by(model.id).limit(query["limit"] + 1)).all()
        return answer(page(request, rows, collection.shape, lambda row: (row.id,)))

    return view


def one_of(request: Request, collection: Collection) -> Any:
    """Return the row whose number stands in the path; one the caller may not see is the same 404 (hostile input 23)."""
    model = collection.model
    wanted = select(model).where(model.id == number_in(request), *collection.only).options(*collection.options)
    row = request.dbsession.scalars(wanted).one_or_none()
    if row is None:
        raise HTTPNotFound
    return row


def _one(collection: Collection) -> Callable[[Request], Response]:
    def view(request: Request) -> Response:
        return answer(collection.shape(one_of(request, collection)))

    return view


def collection_named(name: str) -> Collection:
    """Return one of the lists."""
    return next(one for one in COLLECTIONS if one.name == name)


def invoice_pdf(request: Request) -> Response:
    """Return the original of an invoice."""
    pdf = one_of(request, collection_named("invoices")).pdf
    if pdf is None:
        raise HTTPNotFound
    return tagged(download(pdf.name, pdf.content, pdf.media_type))


def includeme(config: Configurator) -> None:
    """Register them."""
    for collection in COLLECTIONS:
        address = f"{ROOT}/{collection.name}"
        for route, pattern, view in (
            (collection.route, address, _many(collection)),
            (f"{collection.route}_one", f"{address}/{{id}}", _one(collection)),
        ):
            config.add_route(route, pattern)
            config.add_view(
                view, route_name=route, request_method="GET", permission=collection.permission, openapi=True
            )
    config.add_route("api_invoice_pdf", f"{ROOT}/invoices/{{id}}/pdf")
    config.add_view(
        invoice_pdf,
        route_name="api_invoice_pdf",
        request_method="GET",
        permission=Permission.SEE_BILLING,
        openapi=True,
    )
