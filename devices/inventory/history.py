"""What happened to a device, written down as it happens; nothing of it is ever changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func

from devices.inventory.models import DeviceEvent

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from devices.inventory.models import Device
    from devices.points.models import MeteringPoint


def record(
    session: Session,
    device: Device,
    *,
    before: str | None,
    at: dt.datetime | None,
    by: str,
    why: str = "",
    point: MeteringPoint | None = None,
) -> DeviceEvent:
    """Write down that `device` became what it is now at instant `at` (None: now, by the transaction's clock)."""
    event = DeviceEvent(
        device=device,
        at=at if at is not None else func.transaction_timestamp(),
        state_before=before,
        state=device.state,
        owner=device.owner,
        point=point,
        by=by,
        why=why,
    )
    session.add(event)
    return event
