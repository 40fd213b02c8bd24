"""What a check says of one subject."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from devices.alerts.rules import Judgement


class Finding(NamedTuple):
    """What a check says of one subject; `facts` are plain values, `calm` how long calm must last at least."""

    subject: str
    judgement: Judgement
    facts: dict[str, Any]
    device_id: int | None = None
    point_id: int | None = None
    site_id: int | None = None
    calm: dt.timedelta = dt.timedelta()
