"""What arrived and could not be read, and how the ingest process is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from devices.ingest.heartbeat import SESSION_EXPIRY
from devices.ingest.models import DeadLetter, IngestHeartbeat, UnservedChannel
from devices.ingest.readings_file import readings_csv
from devices.points.models import MeteringPoint
from foundation.errors import Refusal
from foundation.files import download
from foundation.forms import EntryForm, day_field
from foundation.messages import N_
from foundation.pages import NUMBER, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

SHOWN = 200
"""Bytes of a message shown in the list; the whole of it stays in the database."""
LONGEST_DOWNLOAD = 400
"""Days of readings in one file: a year and a bit."""
STALE = dt.timedelta(minutes=3)
"""A heartbeat is written once a minute."""
FORGOTTEN = dt.timedelta(seconds=SESSION_EXPIRY)
CHANNELS = 50
"""Channels without a point in the list, the latest heard first."""


def dead_letters(request: Request) -> dict[str, Any]:
    """List the messages no reading could be made of, the latest first, and how the collection is."""
    processes = request.dbsession.scalars(
        select(IngestHeartbeat)
        .ext(distinct_on(IngestHeartbeat.client_id))
        .order_by(IngestHeartbeat.client_id, IngestHeartbeat.id.desc())
    ).all()
    # One that is subscribed to nothing has ended for good; one nobody heard of for a week has lost its session.
    now = dt.datetime.now(dt.UTC)
    here = [one for one in processes if one.subscriptions and now - one.at < FORGOTTEN]
    unserved = request.dbsession.scalars(
        select(UnservedChannel).order_by(UnservedChannel.last_at.desc(), UnservedChannel.channel).limit(CHANNELS)
    ).all()
    return {
        "page": page_of(request, select(DeadLetter).order_by(DeadLetter.id.desc())),
        "processes": here,
        # The process beats by the machine's clock, whatever day the demonstration believes it is.
        "stale": [one for one in here if now - one.at > STALE],
        "unserved": unserved,
        "shown": shown,
    }


def shown(payload: bytes) -> str:
    """Return the beginning of a message as text; bytes that are none are written in hexadecimal."""
    text = payload[:SHOWN].decode("utf-8", "backslashreplace")
    return text + ("…" if len(payload) > SHOWN else "")


class ReadingsForm(EntryForm):
    """Which local days, both included."""

    start = day_field(N_("Du"))
    end = day_field(N_("Au"))


def readings(request: Request) -> Response:
    """Serve what a point's sensors sent, as it arrived: instants in UTC, values in the unit of the register."""
    point = found(request, MeteringPoint)
    form = ReadingsForm(request.GET)
    if not form.validate() or not 0 <= (form.end.data - form.start.data).days <= LONGEST_DOWNLOAD:
        raise Refusal("Choisissez deux dates dans l'ordre, à 400 jours l'une de l'autre au plus, puis recommencez.")
    content = readings_csv(request.dbsession, point, form.start.data, form.end.data + dt.timedelta(days=1))
    return download(f"point-{point.id}.csv", content, "text/csv")


def includeme(config: Configurator) -> None:
    """Register the page and the download."""
    config.add_route("point_readings", f"/points/{NUMBER}/readings.csv")
    config.add_view(readings, route_name="point_readings", permission=Permission.SEE_MEASUREMENTS, request_method="GET")
    config.add_route("dead_letters", "/dead-letters")
    config.add_view(
        dead_letters,
        route_name="dead_letters",
        renderer="devices.ingest:templates/dead_letters.jinja2",
        permission=Permission.MANAGE_MEASUREMENTS,
        request_method="GET",
    )
