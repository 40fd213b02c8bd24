"""What the steps of a visit work with, and what each of them makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from devices.field.codes import read_code
from devices.field.sayings import text_of
from devices.inventory.models import Device
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from devices.field.models import Submission, Visit, VisitTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a submission works with; `photos` are the kinds of those that arrived, by their hash."""

    session: Session
    row: Submission
    visit: Visit | None
    task: VisitTask | None
    photos: Mapping[str, str]
    now: dt.datetime

    @property
    def said(self) -> Mapping[str, Any]:
        """What the phone said."""
        return self.row.said

    @property
    def who(self) -> dict[str, Any]:
        """Who says what was done when, as the verbs of a device's life take it."""
        return {"at": self.row.done_at, "now": self.now, "by": self.row.by}


@dataclass(frozen=True, slots=True)
class Done:
    """What a step made: the device it is about, and facts to show."""

    device: Device | None = None
    outcome: dict[str, Any] = field(default_factory=dict)


def visit_of(step: Step) -> Visit:
    """Return the visit; Refusal where there is none."""
    if step.visit is None:
        raise Refusal("Cet envoi ne dit pas de quelle visite il est ; mettez l'application à jour.")
    return step.visit


def local_day(step: Step) -> dt.date:
    """Return the day it was on the site when it was done."""
    return step.row.done_at.astimezone(ZoneInfo(visit_of(step).site.timezone)).date()


def device_of(step: Step, name: str = "serial") -> Device:
    """Return the registered device a code or a serial names; Refusal where there is none."""
    typed = text_of(step.said, name, needed="Scannez ou tapez le numéro du capteur.")
    serial = read_code(typed).serial
    device = step.session.scalar(select(Device).where(Device.serial == serial))
    if device is None:
        raise Refusal(
            "Le capteur {serial} n'est pas enregistré ; vérifiez l'étiquette, ou faites-le entrer en stock.",
            field=name,
            serial=serial,
        )
    return device
