"""On a device's page: what it signs in to the broker with; pages that give it and take it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther

from devices.dialects.registry import DIALECTS
from devices.dialects.spl import DIALECT as SPL
from devices.identity.broker import DynamicSecurity
from devices.identity.register import identity_of, provision, revoke
from devices.identity.rules import topics_of
from devices.inventory.models import Device
from devices.inventory.states import OUT_OF_SERVICE
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from devices.identity.models import BrokerIdentity
    from devices.identity.register import Credentials

HERE = "devices.identity:templates/"


class IdentityForm(EntryForm):
    """In which format a device speaks, under which name."""

    dialect = choice_field(
        N_("Format"), help_text=N_("« spl » pour un capteur ; celui qu'elle parle, pour une passerelle.")
    )
    name = text_field(N_("Nom dans ses sujets"), help_text=N_("Il ne pourra publier que sous ce nom."))


def identity(request: Request, device: Device) -> Mapping[str, Any]:
    """Return what the page of `device` says of its account."""
    one = identity_of(request.dbsession, device)
    return {
        "device": device,
        "identity": one,
        "topics": sorted(topics_of(one.dialect, one.name)) if one else [],
        "may_have_one": device.state not in OUT_OF_SERVICE,
    }


def new_identity(request: Request) -> dict[str, Any] | Response:
    """Make an account for a device, or a new password; the answer shows it, this once."""
    _ = request.language.translate
    device = found(request, Device)
    one = identity_of(request.dbsession, device)
    form = IdentityForm(
        request.POST,
        dialect=one.dialect if one else SPL.name,
        name=one.name if one else device.serial,
    )
    form.dialect.choices = [(dialect.name, dialect.name) for dialect in DIALECTS]
    crumbs = _crumbs(request, device)
    in_force = one is not None and one.revoked_at is None
    title = _(N_("Renouveler l'identité au courtier") if in_force else N_("Donner une identité au courtier"))
    if request.method == "POST":
        made = submit(request, form, lambda: _make(request, device, one, form))
        if made:
            request.override_renderer = HERE + "credentials.jinja2"
            return {"title": title, "crumbs": crumbs, "device": device, "made": made}
    intro = (
        _("Le mot de passe d'aujourd'hui ne vaudra plus : le capteur est coupé jusqu'à ce qu'il ait le nouveau.")
        if in_force
        else _("Un compte qui ne peut publier que sous ce nom ; son mot de passe n'est montré qu'une fois.")
    )
    return {"title": title, "crumbs": crumbs, "form": form, "intro": intro, "submit": _("Montrer le mot de passe")}


def _make(request: Request, device: Device, one: BrokerIdentity | None, form: IdentityForm) -> Credentials:
    url = request.registry["provisioning_url"]
    if url is None:
        raise Refusal(
            "L'adresse de l'administrateur du courtier manque ; donnez-la au processus web (mqtt.provisioning_url)."
        )
    # Sent twice, a form changes the password once: its address names the identity it was made from.
    if request.GET.get("of", "") != (one.generation if one else ""):
        raise Refusal("Cette identité vient d'être changée ; rechargez la page du capteur avant de recommencer.")
    with DynamicSecurity(url) as broker:
        (made,) = provision(
            request.dbsession,
            broker,
            [device],
            by=request.actor.name,
            now=request.now,
            dialect=form.dialect.data,
            name=form.name.data,
            renew=True,
        )
    return made


def revocation(request: Request) -> dict[str, Any] | Response:
    """Take the account of a device away; the worker cuts it off within seconds."""
    _ = request.language.translate
    device = found(request, Device)
    form = EntryForm(request.POST)

    def act() -> BrokerIdentity:
        return revoke(request.dbsession, device, by=request.actor.name, now=request.now)

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("device", id=device.id))
    return {
        "title": _("Révoquer l'identité au courtier"),
        "crumbs": _crumbs(request, device),
        "form": form,
        "intro": _("Le capteur est coupé dans les secondes qui suivent et ne peut plus rien publier."),
        "submit": _("Révoquer"),
    }


def _crumbs(request: Request, device: Device) -> list[tuple[str, str]]:
    return [
        (request.language.translate(N_("Parc")), request.route_path("devices")),
        (device.serial, request.route_path("device", id=device.id)),
    ]


def includeme(config: Configurator) -> None:
    """Register the pages and the part of a device's page."""
    may = Permission.PROVISION_DEVICES
    config.add_fragment(Fragment("device", "identity", 50, may, HERE + "device_identity.jinja2", identity))
    for route, pattern, view in (
        ("device_identity", f"/devices/{NUMBER}/identity", new_identity),
        ("device_identity_end", f"/devices/{NUMBER}/identity/end", revocation),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=FORM, permission=may, request_method=("GET", "POST"))
