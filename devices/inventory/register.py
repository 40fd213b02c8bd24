"""Register devices, install them on metering points, remove them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from devices.dialects.instants import EARLIEST
from devices.dialects.naming import registered
from devices.inventory.history import record
from devices.inventory.models import PHASES, Device, Installation
from devices.inventory.states import IN_PLACE, OUT_OF_SERVICE, WORDS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder
    from devices.inventory.models import DeviceModel, StockLot
    from devices.points.models import MeteringPoint

# A serial stands in a topic and in a client id: no slash, no wildcard (GHSA-vcg2-pq78-9mhr).
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MOST_OFTEN, LEAST_OFTEN = dt.timedelta(seconds=1), dt.timedelta(days=366)
SMALLEST_REGISTER, LARGEST_REGISTER = Decimal(100), Decimal(10) ** 20
ONE_SOURCE = "ex_installation_one_source"


def register_device(
    session: Session,
    *,
    serial: str,
    model: DeviceModel | None = None,
    lot: StockLot | None = None,
    owner: Shareholder | None = None,
    expected_every: dt.timedelta | None = None,
    at: dt.datetime | None = None,
    by: str = "",
) -> Device:
    """Take a device into stock under the serial it publishes under, a DevEUI as `devices.dialects.naming` spells it.

    Without `expected_every` its model says how often it reports; without `owner` it is the SPL's; `at` is the instant
    it came in, by default the transaction's.
    """
    serial = registered(serial)
    check_serial(serial)
    check_interval(expected_every)
    if session.scalar(select(Device.id).where(Device.serial == serial)) is not None:
        raise Refusal(
            "Le capteur {serial} est déjà enregistré ; cherchez-le dans le parc.", field="serial", serial=serial
        )
    device = Device(
        serial=serial, model=model, lot=lot, owner=owner, own_expected_every=expected_every, state="stocked"
    )
    session.add(device)
    record(session, device, before=None, at=at, by=by)
    session.flush()
    return device


def check_serial(serial: str) -> None:
    """Refuse what cannot stand in a topic."""
    if not SERIAL.fullmatch(serial):
        raise Refusal(
            "« {serial} » ne peut pas être un numéro de série : des lettres, des chiffres, « . », « _ » ou « - "
            "», 64 signes au plus.",
            field="serial",
            serial=serial,
        )


def check_interval(expected_every: dt.timedelta | None) -> None:
    """Refuse an interval no device has."""
    if expected_every is not None and not MOST_OFTEN <= expected_every <= LEAST_OFTEN:
        raise Refusal(
            "Un capteur donne une mesure toutes les secondes au plus, une par an au moins ; corrigez l'intervalle.",
            field="expected_every",
        )


def change_interval(session: Session, of: Device | Installation, expected_every: dt.timedelta | None) -> None:
    """Let a device, or what one of its channels serves, be expected every so often; None: as its model, or it, says."""
    check_interval(expected_every)
    of.own_expected_every = expected_every
    session.flush()


def check_register_size(size: Decimal | None) -> None:
    """Refuse a size no register has."""
    if size is not None and not SMALLEST_REGISTER <= size <= LARGEST_REGISTER:
        raise Refusal(
            "Un registre revient à zéro entre 100 et 10^20 unités (100000 pour cinq chiffres avant la virgule) ; "
            "laissez vide si vous ne le savez pas.",
            field="register_size",
        )


def change_register_size(session: Session, installation: Installation, size: Decimal | None) -> None:
    """Say where the register read by `installation` is full; None: as its model says. Its energy is derived again."""
    check_register_size(size)
    installation.own_register_size = size
    session.flush()


def install(
    session: Session,
    device: Device,
    point: MeteringPoint,
    *,
    at: dt.datetime,
    channel: str = "index",
    quantity: str = "energy_index",
    phase: str = "",
    factor: Decimal = Decimal(1),
    opening_index: Decimal | None = None,
    register_size: Decimal | None = None,
    by: str = "",
    now: dt.datetime | None = None,
) -> Installation:
    """Let `channel` of `device` serve `point` from instant `at` on; `factor` turns its raw unit into kWh.

    `register_size` is where its register is full, in the raw unit, where the device's model does not say it.
    Who says what was done gives `now`: what is still to come has not been.
    """
    if at.tzinfo is None:
        raise Refusal(
            "L'instant de pose doit dire son fuseau ; écrivez par exemple 2026-03-01T10:00+01:00.", field="at"
        )
    check_happened(at, now)
    if factor <= 0:
        raise Refusal("Le facteur (poids d'impulsion × rapport de TC) doit être plus grand que zéro.", field="factor")
    check_register_size(register_size)
    if phase not in PHASES:
        raise Refusal("Une phase se nomme L1, L2 ou L3 ; laissez vide pour les trois ensemble.", field="phase")
    if quantity == "pulse_index" and point.energy == "gas":
        raise Refusal(
            "Une impulsion d'un compteur de gaz est un volume : choisissez « volume (index) », avec pour facteur les m³"
            " d'une impulsion.",
            field="quantity",
        )
    take_turns(session, device)
    if device.state in OUT_OF_SERVICE:
        raise Refusal(
            "Le capteur {serial} est hors service ({state}) ; prenez-en un en stock, ou dites d'abord qu'il est"
            " retrouvé.",
            serial=device.serial,
            state=WORDS[device.state],
        )
    period: Range[dt.datetime] = Range(at, None)
    busy = session.scalar(
        select(Installation).where(
            Installation.device_id == device.id, Installation.channel == channel, Installation.period.op("&&")(period)
        )
    )
    if busy is not None:
        raise Refusal(
            "La voie « {channel} » du capteur {serial} sert déjà « {name} » ; déposez-la d'abord, avec son "
            "index de fin.",
            field="device",
            channel=channel,
            serial=device.serial,
            name=busy.point.name,
        )
    installation = Installation(
        device_id=device.id,
        point_id=point.id,
        channel=channel,
        quantity=quantity,
        phase=phase,
        factor=factor,
        period=period,
        opening_index=opening_index,
        own_register_size=register_size,
    )
    _add(session, installation, point)
    session.expire(device, ["installations"])
    session.expire(point, ["installations"])
    if device.state not in IN_PLACE:
        before, device.state = device.state, "installed"
        record(session, device, before=before, at=at, by=by, point=point)
        session.flush()
    return installation


def _add(session: Session, installation: Installation, point: MeteringPoint) -> None:
    """Write `installation`; where something else measures the same there, say what, whoever came first."""
    try:
        with session.begin_nested():
            session.add(installation)
            session.flush()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != ONE_SOURCE:
            raise
        other = session.scalars(
            select(Installation).where(
                Installation.point_id == point.id,
                Installation.quantity == installation.quantity,
                Installation.phase == installation.phase,
                Installation.period.op("&&")(installation.period),
            )
        ).first()
        which = f"Le capteur {other.device.serial}" if other else "Un autre capteur"
        raise Refusal(
            "{which} mesure déjà la même chose sur « {point} » : compté deux fois, un kWh serait payé deux "
            "fois. Déposez-le d'abord, avec son index de fin.",
            field="point",
            which=which,
            point=point.name,
        ) from None


def remove(
    session: Session,
    installation: Installation,
    *,
    at: dt.datetime,
    closing_index: Decimal | None = None,
    by: str = "",
    why: str = "",
    now: dt.datetime | None = None,
) -> Installation:
    """End `installation` at instant `at`; its readings stay with the metering point.

    A device of which nothing is installed any more goes back into the van; one that is faulty stays so. Who says what
    was done gives `now`: what is still to come has not been.
    """
    check_happened(at, now)
    session.refresh(installation, with_for_update=True)
    device = installation.device
    start = installation.period.lower
    if installation.period.upper is not None:
        raise Refusal("Le capteur {serial} est déjà déposé de ce point.", field="at", serial=device.serial)
    if start is not None and at <= start:
        raise Refusal(
            "La dépose doit suivre la pose du {start:%d/%m/%Y %H:%M} UTC ; corrigez la date.", field="at", start=start
        )
    installation.period = Range(start, at)
    installation.closing_index = closing_index
    session.flush()
    if device.state in IN_PLACE and not serving(session, device):
        before, device.state = device.state, "in_van"
        record(session, device, before=before, at=at, by=by, why=why, point=installation.point)
        session.flush()
    return installation


def check_happened(at: dt.datetime, now: dt.datetime | None) -> None:
    """Refuse an instant after `now`, or of another century."""
    if now is not None and at > now:
        raise Refusal("Cet instant est dans l'avenir ; dites quand c'est arrivé.", field="at")
    if at < EARLIEST:
        raise Refusal("Cet instant est d'avant 1990 ; vérifiez l'année.", field="at")


def take_turns(session: Session, device: Device) -> None:
    """Make two changes of `device` wait for each other; what was changed and not yet written is written first."""
    session.flush()
    session.refresh(device, with_for_update=True)


def serving(session: Session, device: Device) -> list[Installation]:
    """Return the installations of `device` nobody has ended."""
    open_ended = select(Installation).where(Installation.device_id == device.id)
    return [one for one in session.scalars(open_ended.order_by(Installation.id)) if one.period.upper is None]
