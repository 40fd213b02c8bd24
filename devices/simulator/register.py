"""Simulated sensors known to the inventory, on a site marked synthetic."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from contracts.sites.register import register_building, register_site
from devices.inventory.catalogue import model_named
from devices.inventory.register import install, register_device
from devices.points.register import register_point
from devices.simulator.voices import ZONE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from devices.simulator.sensors import Fleet

REGISTER: Final = Decimal(10) ** 9
"""Where a simulated index would begin again; none gets there, so that whatever falls was reset."""


def register_fleet(session: Session, fleet: Fleet) -> None:
    """Register the sensors of `fleet`, each on a point of its own, in one synthetic building."""
    site = register_site(session, name=f"Simulation {fleet.name}", city="—", timezone=ZONE.key, synthetic=True)
    building = register_building(session, site, name="Capteurs simulés", use="simulation")
    model = model_named(session, maker="Simulation", name="Capteur simulé", register_size=REGISTER)
    for number, serial in enumerate(fleet.serials):
        point = register_point(session, building, name=serial, energy="electricity")
        device = register_device(session, serial=serial, model=model)
        install(session, device, point, at=fleet.since, channel=fleet.voice(number).channel)
