"""Work on a metering point: a device is installed, swapped, taken off, or serves another meter (index continuity)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from devices.dialects.quantities import Quantity
from devices.field.commissioning.register import open_test
from devices.field.models import Submission
from devices.field.sayings import DESTINATIONS, dial_of, factor_of, number_of, text_of
from devices.field.step import Done, device_of, local_day, visit_of
from devices.field.visits import in_place_on
from devices.inventory.life import change_state
from devices.inventory.models import Device
from devices.inventory.register import install, remove
from devices.inventory.states import WORDS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from decimal import Decimal

    from devices.field.models import VisitTask
    from devices.field.step import Step
    from devices.inventory.models import Installation

UNDOABLE = dt.timedelta(hours=24)
ENERGY = {one for one in Quantity if one.endswith("_index")}
MOMENT = dt.timedelta(microseconds=1)
LONGEST_GAP = 24 * 60


def install_new(step: Step) -> Done:
    """Install a device from stock or van on the point of the task, and begin its commissioning test."""
    task = _task(step, "install")
    device = device_of(step)
    _check_point(step, task)
    dial = dial_of(step.said, "dial", step.photos)
    made = _put(step, task, device, dial=dial, factor=factor_of(step.said, task.factor))
    return Done(device, {"installations": [made.id], "dial": _text(dial)})


def swap(step: Step) -> Done:
    """Take the device of a point off and install another: two intervals, no overlap, the same point."""
    task = _task(step, "swap")
    old, new = device_of(step, "old"), device_of(step)
    if old.id == new.id:
        raise Refusal("L'ancien et le nouveau capteur sont le même ; scannez le nouveau.", field="serial")
    _check_point(step, task)
    served = _served_by(step, task, old)
    old_dial = dial_of(step.said, "old_dial", step.photos)
    dial = dial_of(step.said, "dial", step.photos)
    if old_dial is not None and dial is not None and dial < old_dial:
        raise Refusal(
            "L'index à la pose ({dial}) est plus petit qu'à la dépose ({old_dial}) : c'est le même compteur ; relisez"
            " le cadran. S'il a changé, choisissez « Compteur remplacé ».",
            field="dial",
            dial=dial,
            old_dial=old_dial,
        )
    gap = _gap(step)
    removed_at = step.row.done_at - gap
    _take_off(step, task, served, at=removed_at, dial=old_dial, why="remplacé")
    becomes = text_of(step.said, "old_becomes") or "faulty"
    _send(step, old, becomes, at=removed_at)
    made = [
        _put(step, task, new, dial=dial, factor=factor_of(step.said, one.factor), like=one)
        for one in sorted(served, key=lambda one: one.quantity not in ENERGY)
    ]
    energy = None if old_dial is None or dial is None else (dial - old_dial) * made[0].factor
    return Done(
        new,
        {
            "installations": [one.id for one in made],
            "ended": [one.id for one in served],
            "old": old.serial,
            "old_dial": _text(old_dial),
            "dial": _text(dial),
            "gap_minutes": int(gap.total_seconds() // 60),
            "gap_estimated_kwh": _text(energy),
        },
    )


def other_meter(step: Step) -> Done:
    """End the register of a device and begin another: the network operator replaced the meter, the device stays."""
    task = _task(step, "meter")
    device = device_of(step)
    _check_point(step, task)
    served = [one for one in _served_by(step, task, device) if one.quantity in ENERGY]
    old_dial = dial_of(step.said, "old_dial", step.photos)
    dial = dial_of(step.said, "dial", step.photos)
    text_of(step.said, "meter_serial", needed="Écrivez le numéro de série du nouveau compteur.")
    gap = _gap(step)
    _take_off(step, task, served, at=step.row.done_at - gap, dial=old_dial, why="compteur remplacé")
    made = [_put(step, task, device, dial=dial, factor=factor_of(step.said, one.factor), like=one) for one in served]
    return Done(
        device,
        {
            "installations": [one.id for one in made],
            "ended": [one.id for one in served],
            "old_dial": _text(old_dial),
            "dial": _text(dial),
            "gap_minutes": int(gap.total_seconds() // 60),
        },
    )


def off(step: Step) -> Done:
    """Take a device off for good and say where it goes; retired, its keys are worth nothing any more."""
    task = _task(step, "removal")
    device = device_of(step)
    served = _served_by(step, task, device)
    dial = dial_of(step.said, "dial", step.photos)
    why = text_of(step.said, "reason", needed="Dites pourquoi le capteur est déposé.")
    becomes = text_of(step.said, "becomes") or "in_van"
    if becomes == "retired":
        waste = text_of(
            step.said, "waste", needed="Dites où va ce déchet électronique (DEEE) : point de collecte, bon…"
        )
        why = f"{why} ; DEEE : {waste}"
    _take_off(step, task, served, at=step.row.done_at, dial=dial, why=why)
    _send(step, device, becomes, at=step.row.done_at, why=why)
    return Done(device, {"ended": [one.id for one in served], "dial": _text(dial), "becomes": becomes})


def undo(step: Step) -> Done:
    """Put the old device back, within 24 h of a swap: what the new one measured meanwhile stays with the point."""
    visit_of(step)
    key = text_of(step.said, "swap")
    row = step.session.scalar(select(Submission).where(Submission.key == key, Submission.kind == "swap"))
    if row is None or row.state != "applied" or row.task_id is None or row.visit_id != step.row.visit_id:
        raise Refusal("Aucun échange de cette visite n'est à annuler.")
    if step.row.done_at - row.done_at > UNDOABLE:
        raise Refusal("Un échange s'annule dans les 24 heures ; prévoyez un autre remplacement.")
    task = next(one for one in visit_of(step).tasks if one.id == row.task_id)
    new = step.session.get_one(Device, row.device_id)
    old = step.session.scalars(select(Device).where(Device.serial == row.outcome["old"])).one()
    served = _served_by(step, task, new)
    dial = dial_of(step.said, "dial", step.photos)
    why = "échange annulé"
    _take_off(step, task, served, at=step.row.done_at, dial=dial, why=why)
    if old.state not in {"in_van", "stocked"}:
        change_state(step.session, old, "in_van", at=step.row.done_at, now=step.now, by=step.row.by, why=why)
    made = [_put(step, task, old, dial=dial, factor=one.factor, like=one) for one in served]
    task.done = False
    return Done(old, {"installations": [one.id for one in made], "ended": [one.id for one in served]})


def _task(step: Step, kind: str) -> VisitTask:
    visit = visit_of(step)
    if step.task is None or step.task.kind != kind:
        raise Refusal("Cet envoi ne dit pas de quelle tâche il est ; téléchargez vos visites à nouveau.")
    if visit.state == "closed":
        raise Refusal("Cette visite est terminée et signée ; demandez-en une autre à la SPL.")
    if step.task.done:
        raise Refusal("Cette tâche est déjà faite ; il n'y a rien à refaire.")
    return step.task


def _check_point(step: Step, task: VisitTask) -> None:
    """Refuse the meter of somebody else: its PRM or PCE, where it was read, is the one of the point."""
    typed = text_of(step.said, "identifier")
    known = task.point.identifier
    if typed and known and typed != known:
        raise Refusal(
            "Ce compteur porte le numéro {typed} et le point « {point} » le numéro {known} ; ce n'est pas le bon"
            " compteur.",
            field="identifier",
            typed=typed,
            known=known,
            point=task.point.name,
        )


def _served_by(step: Step, task: VisitTask, device: Device) -> list[Installation]:
    """Return what `device` serves on the point of `task`; Refusal where it is another device."""
    in_place = in_place_on(step.session, task.point)
    mine = [one for one in in_place if one.device_id == device.id]
    if not mine:
        raise Refusal(
            "Sur « {point} » est posé {found} et non {serial} ; vérifiez l'étiquette.",
            field="serial",
            point=task.point.name,
            found=", ".join(sorted({one.device.serial for one in in_place})) or "aucun capteur",
            serial=device.serial,
        )
    return mine


def _put(
    step: Step,
    task: VisitTask,
    device: Device,
    *,
    dial: Decimal | None,
    factor: Decimal,
    like: Installation | None = None,
) -> Installation:
    """Install `device` as the task plans it, or as `like`, which it follows; through the van, as it went."""
    holder = next((one for one in task.point.building.holdings if one.period.contains(local_day(step))), None)
    if device.owner_id is not None and (holder is None or holder.shareholder_id != device.owner_id):
        raise Refusal(
            "Le capteur {serial} appartient à une autre collectivité ; prenez-en un de la SPL ou de celle-ci.",
            field="serial",
            serial=device.serial,
        )
    if device.state == "faulty":
        raise Refusal(
            "Le capteur {serial} est « {state} » ; prenez-en un autre.",
            field="serial",
            serial=device.serial,
            state=WORDS["faulty"],
        )
    at = step.row.done_at
    if device.state == "stocked":
        change_state(
            step.session, device, "in_van", at=at - MOMENT, now=step.now, by=step.row.by, why="pris en tournée"
        )
    quantity = like.quantity if like else task.quantity
    shown = dial if task.shows_dial and quantity in ENERGY else None
    made = install(
        step.session,
        device,
        task.point,
        at=at,
        channel=like.channel if like else task.channel,
        quantity=quantity,
        phase=like.phase if like else "",
        factor=factor if quantity in ENERGY or like is None else like.factor,
        opening_index=shown,
        by=step.row.by,
        now=step.now,
    )
    if quantity in ENERGY:
        open_test(step.session, made, step.row, dial=dial, shows_dial=task.shows_dial, at=at)
    return made


def _take_off(
    step: Step, task: VisitTask, served: list[Installation], *, at: dt.datetime, dial: Decimal | None, why: str
) -> None:
    for one in served:
        closing = dial if task.shows_dial and one.quantity in ENERGY else None
        remove(step.session, one, at=at, closing_index=closing, by=step.row.by, why=why, now=step.now)


def _send(step: Step, device: Device, becomes: str, *, at: dt.datetime, why: str = "remplacé") -> None:
    """Let what was taken off become what its technician says; it is in the van already."""
    if becomes not in DESTINATIONS:
        raise Refusal("Dites où va le capteur déposé : tournée, stock, réparation ou déchet.", field="becomes")
    if device.state != becomes:
        change_state(step.session, device, becomes, at=at, now=step.now, by=step.row.by, why=why)


def _gap(step: Step) -> dt.timedelta:
    """Return how long nothing served the point, as the technician noted it."""
    minutes = number_of(step.said, "gap_minutes")
    if minutes is None:
        return dt.timedelta(0)
    if minutes > LONGEST_GAP:
        raise Refusal("Un échange dure un jour au plus ; corrigez l'heure de la dépose.", field="gap_minutes")
    return dt.timedelta(minutes=int(minutes))


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:f}"
