"""Pages that annex a plan to an agreement, keep its signed document, and sign it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from baseline.plans.deposits import Deposit, deposit
from baseline.plans.models import MeasurementPlan, PlanDeposit
from baseline.plans.register import sign
from baseline.plans.signing.forms import DepositForm, annex_form, signature_form
from baseline.plans.views import STATES, plan_page
from contracts.agreements.models import Agreement, Annex
from contracts.agreements.register import annex
from foundation.files import download
from foundation.forms import submit
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


def annex_plan(request: Request) -> dict[str, Any] | Response:
    """Make a frozen plan an annex of a draft agreement."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = annex_form(request.dbsession, agreement, request.POST)
    address = request.route_path("agreement", id=agreement.id)

    def act() -> Annex:
        frozen = request.dbsession.get_one(MeasurementPlan, int(form.plan_id.data))
        # A document of the agreement, in the agreement's language.
        title = f"Plan de mesure : {frozen.boundary.name}"
        return annex(request.dbsession, agreement, title, frozen.sha256 or "")

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Annexer un plan de mesure"),
        "crumbs": [(agreement.number, address)],
        "form": form,
        "submit": _("Annexer"),
    }


def sign_plan(request: Request) -> dict[str, Any] | Response:
    """Sign a frozen plan with the agreement that quotes it."""
    frozen = found(request, MeasurementPlan)
    form = signature_form(request.dbsession, frozen, request.POST)

    def act() -> MeasurementPlan:
        agreement = request.dbsession.get_one(Agreement, int(form.agreement_id.data))
        return sign(request.dbsession, frozen, agreement=agreement, signed_on=form.signed_on.data)

    if submit(request, form, act):
        return HTTPSeeOther(request.route_path("plan", id=frozen.id))
    return plan_page(request, frozen) | {"sign_form": form}


def deposit_document(request: Request) -> dict[str, Any] | Response:
    """Keep the signed document of a plan."""
    frozen = found(request, MeasurementPlan)
    form = DepositForm(request.POST)

    def act() -> PlanDeposit:
        given = Deposit(
            form.file.data.file.read(),
            form.file.data.filename,
            form.signatories.data,
            form.act_reference.data or "",
            form.signed_on.data,
        )
        return deposit(request.dbsession, frozen, given, by=request.actor.name, now=request.now)

    if submit(request, form, act):
        return HTTPSeeOther(request.route_path("plan", id=frozen.id))
    return plan_page(request, frozen) | {"deposit_form": form}


def deposited(request: Request) -> Response:
    """Serve a signed document as it was deposited."""
    row = found(request, PlanDeposit)
    return download(f"plan-signe-{row.id}.pdf", row.attachment.content, row.attachment.media_type)


def plans_of_agreement(request: Request, agreement: Agreement) -> Mapping[str, Any] | None:
    """Return the plans signed with `agreement`, and a form to annex a frozen one; None without either."""
    plans = request.dbsession.scalars(
        select(MeasurementPlan)
        .where(
            (MeasurementPlan.agreement_id == agreement.id)
            | MeasurementPlan.sha256.in_([one.sha256 for one in agreement.annexes])
        )
        .order_by(MeasurementPlan.id)
    ).all()
    form = annex_form(request.dbsession, agreement, request.POST) if agreement.state == "draft" else None
    if not plans and (form is None or not request.has_permission(Permission.MANAGE_SAVINGS)):
        return None
    return {"plans": plans, "states": STATES, "form": form}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here = "baseline.plans:templates/"
    see, manage = Permission.SEE_SAVINGS, Permission.MANAGE_SAVINGS
    for route, pattern, view, renderer, permission, methods in (
        ("plan_annex", f"/agreements/{NUMBER}/annexes", annex_plan, FORM, manage, ("GET", "POST")),
        ("plan_deposit", f"/plans/{NUMBER}/deposits", deposit_document, here + "plan.jinja2", manage, "POST"),
        ("plan_deposited", f"/plan-deposits/{NUMBER}.pdf", deposited, None, see, "GET"),
        ("plan_sign", f"/plans/{NUMBER}/sign", sign_plan, here + "plan.jinja2", manage, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("agreement", "plans", 10, see, here + "agreement_plans.jinja2", plans_of_agreement))
