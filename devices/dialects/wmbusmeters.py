"""wmbusmeters: wireless M-Bus meters of heat, water, gas and electricity.

Topic `wmbusmeters/{id or name}`, or whatever the shell command says. Serial: the meter's `id`. Channels: the fields as
they are named; their unit is the end of the name (`total_m3`, `total_energy_consumption_kwh`). Counters are the fields
that begin with `total`; `target_…` and values of past months are indexes of another day, which the frame dates without
a time zone: they are left out. `timestamp` is when the gateway heard the frame. A status other than OK makes the
values doubtful.
"""

from __future__ import annotations

import re
from typing import Any, Final

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Observation, Quality, Said, Stamp, Understood, Unreadable
from devices.dialects.naming import object_of, serial_of
from devices.dialects.quantities import Quantity, quantity_of, unit_in
from devices.dialects.strict_json import read

INDEXES: Final = frozenset(
    (
        Quantity.ENERGY_INDEX,
        Quantity.REACTIVE_ENERGY_INDEX,
        Quantity.APPARENT_ENERGY_INDEX,
        Quantity.VOLUME_INDEX,
        Quantity.PULSE_INDEX,
    )
)
# Another day's value, or the extreme of a period.
PAST = re.compile(r"(^|_)(target|at|history|historic|prev|previous|last|max|min|month|set_date|due)(_|$)|_\d+_months?_")
OUT: Final = ("production", "backward", "return", "export")
FINE: Final = ("OK", "")


def understand(said: Said) -> Understood:
    """Return the current values of a telegram."""
    telegram = object_of(read(said.payload), "Le télégramme de wmbusmeters")
    if "id" not in telegram:
        raise Unreadable(
            "no_serial", "Le télégramme ne dit pas le numéro du compteur (« id ») ; gardez-le dans le JSON publié."
        )
    serial = serial_of(telegram["id"], "« id »")
    status = str(telegram.get("status") or telegram.get("current_status") or "")
    maker = Maker(
        serial,
        *stamped(telegram.get("timestamp"), said, Stamp.NETWORK),
        Quality.GOOD if status in FINE else Quality.DOUBTFUL,
    )
    found = [one for key, value in telegram.items() for one in _observe(maker, key, value)]
    if not found:
        raise Unreadable(
            "no_number",
            f"Le télégramme du compteur {serial} ne porte aucune valeur courante ; vérifiez la clé de chiffrement et"
            " le pilote de wmbusmeters.",
        )
    told = () if status in FINE else (maker.event("status", f"Le compteur signale « {status[:80]} »."),)
    return Understood(tuple(found), told)


def _observe(maker: Maker, key: str, value: Any) -> list[Observation]:
    unit = unit_in(key, one_letter=True)
    if not unit or PAST.search(key):
        return []
    quantity = quantity_of(unit)
    if quantity in INDEXES and not key.startswith("total"):
        return []
    if quantity is Quantity.ENERGY_INDEX and any(word in key for word in OUT):
        quantity = Quantity.EXPORTED_ENERGY_INDEX
    return maker.of((key,), value, Meaning(quantity, unit))


def uses(topic: str) -> bool:
    """Say whether a topic is under wmbusmeters' usual root."""
    return topic.startswith("wmbusmeters/")


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a telegram of wmbusmeters."""
    return isinstance(value, dict) and {"media", "meter", "id"} <= value.keys()


DIALECT: Final = Dialect("wmbusmeters", ("wmbusmeters/#",), uses, understand, looks_like)
