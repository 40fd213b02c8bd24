"""Where what a message says would go: the device, and the point its channel served at that instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from contracts.sites.models import Building
from devices.dialects.naming import registered
from devices.inventory.models import Device, Installation
from devices.points.models import MeteringPoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from devices.dialects.measurement import Observation


class Placed(NamedTuple):
    """What is said, by which registered device, for which point; None where nobody knows."""

    observation: Observation
    device: Device | None
    installation: Installation | None


def devices_of(session: Session, serials: Sequence[str]) -> Mapping[str, Device]:
    """Return the registered devices among `serials`, with where they served; a DevEUI may be in either case."""
    spelt = {spelling: serial for serial in serials for spelling in (registered(serial), serial)}
    where = selectinload(Device.installations).joinedload(Installation.point)
    rows = session.scalars(
        select(Device)
        .where(Device.serial.in_(spelt))
        .options(where.joinedload(MeteringPoint.building).joinedload(Building.site), joinedload(Device.model))
    )
    return {spelt[device.serial]: device for device in rows}


def zone_of(devices: Mapping[str, Device]) -> ZoneInfo | None:
    """Return the time zone of the one site the devices stand on; None where there is none or several."""
    zones = {
        installation.point.building.site.timezone
        for device in devices.values()
        for installation in device.installations
        if installation.period.upper is None
    }
    return ZoneInfo(zones.pop()) if len(zones) == 1 else None


def placed(observations: Sequence[Observation], devices: Mapping[str, Device]) -> list[Placed]:
    """Return where each of `observations` would be stored."""
    return [
        Placed(one, device, _serving(device, one) if device else None)
        for one in observations
        for device in (devices.get(one.serial),)
    ]


def _serving(device: Device, one: Observation) -> Installation | None:
    for installation in device.installations:
        if installation.channel == one.channel and one.time in installation.period:
            return installation
    return None
