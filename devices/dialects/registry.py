"""Which dialect a message belongs to, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects import (
    chirpstack,
    emoncms,
    home_assistant,
    obis,
    senml,
    shelly,
    sparkplug,
    spl,
    tasmota,
    teleinfo2mqtt,
    things_stack,
    wmbusmeters,
    zigbee2mqtt,
)
from devices.dialects.measurement import Dialect, Event, Measurement, Said, Understood, Unreadable
from devices.dialects.strict_json import read
from devices.dialects.uplink import CodecMissing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from devices.dialects.uplink import Codec

# In the order they are asked: those with a root of their own first, those known by the end of a topic last.
DIALECTS: tuple[Dialect, ...] = (
    spl.DIALECT,
    chirpstack.DIALECT,
    things_stack.DIALECT,
    sparkplug.DIALECT,
    home_assistant.DIALECT,
    zigbee2mqtt.DIALECT,
    teleinfo2mqtt.DIALECT,
    wmbusmeters.DIALECT,
    emoncms.DIALECT,
    obis.DIALECT,
    senml.DIALECT,
    tasmota.DIALECT,
    shelly.DIALECT,
)

MAX_PAYLOAD = 64 * 1024
"""Bytes; a longer message is kept but never parsed."""


class Recognised(NamedTuple):
    """A message understood, by which dialect, and what is to be remembered for the next ones (dialect → state)."""

    dialect: str
    understood: Understood
    memory: Mapping[str, Any]


def matches(subscription: str, topic: str) -> bool:
    """Say whether `topic` is caught by `subscription` (MQTT 5 § 4.7.1: `+` is one level, `#` the rest)."""
    levels = topic.split("/")
    for position, wanted in enumerate(subscription.split("/")):
        if wanted == "#":
            return True
        if position >= len(levels) or wanted not in {"+", levels[position]}:
            return False
    return len(levels) == subscription.count("/") + 1


def dialect_named(name: str) -> Dialect:
    """Return the dialect called `name`; `Unreadable` (unknown_dialect) where there is none."""
    for dialect in DIALECTS:
        if dialect.name == name:
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise Unreadable("unknown_dialect", f"Le format « {name[:40]} » n'existe pas ; choisissez parmi {known}.")


def recognise(topic: str) -> Dialect:
    """Return the dialect `topic` belongs to; `Unreadable` (unknown_topic) where there is none."""
    for dialect in DIALECTS:
        if dialect.uses(topic):
            return dialect
    raise Unreadable(
        "unknown_topic",
        f"Le sujet « {topic[:200]} » n'est celui d'aucun format connu ; publiez sous"
        f" {spl.topic_of('{numéro de série}')} ou sous le sujet habituel de l'appareil.",
    )


def read_by(dialect: Dialect, said: Said) -> Understood:
    """Return what `dialect` reads in a message; `Unreadable` where it says nothing we can keep."""
    if not dialect.tells_nothing(said.topic):
        _check_size(dialect, said.payload)
    return _understood(dialect, said)


def measured_by_spl(said: Said) -> list[Measurement]:
    """Return the same of the SPL's own dialect in fewer steps: most readings come this way."""
    _check_size(spl.DIALECT, said.payload)
    return spl.decode(said.topic, said.payload, said.received_at)


def understand(
    said: Said,
    *,
    memory: Mapping[str, Any] | None = None,
    name: str | None = None,
    retained: bool = False,
    codec: Codec | None = None,
) -> Recognised:
    """Return all that a message says, by the dialect called `name` or the one its topic, then its content, shows.

    `memory` is what the message before left (`Recognised.memory`). A retained message is the copy of one delivered
    before: it teaches (births, announcements) and measures nothing. `codec` runs the codecs of LoRaWAN devices.
    """
    known = dict(memory or {})
    dialect = dialect_named(name) if name else _recognise_all(said, known)
    understood = with_codec(codec, read_by, dialect, said._replace(state=known.get(dialect.name)))
    if understood.state is not None:
        known[dialect.name] = understood.state
    if retained:
        told = Event("", "retained", said.received_at, "Message conservé par le courtier : il ne mesure rien de neuf.")
        understood = understood._replace(observations=(), events=(*understood.events, told))
    return Recognised(dialect.name, understood, known)


def recognised_name(said: Said, name: str | None = None) -> str | None:
    """Return the name of the dialect a message would be read by, None where none is recognised."""
    try:
        return (dialect_named(name) if name else _recognise_all(said, {})).name
    except Unreadable:
        return None


def _recognise_all(said: Said, memory: Mapping[str, Any]) -> Dialect:
    """Return the dialect of a message by what was announced, by its topic, or else by its content."""
    for dialect in DIALECTS:
        if said.topic in getattr(memory.get(dialect.name), "topics", ()):
            return dialect
    try:
        return recognise(said.topic)
    except Unreadable:
        value = _json_or_none(said.payload)
        for dialect in DIALECTS:
            if dialect.looks_like(value):
                return dialect
        raise


def _json_or_none(payload: bytes) -> Any:
    try:
        return read(payload[: MAX_PAYLOAD + 1])
    except Unreadable:
        return None


def _check_size(dialect: Dialect, payload: bytes) -> None:
    if len(payload) > MAX_PAYLOAD:
        raise Unreadable(
            "too_large",
            f"Le message fait {len(payload)} octets, plus que les {MAX_PAYLOAD} permis ;"
            " répartissez les relevés sur plusieurs messages.",
        )
    if not payload and not dialect.empty_tells:
        raise Unreadable("empty", "Le message est vide ; publiez au moins un relevé.")


def with_codec(
    codec: Codec | None, read_by: Callable[[Dialect, Said], Understood], dialect: Dialect, said: Said
) -> Understood:
    """Return what `dialect` reads in a message; bytes nobody decoded are decoded by `codec` and read again."""
    try:
        return read_by(dialect, said)
    except CodecMissing as missing:
        decoded = codec(missing.uplink) if codec is not None else None
        if decoded is None:
            raise
    return read_by(dialect, said._replace(decoded=decoded))


def _understood(dialect: Dialect, said: Said) -> Understood:
    """Return what `dialect` reads; refuse a message in which a channel has two values at one instant."""
    try:
        understood = dialect.understand(said)
    except RecursionError:
        raise Unreadable(
            "not_json", "Le message emboîte trop d'objets les uns dans les autres ; faites-le publier à plat."
        ) from None
    values: dict[tuple[str, str, dt.datetime], object] = {}
    for one in understood.observations:
        if values.setdefault((one.serial, one.channel, one.time), one.value) != one.value:
            raise Unreadable(
                "same_channel",
                f"La voie « {one.channel} » du capteur {one.serial} a deux valeurs au même instant ; donnez aux champs"
                " des noms que leurs seules lettres distinguent.",
            )
    return understood
