"""Signing in, by password and second factor, and out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.security import NO_PERMISSION_REQUIRED

from fleet.accounts.entering import enter, enter_or_ask_more
from fleet.accounts.invitations import actor_for_writing
from fleet.accounts.known_browsers import mark_of, remember
from fleet.accounts.links import forget_secrets, look_up
from fleet.accounts.qr import qr_of
from fleet.accounts.second_factor import begin, check, confirm, has_factor
from fleet.accounts.sessions import sign_out
from fleet.accounts.sign_in import Refused, prove
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

    from fleet.accounts.models import Account

HERE = "fleet.accounts:templates/"


class SignInForm(EntryForm):
    """Who, and the proof of it."""

    email = text_field(N_("Adresse électronique"))
    password = password_field(N_("Mot de passe"))


class CodeForm(EntryForm):
    """The second proof."""

    code = text_field(N_("Code"), help_text=N_("Les six chiffres que montre votre téléphone."))


def sign_in_page(request: Request) -> dict[str, Any] | Response:
    """Show the form, or where it is right start a new session under a new token (hostile inputs 20 and 21)."""
    arrival = own_path(request.params.get("next", ""), otherwise=request.route_path("home"))
    if request.actor.role is not Role.PUBLIC:
        return HTTPSeeOther(arrival)
    form = SignInForm(request.POST)
    if request.method == "POST" and form.validate():
        answer = prove(
            request.dbsession,
            form.email.data,
            form.password.data,
            remote_address=request.remote_addr or "",
            browser=mark_of(request, form.email.data),
        )
        if not isinstance(answer, Refused):
            return enter_or_ask_more(request, answer, arrival)
        form.refusal = request.language.translate(answer.sentence).format(seconds=answer.seconds)
        if answer.seconds:
            request.response.headers["Retry-After"] = str(answer.seconds)
            request.response.status_int = 429
    if request.method == "POST" and request.response.status_int == 200:
        request.response.status_int = 422
    form.password.data = None
    return {"form": form, "arrival": arrival, "provider": request.registry.get("provider")}


def _half_way(request: Request) -> tuple[Account, bool] | None:
    """Return who has proven the password and whether a second factor counts, or None."""
    found = look_up(request.dbsession, request.session.get("step", ""), "second_factor")
    if found is None:
        return None
    _, account = found
    bind_actor(request.dbsession, actor_for_writing(account))
    counts = has_factor(request.dbsession, account)
    bind_actor(request.dbsession, PUBLIC)
    return account, counts


def code_page(request: Request) -> dict[str, Any] | Response:
    """Ask for the code; a right one, used for the first time, lets in."""
    found = _half_way(request)
    if found is None:
        return HTTPSeeOther(request.route_path("sign_in"))
    account, counts = found
    if not counts:
        return HTTPSeeOther(request.route_path("sign_in_factor"))
    form = CodeForm(request.POST)
    if request.method == "POST" and form.validate():
        session, now = request.dbsession, dt.datetime.now(dt.UTC)  # a telephone knows the true time only
        bind_actor(session, actor_for_writing(account))
        refused = check(session, account, form.code.data, now=now, remote_address=request.remote_addr or "")
        bind_actor(session, PUBLIC)
        if not refused:
            forget_secrets(session, account, "second_factor")
            return enter(request, account, request.session.get("arrival", "/"), method="second_factor")
        form.refusal = request.language.translate(refused)
    if request.method == "POST":
        request.response.status_int = 422
    form.code.data = None
    return {"form": form}


def factor_page(request: Request) -> dict[str, Any] | Response:
    """Let somebody who must have a second factor set it, and only then come in."""
    found = _half_way(request)
    if found is None:
        return HTTPSeeOther(request.route_path("sign_in"))
    account, counts = found
    if counts:
        return HTTPSeeOther(request.route_path("sign_in_code"))
    session, form = request.dbsession, CodeForm(request.POST)
    company = request.registry["settings"].host
    bind_actor(session, actor_for_writing(account))
    factor = begin(session, account)
    answer: list[str] | str = ""
    if request.method == "POST" and form.validate():
        now = dt.datetime.now(dt.UTC)
        answer = confirm(session, account, form.code.data, now=now, remote_address=request.remote_addr or "")
    bind_actor(session, PUBLIC)
    if isinstance(answer, list):
        forget_secrets(session, account, "second_factor")
        entered = enter(request, account, request.session.get("arrival", "/"), method="second_factor")
        shown = {"codes": answer, "arrival": entered.location}
        response: Response = render_to_response(f"{HERE}recovery_codes_alone.jinja2", shown, request=request)
        remember(request, response, account.email)
        return response
    form.refusal = request.language.translate(answer) if answer else ""
    if request.method == "POST":
        request.response.status_int = 422
    form.code.data = None
    return {"form": form, "qr": qr_of(factor, account, company), "secret": factor.secret}


def leave(request: Request) -> Response:
    """End the web session on the server and in the browser, and at the provider of identities that opened it."""
    token = request.session.get("token", "")
    request.session.invalidate()
    # Whose row of the web session it is, its secret says: the public role may delete it by that, the others may not.
    bind_actor(request.dbsession, PUBLIC)
    ended = sign_out(request.dbsession, token)
    provider = request.registry.get("provider")
    elsewhere = provider.address_of_leaving(ended[1]) if ended and provider else None
    return HTTPSeeOther(elsewhere or request.route_path("sign_in"))


def includeme(config: Configurator) -> None:
    """Register them."""
    for route, pattern, view, template in (
        ("sign_in", "/sign-in", sign_in_page, "sign_in"),
        ("sign_in_code", "/sign-in/code", code_page, "code"),
        ("sign_in_factor", "/sign-in/second-factor", factor_page, "factor"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view,
            route_name=route,
            request_method=("GET", "POST"),
            renderer=f"{HERE}{template}.jinja2",
            permission=NO_PERMISSION_REQUIRED,
        )
    config.add_route("sign_out", "/sign-out")
    config.add_view(leave, route_name="sign_out", request_method="POST", permission=Permission.STAY_SIGNED_IN)
