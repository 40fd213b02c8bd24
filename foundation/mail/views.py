"""Pages of outgoing mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select

from foundation.errors import Refusal
from foundation.mail.models import STATES, Mail
from foundation.mail.register import send_again
from foundation.messages import N_
from foundation.pages import NUMBER, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

WORDS = {
    "queued": (N_("en attente"), "busy"),
    "sent": (N_("remise"), "good"),
    "failed": (N_("refusée"), "bad"),
}
"""Each state with its word and its tone."""


def mails(request: Request) -> dict[str, Any]:
    """List the letters, the latest first, and say why some wait."""
    session = request.dbsession
    asked = request.GET.get("state", "")
    query = select(Mail).order_by(Mail.id.desc())
    if asked in STATES:
        query = query.where(Mail.state == asked)
    counts = dict.fromkeys(STATES, 0) | dict(
        session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
    )
    why = session.scalars(
        select(Mail.last_error).where(Mail.state == "queued", Mail.last_error != "").order_by(Mail.id.desc()).limit(1)
    ).first()
    return {
        "page": page_of(request, query),
        "counts": counts,
        "asked": asked if asked in STATES else "",
        "why": why,
        "words": WORDS,
    }


def mail(request: Request) -> dict[str, Any]:
    """Show one as it is, or will be, read."""
    return {"mail": found(request, Mail), "words": WORDS}


def again(request: Request) -> Response:
    """Put a refused letter back in the queue."""
    letter = found(request, Mail)
    try:
        send_again(request.dbsession, letter)
    except Refusal as refusal:
        request.session.flash(refusal.said_in(request.language.translate))
    return HTTPSeeOther(request.route_path("mail", id=letter.id))


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here, see = "foundation.mail:templates/", Permission.SEE_MAIL
    for route, pattern, view, template in (
        ("mails", "/mail", mails, "mails"),
        ("mail", f"/mail/{NUMBER}", mail, "mail"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view, route_name=route, renderer=f"{here}{template}.jinja2", permission=see, request_method="GET"
        )
    config.add_route("mail_again", f"/mail/{NUMBER}/again")
    config.add_view(again, route_name="mail_again", permission=see, request_method="POST")
