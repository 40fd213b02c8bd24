"""What a phone carries away: the visits of one technician and what they need, for three days, revocable."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import selectinload

from devices.field.models import Authorisation, CommissioningTest, Download, Submission, Visit, VisitTask
from devices.field.outings import carrier_of
from devices.field.visits import OPEN, in_place_on, sheet_of
from devices.inventory.models import Device, DeviceModel, Installation
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from devices.points.models import MeteringPoint
    from foundation.actors import Actor

LASTS = dt.timedelta(days=3)
AHEAD = dt.timedelta(days=8)
"""Visits up to then are carried; later ones are downloaded later."""
AFTER = dt.timedelta(days=2)
"""For so long a closed visit is carried: a swap is undone, a test completes."""
STANDING = text("SELECT devices.download_standing(:digest, :at, :forgotten)")


def digest_of(token: str) -> str:
    """Return what is kept of a phone's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_download(
    session: Session,
    *,
    actor: Actor,
    phone: str,
    signed_in_at: dt.datetime,
    now: dt.datetime,
    today: dt.date,
    previous: str = "",
) -> dict[str, Any]:
    """Return what the phone of `actor` may carry, as JSON; a phone that shows its secret `previous` keeps it.

    Refused after a revocation until somebody signs in again with the password: a lost phone may be signed in still.
    """
    revoked = select(Download.id).where(Download.account_id == actor.account_id, Download.revoked_at > signed_in_at)
    if session.scalars(revoked).first() is not None:
        raise Refusal("La SPL a repris ce que portait un de vos téléphones ; déconnectez-vous, puis reconnectez-vous.")
    token, row = previous, None
    if previous:
        row = session.scalar(
            select(Download).where(
                Download.token_sha256 == digest_of(previous),
                Download.account_id == actor.account_id,
                Download.revoked_at.is_(None),
            )
        )
    if row is None:
        token = secrets.token_urlsafe(32)
        row = Download(account_id=actor.account_id, by=actor.name, token_sha256=digest_of(token), made_at=now)
        session.add(row)
    row.phone, row.renewed_at, row.expires_at = phone[:200], now, now + LASTS
    session.flush()
    return {
        "token": token,
        "made_at": now.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "account": {"id": actor.account_id, "name": actor.name},
        "visits": [_visit(session, visit, today) for visit in _visits(session, actor, now, today)],
        "authorisations": [
            {"kind": one.kind, "level": one.level, "start": str(one.period.lower), "end": str(one.period.upper)}
            for one in session.scalars(select(Authorisation).where(Authorisation.account_id == actor.account_id))
        ],
        "devices": _devices(session),
        "van": _van(session, actor),
    }


def _visits(session: Session, actor: Actor, now: dt.datetime, today: dt.date) -> list[Visit]:
    query = (
        select(Visit)
        .where(
            Visit.technician_id == actor.account_id,
            Visit.planned_on <= today + AHEAD,
            or_(Visit.state.in_(OPEN), (Visit.state == "closed") & (Visit.closed_at > now - AFTER)),
        )
        .options(selectinload(Visit.site), selectinload(Visit.tasks).selectinload(VisitTask.point))
        .order_by(Visit.planned_on, Visit.id)
    )
    return list(session.scalars(query))


def _visit(session: Session, visit: Visit, today: dt.date) -> dict[str, Any]:
    site, sheet = visit.site, sheet_of(session, visit.site_id)
    told = ("keys", "alarm", "opening_hours", "contact", "phone", "asbestos", "height_risk", "explosion_risk")
    return {
        "id": visit.id,
        "planned_on": str(visit.planned_on),
        "state": visit.state,
        "instructions": visit.instructions,
        "site": {"name": site.name, "street": site.street, "postcode": site.postcode, "city": site.city},
        "zone": site.timezone,
        "sheet": {name: getattr(sheet, name) if sheet else "" for name in told},
        "tasks": [_task(session, task, today) for task in visit.tasks],
    }


def _task(session: Session, task: VisitTask, today: dt.date) -> dict[str, Any]:
    point = task.point
    return {
        "id": task.id,
        "kind": task.kind,
        "place": task.place,
        "done": task.done,
        "note": task.note,
        "factor": f"{task.factor.normalize():f}",
        "pulses": task.quantity == "pulse_index",
        "shows_dial": task.shows_dial,
        "point": {
            "id": point.id,
            "name": point.name,
            "energy": point.energy,
            "identifier": point.identifier or "",
            "building": point.building.name,
            "holder": _holder(point, today),
        },
        "in_place": sorted({one.device.serial for one in in_place_on(session, point)}),
    }


def _holder(point: MeteringPoint, today: dt.date) -> int | None:
    return next((one.shareholder_id for one in point.building.holdings if one.period.contains(today)), None)


def _devices(session: Session) -> list[list[Any]]:
    """Return every device as [serial, state, owner, model, point it serves where that is on one of these sites]."""
    in_place = select(Installation.device_id, Installation.point_id).where(func.upper_inf(Installation.period))
    served = {row.device_id: row.point_id for row in session.execute(in_place)}
    # Columns and not objects: a fleet is ten thousand of them, and a phone asks every few minutes.
    query = (
        select(Device.id, Device.serial, Device.state, Device.owner_id, DeviceModel.maker, DeviceModel.name)
        .outerjoin(DeviceModel, DeviceModel.id == Device.model_id)
        .where(~Device.serial.contains("/", autoescape=True))
        .order_by(Device.serial)
    )
    return [
        [row.serial, row.state, row.owner_id, f"{row.maker or ''} {row.name or ''}".strip(), served.get(row.id)]
        for row in session.execute(query)
    ]


def _van(session: Session, actor: Actor) -> list[str]:
    rows = session.scalars(select(Device).where(Device.state == "in_van").order_by(Device.serial))
    carried = ((one.serial, carrier_of(session, one)) for one in rows)
    return [serial for serial, event in carried if event is not None and event.account_id == actor.account_id]


def standing(session: Session, token: str, *, now: dt.datetime, forgotten: bool) -> str:
    """Return "valid", "expired" or "revoked": whether a phone may keep what it carries; needs nobody signed in.

    `forgotten` says that it just wiped what it had.
    """
    asked = {"digest": digest_of(token), "at": now, "forgotten": forgotten}
    return str(session.scalar(STANDING, asked))


def revoke(session: Session, row: Download, *, by: str, now: dt.datetime) -> Download:
    """Take back what a phone carries: it is told, and forgets, the next time it connects."""
    if row.revoked_at is not None:
        raise Refusal("Ce téléchargement est déjà révoqué.")
    row.revoked_at, row.revoked_by = now, by
    session.flush()
    return row


def progress(session: Session, keys: Sequence[str], *, actor: Actor, translate: Callable[[str], str]) -> dict[str, Any]:
    """Return what became of what this technician sent under `keys`: states, sentences, tests."""
    rows = session.scalars(
        select(Submission)
        .where(Submission.account_id == actor.account_id, Submission.key.in_(keys))
        .order_by(Submission.id)
    ).all()
    numbers = {row.id: row.key for row in rows}
    tests = session.scalars(select(CommissioningTest).where(CommissioningTest.submission_id.in_(numbers)))
    return {
        "submissions": {row.key: answer_for(row, translate) for row in rows},
        "tests": {numbers[test.submission_id]: test_told(test, translate) for test in tests},
    }


def answer_for(row: Submission, translate: Callable[[str], str]) -> dict[str, Any]:
    """Return what a phone is told of one submission."""
    said = Refusal(row.sentence, **row.filled).said_in(translate) if row.sentence else ""
    return {"state": row.state, "sentence": said, "outcome": row.outcome, "settled_by": row.settled_by}


def test_told(test: CommissioningTest, translate: Callable[[str], str]) -> dict[str, Any]:
    """Return a test as a phone shows it."""
    return {
        "state": test.state,
        "checks": [
            {
                "name": check["name"],
                "result": check["result"],
                "sentence": _filled(check, translate),
            }
            for check in test.checks
        ],
    }


def _filled(check: dict[str, Any], translate: Callable[[str], str]) -> str:
    pattern, values = check["sentence"], check["values"]
    return Refusal(pattern, **values).said_in(translate)
