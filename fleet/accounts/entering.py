"""Coming in once somebody is proven: at once, or after a second factor; what the browser keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther

from fleet.accounts.invitations import actor_for_writing
from fleet.accounts.known_browsers import remember
from fleet.accounts.links import make_secret
from fleet.accounts.second_factor import begin, has_factor
from fleet.accounts.sessions import open_session
from foundation.actors import PUBLIC
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

    from fleet.accounts.models import Account


def enter_or_ask_more(
    request: Request, account: Account, arrival: str, *, method: str = "password", id_token: str | None = None
) -> Response:
    """Let in who needs no second factor; lead whoever has one, or must have one, to it."""
    session = request.dbsession
    bind_actor(session, actor_for_writing(account))
    counts = has_factor(session, account)
    demanded = request.registry["settings"].demands_second_factor(account.role)
    if demanded and not counts:
        begin(session, account)
    bind_actor(session, PUBLIC)
    if not counts and not demanded:
        return enter(request, account, arrival, method=method, id_token=id_token)
    step = make_secret(session, account, "second_factor")
    _start_afresh(request)
    request.session["step"], request.session["arrival"] = step, arrival
    request.session["language"] = account.language
    return HTTPSeeOther(request.route_path("sign_in_code" if counts else "sign_in_factor"))


def enter(
    request: Request, account: Account, arrival: str, *, method: str = "password", id_token: str | None = None
) -> Response:
    """Start a new session under a new token and go where the reader wanted."""
    token = open_session(
        request.dbsession,
        account,
        remote_address=request.remote_addr or "",
        browser=request.headers.get("User-Agent", ""),
        method=method,
        id_token=id_token,
    )
    _start_afresh(request)
    request.session["token"] = token
    request.session["language"] = account.language
    response = HTTPSeeOther(arrival)
    remember(request, response, account.email)
    return response


def _start_afresh(request: Request) -> None:
    # Nothing of the visit before survives: a cookie planted in the browser is worth nothing after sign-in.
    request.session.invalidate()
    new_csrf_token(request)
