"""Register devices, install them on metering points, remove them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from devices.inventory.models import Device, Installation
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from devices.points.models import MeteringPoint

# A serial stands in a topic and in a client id: no slash, no wildcard (GHSA-vcg2-pq78-9mhr).
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HOURLY = dt.timedelta(hours=1)
MOST_OFTEN, LEAST_OFTEN = dt.timedelta(seconds=1), dt.timedelta(days=366)


def register_device(session: Session, *, serial: str, model: str = "", expected_every: dt.timedelta = HOURLY) -> Device:
    """Take a device into stock under the serial it publishes under."""
    if not SERIAL.fullmatch(serial):
        raise Refusal(
            f"« {serial} » ne peut pas être un numéro de série : des lettres, des chiffres, « . », « _ » ou « - »,"
            " 64 signes au plus.",
            field="serial",
        )
    if not MOST_OFTEN <= expected_every <= LEAST_OFTEN:
        raise Refusal(
            "Un capteur donne une mesure toutes les secondes au plus, une par an au moins ; corrigez l'intervalle.",
            field="expected_every",
        )
    if session.scalar(select(Device.id).where(Device.serial == serial)) is not None:
        raise Refusal(f"Le capteur {serial} est déjà enregistré ; cherchez-le dans le parc.", field="serial")
    device = Device(serial=serial, model=model, expected_every=expected_every, state="stocked")
    session.add(device)
    session.flush()
    return device


def install(
    session: Session,
    device: Device,
    point: MeteringPoint,
    *,
    at: dt.datetime,
    channel: str = "index",
    factor: Decimal = Decimal(1),
    opening_index: Decimal | None = None,
) -> Installation:
    """Let `channel` of `device` serve `point` from instant `at` on; `factor` turns its raw unit into kWh."""
    if at.tzinfo is None:
        raise Refusal(
            "L'instant de pose doit dire son fuseau ; écrivez par exemple 2026-03-01T10:00+01:00.", field="at"
        )
    if factor <= 0:
        raise Refusal("Le facteur (poids d'impulsion × rapport de TC) doit être plus grand que zéro.", field="factor")
    if device.state in {"lost", "retired"}:
        raise Refusal(f"Le capteur {device.serial} est hors service ({device.state}) ; prenez-en un en stock.")
    period: Range[dt.datetime] = Range(at, None)
    busy = session.scalar(
        select(Installation).where(
            Installation.device_id == device.id, Installation.channel == channel, Installation.period.op("&&")(period)
        )
    )
    if busy is not None:
        raise Refusal(
            f"La voie « {channel} » du capteur {device.serial} sert déjà « {busy.point.name} » ;"
            " déposez-la d'abord, avec son index de fin.",
            field="device",
        )
    installation = Installation(
        device=device,
        point=point,
        channel=channel,
        quantity="energy_index",
        factor=factor,
        period=period,
        opening_index=opening_index,
    )
    device.state = "installed"
    session.add(installation)
    session.flush()
    return installation


def remove(
    session: Session, installation: Installation, *, at: dt.datetime, closing_index: Decimal | None = None
) -> Installation:
    """End `installation` at instant `at`; its readings stay with the metering point."""
    session.refresh(installation, with_for_update=True)
    start = installation.period.lower
    if installation.period.upper is not None:
        raise Refusal(f"Le capteur {installation.device.serial} est déjà déposé de ce point.", field="at")
    if start is not None and at <= start:
        raise Refusal(f"La dépose doit suivre la pose du {start:%d/%m/%Y %H:%M} UTC ; corrigez la date.", field="at")
    installation.period = Range(start, at)
    installation.closing_index = closing_index
    session.flush()
    return installation
