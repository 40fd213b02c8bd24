"""teleinfo2mqtt: the Linky's customer information as JSON, one object a label.

Topic `teleinfo/{ADCO or ADSC}`, payload `{"HCHC": {"raw": "009058688", "value": 9058688}, …}`; `teleinfo/status` is
its own life sign. Serial: the meter's address, read from `raw` since `value` loses its leading zeros. Channels: the
labels (`EAST`, `HCHC`, `PAPP`…), and `total` for the sum of the tariff registers of historic mode. In standard mode
the meter dates its frame (label DATE); in historic mode the reception stands in.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from devices.dialects.instants import stamped
from devices.dialects.linky import LABELS, TOTAL, registers_of_total
from devices.dialects.making import Maker
from devices.dialects.measurement import Dialect, Event, Observation, Said, Understood, Unreadable
from devices.dialects.naming import members, object_of, serial_of
from devices.dialects.strict_json import read

ADDRESSES: Final = ("ADSC", "ADCO")
# A field of the frame itself: digits, zeros in front. It is the meter's text, not a number somebody formatted.
RAW: Final = re.compile(r"\d{1,12}", re.ASCII)


def understand(said: Said) -> Understood:
    """Return the registers of a frame; labels whose raw text is no number are left out and told."""
    if said.topic.endswith("/status"):
        return _life_sign(said)
    frame = object_of(read(said.payload), "La trame de téléinformation")
    serial = _meter(said, frame)
    date = members(members(frame.get("DATE")).get("timestamp")).get("date")
    maker = Maker(serial, *stamped(date, said))
    observations: list[Observation] = []
    events: list[Event] = []
    numbers: dict[str, Decimal] = {}
    for label, meaning in LABELS.items():
        if label not in frame:
            continue
        number = _number(frame[label])
        if number is None:
            events.append(maker.event("unreadable_label", f"L'étiquette {label} ne porte pas un nombre : laissée."))
            continue
        numbers[label] = number
        observations += maker.of((label,), number, meaning)
    tiers = registers_of_total(numbers)
    if tiers:
        observations += maker.of((TOTAL,), sum((numbers[tier] for tier in tiers), Decimal(0)), LABELS[tiers[0]])
    if not observations:
        raise Unreadable(
            "no_number",
            f"La trame du compteur {serial} ne porte aucun index ni aucune puissance ; vérifiez la liaison TIC.",
        )
    return Understood(tuple(observations), tuple(events))


def _meter(said: Said, frame: dict[str, Any]) -> str:
    """Return the meter's address; refuse a frame of another meter than the topic's."""
    for label in ADDRESSES:
        field = members(frame.get(label))
        if field:
            serial = serial_of(field.get("raw") or field.get("value"), f"l'étiquette {label}")
            named = said.topic.rpartition("/")[2]
            # Some versions publish under the number, which has lost its zeros.
            if uses(said.topic) and named.lstrip("0") != serial.lstrip("0"):
                raise Unreadable(
                    "wrong_device",
                    f"Le sujet nomme le compteur {named[:40]} et la trame le compteur {serial} ; corrigez la"
                    " configuration de teleinfo2mqtt.",
                )
            return serial
    raise Unreadable(
        "no_serial", "La trame ne dit pas l'adresse du compteur (ADCO ou ADSC) ; laissez teleinfo2mqtt la publier."
    )


def _number(field: Any) -> Decimal | None:
    """Return the number of a label: its raw text where there is one, since `value` may have lost something."""
    raw, value = members(field).get("raw"), members(field).get("value")
    if isinstance(raw, str):
        return Decimal(raw) if RAW.fullmatch(raw) else None
    return value if isinstance(value, Decimal) else None


def _life_sign(said: Said) -> Understood:
    state = said.payload.decode("utf-8", "replace")[:20]
    event = Event("", "gateway", said.received_at, f"La passerelle teleinfo2mqtt dit « {state} ».")
    return Understood(events=(event,))


def uses(topic: str) -> bool:
    """Say whether a topic is teleinfo2mqtt's."""
    return topic.startswith("teleinfo/") and topic.count("/") == 1


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a frame of teleinfo2mqtt."""
    return isinstance(value, dict) and any("raw" in members(value.get(label)) for label in ADDRESSES)


DIALECT: Final = Dialect("teleinfo2mqtt", ("teleinfo/+",), uses, understand, looks_like)
