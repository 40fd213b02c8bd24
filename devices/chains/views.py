"""Two metering chains on a point: their ratio, on the point's page."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from devices.chains.models import OverlapRatio
from devices.chains.register import apply_ratio, chains_of, measure_overlap
from devices.points.models import MeteringPoint
from devices.points.views import building_crumbs
from foundation.forms import EntryForm, choice_field, day_field, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from devices.chains.register import Chain

STEPS = {
    "index": N_("index de fichiers"),
    "day": N_("jours de fichiers"),
}
CURVE = N_("courbe de fichiers")


class OverlapForm(EntryForm):
    """Two chains and the days on which both counted."""

    numerator_id = choice_field(N_("Ce que compte…"))
    denominator_id = choice_field(N_("… pour un kWh de"))
    start = day_field(N_("Premier jour"))
    last = day_field(N_("Dernier jour"), help_text=N_("Compris ; il faut 30 jours complets en commun au moins."))


class ApplyForm(EntryForm):
    """Which of two chains is made to count as the other."""

    to_id = choice_field(
        N_("Ramener à l'autre"),
        help_text=N_("Celui que les factures du fournisseur ne suivent pas : son énergie est recalculée."),
    )


def _named(request: Request, chain: Chain) -> str:
    if chain.series is None:
        return f"{chain.installation.device.serial} — {chain.installation.channel}"
    return str(request.language.translate(STEPS.get(chain.series.step, CURVE)))


def of_point(request: Request, point: MeteringPoint) -> Mapping[str, Any] | None:
    """Return the ratios of a point that has, or had, more than one chain."""
    chains = chains_of(request.dbsession, point)
    ratios = request.dbsession.scalars(
        select(OverlapRatio).where(OverlapRatio.point_id == point.id).order_by(OverlapRatio.id.desc())
    ).all()
    if len(chains) < 2 and not ratios:
        return None
    return {"ratios": ratios, "names": {one.installation.id: _named(request, one) for one in chains}}


def new_overlap(request: Request) -> dict[str, Any] | Response:
    """Measure one."""
    _ = request.language.translate
    point = found(request, MeteringPoint)
    form = OverlapForm(request.POST)
    choices = {str(one.installation.id): _named(request, one) for one in chains_of(request.dbsession, point)}
    form.numerator_id.choices = form.denominator_id.choices = choices

    def act() -> OverlapRatio:
        return measure_overlap(
            request.dbsession,
            point,
            numerator_id=int(form.numerator_id.data),
            denominator_id=int(form.denominator_id.data),
            start=form.start.data,
            end=form.last.data + dt.timedelta(days=1),
            by=request.actor.name,
        )

    address = request.route_path("point", id=point.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Les deux compteurs disent-ils pareil ?"),
        "crumbs": [*building_crumbs(request, point.building), (point.name, address)],
        "form": form,
        "submit": _("Mesurer leur rapport"),
    }


def apply_overlap(request: Request) -> dict[str, Any] | Response:
    """Let one chain count as the other from the ratio on."""
    _ = request.language.translate
    one = found(request, OverlapRatio)
    form = ApplyForm(request.POST)
    both = {installation.id: installation for installation in (one.numerator, one.denominator)}
    names = {chain.installation.id: _named(request, chain) for chain in chains_of(request.dbsession, one.point)}
    form.to_id.choices = {str(number): names[number] for number in both}
    address = request.route_path("point", id=one.point_id)

    def act() -> OverlapRatio:
        to = both[int(form.to_id.data)]
        return apply_ratio(request.dbsession, one, to=to, by=request.actor.name, now=request.now)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Lequel des deux compteurs ramener à l'autre ?"),
        "crumbs": [*building_crumbs(request, one.point.building), (one.point.name, address)],
        "form": form,
        "submit": _("Appliquer leur rapport"),
    }


def includeme(config: Configurator) -> None:
    """Register the page and the fragment."""
    config.add_route("overlap_new", f"/points/{NUMBER}/overlaps/new")
    config.add_view(
        new_overlap,
        route_name="overlap_new",
        renderer=FORM,
        permission=Permission.MANAGE_MEASUREMENTS,
        request_method=("GET", "POST"),
    )
    config.add_route("overlap_apply", f"/overlaps/{NUMBER}/apply")
    config.add_view(
        apply_overlap,
        route_name="overlap_apply",
        renderer=FORM,
        permission=Permission.MANAGE_MEASUREMENTS,
        request_method=("GET", "POST"),
    )
    config.add_fragment(
        Fragment(
            "point", "chains", 30, Permission.SEE_MEASUREMENTS, "devices.chains:templates/point_chains.jinja2", of_point
        )
    )
