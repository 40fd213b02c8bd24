"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED

from fleet.accounts.sign_in import sign_in, sign_out
from fleet.web.addresses import own_path
from foundation.actors import PUBLIC, Role
from foundation.forms import EntryForm, password_field, text_field
from foundation.messages import N_
from foundation.permissions import Permission
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


class SignInForm(EntryForm):
    """Who, and the proof of it."""

    email = text_field(N_("Adresse électronique"))
    password = password_field(N_("Mot de passe"))


def sign_in_page(request: Request) -> dict[str, Any] | Response:
    """Show the form, or where it is right start a new session under a new token (hostile inputs 20 and 21)."""
    arrival = own_path(request.params.get("next", ""), otherwise=request.route_path("home"))
    if request.actor.role is not Role.PUBLIC:
        return HTTPSeeOther(arrival)
    form = SignInForm(request.POST)
    if request.method == "POST" and form.validate():
        answer = sign_in(
            request.dbsession, form.email.data, form.password.data, remote_address=request.remote_addr or ""
        )
        if not isinstance(answer, str):
            account, token = answer
            # Nothing of the visit before survives: a cookie planted in the browser is worth nothing after sign-in.
            request.session.invalidate()
            new_csrf_token(request)
            request.session["token"] = token
            request.session["language"] = account.language
            return HTTPSeeOther(arrival)
        form.refusal = answer
    if request.method == "POST":
        request.response.status_int = 422
    form.password.data = None
    return {"form": form, "arrival": arrival}


def leave(request: Request) -> Response:
    """End the web session on the server and in the browser."""
    token = request.session.get("token", "")
    request.session.invalidate()
    # Whose row of the web session it is, its secret says: the public role may delete it by that, the others may not.
    bind_actor(request.dbsession, PUBLIC)
    sign_out(request.dbsession, token)
    return HTTPSeeOther(request.route_path("sign_in"))


def includeme(config: Configurator) -> None:
    """Register both."""
    config.add_route("sign_in", "/sign-in")
    config.add_view(
        sign_in_page,
        route_name="sign_in",
        request_method=("GET", "POST"),
        renderer="fleet.accounts:templates/sign_in.jinja2",
        permission=NO_PERMISSION_REQUIRED,
    )
    config.add_route("sign_out", "/sign-out")
    config.add_view(leave, route_name="sign_out", request_method="POST", permission=Permission.STAY_SIGNED_IN)
