"""Pages for what goes wrong: a sentence, what to do, and for our own faults a number to quote."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any

from pyramid.csrf import BadCSRFToken
from pyramid.httpexceptions import HTTPClientError, HTTPSeeOther

from foundation.actors import Role
from foundation.errors import Refusal

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

log = logging.getLogger(__name__)


def _page(request: Request, status: int, title: str, sentence: str) -> dict[str, Any]:
    request.response.status_int = status
    return {"title": title, "sentence": sentence}


def not_found(request: Request) -> dict[str, Any]:
    """Say the same for what does not exist and for what the reader does not hold (hostile input 23)."""
    _ = request.language.translate
    return _page(request, 404, _("Cette page n'existe pas"), _("Vérifiez l'adresse, ou repartez de l'accueil."))


def forbidden(request: Request) -> dict[str, Any] | Response:
    """Send who is not signed in to the sign-in page, and tell who is that the role does not allow it."""
    _ = request.language.translate
    if request.actor.role is Role.PUBLIC:
        address = request.route_path("sign_in", _query={"next": request.path_qs} if request.method == "GET" else {})
        if "HX-Request" in request.headers:
            request.response.status_int = 204
            request.response.headers["HX-Redirect"] = address
            return request.response
        return HTTPSeeOther(address)
    # Tried once by mistake, more often by somebody who looks for a way (ASVS 5.0, 16.3.2).
    log.warning("denied %s %s to account %s", request.method, request.path, request.actor.account_id)
    return _page(
        request,
        403,
        _("Votre compte ne permet pas cela"),
        _("Si vous en avez besoin pour votre travail, demandez-le à la SPL."),
    )


def stale_form(request: Request) -> dict[str, Any]:
    """Answer a form without a valid token: it was open too long, or it came from elsewhere (hostile input 22)."""
    _ = request.language.translate
    return _page(
        request,
        403,
        _("Ce formulaire n'est plus valable"),
        _("Revenez en arrière, rechargez la page et recommencez ; rien n'a été changé."),
    )


def refused(refusal: Refusal, request: Request) -> dict[str, Any]:
    """Show the sentence of a refusal that no form has shown."""
    _ = request.language.translate
    return _page(request, 422, _("C'est impossible ainsi"), refusal.said_in(_))


def client_error(error: HTTPClientError, request: Request) -> dict[str, Any]:
    """Answer a request that cannot be understood."""
    _ = request.language.translate
    return _page(
        request,
        error.status_int,
        _("Cette demande n'a pas été comprise"),
        _("Revenez en arrière et recommencez ; rien n'a été changé."),
    )


def broken(request: Request) -> dict[str, Any]:
    """Log our own fault under a number and show that number, nothing else (hostile input 51)."""
    _ = request.language.translate
    # After a fault of the database its transaction answers nothing more: the frame does without the SPL's name.
    request.company = None
    incident = secrets.token_hex(4).upper()
    log.error("incident %s on %s %s", incident, request.method, request.path, exc_info=request.exception)
    sentence = _(
        "L'erreur est de notre côté ; rien n'a été changé. Si elle revient, donnez à la SPL le numéro {incident}."
    )
    return _page(request, 500, _("Cette page n'a pas pu être faite"), sentence.format(incident=incident))


def includeme(config: Configurator) -> None:
    """Register the pages."""
    renderer = "fleet.web:templates/error.jinja2"
    config.add_notfound_view(not_found, renderer=renderer)
    config.add_forbidden_view(forbidden, renderer=renderer)
    for view, context in (
        (stale_form, BadCSRFToken),
        (refused, Refusal),
        (client_error, HTTPClientError),
        (broken, Exception),
    ):
        config.add_exception_view(view, context=context, renderer=renderer)
