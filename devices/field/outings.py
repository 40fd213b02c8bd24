"""A visit begins and ends; a device goes from the stock into the van and back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.field.authorisations import Held, missing
from devices.field.models import Authorisation
from devices.field.sayings import signature_of, text_of
from devices.field.step import Done, Step, device_of, local_day, visit_of
from devices.field.visits import sheet_of
from devices.field.words import AUTHORISATIONS
from devices.inventory.life import change_state
from devices.inventory.models import Device, DeviceEvent
from devices.inventory.states import WORDS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def start(step: Step) -> Done:
    """Begin a visit: refused without the authorisations its places demand, or the asbestos file unseen."""
    visit = visit_of(step)
    if visit.state == "started":
        return Done()
    if visit.state == "closed":
        raise Refusal("Cette visite est déjà terminée.")
    rows = step.session.scalars(select(Authorisation).where(Authorisation.account_id == step.row.account_id))
    held = [Held(one.kind, one.period.lower or dt.date.min, one.period.upper or dt.date.max) for one in rows]
    places = [task.place for task in visit.tasks]
    lacking = missing(places, held, local_day(step))
    if lacking:
        raise Refusal(
            "Cette visite demande une habilitation en cours que vous n'avez pas ({kinds}) ; ne commencez pas : demandez"
            " à la SPL.",
            kinds=", ".join(AUTHORISATIONS[kind] for kind in lacking),
        )
    sheet = sheet_of(step.session, visit.site_id)
    if (sheet is None or sheet.asbestos == "unknown") and step.said.get("asbestos_seen") is not True:
        raise Refusal("Consultez le dossier amiante du site avant de commencer, puis confirmez-le.")
    visit.state, visit.started_at = "started", step.row.done_at
    return Done()


def load(step: Step) -> Done:
    """Take a device from the stock into the van."""
    device = device_of(step)
    if device.state == "in_van":
        carrier = carrier_of(step.session, device)
        if carrier is not None and carrier.account_id == step.row.account_id:
            return Done(device)
        raise Refusal(
            "Le capteur {serial} est déjà dans la tournée de {name}.",
            serial=device.serial,
            name=carrier.by if carrier is not None else "la SPL",
        )
    _move(step, device, "in_van", "pris en tournée")
    return Done(device)


def unload(step: Step) -> Done:
    """Put a device back into the stock."""
    device = device_of(step)
    _move(step, device, "stocked", "remis en stock")
    return Done(device)


def _move(step: Step, device: Device, state: str, why: str) -> None:
    if device.state in {"installed", "commissioned"}:
        raise Refusal(
            "Le capteur {serial} est posé ({state}) ; déposez-le d'abord, avec son index de fin.",
            serial=device.serial,
            state=WORDS[device.state],
        )
    change_state(step.session, device, state, why=why, **step.who)


def carrier_of(session: Session, device: Device) -> DeviceEvent | None:
    """Return the event that put `device` into a van last: whose account it bears carries it."""
    query = select(DeviceEvent).where(DeviceEvent.device_id == device.id, DeviceEvent.state == "in_van")
    return session.scalars(query.order_by(DeviceEvent.id.desc())).first()


def close(step: Step) -> Done:
    """End a visit: signed by who keeps the site, or said why nobody could sign."""
    visit = visit_of(step)
    if visit.state == "closed":
        raise Refusal("Cette visite est déjà terminée.")
    remarks = text_of(step.said, "remarks")
    if any(not task.done for task in visit.tasks) and not remarks:
        raise Refusal("Tout n'est pas fait ; écrivez dans les remarques ce qui reste et pourquoi.", field="remarks")
    unsigned = text_of(step.said, "unsigned")
    if unsigned:
        visit.signature, visit.keeper = None, ""
        remarks = " ".join((remarks, f"Non signé : {unsigned}")).strip()
    else:
        visit.keeper = text_of(step.said, "keeper", needed="Écrivez le nom de la personne qui signe.")
        visit.signature = signature_of(step.said)
    visit.keeper_email = text_of(step.said, "keeper_email")
    visit.remarks = remarks
    visit.state, visit.closed_at = "closed", step.row.done_at
    return Done(outcome={"report": True})
