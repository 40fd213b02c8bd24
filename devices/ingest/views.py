"""What arrived and could not be read, and how the ingest process is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from devices.ingest.models import DeadLetter, IngestHeartbeat
from foundation.pages import page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

SHOWN = 200
"""Bytes of a message shown in the list; the whole of it stays in the database."""
STALE = dt.timedelta(minutes=3)
"""A heartbeat is written once a minute."""


def dead_letters(request: Request) -> dict[str, Any]:
    """List the messages no reading could be made of, the latest first."""
    heartbeat = request.dbsession.scalars(select(IngestHeartbeat).order_by(IngestHeartbeat.id.desc()).limit(1)).first()
    # The process beats by the machine's clock, whatever day the demonstration believes it is.
    stale = heartbeat is None or dt.datetime.now(dt.UTC) - heartbeat.at > STALE
    page = page_of(request, select(DeadLetter).order_by(DeadLetter.id.desc()))
    return {"page": page, "heartbeat": heartbeat, "stale": stale, "shown": shown}


def shown(payload: bytes) -> str:
    """Return the beginning of a message as text; bytes that are none are written in hexadecimal."""
    text = payload[:SHOWN].decode("utf-8", "backslashreplace")
    return text + ("…" if len(payload) > SHOWN else "")


def includeme(config: Configurator) -> None:
    """Register the page."""
    config.add_route("dead_letters", "/dead-letters")
    config.add_view(
        dead_letters,
        route_name="dead_letters",
        renderer="devices.ingest:templates/dead_letters.jinja2",
        permission=Permission.MANAGE_MEASUREMENTS,
        request_method="GET",
    )
