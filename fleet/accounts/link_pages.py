"""Pages that a letter's link leads to, and the one that asks for such a letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED

from contracts.parties.models import Company
from fleet.accounts.entering import enter_or_ask_more
from fleet.accounts.invitations import ask_for_new_password, choose_password, move
from fleet.accounts.links import look_up
from fleet.accounts.register import LONGEST_PASSWORD, SHORTEST_PASSWORD
from foundation.actors import PUBLIC
from foundation.errors import Refusal
from foundation.forms import EntryForm, password_field, submit, text_field
from foundation.messages import N_
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from fleet.settings import WebSettings

HERE = "fleet.accounts:templates/"
PROOF = r"{secret:[A-Za-z0-9_-]{43}}"


class ForgottenForm(EntryForm):
    """Whose password it is."""

    email = text_field(N_("Adresse électronique"), help_text=N_("Celle de votre compte."))


class PasswordForm(EntryForm):
    """A password, typed twice since nobody sees it."""

    password = password_field(
        N_("Mot de passe"), help_text=N_("Douze signes au moins : le plus simple est une phrase de quatre mots.")
    )
    again = password_field(N_("Encore une fois"))


class EmptyForm(EntryForm):
    """Only the wish."""


def company_name(request: Request) -> str:
    """Return who signs the letters: the SPL where it is registered, else the address readers type."""
    settings: WebSettings = request.registry["settings"]
    acting = request.dbsession.info["actor"]
    company = request.dbsession.get(Company, 1) if acting.account_id else None
    return company.name if company is not None else settings.host


def address_of(request: Request, route: str) -> Callable[[str], str]:
    """Return what makes the address of a secret, on the configured name and no other (hostile input 30)."""
    base: str = request.registry["settings"].url.rstrip("/")
    return lambda secret: base + str(request.route_path(route, secret=secret))


def sign_in_address(request: Request) -> str:
    """Return where one signs in, as letters write it."""
    base: str = request.registry["settings"].url.rstrip("/")
    return base + str(request.route_path("sign_in"))


def forgotten(request: Request) -> dict[str, Any]:
    """Ask for a letter; the answer is the same whether the address has an account or not."""
    form, asked = ForgottenForm(request.POST), False
    if request.method == "POST":

        def write() -> bool:
            ask_for_new_password(
                request.dbsession,
                form.email.data,
                remote_address=request.remote_addr or "",
                company=company_name(request),
                address=address_of(request, "choose_password"),
            )
            return True

        asked = submit(request, form, write) is True
    return {"form": form, "asked": asked}


def choose(request: Request) -> dict[str, Any] | Response:
    """Let who followed an invitation or a reset choose a password, then sign in with it (one use, one hour or week)."""
    bind_actor(request.dbsession, PUBLIC)
    secret = request.matchdict["secret"]
    found = look_up(request.dbsession, secret, "invitation", "reset")
    if found is None:
        return stale(request)
    proof, account = found
    form = PasswordForm(request.POST)
    if request.method == "POST":

        def change() -> object:
            if form.password.data != form.again.data:
                raise Refusal("Les deux mots de passe ne sont pas les mêmes ; retapez-les.", field="again")
            return choose_password(
                request.dbsession,
                secret,
                form.password.data,
                remote_address=request.remote_addr or "",
                company=company_name(request),
                sign_in_address=sign_in_address(request),
            )

        if submit(request, form, change) is not None:
            return enter_or_ask_more(request, account, request.route_path("home"))
        bind_actor(request.dbsession, PUBLIC)
    form.password.data = form.again.data = None
    limits = {"least": SHORTEST_PASSWORD, "most": LONGEST_PASSWORD}
    return {"form": form, "account": account, "invited": proof.purpose == "invitation", "limits": limits}


def confirm_email(request: Request) -> dict[str, Any] | Response:
    """Let who followed the letter to the new address confirm it."""
    bind_actor(request.dbsession, PUBLIC)
    secret = request.matchdict["secret"]
    found = look_up(request.dbsession, secret, "new_email")
    if found is None:
        return stale(request)
    form = EmptyForm(request.POST)
    if request.method == "POST":
        company, address = company_name(request), sign_in_address(request)
        if submit(request, form, lambda: move(request.dbsession, secret, company=company, sign_in_address=address)):
            request.session.flash(request.language.translate(N_("Votre compte est désormais à cette adresse.")))
            return HTTPSeeOther(request.route_path("sign_in"))
        bind_actor(request.dbsession, PUBLIC)
    return {"form": form, "email": found[0].email}


def stale(request: Request) -> dict[str, Any]:
    """Say that a link is worth nothing any more; the same for one that never was."""
    request.override_renderer = f"{HERE}stale.jinja2"
    request.response.status_int = 404
    return {}


def includeme(config: Configurator) -> None:
    """Register them."""
    for route, pattern, view, template in (
        ("forgotten", "/sign-in/forgotten", forgotten, "forgotten"),
        ("choose_password", f"/welcome/{PROOF}", choose, "choose_password"),
        ("confirm_email", f"/new-address/{PROOF}", confirm_email, "confirm_email"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view,
            route_name=route,
            request_method=("GET", "POST"),
            renderer=f"{HERE}{template}.jinja2",
            permission=NO_PERMISSION_REQUIRED,
        )
