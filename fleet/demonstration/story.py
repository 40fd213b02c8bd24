"""Which story a database tells: chosen when it is first filled, kept there, told on ever after.

The first day and the seed are stored as an original in the database itself, so that a
demonstration filled in December goes on in January with the meters it has.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from fleet.demonstration.metering import SEED
from fleet.demonstration.timeline import Period, Timeline
from foundation.attachments.models import Attachment
from foundation.attachments.store import keep

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NAME = "demonstration.json"
LIVE_DAYS = 3
"""The last days before the first start are not filled in: they arrive over MQTT."""


@dataclass(frozen=True, slots=True)
class Story:
    """A demonstration begun on `timeline.today`, generated from `seed`."""

    timeline: Timeline
    seed: int

    @property
    def filled(self) -> Period:
        """Return the local days whose readings are brought by file; what follows comes live."""
        reporting = self.timeline.reporting
        live = self.timeline.today - dt.timedelta(days=LIVE_DAYS)
        return Period(self.timeline.history.start, max(live, reporting.end))


def find_story(session: Session) -> Story | None:
    """Return the story of this database, or None where none was begun."""
    content = session.scalar(select(Attachment.content).where(Attachment.name == NAME).order_by(Attachment.id).limit(1))
    if content is None:
        return None
    told = json.loads(content)
    return Story(Timeline(dt.date.fromisoformat(told["today"])), told["seed"])


def begin_story(session: Session, today: dt.date) -> Story:
    """Return the story of this database, begun `today` where there was none."""
    found = find_story(session)
    if found is None:
        content = json.dumps({"synthetic": True, "today": today.isoformat(), "seed": SEED}).encode()
        keep(session, content, name=NAME, media_type="application/json")
        found = Story(Timeline(today), SEED)
    return found
