"""What a device becomes: faulty, lost, found, retired, another's. Each verb writes down who, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from devices.inventory.history import record
from devices.inventory.models import BEARERS, CAUSES_OF_LOSS, DeviceEvent, DeviceLoss
from devices.inventory.register import check_happened, serving, take_turns
from devices.inventory.states import AFTER, WORDS, check_transition
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder
    from devices.inventory.models import Device

FOUND = AFTER["lost"] - {"retired"}
"""What a lost device may be once it is found."""


def change_state(
    session: Session, device: Device, state: str, *, at: dt.datetime, now: dt.datetime, by: str, why: str
) -> DeviceEvent:
    """Let `device` become `state` at instant `at`; losing and finding have verbs of their own, which ask for more."""
    _check_said(at, now, why)
    take_turns(session, device)
    if state == "lost":
        raise Refusal("Pour un capteur perdu, dites comment, et qui en supporte le coût : « Déclarer perdu ».")
    if device.state == "lost" and state in FOUND:
        raise Refusal("Ce capteur est perdu ; dites d'abord qu'il est retrouvé : « Déclarer retrouvé ».", field="state")
    in_place = serving(session, device)
    check_transition(device.state, state, serving=bool(in_place))
    before, device.state = device.state, state
    point = in_place[0].point if in_place else None
    event = record(session, device, before=before, at=at, by=by, why=why, point=point)
    session.flush()
    return event


def declare_lost(
    session: Session,
    device: Device,
    *,
    cause: str,
    at: dt.datetime,
    now: dt.datetime,
    by: str,
    why: str,
    complaint_number: str = "",
    complained_on: dt.date | None = None,
    insurer: str = "",
    claim_number: str = "",
    borne_by: str = "undecided",
) -> DeviceLoss:
    """Say that `device` is lost since instant `at`: what it was installed on is without it from then on."""
    _check_said(at, now, why)
    _check_loss(cause, borne_by)
    take_turns(session, device)
    in_place = serving(session, device)
    check_transition(device.state, "lost", serving=bool(in_place))
    for one in in_place:
        if one.period.lower is not None and at <= one.period.lower:
            raise Refusal(
                "Ce capteur n'était pas encore posé à cet instant (posé le {lower:%d/%m/%Y %H:%M} UTC) ; corrigez "
                "la date de la perte.",
                field="at",
                lower=one.period.lower,
            )
        # Its last index is not known: what was used since the last reading is estimated, not measured (truth 2).
        one.period = Range(one.period.lower, at)
    before, device.state = device.state, "lost"
    point = in_place[0].point if in_place else None
    loss = DeviceLoss(
        event=record(session, device, before=before, at=at, by=by, why=why, point=point),
        cause=cause,
        complaint_number=complaint_number,
        complained_on=complained_on,
        insurer=insurer,
        claim_number=claim_number,
        borne_by=borne_by,
    )
    session.add(loss)
    session.flush()
    return loss


def complete_loss(
    session: Session,
    loss: DeviceLoss,
    *,
    cause: str,
    complaint_number: str,
    complained_on: dt.date | None,
    insurer: str,
    claim_number: str,
    borne_by: str,
) -> DeviceLoss:
    """Add to `loss` what became known since; what was written before stays in the history."""
    _check_loss(cause, borne_by)
    loss.cause = cause
    loss.complaint_number = complaint_number
    loss.complained_on = complained_on
    loss.insurer = insurer
    loss.claim_number = claim_number
    loss.borne_by = borne_by
    session.flush()
    return loss


def declare_found(
    session: Session, device: Device, *, state: str, at: dt.datetime, now: dt.datetime, by: str, why: str
) -> DeviceEvent:
    """Say that lost `device` is found and what it is now: back in stock, in the van, or faulty."""
    _check_said(at, now, why)
    take_turns(session, device)
    if device.state != "lost":
        raise Refusal(
            "Le capteur {serial} n'est pas perdu : il est « {state} ».", serial=device.serial, state=WORDS[device.state]
        )
    if state not in FOUND:
        raise Refusal("Un capteur retrouvé est en stock, en tournée ou en panne.", field="state")
    loss = current_loss(session, device)
    if loss is not None and at < loss.event.at:
        raise Refusal("Il a été retrouvé avant d'être perdu ; corrigez la date.", field="at")
    device.state = state
    event = record(session, device, before="lost", at=at, by=by, why=why)
    session.flush()
    if loss is not None:
        loss.found_event_id = event.id
        session.flush()
    return event


def current_loss(session: Session, device: Device) -> DeviceLoss | None:
    """Return the last loss of `device`, where it is not found again."""
    query = (
        select(DeviceLoss)
        .join(DeviceEvent, DeviceLoss.event_id == DeviceEvent.id)
        .where(DeviceEvent.device_id == device.id, DeviceLoss.found_event_id.is_(None))
    )
    return session.scalars(query.order_by(DeviceLoss.id.desc())).first()


def change_owner(
    session: Session,
    device: Device,
    owner: Shareholder | None,
    *,
    at: dt.datetime,
    now: dt.datetime,
    by: str,
    why: str,
) -> DeviceEvent:
    """Let `device` belong to `owner` (None: the SPL) from instant `at` on; what happened before stays whose it was."""
    _check_said(at, now, why)
    take_turns(session, device)
    if device.owner_id == (owner.id if owner else None):
        raise Refusal("Ce capteur appartient déjà à {owner}.", field="owner", owner=owner.name if owner else "la SPL")
    device.owner = owner
    event = record(session, device, before=device.state, at=at, by=by, why=why)
    session.flush()
    return event


def _check_said(at: dt.datetime, now: dt.datetime, why: str) -> None:
    if not why.strip():
        raise Refusal("Dites pourquoi : qui lira la vie de ce capteur dans cinq ans doit le comprendre.", field="why")
    check_happened(at, now)


def _check_loss(cause: str, borne_by: str) -> None:
    if cause not in CAUSES_OF_LOSS:
        raise Refusal("Choisissez dans la liste comment le capteur a été perdu.", field="cause")
    if borne_by not in BEARERS:
        raise Refusal("Choisissez dans la liste qui supporte le coût.", field="borne_by")
