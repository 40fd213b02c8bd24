"""The worker keeps the broker's accounts those of the inventory, so that a call that was missed heals by itself."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from devices.identity.broker import DynamicSecurity
from devices.identity.register import agree, is_pending
from foundation.errors import Refusal
from foundation.jobs.schedule import periodically

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

WHOLE_EVERY = dt.timedelta(minutes=10)
"""How often all accounts are compared; what the inventory takes away is taken from the broker at once."""

log = logging.getLogger(__name__)


class _Broker:
    """Whom to give orders to, said by the roof, and when all was last compared."""

    url: str | None = None
    compared_at: dt.datetime | None = None


def administer(url: str | None) -> None:
    """Let the worker make the broker at `url` agree; without an address accounts are made by hand."""
    _Broker.url, _Broker.compared_at = url, None


@periodically("devices.identity.agree", seconds=5.0)
def look(session: Session, moment: Moment) -> None:
    """Make the broker agree where something is taken away, and every ten minutes."""
    if _Broker.url is None:
        return
    due = _Broker.compared_at is None or moment.now - _Broker.compared_at >= WHOLE_EVERY
    if not due and not is_pending(session):
        return
    try:
        with session.begin_nested(), DynamicSecurity(_Broker.url) as broker:
            done = agree(session, broker, now=moment.now)
    except Refusal as refusal:
        log.warning("%s", refusal)
        return
    _Broker.compared_at = moment.now
    for what in ("revoked", "removed", "mended", "missing"):
        if names := getattr(done, what):
            log.warning("accounts of the broker, %s: %s", what, ", ".join(names))
