"""Which dialect a topic belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.dialects import spl
from devices.dialects.measurement import Dialect, Measurement, Unreadable

if TYPE_CHECKING:
    import datetime as dt

DIALECTS: tuple[Dialect, ...] = (spl.DIALECT,)

MAX_PAYLOAD = 64 * 1024
"""Bytes; a longer message is kept but never parsed."""


def subscriptions() -> tuple[str, ...]:
    """Return the topic filters that catch every dialect."""
    return tuple(dialect.subscription for dialect in DIALECTS)


def matches(subscription: str, topic: str) -> bool:
    """Say whether `topic` is caught by `subscription` (MQTT 5 § 4.7.1: `+` is one level, `#` the rest)."""
    levels = topic.split("/")
    for position, wanted in enumerate(subscription.split("/")):
        if wanted == "#":
            return True
        if position >= len(levels) or wanted not in {"+", levels[position]}:
            return False
    return len(levels) == subscription.count("/") + 1


def recognise(topic: str) -> Dialect:
    """Return the dialect `topic` belongs to; `Unreadable` (unknown_topic) where there is none."""
    for dialect in DIALECTS:
        if matches(dialect.subscription, topic):
            return dialect
    known = ", ".join(subscriptions())
    raise Unreadable(
        "unknown_topic", f"Le sujet « {topic[:200]} » n'est celui d'aucun format connu ; publiez sous {known}."
    )


def decode(topic: str, payload: bytes, received_at: dt.datetime) -> list[Measurement]:
    """Return what a message says (one measurement or more); `Unreadable` where it says nothing we can keep."""
    dialect = recognise(topic)
    if len(payload) > MAX_PAYLOAD:
        raise Unreadable(
            "too_large",
            f"Le message fait {len(payload)} octets, plus que les {MAX_PAYLOAD} permis ;"
            " répartissez les relevés sur plusieurs messages.",
        )
    if not payload:
        raise Unreadable("empty", "Le message est vide ; publiez au moins un relevé.")
    return dialect.decode(topic, payload, received_at)
