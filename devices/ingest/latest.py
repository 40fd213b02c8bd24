"""What was last heard of a metering point, and whether that is long enough ago to call it silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, true

from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from decimal import Decimal

    from sqlalchemy.orm import Session

SILENT_AFTER = 3
"""Times the interval a device promises (`Installation.expected_every`) without news."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The last reading of a point's present installation, in kWh, and how often one is expected."""

    point_id: int
    serial: str
    expected_every: dt.timedelta
    ts: dt.datetime | None
    index_kwh: Decimal | None

    def state(self, now: dt.datetime) -> str:
        """Return "waiting" (nothing yet), "silent" or "heard"."""
        if self.ts is None:
            return "waiting"
        return "silent" if now - self.ts > SILENT_AFTER * self.expected_every else "heard"


def latest_readings(session: Session, point_ids: Iterable[int], now: dt.datetime) -> dict[int, Latest]:
    """Return for each point that a device serves at `now` what was last heard; a point without one is left out."""
    last = (
        select(Reading.ts, Reading.value)
        .where(Reading.installation_id == Installation.id)
        .order_by(Reading.ts.desc())
        .limit(1)
        .lateral()
    )
    query = (
        select(
            Installation.point_id,
            Device.serial,
            func.coalesce(Installation.own_expected_every, Device.expected_every),
            last.c.ts,
            (last.c.value * Installation.factor).label("index_kwh"),
        )
        .join(Device, Device.id == Installation.device_id)
        .outerjoin(last, true())
        .where(
            Installation.point_id.in_(list(point_ids)),
            Installation.period.op("@>")(now),
            # What files brought (devices.series) is no sensor that could fall silent.
            ~Installation.quantity.startswith("file_", autoescape=True),
        )
        .order_by(Installation.point_id, func.lower(Installation.period))
    )
    return {row.point_id: Latest(*row) for row in session.execute(query)}
