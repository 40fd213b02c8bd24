"""Pages that set what was measured beside what was billed: of a point, of a building, of everything."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import extract, func, select
from sqlalchemy.orm import joinedload

from contracts.agreements.models import Agreement
from contracts.sites.models import Building
from devices.bills.models import SupplierBill
from devices.points.models import MeteringPoint
from devices.reconciliation.gather import lines_of, reconcile
from devices.reconciliation.models import AgreedLimit
from devices.reconciliation.register import agree_limit
from devices.reconciliation.rules import LIMIT, Verdict
from devices.reconciliation.words import VERDICTS
from foundation.forms import EntryForm, number_field, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

SHOWN = 300
A_YEAR = dt.timedelta(days=366)


class LimitForm(EntryForm):
    """The gap an agreement allows."""

    percent = number_field(
        N_("Écart admis entre mesuré et facturé, en pour cent"), help_text=N_("Deux, sans autre accord.")
    )


def of_point(request: Request, point: MeteringPoint) -> Mapping[str, Any] | None:
    """Return the bills of a point, the latest first; None where there is none and nobody could add one."""
    lines = reconcile(request.dbsession, [point.id])[::-1]
    if not lines and not request.has_permission(Permission.MANAGE_MEASUREMENTS):
        return None
    return {"lines": lines, "verdicts": VERDICTS}


def of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the bills of a building's points that end in the latest year of bills."""
    ids = request.dbsession.scalars(select(MeteringPoint.id).where(MeteringPoint.building_id == building.id)).all()
    lines = reconcile(request.dbsession, ids)
    if not lines:
        return None
    latest = max(bounds(line.bill.period)[1] for line in lines)
    recent = [line for line in lines if bounds(line.bill.period)[1] > latest - A_YEAR]
    return {"lines": recent, "verdicts": VERDICTS}


def gaps(request: Request) -> dict[str, Any]:
    """List the bills that end in one year (`?year=`, the latest without), those that differ first."""
    year_of = extract("year", func.upper(SupplierBill.period) - 1)
    in_force = SupplierBill.replaced_by_id.is_(None)
    years = [
        int(year) for year in request.dbsession.scalars(select(year_of).where(in_force).distinct().order_by(year_of))
    ]
    asked = request.GET.get("year", "")
    year = next((one for one in years if str(one) == asked), years[-1] if years else None)
    bills = request.dbsession.scalars(
        select(SupplierBill)
        .where(in_force, year_of == year)
        .options(joinedload(SupplierBill.point).joinedload(MeteringPoint.building).joinedload(Building.site))
        .order_by(SupplierBill.point_id, func.lower(SupplierBill.period))
    ).all()
    order = list(VERDICTS)
    lines = sorted(
        lines_of(request.dbsession, bills),
        key=lambda line: (order.index(line.comparison.verdict), -abs(line.comparison.gap or Decimal(0))),
    )
    counts = {verdict: sum(line.comparison.verdict is verdict for line in lines) for verdict in VERDICTS}
    return {
        "lines": lines[:SHOWN],
        "total": len(lines),
        "counts": counts,
        "differs": counts[Verdict.DIFFERS] + counts[Verdict.NOTHING_BILLED],
        "agrees": counts[Verdict.AGREES],
        "years": years,
        "year": year,
        "verdicts": VERDICTS,
    }


def of_agreement(request: Request, agreement: Agreement) -> Mapping[str, Any]:
    """Return the gap an agreement allows."""
    agreed = request.dbsession.get(AgreedLimit, agreement.id)
    return {"limit": agreed.gap if agreed else LIMIT, "agreed": agreed}


def new_limit(request: Request) -> dict[str, Any] | Response:
    """Note the gap an agreement allows."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = LimitForm(request.POST)
    address = request.route_path("agreement", id=agreement.id)

    def act() -> AgreedLimit:
        return agree_limit(request.dbsession, agreement, percent=form.percent.data, by=request.actor.name)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Quel écart avec les factures est admis ?"),
        "crumbs": [(_("Contrats"), request.route_path("agreements")), (agreement.number, address)],
        "form": form,
        "submit": _("Noter cet écart"),
    }


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "devices.reconciliation:templates/"
    # Bills are money: technicians see none of them.
    see = Permission.SEE_SAVINGS
    config.add_route("reconciliation", "/reconciliation")
    config.add_view(
        gaps, route_name="reconciliation", renderer=here + "gaps.jinja2", permission=see, request_method="GET"
    )
    config.add_route("agreement_limit", f"/agreements/{NUMBER}/limit")
    config.add_view(
        new_limit,
        route_name="agreement_limit",
        renderer=FORM,
        permission=Permission.MANAGE_CONTRACTS,
        request_method=("GET", "POST"),
    )
    config.add_fragment(Fragment("point", "bills", 20, see, here + "point_bills.jinja2", of_point))
    config.add_fragment(Fragment("building", "bills", 45, see, here + "building_bills.jinja2", of_building))
    config.add_fragment(
        Fragment("agreement", "limit", 80, Permission.SEE_CONTRACTS, here + "agreement_limit.jinja2", of_agreement)
    )
