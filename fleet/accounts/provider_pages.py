"""To the provider of identities and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED

from fleet.accounts.entering import enter, enter_or_ask_more
from fleet.accounts.identities import account_for
from fleet.accounts.journal import Event, note
from fleet.accounts.provider import Provider, Untrusted, provider_of
from foundation.messages import N_

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

REFUSED = N_(
    "{provider} ne vous a pas fait entrer. Recommencez ; si cela continue, vérifiez avec la SPL que votre compte est"
    " ouvert à l'adresse que {provider} connaît."
)
AWAY = N_("{provider} ne répond pas. Entrez par le mot de passe, ou recommencez plus tard.")


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.registry["provider"]
    if provider is None:
        raise HTTPNotFound
    return provider


def begin(request: Request) -> Response:
    """Send the browser to the provider; its session remembers what was asked."""
    provider = _provider(request)
    try:
        address, kept = provider.begin()
    except Untrusted:
        return _back(request, AWAY)
    request.session["oidc"] = kept | {"next": request.GET.get("next", "")}
    return HTTPSeeOther(address)


def come_back(request: Request) -> Response:
    """Let in whom the provider proves, if invited; the journal keeps why not (hostile input 31)."""
    provider, kept = _provider(request), request.session.pop("oidc", {})
    session, address = request.dbsession, request.remote_addr or ""
    try:
        identity = provider.finish(dict(request.GET), kept)
    except Untrusted as error:
        note(session, Event.IDENTITY_REFUSED, remote_address=address, detail=str(error))
        return _back(request, REFUSED)
    account = account_for(session, identity)
    if isinstance(account, str):
        note(session, Event.IDENTITY_REFUSED, email=identity.email, remote_address=address, detail=account)
        return _back(request, REFUSED)
    arrival = request.own_path(kept["next"])
    if identity.strong:
        return enter(request, account, arrival, method=provider.name, id_token=identity.id_token)
    return enter_or_ask_more(request, account, arrival, method=provider.name, id_token=identity.id_token)


def _back(request: Request, sentence: str) -> Response:
    request.session.flash(request.language.translate(sentence).format(provider=request.registry["provider"].name))
    return HTTPSeeOther(request.route_path("sign_in"))


def includeme(config: Configurator) -> None:
    """Register them; without a provider there is nothing at these addresses."""
    config.registry["provider"] = provider_of(config.registry["settings"])
    for route, pattern, view in (
        ("oidc_begin", "/sign-in/provider", begin),
        ("oidc_return", "/sign-in/return", come_back),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, request_method="GET", permission=NO_PERMISSION_REQUIRED)
