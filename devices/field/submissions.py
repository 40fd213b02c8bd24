"""Take in what phones send: each thing once, in its own savepoint; what is refused says why, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from devices.dialects.naming import registered
from devices.field.models import Photo, Submission, Visit, VisitTask
from devices.field.sayings import KEY
from devices.field.step import Step
from devices.field.steps import STEPS
from devices.field.words import STEPS as WORDS
from devices.inventory.models import Device
from foundation.canonical import canonical_json
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from foundation.actors import Actor

AHEAD = dt.timedelta(minutes=5)
"""By which a phone's clock may differ without being put right."""
RIVAL = text("SELECT * FROM devices.rival_work(:device, :point, :since, :me)")


class OtherContentError(Exception):
    """The same key came with another content: two things cannot share one key (the phone's fault)."""


class PhotosMissingError(Exception):
    """Photos the submission speaks of have not arrived: nothing is decided, the phone sends them first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One submission as a phone sends it; instants by the phone's clock, `sent_at` tells how wrong that is."""

    key: str
    kind: str
    visit_id: int | None
    task_id: int | None
    done_at: dt.datetime
    based_on: dt.datetime
    app_version: str
    place: Mapping[str, Any] | None
    said: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of everything said; two of one key must agree."""
        parts = [self.kind, self.visit_id, self.task_id, self.done_at.isoformat(), dict(self.place or {})]
        return hashlib.sha256(canonical_json([*parts, dict(self.said)])).hexdigest()


def receive(
    session: Session, envelope: Envelope, *, actor: Actor, sent_at: dt.datetime, now: dt.datetime
) -> Submission:
    """Apply `envelope` once and return what became of it; the same again returns what became of it the first time.

    Raises OtherContentError where its key was used for something else, PhotosMissingError before its photos are there,
    Refusal where it is no envelope at all.
    """
    _check(envelope, actor)
    known = session.scalar(select(Submission).where(Submission.key == envelope.key).with_for_update(of=Submission))
    if known is not None:
        if known.digest != envelope.digest:
            raise OtherContentError(envelope.key)
        return known
    photos = _photos(session, envelope.key)
    if any(digest not in photos for digest in envelope.said.get("photos") or []):
        raise PhotosMissingError(envelope.key)
    skew = now - sent_at
    done_at = min(now, envelope.done_at + skew if abs(skew) > AHEAD else envelope.done_at)
    row = Submission(
        key=envelope.key,
        digest=envelope.digest,
        account_id=actor.account_id,
        by=actor.name,
        visit_id=envelope.visit_id,
        task_id=envelope.task_id,
        kind=envelope.kind,
        done_at=done_at,
        received_at=now,
        based_on=envelope.based_on,
        app_version=envelope.app_version[:40],
        latitude=_degrees(envelope.place, "latitude", 90),
        longitude=_degrees(envelope.place, "longitude", 180),
        said=dict(envelope.said),
        state="applied",
    )
    return _apply(session, row, now=now)


def try_again(session: Session, row: Submission, *, by: str, now: dt.datetime) -> Submission:
    """Apply a submission in conflict once more, after somebody put the register right."""
    session.refresh(row, with_for_update=True)
    if row.state != "conflict":
        raise Refusal("Cet envoi n'est pas en conflit ; il n'y a rien à reprendre.")
    row.state, row.sentence, row.filled, row.settled_by = "applied", "", {}, by
    return _apply(session, row, now=now, again=True)


def set_aside(session: Session, row: Submission, *, by: str) -> Submission:
    """Keep what the other did; this one stays written and changes nothing."""
    session.refresh(row, with_for_update=True)
    if row.state != "conflict":
        raise Refusal("Cet envoi n'est pas en conflit ; il n'y a rien à mettre de côté.")
    row.state, row.settled_by = "set_aside", by
    session.flush()
    return row


def _apply(session: Session, row: Submission, *, now: dt.datetime, again: bool = False) -> Submission:
    """Do the step of `row` in a savepoint; what refuses it is written on the row."""
    if not again:
        session.add(row)
        try:
            with session.begin_nested():
                session.flush()
        except IntegrityError:
            # The same key at the same moment: the other transaction was first, and its answer is the answer.
            session.expunge(row)
            return session.scalars(select(Submission).where(Submission.key == row.key)).one()
    try:
        with session.begin_nested():
            step = _step(session, row, now)
            rival = None if again else _rival(session, row)
            if rival is not None:
                raise rival
            done = STEPS[row.kind](step)
            row.outcome = done.outcome
            row.device_id = done.device.id if done.device else None
            row.point_id = step.task.point_id if step.task else None
            if step.task is not None and row.kind != "undo":
                step.task.done = True
            session.flush()
    except _Rival as found:
        row.state, row.rival_id = "conflict", found.number
        row.sentence, row.filled = found.refusal.pattern, _written(found.refusal)
    except Refusal as refusal:
        row.state = "conflict" if again else "refused"
        row.sentence, row.filled = refusal.pattern, _written(refusal)
    session.flush()
    return row


def _written(refusal: Refusal) -> dict[str, str]:
    return {name: str(value) for name, value in refusal.values.items()}


class _Rival(Exception):  # noqa: N818 - a find that leads out of the savepoint, not a fault
    """Another technician's work on the same device or point, since this phone downloaded what it knew."""

    def __init__(self, row: Any) -> None:
        self.number: int | None = row.id
        self.refusal = Refusal(
            "{name} a travaillé sur le même capteur ou le même point le {day} (« {kind} ») : rien n'est changé tant"
            " que la SPL n'a pas dit lequel compte.",
            name=row.by,
            day=f"{row.done_at:%d/%m/%Y %H:%M} UTC",
            kind=WORDS[row.kind],
        )
        super().__init__(self.refusal.sentence)


def _rival(session: Session, row: Submission) -> _Rival | None:
    """Return another technician's work on what `row` is about, applied since its phone downloaded what it knew."""
    task = session.get(VisitTask, row.task_id) if row.task_id else None
    serial = str(row.said.get("serial", ""))
    device = session.scalar(select(Device.id).where(Device.serial == registered(serial)))
    if task is None and device is None:
        return None
    asked = {
        "device": device,
        "point": task.point_id if task is not None else None,
        "since": row.based_on,
        "me": row.account_id,
    }
    found = session.execute(RIVAL, asked).first()
    return None if found is None else _Rival(found)


def _step(session: Session, row: Submission, now: dt.datetime) -> Step:
    """Return what a step works with; refuse a visit that is another's, over, or not begun."""
    visit = session.get(Visit, row.visit_id) if row.visit_id is not None else None
    task = session.get(VisitTask, row.task_id) if row.task_id is not None else None
    if row.visit_id is not None and (visit is None or visit.technician_id != row.account_id):
        raise Refusal("Cette visite n'est plus la vôtre ; demandez à la SPL qui la fait.")
    if row.task_id is not None and (task is None or task.visit_id != row.visit_id):
        raise Refusal("Cette tâche n'est pas de cette visite ; téléchargez vos visites à nouveau.")
    if visit is not None:
        if visit.state == "cancelled":
            raise Refusal(
                "Cette visite a été annulée ; demandez à la SPL ce qu'il faut faire de ce que vous avez posé."
            )
        if visit.state == "planned" and row.kind != "start":
            raise Refusal("Commencez la visite d'abord.")
    return Step(session=session, row=row, visit=visit, task=task, photos=_photos(session, row.key), now=now)


def _photos(session: Session, key: str) -> dict[str, str]:
    """Return the kind of each photo that arrived for the submission `key`, by its hash as sent."""
    rows = session.execute(select(Photo.sent_sha256, Photo.kind).where(Photo.submission_key == key))
    return {row.sent_sha256: row.kind for row in rows}


def _check(envelope: Envelope, actor: Actor) -> None:
    if actor.account_id is None or not KEY.fullmatch(envelope.key) or envelope.kind not in STEPS:
        raise Refusal("Cet envoi n'est pas compris ; mettez l'application à jour.")


def _degrees(place: Mapping[str, Any] | None, name: str, most: int) -> float | None:
    value = (place or {}).get(name)
    return round(value, 6) if isinstance(value, int | float) and abs(value) <= most else None
