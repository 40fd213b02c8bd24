"""What goes wrong, as application/problem+json (RFC 9457): a title, a sentence, and for our own faults a number."""

from __future__ import annotations

import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPClientError
from pyramid.response import Response
from pyramid_openapi3.exceptions import RequestValidationError, ResponseValidationError

from foundation.actors import Role
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

log = logging.getLogger(__name__)
HERE = r"^/api/v1(/|$)"
"""Paths whose answers are data."""


def problem(request: Request, status: int, title: str, detail: str, **more: Any) -> Response:
    """Return the answer that says it, in the reader's language."""
    _ = request.language.translate
    said = {"type": "about:blank", "title": _(title), "status": status, "detail": detail, **more}
    return Response(
        body=json.dumps(said, ensure_ascii=False).encode(),
        status=status,
        content_type="application/problem+json",
        charset="UTF-8",
    )


def not_found(request: Request) -> Response:
    """Say the same for what does not exist and for what the token may not see (hostile input 23)."""
    detail = request.language.translate(N_("Il n'y a rien à cette adresse, ou ce jeton ne le voit pas."))
    return problem(request, 404, N_("Introuvable"), detail)


def forbidden(request: Request) -> Response:
    """Ask for a token, or say what the one shown is not good for."""
    _ = request.language.translate
    if request.actor.role is Role.PUBLIC:
        detail = _(N_("Montrez un jeton qui vaut encore : « Authorization: Bearer fleet_… »."))
        answer = problem(request, 401, N_("Qui êtes-vous ?"), detail)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="fleet"'
        return answer
    log.warning("denied %s %s to account %s", request.method, request.path, request.actor.account_id)
    detail = _(N_("Ni ce jeton ni le rôle de son compte ne permettent cela."))
    return problem(request, 403, N_("Ce jeton ne le permet pas"), detail)


def refused(refusal: Refusal, request: Request) -> Response:
    """Say a refusal."""
    more = {"errors": [{"field": refusal.field}]} if refusal.field else {}
    return problem(request, 400, N_("C'est impossible ainsi"), refusal.said_in(request.language.translate), **more)


def not_understood(error: RequestValidationError, request: Request) -> Response:
    """Say which part of the request is not as openapi.yaml describes it."""
    extract = request.registry.settings["pyramid_openapi3_extract_errors"]
    errors = [{key: str(value) for key, value in one.items()} for one in extract(request, error.errors)]
    detail = request.language.translate(N_("Comparez la demande à la description de l'interface."))
    return problem(request, 400, N_("Cette demande n'a pas été comprise"), detail, errors=errors)


def client_error(error: HTTPClientError, request: Request) -> Response:
    """Say what is wrong with a request that no view has taken."""
    return problem(request, error.status_int, error.title, error.explanation or error.title)


def broken(request: Request) -> Response:
    """Log our own fault under a number and say that number, nothing else (hostile input 51)."""
    incident = secrets.token_hex(4).upper()
    log.error("incident %s on %s %s", incident, request.method, request.path, exc_info=request.exception)
    detail = request.language.translate(N_("L'erreur est de notre côté ; rien n'a été changé."))
    return problem(request, 500, N_("La réponse n'a pas pu être faite"), detail, incident=incident)


def includeme(config: Configurator) -> None:
    """Register them for the interface's own paths."""
    config.add_notfound_view(not_found, path_info=HERE)
    config.add_forbidden_view(forbidden, path_info=HERE)
    for view, context in (
        (refused, Refusal),
        (not_understood, RequestValidationError),
        (broken, ResponseValidationError),
        (client_error, HTTPClientError),
        (broken, Exception),
    ):
        config.add_exception_view(view, context=context, path_info=HERE)
