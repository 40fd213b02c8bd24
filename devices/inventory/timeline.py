"""The life of a device in order of time: what it became, where it served, what was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devices.inventory.states import WORDS
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from devices.inventory.models import Device, DeviceEvent, DeviceLoss, Installation
    from devices.points.models import MeteringPoint


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: `words` is a French sentence with `before`, `after` and `channel` to fill in."""

    at: dt.datetime
    words: str
    before: str = ""
    after: str = ""
    channel: str = ""
    point: MeteringPoint | None = None
    index: Decimal | None = None
    by: str = ""
    why: str = ""
    loss: DeviceLoss | None = None


def life_of(device: Device) -> list[Step]:
    """Return what happened to `device`, the latest first; installing and taking off are said once, with the index."""
    events = {(event.at, event.point_id): event for event in device.events if event.point_id is not None}
    steps, told = [], set()
    for one in device.installations:
        for at, words, index in (
            (one.period.lower, N_("Posé, voie « {channel} »"), one.opening_index),
            (one.period.upper, N_("Déposé, voie « {channel} »"), one.closing_index),
        ):
            if at is not None:
                event = events.get((at, one.point_id))
                steps.append(_served(one, at, words, index, event))
                if event is not None and event.state != "lost":
                    told.add(event.id)
    steps += [_became(event) for event in device.events if event.id not in told]
    return sorted(steps, key=lambda step: step.at, reverse=True)


def _served(one: Installation, at: dt.datetime, words: str, index: Decimal | None, event: DeviceEvent | None) -> Step:
    who = (event.by, event.why) if event is not None and event.state != "lost" else ("", "")
    return Step(at, words, channel=one.channel, point=one.point, index=index, by=who[0], why=who[1])


def _became(event: DeviceEvent) -> Step:
    if event.state_before is None:
        words = N_("Entré dans le parc : {after}")
    elif event.state_before == event.state:
        words = N_("A changé de propriétaire")
    else:
        words = N_("{before} → {after}")
    before = WORDS[event.state_before] if event.state_before else ""
    return Step(
        event.at,
        words,
        before=before,
        after=WORDS[event.state],
        point=event.point,
        by=event.by,
        why=event.why,
        loss=event.loss,
    )
