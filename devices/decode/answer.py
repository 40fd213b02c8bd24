"""What was understood of a message, as JSON or as lines."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from decimal import Decimal

    from devices.dialects.measurement import Observation, Unreadable
    from devices.dialects.registry import Recognised


_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def to_json(recognised: Recognised) -> dict[str, Any]:
    """Return the dialect, the measurements and the events; instants in UTC, values in the unit beside them."""
    return {
        "dialect": recognised.dialect,
        "measurements": [_measurement(one) for one in recognised.understood.observations],
        "events": [
            {"serial": event.serial, "kind": event.kind, "time": event.time.isoformat(), "sentence": event.sentence}
            for event in recognised.understood.events
        ],
    }


def refused(refusal: Unreadable, dialect: str | None) -> dict[str, Any]:
    """Return why nothing was understood; `dialect` is the one that was recognised, if one was."""
    return {"dialect": dialect, "refused": {"reason": refusal.reason, "sentence": refusal.sentence}}


def _measurement(one: Observation) -> dict[str, Any]:
    return {
        "serial": one.serial,
        "channel": one.channel,
        "quantity": one.quantity.value,
        "value": _number(one.value),
        "exact_value": f"{one.value:f}",
        "unit": one.unit,
        "time": one.time.isoformat(),
        "stamped_by": one.stamp.value,
        "quality": one.quality.value,
        "phase": one.phase,
    }


def _number(value: Decimal) -> int | float:
    """Return `value` as JSON's readers take numbers, to 15 digits at least; `exact_value` has them all."""
    return int(value) if value == value.to_integral_value() else float(value)


def decimals(value: Decimal) -> int:
    """Return how many decimals of `value` a page shows: those it has, six at most."""
    return min(6, max(0, -int(value.normalize().as_tuple().exponent)))


def to_text(recognised: Recognised) -> str:
    """Return what was understood, a line each."""
    understood = recognised.understood
    lines = [f"Format : {recognised.dialect}"]
    lines += [
        f"{one.time:%Y-%m-%d %H:%M:%S} UTC ({one.stamp})  {one.serial}  {one.channel}  {one.value:f} {one.unit or '?'}"
        f"  [{' '.join(filter(None, (one.quantity, one.phase)))}, {one.quality}]"
        for one in understood.observations
    ]
    lines += [f"{event.kind} : {event.sentence}" for event in understood.events]
    return printable("\n".join(lines))


def printable(text: str) -> str:
    """Return `text` as a terminal can show it.

    Halves of surrogate pairs are legal in JSON, not in UTF-8; control characters of a message would move the cursor,
    clear the screen or write other words over ours.
    """
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text.encode("utf-8", "backslashreplace").decode())


def dumps(answer: dict[str, Any]) -> str:
    """Return `answer` written for people and programs."""
    return printable(json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False))
