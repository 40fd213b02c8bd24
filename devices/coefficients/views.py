"""What a cubic metre of gas is worth at a point: shown on its page, entered from a bill."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from devices.coefficients.models import HEATING_VALUES
from devices.coefficients.register import coefficients_of, note_coefficient
from devices.points.models import MeteringPoint
from devices.points.views import building_crumbs
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from devices.coefficients.models import GasCoefficient


class CoefficientForm(EntryForm):
    """A coefficient as a bill gives it."""

    start = day_field(N_("Premier jour"), help_text=N_("Celui de la période de la facture."))
    last = day_field(N_("Dernier jour"), help_text=N_("Compris."))
    kwh_per_m3 = number_field(N_("Coefficient de conversion (kWh/m³)"), help_text=N_("Par exemple 11,29."))
    heating_value = choice_field(N_("Pouvoir calorifique"), help_text=N_("PCS sur une facture de gaz de réseau."))
    source = text_field(N_("Facture qui le dit"), help_text=N_("Par exemple : facture 2025-014."))


def of_point(request: Request, point: MeteringPoint) -> Mapping[str, Any] | None:
    """Return the coefficients of a gas point, PCS then PCI."""
    if point.energy != "gas":
        return None
    return {
        "coefficients": [
            one for heating in HEATING_VALUES for one in coefficients_of(request.dbsession, point.id, heating)
        ]
    }


def new_coefficient(request: Request) -> dict[str, Any] | Response:
    """Note one."""
    _ = request.language.translate
    point = found(request, MeteringPoint)
    form = CoefficientForm(request.POST)
    form.heating_value.choices = {
        "PCS": _("PCS (supérieur), comme les réseaux facturent"),
        "PCI": _("PCI (inférieur)"),
    }

    def act() -> GasCoefficient:
        return note_coefficient(
            request.dbsession,
            point.id,
            start=form.start.data,
            end=form.last.data + dt.timedelta(days=1),
            kwh_per_m3=form.kwh_per_m3.data,
            heating_value=form.heating_value.data,
            source=form.source.data,
            by=request.actor.name,
        )

    address = request.route_path("point", id=point.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Combien vaut un mètre cube de gaz ?"),
        "crumbs": [*building_crumbs(request, point.building), (point.name, address)],
        "form": form,
        "submit": _("Noter ce coefficient"),
    }


def includeme(config: Configurator) -> None:
    """Register the page and the fragment."""
    config.add_route("coefficient_new", f"/points/{NUMBER}/coefficients/new")
    config.add_view(
        new_coefficient,
        route_name="coefficient_new",
        renderer=FORM,
        permission=Permission.MANAGE_MEASUREMENTS,
        request_method=("GET", "POST"),
    )
    config.add_fragment(
        Fragment(
            "point",
            "coefficients",
            10,
            Permission.SEE_MEASUREMENTS,
            "devices.coefficients:templates/point_coefficients.jinja2",
            of_point,
        )
    )
