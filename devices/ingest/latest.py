"""What was last heard of a metering point, and whether that is long enough ago to call it silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, true

from devices.dialects.quantities import WORDS, Quantity, kept_in
from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation
from devices.points.kinds import counted_at
from devices.points.models import MeteringPoint

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from decimal import Decimal

    from sqlalchemy.orm import Session

SILENT_AFTER = 3
"""Times the interval a device promises (`Installation.expected_every`) without news."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The last reading of a present installation, in its unit, and how often one is expected."""

    point_id: int
    serial: str
    expected_every: dt.timedelta
    ts: dt.datetime | None
    value: Decimal | None
    quantity: str
    phase: str
    energy: str
    direction: str

    @property
    def counted(self) -> bool:
        """Whether the energy of the point is made of it."""
        return self.quantity in counted_at(self.energy, self.direction)

    @property
    def unit(self) -> str:
        """The unit of `value`: the factor of an installation has turned what is counted into kWh, or m³."""
        volume = self.quantity in {"volume_index", "normal_volume_index"} or self.energy == "water"
        if self.counted:
            return "m³" if volume else "kWh"
        return kept_in(Quantity(self.quantity)) if self.quantity in set(Quantity) else ""

    @property
    def words(self) -> str:
        """What is measured, as people call it (a msgid)."""
        return WORDS[Quantity(self.quantity)] if self.quantity in set(Quantity) else self.quantity

    @property
    def index_kwh(self) -> Decimal | None:
        """The index where it is one in kWh."""
        return self.value if self.counted and self.unit == "kWh" else None

    def state(self, now: dt.datetime) -> str:
        """Return "waiting" (nothing yet), "silent" or "heard"."""
        if self.ts is None:
            return "waiting"
        return "silent" if now - self.ts > SILENT_AFTER * self.expected_every else "heard"


def latest_readings(session: Session, point_ids: Iterable[int], now: dt.datetime) -> dict[int, Latest]:
    """Return for each point that a device serves at `now` what was last heard of what it counts, else of anything.

    A point without a device is left out.
    """
    found: dict[int, Latest] = {}
    for one in latest_values(session, point_ids, now):
        known = found.get(one.point_id)
        if known is None or (one.counted, not one.phase) >= (known.counted, not known.phase):
            found[one.point_id] = one
    return found


def latest_values(session: Session, point_ids: Iterable[int], now: dt.datetime) -> list[Latest]:
    """Return what was last heard of every quantity devices measure at these points at `now`."""
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
            last.c.value * Installation.factor,
            Installation.quantity,
            Installation.phase,
            MeteringPoint.energy,
            MeteringPoint.direction,
        )
        .join(Device, Device.id == Installation.device_id)
        .join(MeteringPoint, MeteringPoint.id == Installation.point_id)
        .outerjoin(last, true())
        .where(
            Installation.point_id.in_(list(point_ids)),
            Installation.period.op("@>")(now),
            # What files brought (devices.series) is no sensor that could fall silent.
            ~Installation.quantity.startswith("file_", autoescape=True),
        )
        .order_by(Installation.point_id, func.lower(Installation.period), Installation.id)
    )
    return [Latest(*row) for row in session.execute(query)]
