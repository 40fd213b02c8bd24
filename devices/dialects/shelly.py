"""Shelly, second generation and later: RPC notifications and component statuses.

Topics `{prefix}/events/rpc` (NotifyStatus, NotifyFullStatus, NotifyEvent), `{prefix}/status/{component}`,
`{prefix}/online` (retained). Serial: the message's `src`, or the prefix where there is none; both are the device's id
unless the prefix was changed. Channels: component and key, `emdata-0.total_act`, `switch-0.aenergy.total`,
`em-0.total_act_power`. Energies are in Wh there, in kWh here. NotifyStatus is partial: what it does not say, or says
null of, is unchanged and unsaid here too, never 0.
"""

from __future__ import annotations

import re
from typing import Any, Final

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Event, Observation, Said, Understood, Unreadable
from devices.dialects.naming import members, object_of, serial_of
from devices.dialects.quantities import Quantity
from devices.dialects.strict_json import read

_INDEX = Meaning(Quantity.ENERGY_INDEX, "Wh")
_EXPORT = Meaning(Quantity.EXPORTED_ENERGY_INDEX, "Wh")
# Keys without the phase in front (a_, b_, c_, n_, total_).
_LIVE: Final = {
    "act_power": Meaning(Quantity.POWER, "W"),
    "aprt_power": Meaning(Quantity.APPARENT_POWER, "VA"),
    "voltage": Meaning(Quantity.VOLTAGE, "V"),
    "current": Meaning(Quantity.CURRENT, "A"),
    "freq": Meaning(Quantity.FREQUENCY, "Hz"),
    "pf": Meaning(Quantity.POWER_FACTOR),
}
_COUNTED: Final = {
    "total_act": _INDEX,
    "total_act_ret": _EXPORT,
    "total_act_energy": _INDEX,
    "total_act_ret_energy": _EXPORT,
}
_METERED: Final = {
    "apower": Meaning(Quantity.POWER, "W"),
    **{key: _LIVE[key] for key in ("voltage", "current", "freq", "pf")},
}
# Kind of component → its keys.
KEYS: Final[dict[str, dict[str, Meaning]]] = {
    "em": _LIVE,
    "em1": _LIVE,
    "emdata": _COUNTED,
    "em1data": _COUNTED,
    **dict.fromkeys(("switch", "pm1", "cover", "light"), _METERED),
    "temperature": {"tC": Meaning(Quantity.TEMPERATURE, "°C")},
    "humidity": {"rh": Meaning(Quantity.HUMIDITY, "%")},
}
COUNTERS: Final = {"aenergy": _INDEX, "ret_aenergy": _EXPORT}
"""Counters of switches and of pm1: an object whose `total` is the index in Wh."""
_PHASE = re.compile(r"(?:[abcn]|total)_(?=act_power|aprt_power|voltage|current|freq|pf)|[abc]_(?=total_)")
PHASES: Final = {"a_": "L1", "b_": "L2", "c_": "L3"}
_COMPONENT = re.compile(r"[a-z0-9_]+(:\d+)?")


def understand(said: Said) -> Understood:
    """Return what is said of each component; announcements are events."""
    prefix, place = _address(said.topic)
    if place == "online":
        state = said.payload.decode("utf-8", "replace")[:20]
        told = Event(serial_of(prefix, "le sujet"), "online", said.received_at, f"L'appareil dit en ligne : {state}.")
        return Understood(events=(told,))
    message = object_of(read(said.payload), "Le message de Shelly")
    if place.startswith("status/"):
        maker = Maker(serial_of(prefix, "le sujet"), *stamped(None, said))
        return _statuses(maker, {place.removeprefix("status/"): message})
    return _notification(said, prefix, message)


def _notification(said: Said, prefix: str, message: dict[str, Any]) -> Understood:
    method, params = str(message.get("method")), members(message.get("params"))
    maker = Maker(serial_of(message.get("src") or prefix, "« src »"), *stamped(params.get("ts"), said))
    if method in {"NotifyStatus", "NotifyFullStatus"}:
        return _statuses(maker, params)
    if method == "NotifyEvent":
        found = params.get("events")
        events = [members(event) for event in found] if isinstance(found, list) else []
        if any(event.get("event") == "data" for event in events):
            raise Unreadable(
                "not_an_index",
                "Ce message donne l'énergie minute par minute, pas un index : un message perdu serait de l'énergie"
                " perdue ; activez les notifications d'état (RPC status notifications), qui donnent emdata.total_act.",
            )
        return Understood(
            events=tuple(
                maker.event("notify", f"{event.get('component', 'L’appareil')} : {event.get('event', 'évènement')}.")
                for event in events
            )
        )
    raise Unreadable(
        "unknown_method",
        f"« {method[:40]} » n'est pas une notification d'état ; activez les notifications d'état (RPC status"
        " notifications) de l'appareil.",
    )


def _statuses(maker: Maker, components: dict[str, Any]) -> Understood:
    found: list[Observation] = []
    for component, status in components.items():
        kind = component.partition(":")[0]
        if kind in KEYS and isinstance(status, dict):
            found += _status(maker, component, status, KEYS[kind])
    told = () if found else (maker.event("no_measurement", "Ce message ne dit rien de nouveau des mesures."),)
    return Understood(tuple(found), told)


def _status(maker: Maker, component: str, status: dict[str, Any], keys: dict[str, Meaning]) -> list[Observation]:
    found = []
    for key, value in status.items():
        meaning = keys.get(key) or _of_phase(key, keys)
        if meaning is not None:
            found += maker.of((component, key), value, meaning)
        elif key in COUNTERS:
            found += maker.of((component, key, "total"), members(value).get("total"), COUNTERS[key])
    return found


def _of_phase(key: str, keys: dict[str, Meaning]) -> Meaning | None:
    """Return what `key` says of one phase (a_, b_, c_), of the neutral or of all."""
    meaning = keys.get(_PHASE.sub("", key, count=1))
    return meaning and meaning._replace(phase=PHASES.get(key[:2], ""))


def _address(topic: str) -> tuple[str, str]:
    """Return the prefix of a topic and what comes after it."""
    prefix, _, last = topic.rpartition("/")
    if last == "online":
        return prefix, last
    prefix, _, before = prefix.rpartition("/")
    return prefix, f"{before}/{last}"


def uses(topic: str) -> bool:
    """Say whether a topic ends as Shelly's do; its prefix is anything."""
    prefix, place = _address(topic)
    return bool(prefix) and (
        place in {"online", "events/rpc"}
        or (place.startswith("status/") and _COMPONENT.fullmatch(place.removeprefix("status/")) is not None)
    )


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a notification of Shelly."""
    return isinstance(value, dict) and "src" in value and str(value.get("method")).startswith("Notify")


DIALECT: Final = Dialect("shelly", ("+/events/rpc", "+/status/+", "+/online"), uses, understand, looks_like)
